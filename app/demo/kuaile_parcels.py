"""Parcels of the invented shop: each order that left has one with its way; one left in two, one has a problem."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.fulfilment.knowing import address_key
from app.fulfilment.models import (
    AutoConfirm,
    EventKind,
    Parcel,
    ParcelEvent,
    ParcelKind,
    ParcelLine,
    ParcelOrder,
    ParcelState,
    Source,
)
from app.kit import clock, context
from app.orders.models import LineKind, Order, OrderLine, OrderState
from app.orders.models import OrderStatus as S

SEED = 20261124
WAY = (
    (EventKind.PICKED_UP, 3, "示例市样板区营业点已揽收"),
    (EventKind.IN_TRANSIT, 14, "已到达示例市转运中心"),
    (EventKind.DELIVERING, 40, "快递员正在派送"),
)
"""What the carrier says so many hours after it was sent."""
PROBLEM = "收件人电话无法接通，请与买家联系"
SENT_HOURS, SIGNED_HOURS = 20, 70
"""Hours after the order was placed, as its own history tells."""
CARRIERS = (("zto", "7599"), ("yto", "YT99"), ("yunda", "4399"), ("jt", "JT99"), ("sto", "7799"))
CONFIRM = timedelta(days=10)


def load(session: Session, orders: Sequence[Order]) -> int:
    """Write the parcels of the orders that left; gives how many. The same seed gives the same carriers."""
    chance = random.Random(SEED)  # noqa: S311 - the same data each time, nothing secret
    gone = [order for order in orders if order.status in (S.SHIPPED, S.DELIVERED, S.COMPLETED)]
    mine = OrderLine.order_id.in_([order.id for order in gone])
    lines: dict[int, list[OrderLine]] = {}
    goods = select(OrderLine).where(mine, OrderLine.kind == LineKind.PRODUCT).order_by(OrderLine.position)
    for line in session.scalars(goods):
        lines.setdefault(line.order_id, []).append(line)
    on_the_way = [order for order in gone if order.status is S.SHIPPED]
    split = next((order for order in on_the_way if len(lines[order.id]) > 1), None)
    late = next((order for order in on_the_way if order is not split), None)
    made = []
    for order in gone:
        parts = [[line] for line in lines[order.id]] if order is split else [lines[order.id]]
        for part in parts:
            row = _parcel(order, part, chance)
            way = _way(row, order is late)
            row.moved_at, row.last_event = way[-1].at, way[-1].kind
            made.append((row, order, part, way))
    session.add_all([row for row, *_ in made])
    session.flush()
    session.execute(insert(ParcelOrder), [_link(row, order) for row, order, *_ in made])
    session.execute(insert(ParcelLine), [_line(row, line) for row, _, part, _ in made for line in part])
    events = [_event(row, told) for row, _, _, way in made for told in way]
    session.execute(insert(ParcelEvent), events)
    _plan(session, gone)
    return len(made)


def _parcel(order: Order, lines: Sequence[OrderLine], chance: random.Random) -> Parcel:
    carrier, mark = chance.choice(CARRIERS)
    sent_at = min(order.placed_at + timedelta(hours=SENT_HOURS), clock.now())
    is_there = order.status is not S.SHIPPED
    signed_at = min(order.placed_at + timedelta(hours=SIGNED_HOURS), clock.now()) if is_there else None
    return Parcel(
        shop_id=order.shop_id,
        kind=ParcelKind.SALE,
        state=ParcelState.SIGNED if is_there else ParcelState.SENT,
        carrier_code=carrier,
        tracking_no=f"{mark}{chance.randrange(10**11):011d}",
        address_key=address_key(order),
        units=sum(line.quantity for line in lines),
        source=Source.STAFF,
        sent_at=sent_at,
        signed_at=signed_at,
    )


def _link(row: Parcel, order: Order) -> dict[str, int]:
    return {"shop_id": row.shop_id, "parcel_id": row.id, "order_id": order.id}


def _line(row: Parcel, line: OrderLine) -> dict[str, object]:
    of = {"shop_id": row.shop_id, "parcel_id": row.id, "order_id": line.order_id, "order_line_id": line.id}
    return {**of, "sku_id": line.sku_id, "code": line.code, "title": line.title, "quantity": line.quantity}


class Told(NamedTuple):
    """One thing that was said about a parcel, and by whom."""

    at: datetime
    kind: EventKind
    note: str
    source: Source


def _way(row: Parcel, has_problem: bool) -> list[Told]:
    """What was told of it so far, none of it in the future."""
    sent_at = row.sent_at or clock.now()
    told = [Told(sent_at, EventKind.SENT, "", Source.STAFF)]
    end = row.signed_at or clock.now()
    for kind, hours, note in WAY:
        at = sent_at + timedelta(hours=hours)
        if at < end:
            told.append(Told(at, kind, note, Source.CARRIER))
    if has_problem:
        at = max(told[-1].at, clock.now() - timedelta(hours=2))
        told.append(Told(at, EventKind.PROBLEM, PROBLEM, Source.CARRIER))
    elif row.signed_at:
        told.append(Told(row.signed_at, EventKind.SIGNED, "", Source.CARRIER))
    return told


def _event(row: Parcel, told: Told) -> dict[str, object]:
    return {"shop_id": row.shop_id, "parcel_id": row.id, "actor": str(context.actor()), **told._asdict()}


def _plan(session: Session, orders: Sequence[Order]) -> None:
    """Open orders count as received ten days after they left, where that day is still to come."""
    due = {order: order.placed_at + timedelta(hours=SENT_HOURS) + CONFIRM for order in orders}
    rows = [
        {"shop_id": order.shop_id, "order_id": order.id, "due_at": at}
        for order, at in due.items()
        if order.order_state is OrderState.OPEN and at > clock.now()
    ]
    if rows:
        session.execute(insert(AutoConfirm), rows)
