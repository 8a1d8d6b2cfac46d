"""Rows that a change set has made: a line each, and the undo that removes those nobody has touched since."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.catalog.change_models import ChangeSet
from app.kit.shop_wall import assert_in_scope

CREATED = "created"
"""The line's field: old is null, new is the row's version when it was made."""


def record(session: Session, change_set: ChangeSet, made: str, created: int) -> None:
    """Record the rows `made` as made by an applied set; `created` is how many it made in all.

    `made` is SQL of the caller's own for rows (target_table, row_id). A SKU that was made at the same moment as its
    product, which is made by the set, too, is not among them: the product stands for it. A file of 200,000 new
    products would else write 400,000 lines.
    """
    values = {"id": change_set.id, "shop_id": assert_in_scope(change_set.shop_id), "created": CREATED}
    session.execute(text(_RECORD.format(made=made)), values)
    change_set.counts = {**change_set.counts, "created": created}


_RECORD = """
insert into change_line (change_set_id, shop_id, line, target_table, row_id, field, new, outcome)
select :id, :shop_id, row_number() over (order by m.target_table = 'sku', m.row_id)
    + coalesce((select max(line) from change_line where change_set_id = :id), 0),
    m.target_table, m.row_id, :created, '1', 'changed'
from ({made}) m"""


def judge_removals(session: Session, undoing: ChangeSet) -> None:
    """Add to `judged` what becomes of each row that the undone set has made.

    A row is kept when it was saved since, when an order names it, or when it holds something that stays.
    """
    values = {"undone": undoing.undoes_id, "shop_id": assert_in_scope(undoing.shop_id), "created": CREATED}
    session.execute(text(_ASIDE))
    session.execute(text("truncate created_rows"))
    session.execute(text(_LISTED), values)
    session.execute(text(_IMPLIED), values)
    session.execute(text("analyze created_rows"))
    for table in ("product", "sku"):  # the same order of locks as everywhere
        session.execute(
            text(
                f"select count(*) from (select t.id from {table} t join created_rows c on c.row_id = t.id "  # noqa: S608 - table and field names are ours
                f"where c.target_table = '{table}' and t.shop_id = :shop_id order by t.id for update of t) locked"
            ),
            values,
        )
    for table in ("sku", "product"):  # a product goes when all its SKUs do
        session.execute(text(_REMOVAL.format(table=table, in_use=_IN_USE[table])), values)


_ASIDE = """create temp table if not exists created_rows (target_table text, row_id bigint, version text)
    on commit delete rows"""
_LISTED = """
insert into created_rows select target_table, row_id, new from change_line
where change_set_id = :undone and shop_id = :shop_id and field = :created and outcome = 'changed'"""
_IMPLIED = """
insert into created_rows select 'sku', s.id, '1' from created_rows c
join product p on p.id = c.row_id and p.shop_id = :shop_id
join sku s on s.product_id = p.id and s.created_at = p.created_at
where c.target_table = 'product' and c.version = '1'
    and not exists (select from created_rows x where x.target_table = 'sku' and x.row_id = s.id)"""
_REMOVAL = """
insert into judged (line, target_table, row_id, field, old, new, outcome, reason)
select row_number() over (order by c.row_id) + coalesce((select max(line) from judged), 0), c.target_table, c.row_id,
    :created, c.version, null,
    case when t.id is null then 'refused' when t.version::text <> c.version or {in_use} then 'kept' else 'changed' end,
    case when t.id is null then 'row_unknown' when t.version::text <> c.version or {in_use} then 'changed_since' end
from created_rows c left join {table} t on t.id = c.row_id and t.shop_id = :shop_id
where c.target_table = '{table}'
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
