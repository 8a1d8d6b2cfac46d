"""What pages show of parcels: those of an order with what is in them, one with its events, what is left to send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from app.fulfilment import knowing
from app.fulfilment.models import (
    AutoConfirm,
    Parcel,
    ParcelEvent,
    ParcelKind,
    ParcelLine,
    ParcelOrder,
    ParcelState,
    ShippingBlock,
)
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope
from app.orders.models import FulfilmentState, Order, OrderKind, OrderState, PaymentState


@dataclass
class Content:
    """Units of one thing of an order in a parcel, on however many lines."""

    order_id: int
    code: str
    title: str
    quantity: int = 0
    serials: list[str] = field(default_factory=list)


@dataclass
class Shown:
    """A parcel with what is in it and the orders of that."""

    row: Parcel
    lines: list[Content] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)


def of_order(order_id: int) -> list[Shown]:
    """The parcels of an order, oldest first; each with the lines of this order alone."""
    mine = select(ParcelOrder.parcel_id).where(ParcelOrder.order_id == order_id)
    rows = db.session.scalars(select(Parcel).where(Parcel.id.in_(mine)).order_by(Parcel.id)).all()
    found = {row.id: Shown(row) for row in rows}
    if found:
        lines = select(ParcelLine).where(ParcelLine.parcel_id.in_(found), ParcelLine.order_id == order_id)
        rows_of: dict[int, list[ParcelLine]] = {}
        for line in db.session.scalars(lines.order_by(ParcelLine.id)):
            rows_of.setdefault(line.parcel_id, []).append(line)
        for parcel_id, of_parcel in rows_of.items():
            found[parcel_id].lines = _contents(of_parcel)
        links = select(ParcelOrder.parcel_id, Order).join(Order, Order.id == ParcelOrder.order_id)
        for parcel_id, order in db.session.execute(links.where(ParcelOrder.parcel_id.in_(found))):
            found[parcel_id].orders.append(order)
    return list(found.values())


def one(row: Parcel) -> Shown:
    """A parcel with everything in it."""
    lines = db.session.scalars(select(ParcelLine).where(ParcelLine.parcel_id == row.id).order_by(ParcelLine.id)).all()
    mine = select(ParcelOrder.order_id).where(ParcelOrder.parcel_id == row.id)
    orders = db.session.scalars(select(Order).where(Order.id.in_(mine)).order_by(Order.id)).all()
    return Shown(row, _contents(lines), list(orders))


def _contents(lines: Sequence[ParcelLine]) -> list[Content]:
    """One entry for each thing of an order."""
    found: dict[tuple[int, str, str], Content] = {}
    for line in lines:
        key = (line.order_id, line.code, line.title)
        content = found.setdefault(key, Content(line.order_id, line.code, line.title))
        content.quantity += line.quantity
        content.serials += line.serials
    return list(found.values())


def events(parcel_id: int) -> list[ParcelEvent]:
    """What happened to a parcel, newest first."""
    query = select(ParcelEvent).where(ParcelEvent.parcel_id == parcel_id)
    return list(db.session.scalars(query.order_by(ParcelEvent.at.desc(), ParcelEvent.id.desc())))


def left(order_id: int) -> list[knowing.LineFacts]:
    """The lines of goods of an order with what of each has not left."""
    return knowing.lines_of([order_id]).get(order_id, [])


def can_ship(order: Order) -> bool:
    """Whether anything of it may leave by where it stands."""
    return (
        order.kind is OrderKind.SALE
        and order.order_state is OrderState.OPEN
        and order.payment_state in (PaymentState.PAID, PaymentState.PARTLY_REFUNDED)
        and order.fulfilment_state in (FulfilmentState.UNFULFILLED, FulfilmentState.PARTLY_FULFILLED)
    )


def has_goods_left(lines: Sequence[knowing.LineFacts]) -> bool:
    """Whether a unit is left to send: all may be waiting for their refund.

    An order whose goods are not listed leaves as a whole.
    """
    return not lines or any(line.left for line in lines)


def can_append(order: Order) -> bool:
    """Whether one more number can be added to it."""
    gone = (FulfilmentState.FULFILLED, FulfilmentState.DELIVERED)
    return order.kind is OrderKind.SALE and order.order_state is OrderState.OPEN and order.fulfilment_state in gone


def block(order_id: int) -> ShippingBlock | None:
    """Why an order must not leave, if so."""
    return db.session.scalars(select(ShippingBlock).where(ShippingBlock.order_id == order_id)).first()


def confirm_due(order_id: int) -> AutoConfirm | None:
    """When an order will be confirmed by itself."""
    return db.session.scalars(select(AutoConfirm).where(AutoConfirm.order_id == order_id)).first()


def open_labels(shown: Sequence[Shown]) -> list[Parcel]:
    """Numbers that were taken and have not left."""
    return [one.row for one in shown if one.row.state is ParcelState.CREATED and one.row.kind is ParcelKind.SALE]


def by_number(shop_id: int, text: str, limit: int = 6) -> list[Parcel]:
    """Parcels of a shop whose number begins so."""
    plain = text.upper().replace("%", r"\%").replace("_", r"\_")
    mine = (Parcel.shop_id == assert_in_scope(shop_id), Parcel.tracking_no.like(f"{plain}%"))
    return list(db.session.scalars(select(Parcel).where(*mine).order_by(Parcel.moved_at.desc()).limit(limit)))
