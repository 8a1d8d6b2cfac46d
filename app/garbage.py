"""When Python looks for garbage: not while the program starts; importing this module is the beginning of that.

What is imported and wired stays. Looking for garbage would take a sixth of the start and find next to none.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

gc.disable()


@contextmanager
def not_looked_for() -> Iterator[None]:
    """Until the end of this block, whose work stays as well."""
    gc.disable()
    try:
        yield
    finally:
        settle()


def settle() -> None:
    """From here on look for it, but not in what the start has made: half a million objects that stay."""
    gc.freeze()  # requests need not walk them
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
