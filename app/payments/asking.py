"""Asking channels where payments stand: after an unclear answer, while a buyer pays, and before one is closed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.kit import clock
from app.kit.db import db
from app.kit.money import Money
from app.payments import accounts, exchanges, lifecycle, settling, starting
from app.payments.channels import channel_of
from app.payments.exchanges import FAULT
from app.payments.models import Payment, PaymentStatus
from app.payments.providers import Closed, CloseStatus, Provider, Trade, TradeRef, TradeStatus
from app.payments.refund_course import BACK_OFF
from app.payments.refund_sending import AT_ONCE, LEASE, THREADS, Transaction

LATE_LOOK = timedelta(hours=1)
"""How long after its end a payment is looked at once more: money may have been on its way."""


@dataclass(frozen=True)
class Call:
    """One payment to ask about; `closes` when it shall take no money any more, unless it is paid."""

    payment_id: int
    ref: TradeRef
    account_id: int
    provider: Provider
    closes: bool


@dataclass(frozen=True)
class Answer:
    """What the channel said; `closed` when it was also asked to close."""

    trade: Trade
    closed: Closed | None = None


def ask_due(shop_id: int, transaction: Transaction) -> int:
    """Ask about every payment of a shop that is due; returns how many calls were made."""
    made = 0
    while True:
        with transaction():
            calls = claim(shop_id)
        if not calls:
            return made
        for call, answer in zip(calls, _asked(calls), strict=True):
            with transaction():
                write_down(call, answer)
                again = _again(call, answer)
            if again is not None:
                starting.call(again, transaction)
        made += len(calls)


def _again(call: Call, answer: Answer) -> starting.Prepared | None:
    """The first call brought no answer and the channel holds nothing against it: make it again, same number."""
    payment = starting.locked(call.payment_id)
    unstarted = payment.state is PaymentStatus.CREATED and payment.expires_at > clock.now()
    harmless = answer.trade.status in (TradeStatus.ABSENT, TradeStatus.WAITING)
    return starting.prepare(payment) if unstarted and harmless and not call.closes else None


def ask_one(payment_id: int, transaction: Transaction, *, closes: bool = False) -> Answer:
    """ "Ask the channel now", or close one payment now. Raises NotFound."""
    with transaction():
        call = _call(starting.locked(payment_id), closes)
    answer = _perform(call)
    with transaction():
        write_down(call, answer)
    return answer


def claim(shop_id: int) -> list[Call]:
    """Take payments that are due, so that no other worker asks meanwhile. Needs an open transaction."""
    moment = clock.now()
    due = (Payment.shop_id == shop_id, Payment.next_query_at <= moment)
    query = select(Payment).where(*due).order_by(Payment.next_query_at, Payment.id).limit(AT_ONCE)
    calls = []
    for payment in db.session.scalars(query.with_for_update(skip_locked=True)):
        calls.append(_call(payment, _shall_close(payment, moment)))
        payment.next_query_at, payment.attempts = moment + LEASE, payment.attempts + 1
    db.session.flush()
    return calls


def _shall_close(payment: Payment, moment: datetime) -> bool:
    """Its time is over, or the order needs no money any more; a channel may refuse to close what is too young."""
    if payment.state not in lifecycle.OPEN:
        return False
    youngest = payment.created_at + timedelta(seconds=channel_of(payment.channel).close_after_seconds)
    return moment >= youngest and (payment.expires_at <= moment or payment.asked_for.get("unwanted", False))


def _call(payment: Payment, closes: bool) -> Call:
    account = accounts.get(payment.account_id)
    ref = TradeRef(
        payment.number,
        Money(payment.amount_minor, payment.currency),
        payment.created_at,
        payment.channel_trade_no,
        payment.expires_at,
    )
    return Call(payment.id, ref, account.id, accounts.provider_of(account), closes)


def _asked(calls: list[Call]) -> list[Answer]:
    if len(calls) == 1:
        return [_perform(calls[0])]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(_perform, calls))


def _perform(call: Call) -> Answer:
    """Query; close what is not paid and shall be; when the channel then says "paid", query again."""
    trade = _query(call)
    if not call.closes or trade.status in (TradeStatus.PAID, TradeStatus.CLOSED, TradeStatus.FAILED):
        return Answer(trade)
    closed = exchanges.called(
        "close",
        lambda: call.provider.close(call.ref),
        lambda seen: Closed(CloseStatus.UNKNOWN, seen, FAULT),
        payment=call.ref.number,
    )
    return Answer(_query(call) if closed.status is CloseStatus.ALREADY_PAID else trade, closed)


def _query(call: Call) -> Trade:
    return exchanges.called(
        "query",
        lambda: call.provider.query(call.ref),
        lambda seen: Trade(TradeStatus.UNKNOWN, code=FAULT, exchange=seen),
        payment=call.ref.number,
    )


def write_down(call: Call, answer: Answer) -> str:
    """Keep the exchanges and what they say; a code of what became of it. Needs an open transaction."""
    outcome = settling.apply(call.payment_id, answer.trade)
    payment = starting.locked(call.payment_id)
    if payment.state in lifecycle.OPEN and answer.closed and answer.closed.status is CloseStatus.CLOSED:
        over = payment.expires_at <= clock.now()
        starting.end(payment, PaymentStatus.EXPIRED if over else PaymentStatus.CLOSED)
        outcome = "closed"
    _plan(payment)
    _keep(call, payment, answer)
    db.session.flush()
    return outcome


def _plan(payment: Payment) -> None:
    """When to ask next: soon while it is young, at its end, once more an hour after its end, then never."""
    moment = clock.now()
    if payment.state in lifecycle.OPEN:
        wait = timedelta(seconds=BACK_OFF[min(payment.attempts, len(BACK_OFF) - 1)])
        until_end = payment.expires_at - moment
        payment.next_query_at = moment + (min(wait, until_end) if until_end > timedelta() else min(wait, LEASE))
    elif payment.state in lifecycle.ENDED_UNPAID and payment.ended_at and moment - payment.ended_at < LATE_LOOK:
        payment.next_query_at = payment.ended_at + LATE_LOOK
    else:
        payment.next_query_at = None


def _keep(call: Call, payment: Payment, answer: Answer) -> None:
    account = accounts.get(call.account_id)
    hidden = accounts.secrets_of(account)
    about = exchanges.About(payment.shop_id, account.id, payment)
    exchanges.keep(about, answer.trade.exchange, answer.trade.status.value, answer.trade.code, hidden)
    if answer.closed:
        exchanges.keep(about, answer.closed.exchange, answer.closed.status.value, answer.closed.code, hidden)
    unclear = answer.trade.status is TradeStatus.UNKNOWN
    accounts.note_health(account.id, (answer.trade.code or "unknown") if unclear else "")


def want_due() -> int:
    """Want the job for every shop with payments that are due; returns how many shops. Run by the ticker."""
    shop_ids = list(db.session.scalars(select(Payment.shop_id).where(Payment.next_query_at <= clock.now()).distinct()))
    for shop_id in shop_ids:
        starting.want_asking(shop_id)
    return len(shop_ids)
