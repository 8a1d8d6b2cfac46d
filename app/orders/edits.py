"""Facts of an order that staff may change by hand: note, receiver, address; one order or many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, func, update

from app.kit import clock, history, journal, people
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.merge import Clash, StaleEdit, three_way
from app.order_events import OrderEdited
from app.orders.handling import locked
from app.orders.models import Order

LENGTHS = {"receiver": 120, "phone": 40, "address": 300, "staff_note": 500, "reference": 120}
"""The fields, and how many characters each takes."""
NOTE_LIMIT = 5_000
"""Orders that take a note in one go: about a second of work."""


@dataclass(frozen=True)
class Noted:
    """How many orders took the note, and the ids of those that have no room for it."""

    changed: int
    full: list[int]


def save(order_id: int, base: Mapping[str, str], mine: Mapping[str, str]) -> Order:
    """Write the fields of `mine`, which were made from `base`; what others changed meanwhile stays.

    Raises StaleEdit when they changed the same field, RuleViolation("too_long"), NotFound.
    """
    check_lengths(mine)
    order = locked(order_id)
    theirs = {field: getattr(order, field) for field in mine}
    merge = three_way(base, mine, theirs)
    if merge.clashes:
        raise _stale(order, merge.clashes)
    for field, value in merge.changes.items():
        setattr(order, field, value)
    if merge.changes:
        journal.record(OrderEdited(order.shop_id, order.id, sorted(merge.changes)))
        db.session.flush()
    return order


def add_note(which: Select[int], note: str) -> Noted:
    """Add a line to the staff note of every order of `which` (ids), in one statement.

    An order without room for it is left as it is and reported. Raises RuleViolation("note_empty",
    "too_many_orders").
    """
    note = note.strip()
    if not note:
        raise RuleViolation("note_empty")
    ids = list(db.session.scalars(which.limit(NOTE_LIMIT + 1)))
    if len(ids) > NOTE_LIMIT:
        raise RuleViolation("too_many_orders", limit=NOTE_LIMIT)
    added = func.ltrim(Order.staff_note + "\n" + note, "\n")
    statement = (
        update(Order)
        .where(Order.id.in_(ids), func.length(added) <= LENGTHS["staff_note"])
        .values(staff_note=added, version=Order.version + 1, updated_at=clock.now())
        .returning(Order.id)
        .execution_options(synchronize_session=False)
    )
    done = set(db.session.scalars(statement))
    return Noted(len(done), [order_id for order_id in ids if order_id not in done])


def countable(which: Select[int]) -> int:
    """How many orders would take a note. Raises RuleViolation("too_many_orders", "nothing_selected")."""
    number = len(db.session.scalars(which.limit(NOTE_LIMIT + 1)).all())
    if number > NOTE_LIMIT:
        raise RuleViolation("too_many_orders", limit=NOTE_LIMIT)
    if not number:
        raise RuleViolation("nothing_selected")
    return number


def check_lengths(values: Mapping[str, str]) -> None:
    """Raises RuleViolation("too_long") when a text is longer than its field."""
    for field, value in values.items():
        if len(value) > LENGTHS[field]:
            raise RuleViolation("too_long", field=field, limit=LENGTHS[field])


def _stale(order: Order, clashes: tuple[Clash, ...]) -> StaleEdit:
    fields = {clash.field for clash in clashes}
    who, at = history.last_to_change("orders", order.id, fields) or ("system:unknown", order.updated_at)
    return StaleEdit(people.name_of(who), at, clashes)
