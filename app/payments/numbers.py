"""Our own numbers of payments and refunds: made before any call, never made again for the same money."""

from __future__ import annotations

import secrets
from zoneinfo import ZoneInfo

from app.kit import clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ZONE = "Asia/Shanghai"


def fresh(prefix: str) -> str:
    """27 characters of 0-9 A-Z, so that it fits every channel: a letter, GMT+8 time to the second, 60 random bits."""
    stamp = clock.now().astimezone(ZoneInfo(ZONE)).strftime("%Y%m%d%H%M%S")
    return prefix + stamp + "".join(secrets.choice(_ALPHABET) for _ in range(12))
