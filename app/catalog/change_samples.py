"""What a rule does to the first products of a selection: an example beside the form, judged as the real thing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select, text

from app.catalog import change_judging, change_rules
from app.catalog.change_rules import Rule
from app.catalog.models import Sku
from app.kit.db import db

FIRST = 20
"""Products that are looked at for an example."""
SHOWN = 4


@dataclass(frozen=True)
class Sample:
    """One field of one row before and after; `reason` says why it would be refused."""

    field: str
    old: str | None
    new: str | None
    reason: str | None
    code: str
    title: str


def sample(shop_id: int, rule: Rule, chosen: Select[int]) -> list[Sample]:
    """The lines of the first row that would change, else of the first one; writes to temp tables alone."""
    few = chosen.order_by(chosen.selected_columns[0]).limit(FIRST)
    change_rules.stage(shop_id, rule, few, lock=False)
    change_judging.judge(db.session(), shop_id, floor=rule.floor)
    rows = db.session.execute(text(_SQL), {"shown": SHOWN}).mappings()
    return [Sample(**row) for row in rows]


_SQL = """
select j.field, j.old, j.new, j.reason, coalesce(s.code, p.code) as code, p.title
from judged j left join sku s on j.target_table = 'sku' and s.id = j.row_id
join product p on p.id = case when j.target_table = 'product' then j.row_id else s.product_id end
where p.id = (select coalesce(k.product_id, f.row_id) from judged f
    left join sku k on f.target_table = 'sku' and k.id = f.row_id
    order by f.outcome <> 'changed', f.line limit 1)
order by j.outcome <> 'changed', j.target_table desc, j.row_id, j.field limit :shown"""


def counts(shop_id: int, rule: Rule | None, chosen: Select[int]) -> tuple[int, int]:
    """How many products are chosen, and how many of their SKUs the rule is about."""
    products = db.session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    values: dict[str, object] = {}

    def bind(value: object) -> str:
        values[f"v{len(values)}"] = value
        return f":v{len(values) - 1}"

    only = change_rules.together(rule).only.sql("sku", bind) if rule else "true"
    skus = select(func.count()).where(
        Sku.shop_id == shop_id, Sku.product_id.in_(chosen), text(only).bindparams(**values)
    )
    return products, db.session.scalar(skus.select_from(Sku)) or 0
