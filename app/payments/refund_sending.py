"""Sending refunds to the channels: claim in one transaction, call outside any, write the answers down in another.

A process that dies in between leaves SUBMITTING rows; they are asked about under the same number when their time comes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.kit import clock
from app.kit.db import db
from app.kit.money import Money
from app.payments import accounts, addresses, exchanges, lifecycle, refund_course, refunds
from app.payments.channels import channel_of
from app.payments.exchanges import FAULT
from app.payments.models import ChannelAccount, Payment, Refund, RefundState
from app.payments.providers import Provider, RefundRef, RefundReport, RefundStatus, TradeRef

AT_ONCE = 40
THREADS = 8
LEASE = timedelta(seconds=60)
"""How long a claimed refund is left alone: longer than any call may take."""
_DUE = (RefundState.ASKED, RefundState.SUBMITTING, RefundState.PROCESSING, RefundState.UNKNOWN)
_MAY_BE_SENT = (RefundState.ASKED, RefundState.SUBMITTING, RefundState.UNKNOWN)
"""What the channel accepted once is never sent again, even if it should say that it does not know it."""
Transaction = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Call:
    """One call to make: what, with whom, whether to ask first where it stands, and whether to send it at all."""

    refund_id: int
    ref: RefundRef
    account_id: int
    provider: Provider
    asks: bool
    sends: bool


def send_due(shop_id: int, transaction: Transaction, *, most: int | None = None) -> int:
    """Work through every refund of a shop that is due; returns how many calls were made."""
    made = 0
    while most is None or made < most:
        with transaction():
            calls = claim(shop_id, AT_ONCE if most is None else min(AT_ONCE, most - made))
        if not calls:
            return made
        for call, report in zip(calls, _called(calls), strict=True):
            with transaction():
                write_down(call, report)
        made += len(calls)
    return made


def send_one(refund_id: int, transaction: Transaction) -> RefundReport | None:
    """ "Ask the channel now": one refund at once; None when there is nothing to ask."""
    with transaction():
        refund = refund_course.locked(refund_id)
        ready = refund.state in (*_DUE, RefundState.ABNORMAL, RefundState.FAILED) and refund.payment_id is not None
        call = _call(refund) if ready else None
    if call is None:
        return None
    report = _perform(call)
    with transaction():
        write_down(call, report)
    return report


def claim(shop_id: int, most: int) -> list[Call]:
    """Take refunds that are due, so that no other worker sends them meanwhile. Needs an open transaction."""
    moment = clock.now()
    due = (Refund.shop_id == shop_id, Refund.next_try_at <= moment, Refund.state.in_(_DUE))
    query = select(Refund).where(*due).order_by(Refund.next_try_at, Refund.id).limit(most)
    rows = list(db.session.scalars(query.with_for_update(skip_locked=True)))
    taken: set[int] = set()
    calls = [call for row in rows if (call := _claimed(row, moment, taken)) is not None]
    db.session.flush()
    return calls


def _claimed(refund: Refund, moment: datetime, taken: set[int]) -> Call | None:
    assert refund.payment_id is not None  # noqa: S101 - what is paid back by hand is never due
    if refund.state is RefundState.ASKED and (wait := _too_soon(refund, moment, taken)):
        refund.next_try_at = wait
        return None
    call = _call(refund)
    refund.next_try_at, refund.attempts = moment + LEASE, refund.attempts + 1
    if refund.state is RefundState.ASKED:
        lifecycle.move_refund(refund, RefundState.SUBMITTING)
        refund.submitted_at = moment
        taken.add(refund.payment_id)
    return call


def _too_soon(refund: Refund, moment: datetime, taken: set[int]) -> datetime | None:
    """When the channel takes the next refund of this payment; None: now."""
    gap = timedelta(seconds=channel_of(refund.channel).refund_limits.gap_seconds)
    if not gap:
        return None
    sent = (Refund.payment_id == refund.payment_id, Refund.submitted_at > moment - gap)
    last = db.session.scalar(select(Refund.submitted_at).where(*sent).order_by(Refund.submitted_at.desc()).limit(1))
    return (moment if refund.payment_id in taken else last) and (last or moment) + gap


def _call(refund: Refund) -> Call:
    payment = db.session.get_one(Payment, refund.payment_id)
    account = accounts.get(payment.account_id)
    ref = ref_of(refund, payment, account)
    asks, sends = refund.state is not RefundState.ASKED, refund.state in _MAY_BE_SENT
    return Call(refund.id, ref, account.id, accounts.provider_of(account), asks, sends)


def ref_of(refund: Refund, payment: Payment, account: ChannelAccount) -> RefundRef:
    """A refund as its channel knows it; the same value each time."""
    amount = Money(payment.amount_minor, payment.currency)
    return RefundRef(
        number=refund.number,
        trade=TradeRef(payment.number, amount, payment.created_at, payment.channel_trade_no),
        amount=Money(refund.amount_minor, refund.currency),
        reason=refund.reason,
        asked_at=refund.created_at,
        notify_url=addresses.callback(account),
        channel_refund_no=refund.channel_refund_no,
    )


def _called(calls: list[Call]) -> list[RefundReport]:
    if len(calls) == 1:
        return [_perform(calls[0])]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(_perform, calls))


def _perform(call: Call) -> RefundReport:
    """Ask, and send when the channel has never heard of it. Whatever goes wrong is an unclear answer."""
    return exchanges.called(
        "refund",
        lambda: _answer(call),
        lambda seen: RefundReport(RefundStatus.UNKNOWN, code=FAULT, exchange=seen),
        refund=call.ref.number,
    )


def _answer(call: Call) -> RefundReport:
    if call.asks:
        report = call.provider.query_refund(call.ref)
        if report.status is not RefundStatus.ABSENT or not call.sends:
            return report
    return call.provider.refund(call.ref)


def write_down(call: Call, report: RefundReport) -> None:
    """Keep the exchange and what it says. Needs an open transaction."""
    refund = refund_course.apply(call.refund_id, report)
    account = accounts.get(call.account_id)
    about = exchanges.About(refund.shop_id, account.id, refund=refund)
    exchanges.keep(about, report.exchange, report.status.value, report.code, accounts.secrets_of(account))
    accounts.note_health(account.id, (report.code or "unknown") if report.status is RefundStatus.UNKNOWN else "")


def want_due() -> int:
    """Want the job for every shop with refunds that are due; returns how many shops. Run by the ticker."""
    due = (Refund.next_try_at <= clock.now(), Refund.state.in_(_DUE))
    shop_ids = list(db.session.scalars(select(Refund.shop_id).where(*due).distinct()))
    for shop_id in shop_ids:
        refunds.want_sending(shop_id)
    return len(shop_ids)
