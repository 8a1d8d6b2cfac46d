"""The lines of a carried-out change set: pages by key, who changed a kept row meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.catalog.change_fields import FIELDS
from app.catalog.change_models import ChangeSet, LineOutcome, LineWarning
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope

PAGE = 100
STRONGEST = 50


@dataclass(frozen=True)
class ShownLine:
    """One line as people read it; `who` and `at` say who changed a kept or stale row since."""

    line: int
    field: str
    old: str | None
    new: str | None
    outcome: LineOutcome
    reason: str | None
    warning: LineWarning | None
    code: str
    title: str
    product_id: int | None
    row_id: int
    who: str | None
    at: datetime | None


_SQL = """
select l.line, l.field, l.old, l.new, l.outcome, l.reason, l.warning, l.row_id,
    coalesce(s.code, p.code, '#' || l.row_id) as code, coalesce(p.title, '') as title, p.id as product_id,
    f.actor as who, f.at
from (select * from change_line where change_set_id = :change_set_id and shop_id = :shop_id
    and (cast(:outcome as text) is null or outcome = :outcome) {chosen}) l
left join sku s on l.target_table = 'sku' and s.id = l.row_id and s.shop_id = l.shop_id
left join product p on p.shop_id = l.shop_id
    and p.id = case when l.target_table = 'product' then l.row_id else s.product_id end
left join lateral (
    select actor, at from field_change c
    where l.outcome in ('kept', 'stale') and c.table_name = l.target_table and c.row_id = l.row_id
        and c.changes ? l.field and c.at <= coalesce(:applied_at, now()) order by c.id desc limit 1) f on true
order by {order}"""
_PAGE = _SQL.format(chosen="and line > :after order by line limit :size", order="l.line")
_STRENGTH = """case when {0}.field = any(:numbers) then abs(coalesce({0}.new::numeric, 0)
    - coalesce({0}.old::numeric, 0)) / greatest(coalesce({0}.old::numeric, 0), 1) end"""
_FIRST = "({0}.warning is null), " + _STRENGTH + " desc nulls last, {0}.line"
_STRONGEST = _SQL.format(chosen=f"order by {_FIRST.format('change_line')} limit :size", order=_FIRST.format("l"))


def page(change_set: ChangeSet, after: int = 0, outcome: LineOutcome | None = None) -> list[ShownLine]:
    """At most PAGE + 1 lines after a line number; the last one only says that there are more."""
    return _shown(_PAGE, change_set, outcome, after=after, size=PAGE + 1)


def strongest(change_set: ChangeSet) -> list[ShownLine]:
    """The first STRONGEST lines that change: those that need a second person, then by relative change of a number."""
    numbers = [field.name for field in FIELDS.values() if field.is_amount]
    return _shown(_STRONGEST, change_set, LineOutcome.CHANGED, numbers=numbers, size=STRONGEST)


def _shown(statement: str, change_set: ChangeSet, outcome: LineOutcome | None, **values: Any) -> list[ShownLine]:
    values |= {
        "change_set_id": change_set.id,
        "shop_id": assert_in_scope(change_set.shop_id),
        "outcome": outcome.value if outcome else None,
        "applied_at": change_set.applied_at,
    }
    return [_line(dict(row)) for row in db.session.execute(text(statement), values).mappings()]


def _line(row: dict[str, Any]) -> ShownLine:
    warning = row["warning"] and LineWarning(row["warning"])
    return ShownLine(**{**row, "outcome": LineOutcome(row["outcome"]), "warning": warning})
