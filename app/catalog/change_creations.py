"""Rows that a change set has made: a line each, and the undo that removes those nobody has touched since."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.catalog.change_models import ChangeSet
from app.kit.shop_wall import assert_in_scope

CREATED = "created"
"""The line's field: old is null, new is the row's version when it was made."""


def record(session: Session, change_set: ChangeSet) -> int:
    """Add a line for each row of the session's table `made(target_table, row_id)` to an applied set."""
    recorded = session.execute(
        text(
            "insert into change_line (change_set_id, shop_id, line, target_table, row_id, field, new, outcome) "
            "select :id, :shop_id, row_number() over (order by target_table, row_id) + coalesce((select max(line) "
            "from change_line where change_set_id = :id), 0), target_table, row_id, :created, '1', 'changed' from made"
        ),
        {"id": change_set.id, "shop_id": assert_in_scope(change_set.shop_id), "created": CREATED},
    )
    count = int(recorded.rowcount)  # type: ignore[attr-defined]  # a cursor result has it
    change_set.counts = {**change_set.counts, "created": count}
    return count


def judge_removals(session: Session, undoing: ChangeSet) -> None:
    """Add to `judged` what becomes of each row that the undone set has made.

    A row is kept when it was saved since, when an order names it, or when it holds something that stays.
    """
    values = {"undone": undoing.undoes_id, "shop_id": assert_in_scope(undoing.shop_id), "created": CREATED}
    for table in ("product", "sku"):  # the same order of locks as everywhere
        session.execute(
            text(
                f"select count(*) from (select t.id from {table} t join change_line l on l.row_id = t.id "  # noqa: S608 - table and field names are ours
                f"where l.change_set_id = :undone and l.shop_id = :shop_id and l.field = :created "
                f"and l.target_table = '{table}' and t.shop_id = :shop_id order by t.id for update of t) locked"
            ),
            values,
        )
    for table in ("sku", "product"):  # a product goes when all its SKUs do
        session.execute(text(_REMOVAL.format(table=table, in_use=_IN_USE[table])), values)


_REMOVAL = """
insert into judged (line, target_table, row_id, field, old, new, outcome, reason)
select row_number() over (order by l.line) + coalesce((select max(line) from judged), 0), l.target_table, l.row_id,
    l.field, l.new, null,
    case when t.id is null then 'refused' when t.version::text <> l.new or {in_use} then 'kept' else 'changed' end,
    case when t.id is null then 'row_unknown' when t.version::text <> l.new or {in_use} then 'changed_since' end
from change_line l left join {table} t on t.id = l.row_id and t.shop_id = :shop_id
where l.change_set_id = :undone and l.shop_id = :shop_id and l.field = :created and l.target_table = '{table}'
"""
_IN_USE = {
    # order_line keeps its text, but a sold SKU must stay to be found from its sales
    "sku": "exists (select from order_line o where o.sku_id = t.id)",
    "product": "exists (select from product_image i where i.product_id = t.id) or exists (select from sku k "
    "where k.product_id = t.id and not exists (select from judged j where j.target_table = 'sku' "
    "and j.row_id = k.id and j.field = :created and j.outcome = 'changed'))",
}


def remove(session: Session, shop_id: int) -> None:
    """Delete the rows that `judge_removals` has found untouched: SKUs, then products."""
    for table in ("sku", "product"):
        session.execute(
            text(
                f"delete from {table} t using judged j where j.target_table = '{table}' and j.row_id = t.id "  # noqa: S608 - table and field names are ours
                "and j.field = :created and j.outcome = 'changed' and t.shop_id = :shop_id"
            ),
            {"shop_id": assert_in_scope(shop_id), "created": CREATED},
        )
