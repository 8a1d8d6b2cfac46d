"""Money that is too much: what an order was overpaid, or a bill shows beyond our payment, goes back once.

What our ledger knows goes back through its channel. What only the bill knows has no trade of ours to refund, so a
person gives it back at the channel and records it. Done, the matter or difference that it is for is settled with it.
"""

from __future__ import annotations

from app.kit import clock, context
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.payments import differences, matters, refunds
from app.payments.matter_models import BillDifference, DifferenceKind, MatterKind, MoneyMatter, Reconciliation
from app.payments.models import Payment, Refund
from app.payments.providers import BillKind

MATTER, DIFFERENCE = "matter", "difference"


def refund_over(matter_id: int) -> Refund:
    """Give back what an order was paid too much; asked twice it is the same refund.

    Raises RuleViolation("matter_resolved", "refund_too_much"), NotFound for another kind of matter.
    """
    matter = matters.locked(matter_id)
    over = int(matter.facts.get("over_minor") or 0)
    if matter.kind is not MatterKind.OVERPAID or matter.payment_id is None or not over:
        raise NotFound("not_found")
    if matter.resolved_at:
        raise RuleViolation("matter_resolved")
    name = f"{MATTER}:{matter.id}"
    payment = db.session.get_one(Payment, matter.payment_id)
    return refunds.ask_of(payment.id, over, subject=name, key=name, reason=payment.number)


def refund_of_matter(matter: MoneyMatter) -> Refund | None:
    """The refund that was asked for to settle it; None before."""
    payment = db.session.get(Payment, matter.payment_id) if matter.payment_id else None
    return refunds.of_key(payment, f"{MATTER}:{matter.id}") if payment else None


def of_difference(row: BillDifference) -> int:
    """What the bill shows beyond our own payment, in minor units of its currency; 0 when it shows nothing more."""
    if row.bill_kind is not BillKind.PAYMENT or row.payment_id is None or row.theirs_minor is None:
        return 0
    if db.session.get_one(Payment, row.payment_id).currency != row.currency:
        return 0
    if row.kind is DifferenceKind.DOUBLED:
        return row.theirs_minor
    return max(0, row.theirs_minor - (row.ours_minor or 0)) if row.kind is DifferenceKind.AMOUNT else 0


def give_back(difference_id: int) -> Refund:
    """Have a person give back what a bill shows too much; asked twice it is the same refund.

    Raises RuleViolation("matter_resolved"), NotFound where the difference is of another kind.
    """
    row = differences.locked(difference_id)
    if not (surplus := of_difference(row)):
        raise NotFound("not_found")
    if row.resolved_at or row.gone_at:
        raise RuleViolation("matter_resolved")
    name = f"{DIFFERENCE}:{row.id}"
    payment = db.session.get_one(Payment, row.payment_id)
    return refunds.ask_beside(payment, surplus, subject=name, key=name, reason=payment.number)


def refund_of_difference(row: BillDifference) -> Refund | None:
    """The refund that was asked for to settle it; None before."""
    payment = db.session.get(Payment, row.payment_id) if row.payment_id else None
    return refunds.of_key(payment, f"{DIFFERENCE}:{row.id}") if payment else None


def settle(refund: Refund) -> None:
    """The refund is done: what it was for needs nobody any more. Done again it changes nothing."""
    kind, _, number = refund.subject.partition(":")
    if not number.isdecimal():
        return
    if kind == MATTER and not (matter := matters.locked(int(number))).resolved_at:
        matters.close(matter, "refunded", "")
    if kind == DIFFERENCE:
        _resolve(differences.locked(int(number)), refund)


def _resolve(row: BillDifference, refund: Refund) -> None:
    if row.resolved_at:
        return
    row.resolved_at, row.resolved_by, row.reason = clock.now(), str(context.actor()), refund.number
    db.session.flush()
    differences.judge(db.session.get_one(Reconciliation, row.reconciliation_id))
