"""What a change set would do, or was to do: sums, the strongest changes, refusals with their reasons."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app.catalog.change_fields import FIELDS
from app.catalog.change_lines import ShownLine, strongest
from app.catalog.change_models import ChangeSet
from app.kit.db import db


@dataclass(frozen=True)
class Sum:
    """A number field over the lines that change: sum before and after, in minor units or pieces."""

    field: str
    before: int
    after: int


@dataclass(frozen=True)
class Preview:
    """Sums by field, the strongest changes first, and how often each reason refuses."""

    sums: list[Sum]
    changed: list[ShownLine]
    reasons: list[tuple[str, int]]


def preview(change_set: ChangeSet) -> Preview:
    """The preview of a set whose lines stand; three statements."""
    values = {"id": change_set.id}
    numbers = [field.name for field in FIELDS.values() if field.is_amount]
    sums = db.session.execute(text(_SUMS), values | {"numbers": numbers})
    reasons = db.session.execute(text(_REASONS), values)
    return Preview(
        sums=[Sum(row.field, int(row.before), int(row.after)) for row in sums],
        changed=strongest(change_set),
        reasons=[(row.reason, row.lines) for row in reasons],
    )


_SUMS = """select field, coalesce(sum(old::numeric), 0) as before, coalesce(sum(new::numeric), 0) as after
    from change_line where change_set_id = :id and outcome = 'changed' and field = any(:numbers)
    group by field order by field"""
_REASONS = """select reason, count(*) as lines from change_line where change_set_id = :id and reason is not null
    group by reason order by lines desc, reason"""
