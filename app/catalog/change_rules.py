"""What a person wants done to the chosen products: one part or several, for all their SKUs or some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from typing import Any

from sqlalchemy import Select, insert, text
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.orm import Session

from app.catalog import rule_parts
from app.catalog.change_fields import LARGEST
from app.catalog.change_judging import stage_table
from app.catalog.formulas import Bind, Formula
from app.catalog.rule_parts import NAMED, Part, ProductValue
from app.catalog.tag_sql import NAME_LONGEST
from app.catalog.text_steps import is_storable
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope

CHOSEN = sql_table("chosen", sql_column("id"))
MOST_PARTS = 8
MOST_VALUES = 50


class StockReason(StrEnum):
    """Why stock is adjusted by hand."""

    COUNT = "count"
    DAMAGED = "damaged"
    LOST = "lost"
    FOUND = "found"
    RETURN = "return"
    GIFT = "gift"
    SAMPLE = "sample"
    OTHER = "other"


@dataclass(frozen=True)
class Only:
    """Which SKUs of the chosen products: an option's values, a price range in minor units, either end open."""

    option: str = ""
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None

    def sql(self, row: str, bind: Bind) -> str:
        """The condition on a SKU."""
        parts = []
        if self.option:
            values = f"cast({bind(list(self.values))} as text[])"
            parts.append(f"{row}.options ->> cast({bind(self.option)} as text) = any({values})")
        if self.low is not None:
            parts.append(f"{row}.price_minor >= {int(self.low)}")
        if self.high is not None:
            parts.append(f"{row}.price_minor <= {int(self.high)}")
        return " and ".join(parts) or "true"

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set, without what does not narrow."""
        kept = {"option": self.option, "values": list(self.values), "low": self.low, "high": self.high}
        return {key: value for key, value in kept.items() if value not in ("", [], None)}


@dataclass(frozen=True)
class Together:
    """Several parts as one change, each computed from the row as it was; `reason` is why stock is adjusted."""

    parts: tuple[Part, ...]
    only: Only = Only()
    reason: StockReason | None = None

    @property
    def floor(self) -> int:
        """The least price that a computed cut may reach."""
        return max((part.floor for part in self.parts if part.field == "price_minor"), default=0)

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set."""
        only = {"only": self.only.to_json()} if self.only != Only() else {}
        reason = {"reason": self.reason.value} if self.reason else {}
        return {"rules": [part.to_json() for part in self.parts], **only, **reason}


Rule = Part | Together


def together(rule: Rule) -> Together:
    """Any rule as several parts."""
    return rule if isinstance(rule, Together) else Together((rule,))


def from_json(rule: Mapping[str, Any]) -> Rule:
    """The rule that `to_json` gave. Raises RuleViolation("bad_rule")."""
    if "rules" not in rule:
        return rule_parts.from_json(rule)
    parts = rule["rules"]
    if not isinstance(parts, list) or not 1 <= len(parts) <= MOST_PARTS:
        raise RuleViolation("bad_rule")
    reason = rule.get("reason")
    if reason is not None and reason not in set(StockReason):
        raise RuleViolation("bad_rule")
    found = Together(
        tuple(rule_parts.from_json(part) for part in parts),
        _only(rule.get("only", {})),
        StockReason(reason) if reason else None,
    )
    check(found)
    return found


def check(rule: Together) -> None:
    """Refuse two parts that want different things of one field. Raises RuleViolation("same_field_twice")."""
    whole = [part.field for part in rule.parts if part.field not in (*NAMED, "tags")]
    if len(whole) != len(set(whole)):
        raise RuleViolation("same_field_twice")


def _only(given: Any) -> Only:
    if not isinstance(given, Mapping) or not set(given) <= {"option", "values", "low", "high"}:
        raise RuleViolation("bad_rule")
    option, values = given.get("option", ""), given.get("values", [])
    low, high = given.get("low"), given.get("high")
    texts = [option, *values] if isinstance(values, list) and len(values) <= MOST_VALUES else [None]
    if not all(isinstance(one, str) and is_storable(one) for one in texts) or bool(option) != bool(values):
        raise RuleViolation("bad_rule")
    if len(option) > NAME_LONGEST or not all(one is None or _is_amount(one) for one in (low, high)):
        raise RuleViolation("bad_rule")
    return Only(option, tuple(values), low, high)


def _is_amount(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def stage(shop_id: int, rule: Rule, chosen: Select[int], *, lock: bool = True) -> None:
    """Fill `wanted` with what the rule makes of the products that `chosen` gives the ids of.

    Locks the rows before it computes from them, so that two cuts at once add up instead of losing one;
    a preview reads without locks.
    """
    assert_in_scope(shop_id)
    session = db.session()
    stage_table(session)
    _keep_chosen(session, chosen)
    wanted = together(rule)
    fields = sorted({(part.table, part.field) for part in wanted.parts})
    for table in sorted({table for table, _ in fields} if lock else ()):
        session.execute(text(_LOCKS[table]), {"shop_id": shop_id})
    for table, field in fields:
        parts = [part for part in wanted.parts if part.field == field]
        statement, values = _staging_sql(table, field, parts, wanted.only)
        session.execute(text(statement), {"shop_id": shop_id, "field": field, **values})


def _keep_chosen(session: Session, chosen: Select[int]) -> None:
    session.execute(text("create temp table if not exists chosen (id bigint primary key) on commit delete rows"))
    session.execute(text("truncate chosen"))
    session.execute(insert(CHOSEN).from_select(["id"], chosen))
    session.execute(text("analyze chosen"))


_LOCKS = {
    "product": "select count(*) from (select p.id from product p join chosen c on c.id = p.id "
    "where p.shop_id = :shop_id order by p.id for no key update of p) locked",
    "sku": "select count(*) from (select s.id from sku s join chosen c on c.id = s.product_id "
    "where s.shop_id = :shop_id order by s.id for no key update of s) locked",
}


def _staging_sql(table: str, field: str, parts: list[Part], only: Only) -> tuple[str, dict[str, Any]]:
    """The statement that stages one field, and the values that it binds."""
    values: dict[str, Any] = {}

    def bind(value: Any) -> str:
        name = f"v{len(values)}"
        values[name] = value
        return f":{name}"

    new = reduce(lambda old, part: part.new_sql("r", old, bind), parts, f"r.{field}")
    about = " or ".join(f"({part.where_sql('r', bind)})" for part in parts)
    which = _which_sql(table, only, bind)
    key = "id" if table == "product" else "product_id"
    statement = (
        "insert into wanted (target_table, row_id, field, new) "  # noqa: S608 - known fields; values are bound
        f"select '{table}', r.id, :field, ({new})::text from {table} r join chosen c on c.id = r.{key} "
        f"where r.shop_id = :shop_id and ({about}) and {which}"
    )
    return statement, values


def _which_sql(table: str, only: Only, bind: Bind) -> str:
    if only == Only():
        return "true"
    if table == "sku":
        return only.sql("r", bind)
    return f"exists (select from sku k where k.product_id = r.id and {only.sql('k', bind)})"


__all__ = [
    "Formula",
    "Only",
    "Part",
    "ProductValue",
    "Rule",
    "StockReason",
    "Together",
    "check",
    "from_json",
    "stage",
    "together",
]
