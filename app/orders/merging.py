"""Orders that are packed and sent together: same shop, person, phone, address and currency; each keeps its money.

See docs/decisions/0018-together-and-apart.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, literal_column, select

from app.kit import clock, context, journal
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.order_events import OrderGrouped
from app.orders.models import AfterSaleState, Order, OrderKind
from app.orders.side_models import ShipGroup

MOST = 50
"""Orders of one group."""
_WAITS: ColumnElement[bool] = literal_column(
    "status = 'pending_shipment' and fulfilment_state = 'unfulfilled' and address <> ''"
)


@dataclass(frozen=True)
class Found:
    """Orders of one person at one address that wait; `apart` says that they are not all in one group yet."""

    orders: list[Order]

    @property
    def apart(self) -> bool:
        groups = {order.ship_group_id for order in self.orders}
        return len(groups) > 1 or None in groups


def key_of(order: Order) -> tuple[str, ...]:
    """The same for orders that can go together; spaces and capitals do not matter."""
    return (
        order.currency,
        *(re.sub(r"\s+", "", text).lower() for text in (order.receiver, order.phone, order.address)),
    )


def can_go(order: Order) -> bool:
    """Whether it waits for shipment whole, to a known address, and nothing is to be put right."""
    return (
        order.kind is OrderKind.SALE
        and order.status == "pending_shipment"
        and order.fulfilment_state == "unfulfilled"
        and order.after_sale_state is not AfterSaleState.OPEN
        and bool(order.address.strip())
    )


def companions(order: Order) -> list[Order]:
    """The orders that could go with this one, those of its group among them; the oldest first."""
    if not can_go(order):
        return []
    near = [row for row in _near(order) if can_go(row) and key_of(row) == key_of(order)]
    return [row for row in near if row.id != order.id]


def members(order: Order) -> list[Order]:
    """All orders of its group, itself among them; empty when it goes alone."""
    if order.ship_group_id is None:
        return []
    return list(db.session.scalars(select(Order).where(Order.ship_group_id == order.ship_group_id).order_by(Order.id)))


def groups(shop_id: int, limit: int = 50) -> list[Found]:
    """Where a shop has several orders waiting for one person at one address, those due first, first."""
    where = (Order.shop_id == assert_in_scope(shop_id), _WAITS)
    address = func.lower(func.regexp_replace(Order.address, r"\s+", "", "g"))
    several = (
        select(address.label("address"), func.min(Order.due_at).label("due_at"))
        .where(*where)
        .group_by(address, Order.currency)
        .having(func.count() > 1)
        .order_by(func.min(Order.due_at))
        .limit(limit)
        .subquery()
    )
    query = select(Order).where(*where, address.in_(select(several.c.address))).order_by(Order.due_at, Order.id)
    found: dict[tuple[str, ...], list[Order]] = {}
    for order in db.session.scalars(query.limit(limit * MOST)):
        if can_go(order):
            found.setdefault(key_of(order), []).append(order)
    return [Found(orders) for orders in found.values() if len(orders) > 1]


def merge(order_ids: Iterable[int]) -> ShipGroup:
    """Have these orders sent together, with all that are in a group with one of them. Twice is once.

    Raises RuleViolation("merge_few", "merge_other", "merge_many"), NotFound.
    """
    orders = _locked(_with_their_groups(sorted(set(order_ids))))
    if len(orders) < 2:
        raise RuleViolation("merge_few")
    if len(orders) > MOST:
        raise RuleViolation("merge_many", limit=MOST)
    for order in orders:
        if not can_go(order) or (order.shop_id, key_of(order)) != (orders[0].shop_id, key_of(orders[0])):
            raise RuleViolation("merge_other", number=order.number)
    group = _group_for(orders)
    for order in orders:
        if order.ship_group_id != group.id:
            order.ship_group_id = group.id
            others = [one.id for one in orders if one is not order]
            journal.record(OrderGrouped(order.shop_id, order.id, group.id, others))
    db.session.flush()
    return group


def merge_all_of(order_id: int) -> bool:
    """Have an order sent together with every other that could go with it; False when there is none, or all do.

    Raises NotFound.
    """
    order = db.session.get(Order, order_id, populate_existing=True)
    if order is None:
        raise NotFound("not_found")
    found = Found([order, *companions(order)][:MOST])
    if len(found.orders) < 2 or not found.apart:
        return False
    merge(one.id for one in found.orders)
    return True


def leave(order_id: int, cause: str = "") -> bool:
    """Take an order out of its group; a last one that would be left goes alone, too. False when it is in none."""
    order = _locked([order_id])[0]
    group_id = order.ship_group_id
    if group_id is None:
        return False
    rest = [row for row in _locked(_ids_of_group(group_id)) if row.id != order.id]
    going = [order, *(rest if len(rest) == 1 else [])]
    for one in going:
        one.ship_group_id = None
        left = [row.id for row in rest if row is not one] if one is order else []
        journal.record(OrderGrouped(one.shop_id, one.id, None, left, cause))
    db.session.flush()
    return True


def _near(order: Order) -> Sequence[Order]:
    """Those with the same address but for spaces and capitals; the index finds those of the very same one."""
    query = select(Order).where(Order.shop_id == order.shop_id, _WAITS, _same_place(order))
    return db.session.scalars(query.order_by(Order.id).limit(MOST * 2)).all()


def _same_place(order: Order) -> ColumnElement[bool]:
    if order.customer_id is not None:
        return (Order.address == order.address) | (Order.customer_id == order.customer_id)
    return Order.address == order.address


def _with_their_groups(ids: list[int]) -> list[int]:
    """In order of id, so that two who merge at once wait for each other instead of locking each other out."""
    groups_of = select(Order.ship_group_id).where(Order.id.in_(ids), Order.ship_group_id.is_not(None))
    more = db.session.scalars(select(Order.id).where(Order.ship_group_id.in_(groups_of)))
    return sorted({*ids, *more})


def _ids_of_group(group_id: int) -> list[int]:
    return sorted(db.session.scalars(select(Order.id).where(Order.ship_group_id == group_id)))


def _locked(ids: list[int]) -> list[Order]:
    query = select(Order).where(Order.id.in_(ids)).order_by(Order.id).with_for_update(key_share=True)
    rows = list(db.session.scalars(query.execution_options(populate_existing=True)))
    if len(rows) < len(ids):
        raise NotFound("not_found")
    return rows


def _group_for(orders: list[Order]) -> ShipGroup:
    present = min((one.ship_group_id for one in orders if one.ship_group_id), default=None)
    if present is not None and (found := db.session.get(ShipGroup, present)) is not None:
        return found
    group = ShipGroup(shop_id=orders[0].shop_id, created_at=clock.now(), actor=str(context.actor()))
    db.session.add(group)
    db.session.flush()
    return group
