"""Asking for money to go back: which of an order's payments gives how much, and never more than came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from app.kit import clock, context, jobs, journal
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.money import Money
from app.orders import handling, splitting
from app.orders.models import Order, OrderKind
from app.payment_events import RefundAsked
from app.payments import numbers
from app.payments.channels import channel_of
from app.payments.lifecycle import CAPTURED, UNDER_WAY
from app.payments.models import Payment, Refund, RefundState

MANUAL = "manual"
SEND = "send_refunds"


@dataclass(frozen=True)
class Room:
    """What one source of an order's money can still give back; without a payment it is paid back by hand."""

    payment: Payment | None
    minor: int


def ask(order_id: int, amount_minor: int, *, subject: str, key: str, reason: str = "") -> list[Refund]:
    """Want this much of an order's money paid back; a job calls the channels after the commit.

    The amount is split over the payments, the newest first; what staff recorded by hand comes last and is paid back by
    hand. The same key gives the same refunds, whatever else is asked. Raises RuleViolation("refund_too_much",
    "refund_amount", "not_a_sale"), NotFound.
    """
    for money_id in splitting.money_of(order_id):  # a split order shares payments with those it was split from
        order = handling.locked(money_id)
    if found := _of_key(order.id, key):
        return found
    if order.kind is not OrderKind.SALE:
        raise RuleViolation("not_a_sale", number=order.number)
    if amount_minor <= 0:
        raise RuleViolation("refund_amount")
    rooms = rooms_of(order)
    most = sum(room.minor for room in rooms)
    if amount_minor > most:
        raise RuleViolation("refund_too_much", most=str(Money(most, order.currency)), currency=order.currency)
    facts = _Wish(order, subject, key, reason)
    refunds = [_keep(facts, room, minor, part) for part, (room, minor) in enumerate(_spread(rooms, amount_minor))]
    want_sending(order.shop_id)
    return refunds


def refundable(order: Order) -> int:
    """What can still be asked for, in minor units of the order's currency."""
    return sum(room.minor for room in rooms_of(order))


def ask_of(payment_id: int, amount_minor: int, *, subject: str, key: str, reason: str = "") -> Refund:
    """Want this much of one payment back, through its own channel; the same key gives the same refund.

    Raises RuleViolation("refund_too_much", "refund_amount"), NotFound.
    """
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound("not_found")
    order = handling.locked(payment.order_id)
    if found := _of_key(order.id, key):
        return found[0]
    db.session.refresh(payment)
    if amount_minor <= 0:
        raise RuleViolation("refund_amount")
    most = left_of(payment)
    if amount_minor > most:
        raise RuleViolation("refund_too_much", most=str(Money(most, order.currency)), currency=order.currency)
    refund = _keep(_Wish(order, subject, key, reason, payment.counted), Room(payment, most), amount_minor, 0)
    want_sending(order.shop_id)
    return refund


def left_of(payment: Payment) -> int:
    """What its channel can still give back of a payment, and the order, too, where it counts; in minor units."""
    if payment.state not in CAPTURED or not _channel_still_can(payment):
        return 0
    left = payment.amount_minor - _asked_of(payment.id)
    if payment.counted:
        order = db.session.get_one(Order, payment.order_id)
        left = min(left, order.paid_minor - order.refunded_minor - _under_way(order.id))
    return max(0, left)


def ask_beside(payment: Payment, amount_minor: int, *, subject: str, key: str, reason: str = "") -> Refund:
    """Want money back that the channel took beside what our payment says: a person gives it back at the channel.

    It is no part of the order's sums, nor of the payment's. The same key gives the same refund.
    """
    order = handling.locked(payment.order_id)
    if found := _of_key(order.id, key):
        return found[0]
    return _keep(_Wish(order, subject, key, reason, counted=False), Room(None, amount_minor), amount_minor, 0)


def of_key(payment: Payment, key: str) -> Refund | None:
    """The newest refund that was asked for under a key, or in place of a failed one of it; None before."""
    found: Refund | None = None
    while more := _of_key(payment.order_id, f"again:{found.id}" if found else key):
        found = more[0]
    return found


def give_back_uncounted(payment: Payment, *, subject: str, reason: str) -> list[Refund]:
    """Give all of a payment back that the order did not need: a second one, or one that came too late."""
    order = handling.locked(payment.order_id)
    key = f"{subject}:{payment.number}"
    if found := _of_key(order.id, key):
        return found
    room = payment.amount_minor - _asked_of(payment.id)
    if room <= 0:
        return []
    refund = _keep(_Wish(order, subject, key, reason, counted=False), Room(payment, room), room, 0)
    want_sending(order.shop_id)
    return [refund]


