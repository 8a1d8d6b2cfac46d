"""The timeline of one row: the journal's facts and the field history, merged, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.kit import journal
from app.kit.audit import FieldChange
from app.kit.db import db


@dataclass
class Entry:
    """One thing that happened: who, when, which fact, and the fields with their old and new value.

    `event` is empty for a change of fields that no fact speaks of; `actor` is like `staff:7`;
    `change_set_id` names the set of changes that it was part of, if any.
    """

    at: datetime
    actor: str
    request_id: str
    event: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    change_set_id: int | None = None


def of(subject_type: str, table: str, row_id: int, limit: int = 200) -> list[Entry]:
    """What happened to one row, newest first, at most `limit` facts and `limit` changes; two statements.

    A fact and the fields that were changed by the same request stand in one entry.
    """
    facts = [
        Entry(row.at, row.actor, row.request_id, row.event, row.facts)
        for row in journal.timeline(subject_type, row_id, limit)
    ]
    by_request = {entry.request_id: entry for entry in facts if entry.request_id != "-"}
    alone = []
    for change in field_changes(table, row_id, limit):
        spoken_of = by_request.get(change.request_id)
        if spoken_of is not None and spoken_of.actor == change.actor:
            spoken_of.changes = {**change.changes, **spoken_of.changes}
        else:
            entry = Entry(change.at, change.actor, change.request_id, changes=change.changes)
            entry.change_set_id = change.change_set_id
            alone.append(entry)
    return sorted([*facts, *alone], key=lambda entry: entry.at, reverse=True)


def field_changes(table: str, row_id: int, limit: int = 200) -> list[FieldChange]:
    """The field history of one row, newest first; personal columns show only that they changed."""
    of_row = select(FieldChange).where(FieldChange.table_name == table, FieldChange.row_id == row_id)
    return list(db.session.scalars(of_row.order_by(FieldChange.id.desc()).limit(limit)))


def last_to_change(table: str, row_id: int, fields: set[str]) -> tuple[str, datetime] | None:
    """Who changed one of these fields last, and when; None when nobody has."""
    for change in field_changes(table, row_id, 50):
        if fields & change.changes.keys():
            return change.actor, change.at
    return None
