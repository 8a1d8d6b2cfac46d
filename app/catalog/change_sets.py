"""Change sets: the one engine that changes many SKUs and products, whatever route the wish came by.

A route proposes: the wish is judged line by line and kept as a draft, which is its preview. Somebody confirms it;
where it goes beyond the shop's limits another person approves it. A job carries it out:

    change_set = change_sets.propose(shop_id, ChangeSource.GRID, rule={…}, selection={…}, fill=fill)
    change_sets.confirm(change_set)
    change_sets.carry_out(change_set)

`fill(session)` puts the wish into the session's table `wanted`. What needs no preview (an import has its own dry
run, an undo is known) opens a set, fills `wanted` and applies it in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app.catalog import change_creations, change_drift, change_judging, change_lifecycle, change_limits
from app.catalog.change_judging import stage_table
from app.catalog.change_models import ChangeSet, ChangeSource, ChangeState, LineOutcome
from app.events import ChangeSetApplied, ChangeSetRequested, ChangeSetSentForApproval, ChangeSetUndone
from app.kit import audit, clock, context, journal
from app.kit.db import db
from app.kit.errors import Conflict, NotFound
from app.kit.shop_wall import assert_in_scope

Fill = Callable[[Session], None]
OnStep = Callable[[str], None]
OPEN = (ChangeState.QUEUED, ChangeState.FAILED)


def _quiet(step: str) -> None:
    """Nobody listens."""


def open_set(shop_id: int, source: ChangeSource, rule: dict[str, Any], selection: dict[str, Any]) -> ChangeSet:
    """A wish for many changes, not yet carried out; `rule` and `selection` say what, for people and for the job."""
    change_set = _new(shop_id, source, rule, selection)
    _request(change_set)
    return change_set


def propose(
    shop_id: int, source: ChangeSource, rule: dict[str, Any], selection: dict[str, Any], fill: Fill, floor: int = 0
) -> ChangeSet:
    """Judge a wish and keep it as a draft, line by line; writes nothing to products.

    `floor` is the smallest price that a higher one may fall to.
    """
    session = db.session()
    change_set = _new(shop_id, source, rule, selection)
    change_set.state = ChangeState.DRAFT
    stage_table(session)
    fill(session)
    change_judging.judge(session, shop_id, floor=floor)
    _keep(session, change_set)
    session.flush()
    return change_set


def confirm(change_set: ChangeSet) -> ChangeState:
    """Want a draft carried out as it was shown; it then waits for its job, or for a second person.

    A second time is a no-op. Raises Conflict("limits_changed") when the shop's limits are others than those that
    the draft was shown with.
    """
    _lock(db.session(), change_set)
    if change_set.state is not ChangeState.DRAFT:
        return change_set.state
    if change_set.guards.get("limits") != change_limits.of(change_set.shop_id).to_json():
        raise Conflict("limits_changed")
    _request(change_set)
    if change_limits.needs_approval(change_set):
        _send_for_approval(change_set)
    else:
        change_lifecycle.move(change_set, change_lifecycle.after_consent(change_set))
    db.session.flush()
    return change_set.state


def discard(change_set: ChangeSet) -> None:
    """Delete a draft and its lines; anything else is left as it is."""
    _lock(db.session(), change_set)
    if change_set.state is ChangeState.DRAFT:
        db.session.execute(delete(ChangeSet).where(ChangeSet.id == change_set.id))
        db.session.expunge(change_set)


def carry_out(change_set: ChangeSet, *, on_step: OnStep = _quiet) -> dict[str, int]:
    """Do what the set's lines say, and nothing else; a second time is a no-op.

    A row that no longer holds the old value of its line is left alone, and the line becomes stale.
    """
    session = db.session()
    _lock(session, change_set)
    if change_set.state not in OPEN:
        return dict(change_set.counts)
    stage_table(session)
    session.execute(text(_WANT_LINES), {"id": change_set.id, "shop_id": change_set.shop_id})
    _judge_locked(session, change_set, 0, on_step)
    change_drift.mark(session, change_set)
    on_step("recording")
    with change_judging.without_nested_loops(session):
        session.execute(text(_MOVED_ON), {"id": change_set.id, "shop_id": change_set.shop_id})
    _write(session, change_set, on_step)
    change_set.counts = {**change_set.counts, **line_counts(session, change_set)}
    return _finish(session, change_set)


def apply(change_set: ChangeSet, *, floor: int = 0, on_step: OnStep = _quiet) -> dict[str, int]:
    """Carry out what stands in `wanted`, and record a line for each wish; a second time is a no-op.

    Locks the rows in order of id, so that two sets at once follow one another. A row that may not be changed is a
    refused line, never an exception. What goes beyond the shop's limits is only recorded, and waits for approval.
    Returns {changed, unchanged, refused, kept, stale}.
    """
    session = db.session()
    _lock(session, change_set)
    if change_set.state not in OPEN:
        return dict(change_set.counts)
    _judge_locked(session, change_set, floor, on_step)
    on_step("recording")
    _keep(session, change_set)
    if change_limits.needs_approval(change_set):
        _send_for_approval(change_set)
        return dict(change_set.counts)
    _write(session, change_set, on_step)
    return _finish(session, change_set)


def outcome_counts(session: Session) -> dict[str, int]:
    """How many judged lines came to which outcome."""
    found = {row.outcome: row.lines for row in session.execute(text(_COUNTS))}
    return {outcome.value: found.get(outcome.value, 0) for outcome in _COUNTED}


def line_counts(session: Session, change_set: ChangeSet) -> dict[str, int]:
    """The same over the recorded lines of a set."""
    found = {row.outcome: row.lines for row in session.execute(text(_LINE_COUNTS), {"id": change_set.id})}
    return {outcome.value: found.get(outcome.value, 0) for outcome in _COUNTED}


def get(change_set_id: int) -> ChangeSet:
    """The set of that id. Raises NotFound, also for another shop's."""
    row = db.session.scalars(select(ChangeSet).where(ChangeSet.id == change_set_id)).first()
    if row is None:
        raise NotFound("not_found")
    return row


