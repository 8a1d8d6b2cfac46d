"""How often a test repeats what is random, killed or forged: short in `make test`, in full in `make soak`."""

from __future__ import annotations

import os

SOAK = os.environ.get("KUAIDAN_SOAK") == "1"
"""Whether this run is `make soak`, which runs the tests marked `soak` alone, each at its full length."""


def often(full: int, short: int) -> int:
    """So many times in `make soak`, so many in `make test`. A test that uses it carries the marker `soak`."""
    assert 0 < short < full
    return full if SOAK else short
