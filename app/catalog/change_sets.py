"""Change sets: the one engine that changes many SKUs and products, whatever route the wish came by.

A route opens a set, fills the session's table `wanted`, and applies; all in one transaction:

    change_set = change_sets.open_set(shop_id, ChangeSource.WORKBOOK, rule={…}, selection={…})
    change_sets.stage_table(session)
    session.execute(text("insert into wanted (target_table, row_id, field, new) select …"))
    counts = change_sets.apply(change_set)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.catalog import change_creations, change_judging
from app.catalog.change_judging import stage_table
from app.catalog.change_models import ChangeSet, ChangeSource, ChangeState, LineOutcome
from app.events import ChangeSetApplied, ChangeSetRequested, ChangeSetUndone
from app.kit import clock, context, journal
from app.kit.db import db
from app.kit.errors import Conflict, NotFound, RuleViolation
from app.kit.shop_wall import assert_in_scope

OnStep = Callable[[str], None]


def open_set(shop_id: int, source: ChangeSource, rule: dict[str, Any], selection: dict[str, Any]) -> ChangeSet:
    """A wish for many changes, not yet carried out; `rule` and `selection` say what, for people and for the job."""
    change_set = ChangeSet(
        shop_id=assert_in_scope(shop_id),
        source=source,
        state=ChangeState.QUEUED,
        rule=rule,
        selection=selection,
        counts={},
        requested_by=str(context.actor()),
        created_at=clock.now(),
    )
    db.session.add(change_set)
    db.session.flush()
    journal.record(ChangeSetRequested(shop_id=shop_id, change_set_id=change_set.id, source=source.value))
    return change_set


def apply(change_set: ChangeSet, *, floor: int = 0, on_step: OnStep = lambda step: None) -> dict[str, int]:
    """Carry out what stands in `wanted`, and record a line for each wish; a second time is a no-op.

    Locks the rows in order of id, so that two sets at once follow one another. A row that may not be
    changed is a refused line, never an exception. Returns {changed, unchanged, refused, kept}.
    """
    session = db.session()
    _lock(session, change_set)
    if change_set.state not in (ChangeState.QUEUED, ChangeState.FAILED):
        return dict(change_set.counts)
    on_step("locking")
    change_judging.lock_rows(session, change_set.shop_id)
    on_step("checking")
    undoing = change_set.source is ChangeSource.UNDO
    change_judging.judge(session, change_set.shop_id, floor=floor, undoing=undoing)
    if undoing:
        change_creations.judge_removals(session, change_set)
    on_step("recording")
    change_set.content_hash = change_judging.content_hash(session)
    _record_lines(session, change_set)
    on_step("writing")
    moment = clock.now()
    change_judging.write_rows(session, change_set.shop_id, moment)
    if undoing:
        change_creations.remove(session, change_set.shop_id)
    change_set.counts = outcome_counts(session)
    change_set.state, change_set.applied_at = ChangeState.APPLIED, moment
    _journal(change_set)
    session.flush()
    session.expire_all()  # rows that the session holds have changed underneath it
    return dict(change_set.counts)


def outcome_counts(session: Session) -> dict[str, int]:
    """How many judged lines came to which outcome."""
    found = {row.outcome: row.lines for row in session.execute(text(_COUNTS))}
    outcomes = (LineOutcome.CHANGED, LineOutcome.UNCHANGED, LineOutcome.REFUSED, LineOutcome.KEPT)
    return {outcome.value: found.get(outcome.value, 0) for outcome in outcomes}


_COUNTS = "select outcome, count(*) as lines from judged group by outcome"


def request_undo(change_set: ChangeSet) -> ChangeSet:
    """Want a set taken back: a new set that a job carries out by `stage_undo` and `apply`.

    While one waits it is given back instead of a second one. Raises Conflict when the set is not
    applied, or was taken back already.
    """
    _lock(db.session(), change_set)
    if change_set.state is ChangeState.UNDOING:
        waiting = select(ChangeSet).where(ChangeSet.undoes_id == change_set.id, ChangeSet.state == ChangeState.QUEUED)
        return db.session.scalars(waiting).one()
    if change_set.state is not ChangeState.APPLIED:
        raise Conflict("not_undoable")
    change_set.state = ChangeState.UNDOING
    undoing = open_set(change_set.shop_id, ChangeSource.UNDO, {}, {})
    undoing.undoes_id = change_set.id
    db.session.flush()
    return undoing


def stage_undo(undoing: ChangeSet) -> None:
    """Fill `wanted` with the old values of the set that is taken back, guarded by what it wrote."""
    if undoing.undoes_id is None:
        raise RuleViolation("not_undoable")
    session = db.session()
    stage_table(session)
    session.execute(
        text(
            "insert into wanted (target_table, row_id, field, new, guarded, expected) "
            "select target_table, row_id, field, old, true, new from change_line "
            "where change_set_id = :undoes and shop_id = :shop_id and outcome = 'changed' and field <> :created"
        ),
        {
            "undoes": undoing.undoes_id,
            "shop_id": assert_in_scope(undoing.shop_id),
            "created": change_creations.CREATED,
        },
    )


def undo(change_set: ChangeSet) -> ChangeSet:
    """Take an applied set back now; rows changed since are kept, deleted ones refused. Returns the undoing set.

    The undoing set is a set like any other: taking it back does the first one again.
    """
    undoing = request_undo(change_set)
    stage_undo(undoing)
    apply(undoing)
    return undoing


def get(change_set_id: int) -> ChangeSet:
    """The set of that id. Raises NotFound, also for another shop's."""
    row = db.session.scalars(select(ChangeSet).where(ChangeSet.id == change_set_id)).first()
    if row is None:
        raise NotFound("not_found")
    return row


def _lock(session: Session, change_set: ChangeSet) -> None:
    assert_in_scope(change_set.shop_id)
    session.flush()
    session.refresh(change_set, with_for_update=True)


def _record_lines(session: Session, change_set: ChangeSet) -> None:
    session.execute(
        text(
            "insert into change_line (change_set_id, shop_id, line, target_table, row_id, field, old, new, "
            "outcome, reason) select :change_set_id, :shop_id, line, left(target_table, 20), row_id, "
            "left(field, 40), old, new, outcome, reason from judged"
        ),
        {"change_set_id": change_set.id, "shop_id": change_set.shop_id},
    )


def _journal(change_set: ChangeSet) -> None:
    counts = change_set.counts
    ids = {"shop_id": change_set.shop_id, "change_set_id": change_set.id}
    counted = {key: counts[key] for key in ("changed", "unchanged", "refused")}
    journal.record(ChangeSetApplied(**ids, **counted))
    if change_set.undoes_id is None:
        return
    original = get(change_set.undoes_id)
    original.state = ChangeState.UNDONE
    journal.record(
        ChangeSetUndone(
            shop_id=original.shop_id,
            change_set_id=original.id,
            undo_id=change_set.id,
            reversed=counts["changed"],
            kept=counts["kept"],
        )
    )


__all__ = ["apply", "get", "open_set", "outcome_counts", "request_undo", "stage_table", "stage_undo", "undo"]
