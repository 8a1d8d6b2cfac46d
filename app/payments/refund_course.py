"""The course of a refund: what a channel or a person says about it, applied once under the locks of its order.

Locks are taken in one order everywhere: order, payment, refund.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import select

from app.kit import clock, journal, together
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.orders import channel_money, handling, reserving
from app.orders.models import Order
from app.payment_events import RefundFailed, RefundSucceeded
from app.payments import ahead, lifecycle, matters, refunds
from app.payments.matter_models import MatterKind
from app.payments.models import Payment, PaymentStatus, Refund, RefundState
from app.payments.providers import RefundReport, RefundStatus

Row = TypeVar("Row", Payment, Refund)
BACK_OFF = (5, 15, 30, 60, 180, 600, 1800, 3600)
"""Seconds until the channel is asked again, by number of tries; the last one goes on for good."""
MANY_TRIES = 8
"""After so many unclear answers a person is told."""


def apply(refund_id: int, report: RefundReport) -> Refund:
    """Write down what is known of a refund now. A done refund stays done, whatever is heard later."""
    refund = locked(refund_id)
    if refund.state is RefundState.SUCCEEDED:
        return refund
    report = _checked(refund, report)
    refund.channel_refund_no = report.channel_refund_no or refund.channel_refund_no
    if refund.state is RefundState.FAILED and report.status is not RefundStatus.SUCCEEDED:
        return refund
    _STEPS[report.status](refund, report)
    return refund


def apply_together(reports: Mapping[int, RefundReport]) -> dict[int, Refund]:
    """Write down what is known of many refunds, by id, as `apply` would of each; gives those that it has.

    A refund that leads to other rows that others lock, such as stock that its order holds, is not touched: it must
    have a transaction of its own. Needs `together.keeping()` in a transaction that is otherwise empty, and `write`.
    """
    found, touching = _locked_together(reports.keys())
    return {pk: apply(pk, reports[pk]) for pk, refund in found.items() if refund.order_id not in touching}


def write(done: Collection[Refund]) -> None:
    """Write the rows that `apply_together` has changed, one statement a table."""
    together.write([handling.locked(order_id) for order_id in {one.order_id for one in done}])
    together.write([_lock(Payment, pk) for pk in {one.payment_id for one in done} if pk])
    together.write(list(done))
    db.session.flush()


def _locked_together(refund_ids: Collection[int]) -> tuple[dict[int, Refund], set[int]]:
    """All of them, locked, and the orders among theirs that hold more than money."""
    rows = db.session.execute(
        select(Refund.order_id, Refund.payment_id).where(Refund.id.in_(refund_ids))
    ).all()  # neither ever changes
    orders = together.lock(Order, {row.order_id for row in rows})
    together.lock(Payment, {row.payment_id for row in rows if row.payment_id})
    found = together.lock(Refund, refund_ids)
    reserving.look_ahead(orders.values())
    ahead.of_orders(orders.keys())
    ahead.of_refunds(found.keys())
    touching = {pk for pk, one in orders.items() if one.ship_group_id or not together.lacks(reserving.HOLDS, pk)}
    return found, touching


def locked(refund_id: int) -> Refund:
    """The refund as it is now, with its order and payment, locked until the transaction ends. Raises NotFound."""
    if kept := together.kept(Refund, refund_id):
        return kept
    found = refunds.get(refund_id)
    handling.locked(found.order_id)
    if found.payment_id:
        _lock(Payment, found.payment_id)
    return _lock(Refund, refund_id)


def _lock(model: type[Row], pk: int) -> Row:
    row = together.kept(model, pk) or together.lock(model, [pk]).get(pk)
    if row is None:
        raise NotFound("not_found")
    return row


def _checked(refund: Refund, report: RefundReport) -> RefundReport:
    """A report about another amount is not believed; a person must look."""
    told = report.amount
    if told is None or (told.minor, told.currency) == (refund.amount_minor, refund.currency):
        return report
    facts = {"ours_minor": refund.amount_minor, "theirs_minor": told.minor, "currency": told.currency}
    matters.open_matter(matters.About.of_refund(refund), MatterKind.AMOUNT_MISMATCH, facts)
    return replace(report, status=RefundStatus.UNKNOWN, code="amount")


def _succeeded(refund: Refund, report: RefundReport) -> None:
    lifecycle.move_refund(refund, RefundState.SUCCEEDED)
    refund.done_at, refund.next_try_at, refund.failure_code = report.done_at or clock.now(), None, ""
    if refund.payment_id:
        payment = db.session.get_one(Payment, refund.payment_id)
        payment.refunded_minor += refund.amount_minor
        whole = payment.refunded_minor >= payment.amount_minor
        lifecycle.move_payment(payment, PaymentStatus.REFUNDED if whole else PaymentStatus.PARTIALLY_REFUNDED)
    if refund.counted:
        channel_money.went_back(refund.order_id, refund.amount_minor)
    if not together.lacks(ahead.MATTERS, refund.id):
        matters.settle_by_itself(refund_id=refund.id, resolution="refund_succeeded")
    journal.record(RefundSucceeded(refund.shop_id, refund.order_id, refund.id, refund.amount_minor, refund.subject))


def _processing(refund: Refund, report: RefundReport) -> None:
    if refund.state is not RefundState.PROCESSING:
        lifecycle.move_refund(refund, RefundState.PROCESSING)
        refund.attempts = 0
    _later(refund)


def _abnormal(refund: Refund, report: RefundReport) -> None:
    lifecycle.move_refund(refund, RefundState.ABNORMAL)
    refund.next_try_at, refund.failure_code = None, report.code[:60] or "abnormal"
    matters.open_matter(matters.About.of_refund(refund), MatterKind.REFUND_ABNORMAL, {"code": refund.failure_code})


def _failed(refund: Refund, report: RefundReport) -> None:
    lifecycle.move_refund(refund, RefundState.FAILED)
    refund.next_try_at, refund.failure_code = None, report.code[:60] or "failed"
    matters.open_matter(matters.About.of_refund(refund), MatterKind.REFUND_FAILED, {"code": refund.failure_code})
    _tell_failed(refund)


def _unknown(refund: Refund, report: RefundReport) -> None:
    """It may have been done: the same number is asked about, never a new one made."""
    if refund.state is RefundState.SUBMITTING:
        lifecycle.move_refund(refund, RefundState.UNKNOWN)
    refund.failure_code = report.code[:60]
    _later(refund)


def _absent(refund: Refund, report: RefundReport) -> None:
    """The channel has never heard of it: the same number may be sent again."""
    if refund.state in (RefundState.SUBMITTING, RefundState.PROCESSING):
        _unknown(refund, replace(report, code="absent"))
        return
    refund.failure_code = "absent"
    _later(refund)


_STEPS = {
    RefundStatus.SUCCEEDED: _succeeded,
    RefundStatus.PROCESSING: _processing,
    RefundStatus.ABNORMAL: _abnormal,
    RefundStatus.FAILED: _failed,
    RefundStatus.UNKNOWN: _unknown,
    RefundStatus.ABSENT: _absent,
}


def _later(refund: Refund) -> None:
    seconds = BACK_OFF[min(refund.attempts, len(BACK_OFF) - 1)]
    refund.next_try_at = clock.now() + timedelta(seconds=seconds)
    if refund.attempts >= MANY_TRIES and refund.state is RefundState.UNKNOWN:
        about = matters.About.of_refund(refund)
        matters.open_matter(about, MatterKind.OUTCOME_UNKNOWN, {"code": refund.failure_code})


def _tell_failed(refund: Refund) -> None:
    facts = (refund.shop_id, refund.order_id, refund.id, refund.amount_minor, refund.subject)
    journal.record(RefundFailed(*facts, refund.failure_code))


def paid_back_by_hand(refund_id: int, reference: str) -> Refund:
    """A person has given the money back themselves: of a refund by hand, or of one that the channel could not do.

    Raises RuleViolation("refund_not_by_hand") while the channel may still do it, NotFound.
    """
    refund = locked(refund_id)
    by_hand = refund.channel == refunds.MANUAL and refund.state in lifecycle.UNDER_WAY
    if not by_hand and refund.state not in (RefundState.ABNORMAL, RefundState.SUCCEEDED):
        raise RuleViolation("refund_not_by_hand", number=refund.number)
    if refund.state is not RefundState.SUCCEEDED:
        refund.reference = reference.strip()[:120]
        apply(refund_id, RefundReport(RefundStatus.SUCCEEDED, refund.number, done_at=clock.now()))
    return refund


def give_up(refund_id: int, code: str = "given_up") -> Refund:
    """A person says that this refund will not be done; what it held can be asked for anew.

    Only of one that a channel cannot do any more, or that waits to be paid back by hand.
    Raises RuleViolation("refund_under_way"), NotFound.
    """
    refund = locked(refund_id)
    waits_for_hand = refund.channel == refunds.MANUAL and refund.state in lifecycle.UNDER_WAY
    if refund.state is not RefundState.ABNORMAL and not waits_for_hand:
        raise RuleViolation("refund_under_way", number=refund.number)
    lifecycle.move_refund(refund, RefundState.FAILED)
    refund.next_try_at, refund.failure_code = None, code
    _tell_failed(refund)
    db.session.flush()
    return refund


def try_again(refund_id: int) -> Refund:
    """Send it again: the same number where the channel wants a person, a new refund after a definite refusal.

    Raises RuleViolation("refund_too_much") when the money was asked back otherwise meanwhile, "refund_not_failed".
    """
    refund = locked(refund_id)
    if refund.state is RefundState.ABNORMAL:
        refund.attempts, refund.next_try_at = 0, clock.now()
        lifecycle.move_refund(refund, RefundState.SUBMITTING)  # asked about first, sent if the channel has not got it
        refunds.want_sending(refund.shop_id)
        return refund
    if refund.state is not RefundState.FAILED:
        raise RuleViolation("refund_not_failed", number=refund.number)
    return refunds.again(refund)
