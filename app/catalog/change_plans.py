"""Changes that shall happen at a time: planned, computed anew when they are due, cancelled."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext
from sqlalchemy import delete, select

from app.catalog import change_lifecycle, jobs
from app.catalog.change_models import ChangeLine, ChangeSet, ChangeState
from app.kit import clock, context
from app.kit.db import db
from app.kit.errors import Conflict, RuleViolation

LATE = timedelta(minutes=2)
"""So much after its time a plan is said to have run late."""
AT_ONCE = 20


def plan(change_set: ChangeSet, run_at: datetime) -> None:
    """Give a draft its time; confirming it then plans it. Raises RuleViolation("plan_past")."""
    refuse_past(run_at)
    change_set.run_at = run_at
    db.session.flush()


def refuse_past(run_at: datetime) -> None:
    """Raise RuleViolation("plan_past") for a time that is not to come."""
    if run_at <= clock.now():
        raise RuleViolation("plan_past")


def cancel(change_set: ChangeSet) -> None:
    """Take a plan back before it is due; nothing was written. Raises Conflict("not_planned")."""
    db.session.refresh(change_set, with_for_update=True)
    if change_set.state is not ChangeState.SCHEDULED:
        raise Conflict("not_planned")
    change_lifecycle.move(change_set, ChangeState.REJECTED)
    change_set.decided_by, change_set.decided_at = str(context.actor()), clock.now()
    change_set.decision_note = gettext("The plan was cancelled.")
    db.session.flush()


def start_due() -> int:
    """Want the job of every plan whose time has come, in the name of who planned it; the ticker calls it.

    The rule is computed again over what the rows hold then: the lines of the preview go. However late the ticker
    comes, each plan is started once.
    """
    due = (ChangeSet.state == ChangeState.SCHEDULED, ChangeSet.run_at <= clock.now())
    query = select(ChangeSet).where(*due).order_by(ChangeSet.run_at, ChangeSet.id).limit(AT_ONCE)
    found = db.session.scalars(query.with_for_update(skip_locked=True)).all()
    for change_set in found:
        _start(change_set)
    return len(found)


def _start(change_set: ChangeSet) -> None:
    db.session.execute(delete(ChangeLine).where(ChangeLine.change_set_id == change_set.id))
    if change_set.decided_by:
        change_set.selection = {**change_set.selection, "approved": change_set.content_hash}
    change_set.content_hash = ""
    change_lifecycle.move(change_set, ChangeState.QUEUED)
    kind, _, key = change_set.requested_by.partition(":")
    with context.acting(context.Actor(kind, key)):
        jobs.want(change_set)


def is_late(change_set: ChangeSet) -> bool:
    """Whether a plan ran noticeably after its time."""
    ran = change_set.applied_at
    return change_set.run_at is not None and ran is not None and ran - change_set.run_at > LATE
