"""Taking a change set back, and doing it again: a set of its own that spares rows changed since."""

from __future__ import annotations

from sqlalchemy import select, text

from app.catalog import change_creations, change_lifecycle, change_sets
from app.catalog.change_judging import stage_table
from app.catalog.change_models import ChangeSet, ChangeSource, ChangeState
from app.kit.db import db
from app.kit.errors import Conflict, RuleViolation
from app.kit.shop_wall import assert_in_scope


def request_undo(change_set: ChangeSet) -> ChangeSet:
    """Want a set taken back: a new set that a job carries out by `stage_undo` and `change_sets.apply`.

    While one waits it is given back instead of a second one. Raises Conflict when the set is not
    applied, or was taken back already.
    """
    db.session.flush()
    db.session.refresh(change_set, with_for_update=True)
    if change_set.state is ChangeState.UNDOING:
        waits = ChangeSet.state.in_((ChangeState.QUEUED, ChangeState.PENDING))
        return db.session.scalars(select(ChangeSet).where(ChangeSet.undoes_id == change_set.id, waits)).one()
    if change_set.state is not ChangeState.APPLIED:
        raise Conflict("not_undoable")
    change_lifecycle.move(change_set, ChangeState.UNDOING)
    undoing = change_sets.open_set(change_set.shop_id, ChangeSource.UNDO, {}, {})
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
    change_sets.apply(undoing)
    return undoing
