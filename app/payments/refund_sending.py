"""Sending refunds to the channels: claim in one transaction, call outside any, write the answers down in another.

A process that dies in between leaves SUBMITTING rows; they are asked about under the same number when their time comes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.kit import clock, together
from app.kit.db import db
from app.kit.job_runs import Cancelled, Fenced
from app.kit.money import Money
from app.payments import accounts, addresses, exchanges, lifecycle, refund_course, refunds
from app.payments.channels import channel_of
from app.payments.exchanges import FAULT
from app.payments.models import ChannelAccount, Payment, Refund, RefundState
from app.payments.providers import Provider, RefundRef, RefundReport, RefundStatus, TradeRef

AT_ONCE = 40
THREADS = 8
LEASE = timedelta(seconds=60)
"""How long a claimed refund is left alone by all but its claimer."""
LONGEST_CALL = timedelta(seconds=20)
"""How long any call may take (see channels/wire.py); none is begun that could outlast the lease."""
log = logging.getLogger(__name__)
_DUE = (RefundState.ASKED, RefundState.SUBMITTING, RefundState.PROCESSING, RefundState.UNKNOWN)
_MAY_BE_SENT = (RefundState.ASKED, RefundState.SUBMITTING, RefundState.UNKNOWN)
"""What the channel accepted once is never sent again, even if it should say that it does not know it."""
Transaction = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Way:
    """How an account's channel is reached, and where its notices arrive."""

    account_id: int
    provider: Provider
    notify_url: str


@dataclass(frozen=True)
class Call:
    """One call to make: what, which way, how long it is ours, whether to ask first, and whether to send it at all."""

    refund_id: int
    ref: RefundRef
    way: Way
    until: datetime
    asks: bool
    sends: bool


Answered = tuple[Call, RefundReport]


def send_due(shop_id: int, transaction: Transaction, *, most: int | None = None) -> int:
    """Work through every refund of a shop that is due; returns how many calls were made."""
    made = 0
    with ThreadPoolExecutor(THREADS) as pool:
        while most is None or made < most:
            with transaction():
                calls = claim(shop_id, AT_ONCE if most is None else min(AT_ONCE, most - made))
            if not calls:
                break
            reports = [_perform(calls[0])] if len(calls) == 1 else list(pool.map(_perform, calls))
            _write_all([(call, report) for call, report in zip(calls, reports, strict=True) if report], transaction)
            made += len(calls)
    return made


def send_one(refund_id: int, transaction: Transaction) -> RefundReport | None:
    """ "Ask the channel now": one refund at once; None when there is nothing to ask, or it is being sent just now."""
    with transaction():
        call = _now(refund_course.locked(refund_id))
    if call is None or (report := _perform(call)) is None:
        return None
    with transaction():
        _write_one((call, report))
    return report


def _now(refund: Refund) -> Call | None:
    moment = clock.now()
    is_sent_now = refund.state is RefundState.SUBMITTING and refund.next_try_at and refund.next_try_at > moment
    if refund.payment_id is None or is_sent_now:
        return None
    payment = db.session.get_one(Payment, refund.payment_id)
    way = _way(accounts.get(payment.account_id))
    if refund.state in _DUE:
        return _taken(refund, payment, way, moment)
    is_over = refund.state not in (RefundState.ABNORMAL, RefundState.FAILED)
    return None if is_over else Call(refund.id, ref_of(refund, payment, way), way, moment + LEASE, True, False)


def claim(shop_id: int, most: int) -> list[Call]:
    """Take refunds that are due, so that no other worker sends them meanwhile. Needs an open transaction."""
    moment = clock.now()
    due = (Refund.shop_id == shop_id, Refund.next_try_at <= moment, Refund.state.in_(_DUE))
    query = select(Refund).where(*due).order_by(Refund.next_try_at, Refund.id).limit(most)
    rows = list(db.session.scalars(query.with_for_update(skip_locked=True, key_share=True)))
    if not rows:
        return []
    paid = select(Payment).where(Payment.id.in_({row.payment_id for row in rows}))
    payments = {one.id: one for one in db.session.scalars(paid)}
    ways = {pk: _way(accounts.get(pk)) for pk in {one.account_id for one in payments.values()}}
    claimed = _Claim(moment, payments, ways, set())
    calls = [call for row in rows if (call := _claimed(row, claimed)) is not None]
    together.write(rows)
    return calls


@dataclass(frozen=True)
class _Claim:
    """What is known when refunds are claimed: their payments, the ways to their channels, the payments taken so far."""

    moment: datetime
    payments: dict[int, Payment]
    ways: dict[int, Way]
    taken: set[int]


def _claimed(refund: Refund, claim: _Claim) -> Call | None:
    assert refund.payment_id is not None  # noqa: S101 - what is paid back by hand is never due
    if refund.state is RefundState.ASKED and (wait := _too_soon(refund, claim)):
        refund.next_try_at = wait
        return None
    payment = claim.payments[refund.payment_id]
    claim.taken.add(payment.id)
    return _taken(refund, payment, claim.ways[payment.account_id], claim.moment)


def _taken(refund: Refund, payment: Payment, way: Way, moment: datetime) -> Call:
    """The refund is ours until the lease is over; from now on it may have been sent."""
    asks, sends, until = refund.state is not RefundState.ASKED, refund.state in _MAY_BE_SENT, moment + LEASE
    refund.next_try_at, refund.attempts = until, refund.attempts + 1
    if not asks:
        lifecycle.move_refund(refund, RefundState.SUBMITTING)
        refund.submitted_at = moment
    return Call(refund.id, ref_of(refund, payment, way), way, until, asks, sends)


