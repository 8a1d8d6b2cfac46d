"""How much a test repeats of what is random, killed, forged or dressed: little in `make test`, all in `make soak`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tests.browser.looking import Dealt, Look

SOAK = os.environ.get("KUAIDAN_SOAK") == "1"
"""Whether this run is `make soak`, which runs the tests marked `soak` alone, each at its full length."""
T = TypeVar("T")


def often(full: int, short: int) -> int:
    """So many times in `make soak`, so many in `make test`. A test that uses it carries the marker `soak`."""
    assert 0 < short < full
    return full if SOAK else short


def one_of(full: Sequence[T], short: T) -> Sequence[T]:
    """The languages or looks of a journey: all in `make soak`, one in `make test`. It carries the marker `soak`."""
    assert short in full
    assert len(full) > 1
    return full if SOAK else [short]


def dealt(pages: Mapping[str, str], looks: Sequence[Look], first: int = 0) -> Dealt:
    """Pages with the looks to try them in: all in `make soak`; in `make test` one each, in turn from `looks[first]` on.

    So every look is met where there are as many pages. The test carries the marker `soak`.
    """
    assert len(looks) > 1
    return [
        (name, path, list(looks) if SOAK else [looks[(first + place) % len(looks)]])
        for place, (name, path) in enumerate(pages.items())
    ]