def want_sending(shop_id: int) -> None:
    """Want the job that calls the channels; it is the same one while it is live."""
    jobs.enqueue(SEND, shop_id, key=f"refunds:{shop_id}")


def rooms_of(order: Order) -> list[Room]:
    """What each source of a locked order can give back, the newest payment first, money recorded by hand last."""
    total = order.paid_minor - order.refunded_minor - _under_way(order.id)
    rooms: list[Room] = []
    for payment in _payments(order.id):
        minor = min(payment.amount_minor - _asked_of(payment.id), total)
        if minor > 0 and _channel_still_can(payment):
            rooms.append(Room(payment, minor))
            total -= minor
    if total > 0:
        rooms.append(Room(None, total))
    return rooms


def _payments(order_id: int) -> list[Payment]:
    ids = splitting.money_of(order_id)
    query = select(Payment).where(Payment.order_id.in_(ids), Payment.counted, Payment.state.in_(CAPTURED))
    return list(db.session.scalars(query.order_by(Payment.paid_at.desc(), Payment.id.desc())))


def _channel_still_can(payment: Payment) -> bool:
    """Within the channel's days after the payment and its number of refunds."""
    limits = channel_of(payment.channel).refund_limits
    paid_at = payment.paid_at or payment.created_at
    if limits.days and clock.now() - paid_at > timedelta(days=limits.days):
        return False
    return not limits.count or _count_of(payment.id) < limits.count


def _asked_of(payment_id: int) -> int:
    """What is asked of a payment and not failed, done or not."""
    alive = Refund.state != RefundState.FAILED
    return int(
        db.session.scalar(select(func.sum(Refund.amount_minor)).where(Refund.payment_id == payment_id, alive)) or 0
    )


def _count_of(payment_id: int) -> int:
    alive = Refund.state != RefundState.FAILED
    return int(db.session.scalar(select(func.count(Refund.id)).where(Refund.payment_id == payment_id, alive)) or 0)


def _under_way(order_id: int) -> int:
    """What is asked of an order and not done yet, as far as it counts for the order."""
    live = (Refund.order_id == order_id, Refund.counted, Refund.state.in_(UNDER_WAY))
    return int(db.session.scalar(select(func.sum(Refund.amount_minor)).where(*live)) or 0)


def _spread(rooms: list[Room], amount_minor: int) -> list[tuple[Room, int]]:
    shares = []
    for room in rooms:
        share = min(room.minor, amount_minor)
        if share > 0:
            shares.append((room, share))
        amount_minor -= share
    return shares


@dataclass(frozen=True)
class _Wish:
    order: Order
    subject: str
    key: str
    reason: str
    counted: bool = True


def _keep(wish: _Wish, room: Room, minor: int, part: int) -> Refund:
    order, payment = wish.order, room.payment
    refund = Refund(
        shop_id=order.shop_id,
        number=numbers.fresh("R"),
        order_id=order.id,
        payment_id=payment.id if payment else None,
        channel=payment.channel if payment else MANUAL,
        state=RefundState.ASKED if payment else RefundState.PROCESSING,
        amount_minor=minor,
        currency=order.currency,
        counted=wish.counted,
        subject=wish.subject,
        key=wish.key,
        part=part,
        reason=wish.reason[:80],
        asked_by=str(context.actor()),
        next_try_at=clock.now() if payment else None,
    )
    db.session.add(refund)
    db.session.flush()
    journal.record(RefundAsked(order.shop_id, order.id, refund.id, minor, wish.subject, refund.channel))
    return refund


def _of_key(order_id: int, key: str) -> list[Refund]:
    query = select(Refund).where(Refund.order_id == order_id, Refund.key == key).order_by(Refund.part)
    return list(db.session.scalars(query))


def get(refund_id: int) -> Refund:
    """One refund of a shop in scope. Raises NotFound."""
    refund = db.session.get(Refund, refund_id)
    if refund is None:
        raise NotFound("not_found")
    return refund


def again(refund: Refund) -> Refund:
    """A new refund in place of a failed one, for the same subject. Raises RuleViolation("refund_too_much")."""
    order = handling.locked(refund.order_id)
    payment = db.session.get(Payment, refund.payment_id) if refund.payment_id else None
    room = payment.amount_minor - _asked_of(payment.id) if payment else refund.amount_minor
    if refund.counted:
        room = min(room, sum(one.minor for one in rooms_of(order)))
    if refund.amount_minor > room:
        raise RuleViolation("refund_too_much", most=str(Money(room, order.currency)), currency=order.currency)
    key = f"again:{refund.id}"
    if found := _of_key(order.id, key):
        return found[0]
    wish = _Wish(order, refund.subject, key, refund.reason, refund.counted)
    fresh = _keep(wish, Room(payment, room), refund.amount_minor, 0)
    want_sending(order.shop_id)
    return fresh
