"""The lines of a carried-out change set: pages by key, who changed a kept row meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.catalog.change_models import ChangeSet, LineOutcome
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope

PAGE = 100


@dataclass(frozen=True)
class ShownLine:
    """One line as people read it; `who` and `at` are there for kept lines: who changed the row since."""

    line: int
    field: str
    old: str | None
    new: str | None
    outcome: LineOutcome
    reason: str | None
    code: str
    title: str
    product_id: int | None
    who: str | None
    at: datetime | None


_SQL = """
select l.line, l.field, l.old, l.new, l.outcome, l.reason, coalesce(s.code, p.code, '#' || l.row_id) as code,
    coalesce(p.title, '') as title, p.id as product_id, f.actor as who, f.at
from change_line l
left join sku s on l.target_table = 'sku' and s.id = l.row_id and s.shop_id = l.shop_id
left join product p on p.shop_id = l.shop_id
    and p.id = case when l.target_table = 'product' then l.row_id else s.product_id end
left join lateral (
    select actor, at from field_change c
    where l.outcome = 'kept' and c.table_name = l.target_table and c.row_id = l.row_id and c.changes ? l.field
        and c.at <= coalesce(:applied_at, now()) order by c.id desc limit 1) f on true
where l.change_set_id = :change_set_id and l.shop_id = :shop_id and l.line > :after
    and (cast(:outcome as text) is null or l.outcome = :outcome)
order by l.line limit :size"""


def page(change_set: ChangeSet, after: int = 0, outcome: LineOutcome | None = None) -> list[ShownLine]:
    """At most PAGE + 1 lines after a line number; the last one only says that there are more."""
    values = {
        "change_set_id": change_set.id,
        "shop_id": assert_in_scope(change_set.shop_id),
        "after": after,
        "outcome": outcome.value if outcome else None,
        "applied_at": change_set.applied_at,
        "size": PAGE + 1,
    }
    rows = db.session.execute(text(_SQL), values).mappings()
    return [ShownLine(**{**row, "outcome": LineOutcome(row["outcome"])}) for row in rows]
