"""How much a key may ask for a minute, counted in Redis; while Redis is away nobody is counted."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

from flask import current_app
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from app.kit import clock
from app.kit.errors import TooMany

log = logging.getLogger(__name__)
STRANGERS = "120 per minute"
"""Requests without a key that is believed, from one address."""


@dataclass(frozen=True)
class Standing:
    """What is left of a limit, for the headers."""

    limit: int
    remaining: int
    reset_seconds: int


def check(limit: str) -> None:
    """Raise ValueError unless the limit can be read."""
    parse(limit)


def take(kind: str, who: str, limit: str, cost: int = 1) -> Standing | None:
    """Count a call. Raises TooMany when the limit is used up; None when nobody counts."""
    item = parse(limit)
    try:
        let = _limiter().hit(item, "api", kind, who, cost=cost)
        standing = _standing(item, kind, who)
    except StorageError:
        log.warning("redis is away; calls of the API are not counted")
        return None
    if not let:
        raise TooMany("too_many_requests", retry_seconds=standing.reset_seconds, limit=standing.limit)
    return standing


def _standing(item: RateLimitItem, kind: str, who: str) -> Standing:
    stats = _limiter().get_window_stats(item, "api", kind, who)
    left = math.ceil(stats.reset_time - clock.now().timestamp())
    return Standing(item.amount, stats.remaining, max(1, left))


def _limiter() -> Any:
    extensions = current_app.extensions
    if "kuaidan_api_limiter" not in extensions:
        storage = storage_from_string(current_app.config["RATELIMIT_STORAGE_URI"], wrap_exceptions=True)
        extensions["kuaidan_api_limiter"] = FixedWindowRateLimiter(storage)
    return extensions["kuaidan_api_limiter"]
