"""Facts of an order that staff may change by hand: note, receiver, phone, address."""

from __future__ import annotations

from collections.abc import Mapping

from app.kit import history, journal, people
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.merge import Clash, StaleEdit, three_way
from app.order_events import OrderEdited
from app.orders.handling import locked
from app.orders.models import Order

LENGTHS = {"receiver": 120, "phone": 40, "address": 300, "staff_note": 500, "reference": 120}
"""The fields, and how many characters each takes."""
FEWEST_DIGITS = 5


def save(order_id: int, base: Mapping[str, str], mine: Mapping[str, str]) -> Order:
    """Write the fields of `mine`, which were made from `base`; what others changed meanwhile stays.

    Raises StaleEdit when they changed the same field, RuleViolation("too_long", "phone_unreadable"), NotFound.
    """
    check_lengths(mine)
    if mine.get("phone") != base.get("phone"):
        check_phone(mine.get("phone", ""))
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


def check_lengths(values: Mapping[str, str]) -> None:
    """Raises RuleViolation("too_long") when a text is longer than its field."""
    for field, value in values.items():
        if len(value) > LENGTHS[field]:
            raise RuleViolation("too_long", field=field, limit=LENGTHS[field])


def check_phone(phone: str) -> None:
    """Nothing, or something that can be called: five digits and more. Raises RuleViolation("phone_unreadable")."""
    if phone and sum(sign.isdigit() for sign in phone) < FEWEST_DIGITS:
        raise RuleViolation("phone_unreadable", fewest=FEWEST_DIGITS)


def _stale(order: Order, clashes: tuple[Clash, ...]) -> StaleEdit:
    fields = {clash.field for clash in clashes}
    who, at = history.last_to_change("orders", order.id, fields) or ("system:unknown", order.updated_at)
    return StaleEdit(people.name_of(who), at, clashes)