def _new(shop_id: int, source: ChangeSource, rule: dict[str, Any], selection: dict[str, Any]) -> ChangeSet:
    change_set = ChangeSet(
        shop_id=assert_in_scope(shop_id),
        source=source,
        state=ChangeState.QUEUED,
        rule=rule,
        selection=selection,
        counts={},
        guards={},
        requested_by=str(context.actor()),
        created_at=clock.now(),
    )
    db.session.add(change_set)
    db.session.flush()
    return change_set


def _request(change_set: ChangeSet) -> None:
    ids = {"shop_id": change_set.shop_id, "change_set_id": change_set.id}
    journal.record(ChangeSetRequested(**ids, source=change_set.source.value))


def _send_for_approval(change_set: ChangeSet) -> None:
    change_lifecycle.move(change_set, ChangeState.PENDING)
    ids = {"shop_id": change_set.shop_id, "change_set_id": change_set.id}
    journal.record(ChangeSetSentForApproval(**ids, guards=change_set.guards))


def _lock(session: Session, change_set: ChangeSet) -> None:
    assert_in_scope(change_set.shop_id)
    session.flush()
    session.refresh(change_set, with_for_update=True)


def _judge_locked(session: Session, change_set: ChangeSet, floor: int, on_step: OnStep) -> None:
    on_step("locking")
    change_judging.lock_rows(session, change_set.shop_id)
    on_step("checking")
    undoing = change_set.source is ChangeSource.UNDO
    change_judging.judge(session, change_set.shop_id, floor=floor, undoing=undoing)
    if undoing:
        change_creations.judge_removals(session, change_set)


def _keep(session: Session, change_set: ChangeSet) -> None:
    """Record what was judged: lines, hash, counts, and what of it goes beyond the limits."""
    change_set.content_hash = change_judging.content_hash(session)
    change_limits.watch(session, change_set)
    session.execute(text(_RECORD), {"change_set_id": change_set.id, "shop_id": change_set.shop_id})
    change_set.counts = outcome_counts(session)


def _write(session: Session, change_set: ChangeSet, on_step: OnStep) -> None:
    on_step("writing")
    change_set.applied_at = clock.now()
    audit.in_change_set(session, change_set.id)
    change_judging.write_rows(session, change_set.shop_id, change_set.applied_at)
    if change_set.source is ChangeSource.UNDO:
        change_creations.remove(session, change_set.shop_id)
    session.flush()
    audit.in_change_set(session, None)


def _finish(session: Session, change_set: ChangeSet) -> dict[str, int]:
    change_lifecycle.move(change_set, ChangeState.APPLIED)
    _journal(change_set)
    session.flush()
    session.expire_all()  # rows that the session holds have changed underneath it
    return dict(change_set.counts)


def _journal(change_set: ChangeSet) -> None:
    counts = change_set.counts
    ids = {"shop_id": change_set.shop_id, "change_set_id": change_set.id}
    counted = {key: counts[key] for key in ("changed", "unchanged", "refused")}
    journal.record(ChangeSetApplied(**ids, **counted))
    if change_set.undoes_id is None:
        return
    original = get(change_set.undoes_id)
    change_lifecycle.move(original, ChangeState.UNDONE)
    taken = {"undo_id": change_set.id, "reversed": counts["changed"], "kept": counts["kept"]}
    journal.record(ChangeSetUndone(shop_id=original.shop_id, change_set_id=original.id, **taken))


_COUNTED = (LineOutcome.CHANGED, LineOutcome.UNCHANGED, LineOutcome.REFUSED, LineOutcome.KEPT, LineOutcome.STALE)
_COUNTS = "select outcome, count(*) as lines from judged group by outcome"
_LINE_COUNTS = "select outcome, count(*) as lines from change_line where change_set_id = :id group by outcome"
_RECORD = """
insert into change_line (change_set_id, shop_id, line, target_table, row_id, field, old, new, outcome, reason, warning)
select :change_set_id, :shop_id, line, left(target_table, 20), row_id, left(field, 40), old, new, outcome, reason,
    warning from judged"""
_WANT_LINES = f"""
insert into wanted (target_table, row_id, field, new, guarded, expected)
select target_table, row_id, field, new, true, old from change_line
where change_set_id = :id and shop_id = :shop_id and outcome = 'changed' and field <> '{change_creations.CREATED}'"""  # noqa: S608 - a constant
_MOVED_ON = """
update change_line l set outcome = j.outcome, reason = j.reason from judged j
where j.outcome <> 'changed' and l.change_set_id = :id and l.shop_id = :shop_id and l.target_table = j.target_table
    and l.row_id = j.row_id and l.field = j.field and l.outcome = 'changed'"""
