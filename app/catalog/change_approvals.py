"""The second person: approving or turning down a change set that goes beyond the shop's limits."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from app.catalog import change_lifecycle, change_sets
from app.catalog.change_models import ChangeSet, ChangeState
from app.events import ChangeSetApproved, ChangeSetRejected
from app.kit import clock, context, journal, people
from app.kit.db import db
from app.kit.errors import Conflict, Forbidden

DRAFT_LIFE = timedelta(hours=24)
NOTE_LENGTH = 500


def approve(change_set: ChangeSet, seen_hash: str, note: str = "") -> None:
    """Agree to exactly what was seen; the set then waits for its job.

    Rows that have changed since the request are not written: their lines become stale. Raises
    Forbidden("own_approval") for the person who asked, Conflict("approval_void") when `seen_hash` is not the
    set's, Conflict("not_pending") when it waits for nobody (any more).
    """
    _take(change_set)
    if seen_hash != change_set.content_hash:
        raise Conflict("approval_void")
    _decide(change_set, change_lifecycle.after_consent(change_set), note)
    journal.record(ChangeSetApproved(change_set.shop_id, change_set.id, change_set.content_hash))


def reject(change_set: ChangeSet, note: str = "") -> None:
    """Turn a set down, or take back one's own request; nothing was written, nothing will be. Raises Conflict."""
    _take(change_set, own=True)
    _decide(change_set, ChangeState.REJECTED, note)
    journal.record(ChangeSetRejected(change_set.shop_id, change_set.id))
    if change_set.undoes_id is not None:
        change_lifecycle.move(change_sets.get(change_set.undoes_id), ChangeState.APPLIED)
    db.session.flush()


def prune_drafts() -> int:
    """Delete drafts that nobody has confirmed for a day; returns how many. The ticker calls it."""
    old = (ChangeSet.state == ChangeState.DRAFT, ChangeSet.created_at < clock.now() - DRAFT_LIFE)
    return int(db.session.execute(delete(ChangeSet).where(*old)).rowcount)  # type: ignore[attr-defined]  # a cursor result has it


def _take(change_set: ChangeSet, *, own: bool = False) -> None:
    db.session.flush()
    db.session.refresh(change_set, with_for_update=True)
    if change_set.state is not ChangeState.PENDING:
        raise Conflict("not_pending")
    if not own and people.is_same(str(context.actor()), change_set.requested_by):
        raise Forbidden("own_approval")


def _decide(change_set: ChangeSet, state: ChangeState, note: str) -> None:
    change_lifecycle.move(change_set, state)
    change_set.decided_by, change_set.decided_at = str(context.actor()), clock.now()
    change_set.decision_note = note.strip()[:NOTE_LENGTH]
    db.session.flush()
