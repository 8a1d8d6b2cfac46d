"""The money of a case: asked of the channels, counted when they say that it is back, tried again when it failed.

A case is done only on the channel's word (I9). Its key makes asking twice the same as once; a new attempt has a new
key, and asks only for what is neither back nor under way.
"""

from __future__ import annotations

from sqlalchemy import func, select

from app.after_sale.models import AfterSaleCase, CaseState
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.payments import refunds
from app.payments.models import Refund, RefundState

_PREFIX = "after_sale:"
_ENDED = (RefundState.SUCCEEDED, RefundState.FAILED)


def subject(case: AfterSaleCase) -> str:
    """What the payments know a case by."""
    return f"{_PREFIX}{case.id}"


def case_of(refund_subject: str) -> int | None:
    """The case that a refund is for; None when it is for something else."""
    number = refund_subject.removeprefix(_PREFIX)
    return int(number) if refund_subject.startswith(_PREFIX) and number.isdecimal() else None


def ask(case: AfterSaleCase) -> None:
    """Ask the channels for what is still to go back. Raises RuleViolation("refund_too_much")."""
    missing = case.amount_minor - case.refunded_minor - under_way(case)
    if missing <= 0:
        return
    case.refund_attempt += 1
    case.refund_error = ""
    refunds.ask(
        case.order_id,
        missing,
        subject=subject(case),
        key=f"{subject(case)}:{case.refund_attempt}",
        reason=case.number,
    )


def check_retry(case: AfterSaleCase) -> None:
    """Raises RuleViolation("refund_runs") unless the last attempt came to nothing, at least in part."""
    stuck = case.amount_minor - case.refunded_minor - under_way(case)
    if case.state is not CaseState.REFUNDING or stuck <= 0:
        raise RuleViolation("refund_runs", number=case.number)


def under_way(case: AfterSaleCase) -> int:
    """What the channels have been asked for and have not answered for good, in minor units."""
    alive = (Refund.subject == subject(case), Refund.state.not_in(_ENDED), Refund.order_id == case.order_id)
    return int(db.session.scalar(select(func.sum(Refund.amount_minor)).where(*alive)) or 0)


def refunds_of(case: AfterSaleCase) -> list[Refund]:
    """Every refund that was asked for a case, the newest first."""
    own = (Refund.subject == subject(case), Refund.order_id == case.order_id)
    return list(db.session.scalars(select(Refund).where(*own).order_by(Refund.id.desc())))
