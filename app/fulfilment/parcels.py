"""What is done with one parcel: send it, take a number, correct, cancel, note that it was signed or came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.fulfilment import carriers, judging, knowing, lifecycle, sending
from app.fulfilment.models import (
    EventKind,
    Parcel,
    ParcelEvent,
    ParcelKind,
    ParcelOrder,
    ParcelState,
    Source,
)
from app.fulfilment.wanted import Outcome, Refused, Sending, Wanted
from app.fulfilment_events import ParcelCorrected, ParcelLabelled, ParcelMoved, ParcelSent
from app.kit import clock, context, journal
from app.kit.db import db
from app.kit.errors import Conflict, NotFound, RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.orders import handling
from app.orders.lifecycle import Axis
from app.orders.models import FulfilmentState, Order


def send(order_id: int, parcel: Sending, *, key: str | None = None, source: Source = Source.STAFF) -> Parcel:
    """A parcel with units of an order leaves the house; holds are consumed, the goods' axis moves on.

    The same number for the same units again, or the same key, gives the parcel that is there. Raises
    wanted.Refused with one of the codes of this feature, NotFound, Conflict.
    """
    order = handling.locked(order_id)
    outcome = sending.send_many(order.shop_id, [Wanted(order_id, _tidied(parcel), key, source)])[0]
    return get(_sent(outcome))


def _sent(outcome: Outcome) -> int:
    if outcome.code == "idempotency_key_reused":
        raise Conflict(outcome.code)
    if outcome.outcome == "refused" or outcome.parcel_id is None:
        raise Refused(outcome.code, outcome.column, **outcome.facts)
    return outcome.parcel_id


def _tidied(parcel: Sending) -> Sending:
    return replace(parcel, tracking_no=carriers.tidy(parcel.tracking_no))


def label(order_id: int, carrier_code: str, tracking_no: str) -> Parcel:
    """Take a number for an order that is still in the house: from now on it leaves with this one.

    Raises Refused, RuleViolation("order_closed" …), NotFound.
    """
    order = handling.locked(order_id)
    parcel = _tidied(Sending(carrier_code, tracking_no))
    known = knowing.load(order.shop_id, [Wanted(order_id, parcel)])
    facts = known.orders[order_id]
    carrier = judging.checked_carrier(parcel)
    judging.check_order(known, facts)
    _check_free(known, parcel.tracking_no)
    row = new(order, ParcelKind.SALE, parcel)
    row.address_key = facts.address_key
    begin(row, order_id)
    journal.record(ParcelLabelled(order.shop_id, order_id, row.id, carrier.code, row.tracking_no))
    return row


def append(order_id: int, carrier_code: str, tracking_no: str) -> Parcel:
    """One more number for an order that has left whole: goods went in two boxes, say. It holds no units.

    Raises Refused, RuleViolation("order_has_not_left"), NotFound.
    """
    order = handling.locked(order_id)
    if order.fulfilment_state not in (FulfilmentState.FULFILLED, FulfilmentState.DELIVERED):
        raise RuleViolation("order_has_not_left", order=order.number)
    parcel = _tidied(Sending(carrier_code, tracking_no))
    known = knowing.load(order.shop_id, [Wanted(order_id, parcel)])
    judging.checked_carrier(parcel)
    _check_free(known, parcel.tracking_no)
    row = new(order, ParcelKind.SALE, parcel)
    row.address_key = known.orders[order_id].address_key
    begin(row, order_id)
    leave(row, [order_id])
    return row


def _check_free(known: knowing.Known, number: str) -> None:
    if number in known.numbers:
        raise RuleViolation("tracking_in_use", number=number)
    if number in known.elsewhere:
        raise RuleViolation("tracking_other_shop", number=number)


def new(order: Order, kind: ParcelKind, parcel: Sending) -> Parcel:
    """A parcel in the making; `begin` writes it."""
    return Parcel(
        shop_id=order.shop_id,
        kind=kind,
        state=ParcelState.CREATED,
        carrier_code=parcel.carrier_code,
        tracking_no=parcel.tracking_no,
        units=0,
        source=Source.STAFF,
        last_event=EventKind.CREATED,
        moved_at=clock.now(),
    )


def begin(row: Parcel, order_id: int) -> None:
    """Write a new parcel for an order. Raises Conflict("in_progress") when its number is taken this very moment."""
    try:
        db.session.add(row)
        db.session.flush()
    except IntegrityError as error:
        raise Conflict("in_progress") from error
    db.session.add(ParcelOrder(shop_id=row.shop_id, parcel_id=row.id, order_id=order_id))
    tell(row, EventKind.CREATED)


def leave(row: Parcel, order_ids: list[int]) -> None:
    """A parcel that is there leaves the house; units and stock are the caller's business."""
    row.sent_at = clock.now()
    lifecycle.move(row, ParcelState.SENT)
    tell(row, EventKind.SENT)
    for order_id in order_ids:
        told = (row.kind.value, row.carrier_code, row.tracking_no, row.units)
        journal.record(ParcelSent(row.shop_id, order_id, row.id, *told))


def correct(parcel_id: int, carrier_code: str, tracking_no: str) -> Parcel:
    """Set carrier and number right; the old ones stay in the history. The same again changes nothing.

    Raises Refused, RuleViolation("tracking_in_use", "illegal_move"), NotFound.
    """
    row = locked(parcel_id)
    wanted = _tidied(Sending(carrier_code, tracking_no))
    before = row.carrier_code, row.tracking_no
    if before == (wanted.carrier_code, wanted.tracking_no):
        return row
    judging.checked_carrier(wanted)
    if row.state not in (ParcelState.CREATED, ParcelState.SENT):
        raise RuleViolation("illegal_move", noun="Parcel", from_state=row.state.value, to_state="corrected")
    if wanted.tracking_no and wanted.tracking_no != row.tracking_no:
        _check_free(knowing.load(row.shop_id, [Wanted(0, wanted)]), wanted.tracking_no)
    row.carrier_code, row.tracking_no = wanted.carrier_code, wanted.tracking_no
    after = (wanted.carrier_code, wanted.tracking_no)
    tell(row, EventKind.CORRECTED, f"{_written(*before)} → {_written(*after)}")
    for order_id in orders_of(row.id):
        journal.record(ParcelCorrected(row.shop_id, order_id, row.id, *before, *after))
    db.session.flush()
    return row


