"""One emulator a test, and the product's channel connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from app.payments.channels import wire
from tests.gateways.gateway import Gateway
from tests.payments.channels.stages import Bench, running


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    """`connect(gateway)`: both running, with short time limits."""
    monkeypatch.setattr(wire, "READ_SECONDS", 1.5)
    with ExitStack() as stack:

        def make(gateway: Gateway, *, is_test: bool = False) -> Bench:
            return stack.enter_context(running(gateway, is_test=is_test))

        yield make
