"""Parcels beside the sale: goods sent in exchange or once more, and what a buyer sends back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from app.catalog.models import Sku
from app.fulfilment import carriers, judging, knowing, lifecycle, parcels
from app.fulfilment.models import EventKind, Parcel, ParcelKind, ParcelLine, ParcelState, Source
from app.fulfilment.wanted import Sending, Wanted
from app.fulfilment_events import ParcelMoved
from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import Conflict, RuleViolation
from app.orders import handling
from app.orders.models import Order
from app.stock import holds, movements
from app.stock.levels import checked


@dataclass(frozen=True)
class Goods:
    """So many units of a SKU, with serial numbers where they are known."""

    sku_id: int
    quantity: int
    serials: tuple[str, ...] = ()


def send_again(
    order_id: int, kind: ParcelKind, sending: Sending, goods: Sequence[Goods], subject: str, *, key: str | None = None
) -> Parcel:
    """Goods leave for an order beside the sale, in exchange or once more, for a `subject` such as `after_sale:12`.

    What the subject holds of the stock is consumed; what it does not hold yet is held first. The order's axes stay.
    The same key gives the parcel that is there. Raises Refused, RuleViolation("insufficient_stock",
    "nothing_to_send"), Conflict("idempotency_key_reused"), NotFound.
    """
    order = handling.locked(order_id)
    wanted = replace(sending, tracking_no=carriers.tidy(sending.tracking_no), lines=())
    known = knowing.load(order.shop_id, [Wanted(order_id, wanted, key)])
    if key and (before := known.keys.get(key)):
        if before.row.subject != subject:
            raise Conflict("idempotency_key_reused")
        return before.row
    if not goods:
        raise RuleViolation("nothing_to_send")
    judging.checked_carrier(wanted)
    if wanted.tracking_no in known.numbers:
        raise RuleViolation("tracking_in_use", number=wanted.tracking_no)
    judging.check_number(known, known.orders[order_id], judging.checked_carrier(wanted), wanted)
    row = _opened(order, kind, wanted, subject, key)
    row.address_key = known.orders[order_id].address_key
    _fill(row, order_id, goods)
    _take(order, goods, subject)
    parcels.leave(row, [order_id])
    return row


def expect_return(order_id: int, sending: Sending, goods: Sequence[Goods], subject: str) -> Parcel:
    """The buyer has sent goods back under this number; it is on its way to us. Raises Refused, NotFound."""
    order = handling.locked(order_id)
    wanted = replace(sending, tracking_no=carriers.tidy(sending.tracking_no), lines=())
    judging.checked_carrier(wanted)
    row = _opened(order, ParcelKind.RETURN, wanted, subject, None)
    _fill(row, order_id, goods)
    parcels.leave(row, [order_id])
    return row


def received(parcel_id: int, *, source: Source = Source.STAFF) -> Parcel:
    """A buyer's parcel has come in; what of it goes back on the shelf is for after-sale to say. Twice is once."""
    row = parcels.locked(parcel_id)
    if row.kind is not ParcelKind.RETURN:
        raise RuleViolation("parcel_not_sent")
    if row.state is ParcelState.SENT:
        before = row.state
        row.signed_at = clock.now()
        lifecycle.move(row, ParcelState.SIGNED)
        parcels.tell(row, EventKind.SIGNED, source=source)
        told = (before.value, row.state.value, "received", row.tracking_no)
        for order_id in parcels.orders_of(row.id):
            journal.record(ParcelMoved(row.shop_id, order_id, row.id, *told))
    return row


def of_subject(shop_id: int, subject: str) -> list[Parcel]:
    """The parcels for something beside the sale, oldest first."""
    query = select(Parcel).where(Parcel.shop_id == shop_id, Parcel.subject == subject).order_by(Parcel.id)
    return list(db.session.scalars(query))


def _opened(order: Order, kind: ParcelKind, sending: Sending, subject: str, key: str | None) -> Parcel:
    row = parcels.new(order, kind, sending)
    row.subject, row.key = subject, key
    parcels.begin(row, order.id)
    return row


def _fill(row: Parcel, order_id: int, goods: Sequence[Goods]) -> None:
    ids = [one.sku_id for one in goods]
    skus = {sku.id: sku for sku in db.session.scalars(select(Sku).where(Sku.id.in_(ids)))}
    for one in goods:
        sku = skus.get(one.sku_id)
        values = {"sku_id": one.sku_id if sku else None, "code": sku.code if sku else str(one.sku_id)}
        told = {"quantity": checked(one.quantity), "serials": list(one.serials)}
        db.session.add(ParcelLine(shop_id=row.shop_id, parcel_id=row.id, order_id=order_id, **values, **told))
        row.units += one.quantity
    db.session.flush()


def _take(order: Order, goods: Sequence[Goods], subject: str) -> None:
    units: dict[int, int] = {}
    for one in goods:
        units[one.sku_id] = units.get(one.sku_id, 0) + one.quantity
    held: dict[int, int] = {}
    for hold in holds.lock_held(order.shop_id, subject):
        held[hold.sku_id] = held.get(hold.sku_id, 0) + hold.quantity
    if missing := {sku: wanted - held.get(sku, 0) for sku, wanted in units.items() if wanted > held.get(sku, 0)}:
        holds.place(order.shop_id, missing, subject, None)
    movements.ship(order.shop_id, subject, units, order_id=order.id)