def _written(carrier_code: str, tracking_no: str) -> str:
    return f"{carrier_code.upper()} {tracking_no}".strip()


def cancel(parcel_id: int) -> Parcel:
    """Give up a parcel that has not left; its number is free again. Raises RuleViolation("parcel_not_open")."""
    row = locked(parcel_id)
    if row.state not in (ParcelState.CREATED, ParcelState.CANCELLED):
        raise RuleViolation("parcel_not_open")
    return _moved(row, ParcelState.CANCELLED, EventKind.CANCELLED)


def signed(
    parcel_id: int, *, source: Source = Source.STAFF, cause: str = "staff", at: datetime | None = None
) -> Parcel:
    """The receiver has it; when all parcels of an order have been signed for, the order is delivered. Twice is once.

    Raises RuleViolation("parcel_not_sent"), NotFound.
    """
    row = sign(parcel_id, source, cause, at)
    for order_id in orders_of(row.id):
        deliver_if_all_signed(order_id)
    return row


def sign(parcel_id: int, source: Source, cause: str, at: datetime | None = None) -> Parcel:
    """As `signed`, but the orders stay where they are."""
    row = _sent_one(parcel_id, ParcelState.SIGNED)
    if row.state is ParcelState.SENT:
        row.signed_at = at or clock.now()
        _moved(row, ParcelState.SIGNED, EventKind.SIGNED, source, cause)
    return row


def returned(parcel_id: int, *, source: Source = Source.STAFF, cause: str = "staff") -> Parcel:
    """It came back to us unopened; what becomes of the units is for stock and after-sale to say. Twice is once.

    Raises RuleViolation("parcel_not_sent"), NotFound.
    """
    return _moved(_sent_one(parcel_id, ParcelState.RETURNED), ParcelState.RETURNED, EventKind.RETURNED, source, cause)


def _sent_one(parcel_id: int, target: ParcelState) -> Parcel:
    row = locked(parcel_id)
    if row.state not in (ParcelState.SENT, target):
        raise RuleViolation("parcel_not_sent")
    return row


def _moved(
    row: Parcel, target: ParcelState, kind: EventKind, source: Source = Source.STAFF, cause: str = "staff"
) -> Parcel:
    before = row.state
    if before is target:
        return row
    lifecycle.move(row, target)
    tell(row, kind, source=source)
    for order_id in orders_of(row.id):
        journal.record(ParcelMoved(row.shop_id, order_id, row.id, before.value, target.value, cause, row.tracking_no))
    db.session.flush()
    return row


def deliver_if_all_signed(order_id: int) -> None:
    """The order is delivered when it has left whole and every parcel of it has been signed for."""
    of_order = select(ParcelOrder.parcel_id).where(ParcelOrder.order_id == order_id)
    open_ones = select(Parcel.id).where(
        Parcel.id.in_(of_order),
        Parcel.kind == ParcelKind.SALE,
        Parcel.state.in_((ParcelState.SENT, ParcelState.RETURNED)),
    )
    order = handling.locked(order_id)
    if order.fulfilment_state is FulfilmentState.FULFILLED and db.session.scalars(open_ones).first() is None:
        handling.move(order, Axis.FULFILMENT, FulfilmentState.DELIVERED, "signed")


def tell(
    row: Parcel, kind: EventKind, note: str = "", *, source: Source = Source.STAFF, at: datetime | None = None
) -> None:
    """Write down that something happened to a parcel; states are moved by the verbs above."""
    moment = at or clock.now()
    values = {"parcel_id": row.id, "at": moment, "kind": kind, "note": note.strip()[:200], "source": source}
    db.session.add(ParcelEvent(shop_id=row.shop_id, actor=str(context.actor()), **values))
    if moment >= row.moved_at:
        row.last_event, row.moved_at = kind, moment
    db.session.flush()


def get(parcel_id: int) -> Parcel:
    """The parcel. Raises NotFound, also for another shop's."""
    row = db.session.scalars(select(Parcel).where(Parcel.id == parcel_id)).first()
    if row is None:
        raise NotFound("not_found")
    assert_in_scope(row.shop_id)
    return row


def locked(parcel_id: int) -> Parcel:
    """The parcel as it is now, locked after the orders in it. Raises NotFound."""
    for order_id in orders_of(parcel_id):
        handling.locked(order_id)
    query = select(Parcel).where(Parcel.id == parcel_id).with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(query).first()
    if row is None:
        raise NotFound("not_found")
    return row


def orders_of(parcel_id: int) -> list[int]:
    """The orders whose goods a parcel carries, by id."""
    query = select(ParcelOrder.order_id).where(ParcelOrder.parcel_id == parcel_id)
    return sorted(db.session.scalars(query))


def heard(
    parcel_id: int, kind: EventKind, note: str, *, source: Source = Source.STAFF, at: datetime | None = None
) -> Parcel:
    """Something was heard of a parcel under way; its state stays. Raises RuleViolation("parcel_not_sent"), NotFound."""
    row = locked(parcel_id)
    if row.state is not ParcelState.SENT:
        raise RuleViolation("parcel_not_sent")
    tell(row, kind, note, source=source, at=at)
    return row
