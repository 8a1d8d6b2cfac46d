"""Writes by the API: effect and kept answer in one transaction, of one call or of those that come at one moment.

Where a route can, calls of one key that wait for each other anyway are done by one of them (`app/kit/gathering.py`).
They share the actor, the shop and the scope then; what they cannot do together each does alone, and is refused alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api import paging
from app.api.routes import Asked, Call, Reply, Route, Together
from app.kit import idempotency
from app.kit.db import transaction, wait_for_locks
from app.kit.gathering import Gathering
from app.kit.idempotency import Answer, Claim

LOCK_MS = 1_000
"""A group waits for no lock longer than this; each of its calls may wait alone."""


@dataclass(frozen=True)
class _Write:
    """One call as plain data, which another thread may read."""

    claim: Claim
    asked: Asked
    together: Together


def write(route: Route, claim: Claim, call: Call, path: Mapping[str, Any]) -> Answer:
    """Do it once by its idempotency key, or give the answer of before. Raises what the route and the key raise."""

    def alone() -> Answer:
        with transaction():
            return idempotency.once(claim, lambda: kept(route.function(call, **path)))

    if route.together is None:
        return alone()
    return _calls.do((claim.caller, claim.route), _Write(claim, Asked(call.body, path), route.together), alone)


def _together(close: Callable[[], Sequence[_Write]]) -> list[Answer | None]:
    """Do a group of one route and one key; None for a call whose key is taken, or that its route leaves out."""
    with transaction():
        wait_for_locks(LOCK_MS)
        group = close()
        claims = [one.claim for one in group]
        mine = idempotency.claim_together(claims)
        if not mine:
            return [None] * len(group)
        replies = group[0].together(claims[0].shop_id, [group[place].asked for place in mine])
        answers = {place: kept(reply) for place, reply in zip(mine, replies, strict=True) if reply is not None}
        idempotency.keep_together({claims[place]: answers.get(place) for place in mine})
    return [answers.get(place) for place in range(len(group))]


_calls: Gathering[_Write, Answer] = Gathering(_together)


def kept(reply: Reply) -> Answer:
    """The answer as it is sent and kept."""
    told = json.dumps(reply.data, ensure_ascii=False, separators=(",", ":"), default=paging.stamp)
    return Answer(reply.status, told)
