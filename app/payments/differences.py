"""Differences between bill and ledger in people's hands: an owner, a reason, and where the day stands then."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.kit import clock, context
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.payments import accounts
from app.payments.matter_models import BillDifference, ReconcileState, Reconciliation
from app.payments.models import ChannelAccount

LONGEST_REASON = 300


def judge(run: Reconciliation) -> None:
    """Where a day stands, by its open differences."""
    rows = of_run(run.id)
    left = [one for one in rows if one.resolved_at is None and one.gone_at is None]
    run.different = len(left)
    if left:
        run.state = ReconcileState.DIFFERENT
    else:
        run.state = ReconcileState.SETTLED if any(one.resolved_at for one in rows) else ReconcileState.MATCHED
    db.session.flush()


def of_run(run_id: int) -> list[BillDifference]:
    """The differences of one day, in the order in which they were found."""
    query = select(BillDifference).where(BillDifference.reconciliation_id == run_id).order_by(BillDifference.id)
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Day:
    """One day as its page shows it."""

    run: Reconciliation
    account: ChannelAccount
    differences: list[BillDifference]


def get(run_id: int) -> Day:
    """One day of a shop in scope. Raises NotFound."""
    run = db.session.get(Reconciliation, run_id)
    if run is None:
        raise NotFound("not_found")
    return Day(run, accounts.get(run.account_id), of_run(run.id))


def resolve(difference_id: int, reason: str) -> BillDifference:
    """Say how a difference was settled. Raises RuleViolation("matter_reason", "matter_resolved"), NotFound."""
    row = locked(difference_id)
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise RuleViolation("matter_reason", most=LONGEST_REASON)
    if row.resolved_at or row.gone_at:
        raise RuleViolation("matter_resolved")
    row.resolved_at, row.resolved_by, row.reason = clock.now(), str(context.actor()), reason
    db.session.flush()
    judge(db.session.get_one(Reconciliation, row.reconciliation_id))
    return row


def assign(difference_id: int, owner_id: int | None) -> BillDifference:
    """Name who takes care of it; None: nobody yet. Raises NotFound."""
    row = locked(difference_id)
    row.owner_id = owner_id
    db.session.flush()
    return row


def find(difference_id: int) -> BillDifference:
    """One difference of a shop in scope. Raises NotFound."""
    row = db.session.get(BillDifference, difference_id)
    if row is None:
        raise NotFound("not_found")
    return row


def locked(difference_id: int) -> BillDifference:
    """The difference, locked. Raises NotFound."""
    query = select(BillDifference).where(BillDifference.id == difference_id).with_for_update()
    row = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound("not_found")
    return row
