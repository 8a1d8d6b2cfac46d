"""What a person wants done to the chosen products: a formula over their SKUs, or one value for a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, insert, text
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.orm import Session

from app.catalog import formulas
from app.catalog.change_fields import FIELDS
from app.catalog.change_judging import stage_table
from app.catalog.formulas import Formula
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope

CHOSEN = sql_table("chosen", sql_column("id"))


@dataclass(frozen=True)
class ProductValue:
    """One value for a field of every chosen product, such as status → off shelf; None empties."""

    field: str
    value: str | None
    floor = 0

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set."""
        return {"product": self.field, "value": self.value}


Rule = Formula | ProductValue


def from_json(rule: Mapping[str, Any]) -> Rule:
    """The rule that `to_json` gave. Raises RuleViolation("bad_rule")."""
    if "product" not in rule:
        return formulas.from_json(rule)
    field, value = rule["product"], rule.get("value")
    if ("product", field) not in FIELDS or not (value is None or isinstance(value, str)):
        raise RuleViolation("bad_rule")
    return ProductValue(field, value)


def stage(shop_id: int, rule: Rule, chosen: Select[int], *, lock: bool = True) -> None:
    """Fill `wanted` with what the rule makes of the products that `chosen` gives the ids of.

    Locks the rows before it computes from them, so that two cuts at once add up instead of losing one;
    a preview reads without locks.
    """
    assert_in_scope(shop_id)
    session = db.session()
    stage_table(session)
    _keep_chosen(session, chosen)
    statement = _product_sql(rule) if isinstance(rule, ProductValue) else _sku_sql(rule)
    values: dict[str, Any] = {"shop_id": shop_id}
    if isinstance(rule, ProductValue):
        values |= {"value": rule.value, "field": rule.field}
    else:
        values |= {"field": rule.field}
        if lock:
            session.execute(text(_LOCK_SKUS), {"shop_id": shop_id})
    session.execute(text(statement), values)


def _keep_chosen(session: Session, chosen: Select[int]) -> None:
    session.execute(text("create temp table if not exists chosen (id bigint primary key) on commit delete rows"))
    session.execute(text("truncate chosen"))
    session.execute(insert(CHOSEN).from_select(["id"], chosen))
    session.execute(text("analyze chosen"))


_LOCK_SKUS = (
    "select count(*) from (select s.id from sku s join chosen c on c.id = s.product_id "
    "where s.shop_id = :shop_id order by s.id for no key update of s) locked"
)


def _sku_sql(rule: Formula) -> str:
    return (
        "insert into wanted (target_table, row_id, field, new) "  # noqa: S608 - integers and known fields
        f"select 'sku', s.id, :field, ({rule.sql('s')})::text from sku s "
        "join chosen c on c.id = s.product_id where s.shop_id = :shop_id"
    )


def _product_sql(rule: ProductValue) -> str:
    return (
        "insert into wanted (target_table, row_id, field, new) select 'product', p.id, :field, :value "
        "from product p join chosen c on c.id = p.id where p.shop_id = :shop_id"
    )
