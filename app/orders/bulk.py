"""Many orders at once with a result for each: cancel and tag; an illegal row is refused and named, the others go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from app.kit.db import db
from app.kit.errors import DomainError, RuleViolation
from app.orders import handling, marks
from app.orders.models import CloseCause, Order, OrderState

LIMIT = 500
"""Orders in one go: a second or two of work."""


@dataclass(frozen=True)
class Result:
    """What became of one order: done, unchanged or refused, with the reason in words."""

    order_id: int
    number: str
    outcome: str
    reason: str = ""


def ids_of(which: Select[int]) -> list[int]:
    """The ids of the chosen orders in order. Raises RuleViolation("too_many_orders", "nothing_selected")."""
    ids = sorted(db.session.scalars(which.limit(LIMIT + 1)))
    if len(ids) > LIMIT:
        raise RuleViolation("too_many_orders", limit=LIMIT)
    if not ids:
        raise RuleViolation("nothing_selected")
    return ids


def cancel(ids: Sequence[int], cause: CloseCause) -> list[Result]:
    """Close orders for one cause; each by itself, locked in order of id."""

    def one(order_id: int) -> bool:
        before = handling.locked(order_id).order_state
        handling.close(order_id, cause)
        return before is not OrderState.CLOSED

    return _each(ids, one)


def tag(ids: Sequence[int], tags: Sequence[str]) -> list[Result]:
    """Add tags to orders."""
    return _each(ids, lambda order_id: marks.add_tags(order_id, tags))


def _each(ids: Sequence[int], act: Callable[[int], bool]) -> list[Result]:
    numbers = {
        row.id: row.number for row in db.session.execute(select(Order.id, Order.number).where(Order.id.in_(ids)))
    }
    results = []
    for order_id in sorted(numbers):
        try:
            with db.session.begin_nested():
                outcome = "done" if act(order_id) else "unchanged"
            results.append(Result(order_id, numbers[order_id], outcome))
        except DomainError as refused:
            results.append(Result(order_id, numbers[order_id], "refused", refused.message()))
    return results
