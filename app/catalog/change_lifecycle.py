"""States of a change set: the one table of moves."""

from __future__ import annotations

from app.catalog.change_models import ChangeSet, ChangeState
from app.kit import clock, lifecycle
from app.kit.lifecycle import Moves

S = ChangeState
MOVES: Moves = {
    S.DRAFT: frozenset({S.QUEUED, S.PENDING, S.SCHEDULED}),
    S.SCHEDULED: frozenset({S.QUEUED, S.REJECTED}),
    S.PENDING: frozenset({S.QUEUED, S.SCHEDULED, S.REJECTED}),
    S.QUEUED: frozenset({S.APPLIED, S.PENDING, S.FAILED}),
    S.FAILED: frozenset({S.APPLIED, S.PENDING}),
    S.APPLIED: frozenset({S.UNDOING}),
    S.UNDOING: frozenset({S.UNDONE, S.APPLIED}),
}
"""A draft that nobody confirms is deleted. An undo that is turned down leaves its set applied."""


def move(change_set: ChangeSet, target: ChangeState) -> None:
    """Bring a set to another state. Raises RuleViolation("illegal_move") naming both."""
    lifecycle.move(change_set, target, MOVES, "state")


def after_consent(change_set: ChangeSet) -> ChangeState:
    """What follows when nobody need be asked any more: its job, or its time when that is still to come."""
    waits = change_set.run_at is not None and change_set.run_at > clock.now()
    return ChangeState.SCHEDULED if waits else ChangeState.QUEUED