def _too_soon(refund: Refund, claim: _Claim) -> datetime | None:
    """When the channel takes the next refund of this payment; None: now."""
    moment = claim.moment
    gap = timedelta(seconds=channel_of(refund.channel).refund_limits.gap_seconds)
    if not gap:
        return None
    sent = (Refund.payment_id == refund.payment_id, Refund.submitted_at > moment - gap)
    last = db.session.scalar(select(Refund.submitted_at).where(*sent).order_by(Refund.submitted_at.desc()).limit(1))
    return (moment if refund.payment_id in claim.taken else last) and (last or moment) + gap


def _way(account: ChannelAccount) -> Way:
    return Way(account.id, accounts.provider_of(account), addresses.callback(account))


def ref_of(refund: Refund, payment: Payment, way: Way) -> RefundRef:
    """A refund as its channel knows it; the same value each time."""
    amount = Money(payment.amount_minor, payment.currency)
    return RefundRef(
        number=refund.number,
        trade=TradeRef(payment.number, amount, payment.created_at, payment.channel_trade_no),
        amount=Money(refund.amount_minor, refund.currency),
        reason=refund.reason,
        asked_at=refund.created_at,
        notify_url=way.notify_url,
        channel_refund_no=refund.channel_refund_no,
    )


def _perform(call: Call) -> RefundReport | None:
    """Ask, and send when the channel has never heard of it. Whatever goes wrong is an unclear answer.

    None: the call was not made, because it could outlast the lease; the refund is taken up again after it.
    """
    return exchanges.called(
        "refund",
        lambda: _answer(call),
        lambda seen: RefundReport(RefundStatus.UNKNOWN, code=FAULT, exchange=seen),
        refund=call.ref.number,
    )


def _answer(call: Call) -> RefundReport | None:
    if call.asks:
        report = call.way.provider.query_refund(call.ref) if _is_ours(call) else None
        if report is None or report.status is not RefundStatus.ABSENT or not call.sends:
            return report
    return call.way.provider.refund(call.ref) if _is_ours(call) else None


def _is_ours(call: Call) -> bool:
    return clock.now() + LONGEST_CALL <= call.until


def _write_all(answered: list[Answered], transaction: Transaction) -> None:
    """Write all answers down in one transaction; those that need one of their own, or all if that fails, one by one."""
    try:
        with transaction():
            left = _write_down(answered)
    except (Fenced, Cancelled):
        raise
    except Exception:
        log.exception("answers are written down one by one")
        left = answered
    faults = [fault for one in left if (fault := _fault_of(one, transaction))]
    if faults:
        raise faults[0]


def _fault_of(one: Answered, transaction: Transaction) -> Exception | None:
    """Why an answer could not be written down; the others are none the worse for it."""
    try:
        with transaction():
            _write_one(one)
    except (Fenced, Cancelled):
        raise
    except Exception as fault:
        log.exception("an answer was not written down", extra={"refund": one[0].refund_id})
        return fault
    return None


def _write_down(answered: list[Answered]) -> list[Answered]:
    """Keep what was heard and what it says; gives those that need a transaction of their own."""
    with together.keeping():
        known = _accounts(answered)
        done = refund_course.apply_together({call.refund_id: report for call, report in answered})
        heard = [(call, report) for call, report in answered if call.refund_id in done]
        for call, report in heard:
            _keep(call, report, done[call.refund_id], known)
        refund_course.write(done.values())
        _note_health(heard)
    return [one for one in answered if one[0].refund_id not in done]


def _write_one(one: Answered) -> None:
    call, report = one
    with together.keeping():
        known = _accounts([one])
        _keep(call, report, refund_course.apply(call.refund_id, report), known)
        _note_health([one])


def _accounts(answered: list[Answered]) -> dict[int, tuple[ChannelAccount, tuple[str, ...]]]:
    """The accounts by id, each with what must not be shown of it."""
    found = {pk: accounts.get(pk) for pk in {call.way.account_id for call, _ in answered}}
    return {pk: (account, accounts.secrets_of(account)) for pk, account in found.items()}


def _keep(call: Call, report: RefundReport, refund: Refund, known: Mapping[int, tuple[Any, tuple[str, ...]]]) -> None:
    about = exchanges.About(refund.shop_id, call.way.account_id, refund=refund)
    hidden = known[call.way.account_id][1]
    exchanges.keep(about, report.exchange, report.status.value, report.code, hidden)


def _note_health(heard: list[Answered]) -> None:
    """Whether the channels are well: what each of them said last tells."""
    last: dict[int, str] = {}
    for call, report in heard:
        last[call.way.account_id] = (report.code or "unknown") if report.status is RefundStatus.UNKNOWN else ""
    for account_id, code in sorted(last.items()):
        accounts.note_health(account_id, code)


def want_due() -> int:
    """Want the job for every shop with refunds that are due; returns how many shops. Run by the ticker."""
    due = (Refund.next_try_at <= clock.now(), Refund.state.in_(_DUE))
    shop_ids = list(db.session.scalars(select(Refund.shop_id).where(*due).distinct()))
    for shop_id in shop_ids:
        refunds.want_sending(shop_id)
    return len(shop_ids)
