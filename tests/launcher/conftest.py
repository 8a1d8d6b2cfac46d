"""What the launcher's tests share."""

import time
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def eventually() -> Callable[..., bool]:
    """`eventually(claim, seconds=10)`: wait until the claim holds; False when it never does."""

    def wait(claim: Callable[[], bool], seconds: float = 10) -> bool:
        deadline = time.monotonic() + seconds
        while not claim():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    return wait
