"""Writes by the API: effect and kept answer in one transaction, of one call or of those that come at one moment.

Where routes can, calls of one key that wait for each other anyway are done by one of them (`app/kit/gathering.py`).
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
from app.kit.db import transaction
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
    return _calls.do(claim.caller, _Write(claim, Asked(call.body, path), route.together), alone)


def _together(close: Callable[[], Sequence[_Write]]) -> list[Answer | None]:
    """Do a group of one key; None for a call that its route leaves out, or that comes twice in it.

    A round trip for each route's effect, and one for the answers with the commit. There a key that is taken by now
    breaks the group: this is rare, for a route leaves out what it sees to be done already.
    """
    answers: dict[int, Answer] = {}
    with transaction(LOCK_MS):
        group = close()
        first = idempotency.apart([one.claim for one in group])
        for together in sorted({one.together for one in group}, key=lambda one: one.turn):
            answers |= _done(together, {place: group[place] for place in first if group[place].together == together})
        idempotency.keep_together({group[place].claim: answer for place, answer in answers.items()})
    return [answers.get(place) for place in range(len(group))]


def _done(together: Together, calls: Mapping[int, _Write]) -> dict[int, Answer]:
    """The answers to calls of one route, by their places."""
    shop_id = next(iter(calls.values())).claim.shop_id
    replies = together.do(shop_id, [one.asked for one in calls.values()])
    return {place: kept(reply) for place, reply in zip(calls, replies, strict=True) if reply is not None}


_calls: Gathering[_Write, Answer] = Gathering(_together)


def kept(reply: Reply) -> Answer:
    """The answer as it is sent and kept."""
    told = json.dumps(reply.data, ensure_ascii=False, separators=(",", ":"), default=paging.stamp)
    return Answer(reply.status, told)
