"""The one way in which a payment settles, for callbacks, queries and people alike: under the locks, once, for good."""

from __future__ import annotations

from typing import Any

from app.kit import clock, journal, together
from app.kit.db import db
from app.orders import channel_money, handling, reserving
from app.orders.models import Order, OrderState
from app.orders.paying import outstanding
from app.payment_events import PaymentSucceeded
from app.payments import lifecycle, matters, refunds, settings, starting
from app.payments.matter_models import MatterKind
from app.payments.models import Payment, PaymentStatus
from app.payments.providers import Trade, TradeStatus

SECOND, LATE = "second_payment", "late_payment"


def apply(payment_id: int, trade: Trade, callback_id: int | None = None) -> str:
    """Write down what a channel says about a payment; a code of what became of it.

    Success is absorbing: whatever is heard after it changes nothing. Money is only believed when number, amount and
    currency are those of our own row.
    """
    with together.keeping():
        outcome = _apply(starting.locked(payment_id), trade, callback_id)
        db.session.flush()
        return outcome


def _apply(payment: Payment, trade: Trade, callback_id: int | None) -> str:
    if trade.status is TradeStatus.PAID:
        return _paid(payment, trade, callback_id)
    if payment.state in lifecycle.CAPTURED:
        return "absorbed"
    if payment.state in lifecycle.OPEN:
        _not_paid(payment, trade)
    return trade.status.value


def _not_paid(payment: Payment, trade: Trade) -> None:
    payment.channel_trade_no = payment.channel_trade_no or trade.channel_trade_no
    if trade.status is TradeStatus.FAILED:
        starting.end(payment, PaymentStatus.FAILED, trade.code or "declined")
    elif trade.status is TradeStatus.CLOSED:
        over = payment.expires_at <= clock.now()
        starting.end(payment, PaymentStatus.EXPIRED if over else PaymentStatus.CLOSED, trade.code)


def _paid(payment: Payment, trade: Trade, callback_id: int | None) -> str:
    if (lie := _lie(payment, trade)) is not None:
        kind, facts = lie
        matters.open_matter(matters.About.of_payment(payment, callback_id), kind, facts)
        return kind.value
    if payment.state in lifecycle.CAPTURED:
        _learn(payment, trade)
        return "duplicate"
    order = handling.locked(payment.order_id)
    reserving.look_ahead([order])
    if payment.state in lifecycle.ENDED_UNPAID:
        lifecycle.move_payment(payment, PaymentStatus.LATE_SUCCEEDED)
    else:
        lifecycle.move_payment(payment, PaymentStatus.SUCCEEDED)
    payment.paid_at, payment.next_query_at, payment.failure_code = trade.paid_at or clock.now(), None, ""
    _learn(payment, trade)
    outcome = _for_the_order(payment, order)
    told = (payment.shop_id, order.id, payment.id, payment.channel, payment.amount_minor, payment.counted)
    journal.record(PaymentSucceeded(*told))
    return outcome


def _lie(payment: Payment, trade: Trade) -> tuple[MatterKind, dict[str, Any]] | None:
    """Why the message cannot be about this payment, or None."""
    told = trade.amount
    if told is None or (told.minor, told.currency) != (payment.amount_minor, payment.currency):
        theirs = {"theirs_minor": told.minor if told else None, "their_currency": told.currency if told else ""}
        return MatterKind.AMOUNT_MISMATCH, {
            "ours_minor": payment.amount_minor,
            "currency": payment.currency,
            **theirs,
            "channel_trade_no": trade.channel_trade_no,
        }
    known = payment.channel_trade_no
    if payment.state in lifecycle.CAPTURED and known and trade.channel_trade_no not in ("", known):
        return MatterKind.TRADE_MISMATCH, {"ours": known, "theirs": trade.channel_trade_no}
    return None


def _learn(payment: Payment, trade: Trade) -> None:
    """What a message tells beside the money: the channel's number, and what reaches the merchant."""
    if trade.channel_trade_no:
        payment.channel_trade_no = trade.channel_trade_no
    settled = trade.settlement
    if settled is None:
        return
    payment.settled_minor, payment.settled_currency = settled.amount.minor, settled.amount.currency
    payment.fee_minor = settled.fee.minor if settled.fee else payment.fee_minor
    payment.rate, payment.rate_source, payment.rate_at = settled.rate, settled.rate_source, settled.rate_at


def _for_the_order(payment: Payment, order: Order) -> str:
    """Count it for the order; what the order does not need goes back, or before a person."""
    owed = outstanding(order)
    if channel_money.takes_money(order):
        payment.counted = True
        channel_money.came_in(order, payment.amount_minor)
        if payment.amount_minor > owed:
            facts = {"over_minor": payment.amount_minor - owed, "currency": payment.currency}
            matters.open_matter(matters.About.of_payment(payment), MatterKind.OVERPAID, facts)
        return "settled"
    if order.order_state is not OrderState.CLOSED:
        refunds.give_back_uncounted(payment, subject=SECOND, reason=order.number)
        return SECOND
    if settings.of(order.shop_id).refunds_late:
        refunds.give_back_uncounted(payment, subject=LATE, reason=order.number)
    else:
        facts = {"amount_minor": payment.amount_minor, "currency": payment.currency}
        matters.open_matter(matters.About.of_payment(payment), MatterKind.LATE_SUCCESS, facts)
    return LATE
