"""Values of the benchmark's rows: each a hash of the row's number, so it is always the same."""

from __future__ import annotations

SEED = 20261123


def pick(row: str, salt: int, below: str) -> str:
    """SQL of a number from 0 to `below` - 1 that depends on the row's number alone."""
    return f"(abs(hashint8extended({row}, {SEED + salt})) % ({below}))::int"
