"""A price window before it is saved: its prices, what is refused, what else covers the time, and who wins when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, column, insert, literal_column, select, table, text

from app.catalog import formulas, price_history, price_layers, prices
from app.catalog.change_fields import LARGEST
from app.catalog.formulas import Formula
from app.catalog.models import Sku
from app.catalog.price_layers import Layer, Segment
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope

SHOWN = 50
NEW_ID = 2**62
"""Stands for the id that the window will get: higher than all others."""

ACCEPTED = "select sku_id as id from window_draft where reason is null"
"""The SKUs of what `fill` has computed."""
_TABLE = """create temp table if not exists window_draft (
    sku_id bigint primary key, base_minor bigint not null, wanted numeric, price_minor bigint, reason text,
    warning text) on commit delete rows"""
_DRAFT = table("window_draft", column("sku_id"), column("base_minor"), column("wanted"))


@dataclass(frozen=True)
class CopyOf:
    """The prices of another window, as they stand there."""

    window_id: int
    floor = 0

    def to_json(self) -> dict[str, Any]:
        """As kept on the window."""
        return {"copy_of": self.window_id}


WindowRule = Formula | CopyOf


@dataclass(frozen=True)
class Span:
    """When and how strongly a wanted window holds; `starts_at` is never before it is saved."""

    starts_at: datetime
    ends_at: datetime | None
    priority: int

    def rank(self, window_id: int = NEW_ID) -> tuple[int, datetime, int]:
        """As `price_layers.Layer.rank`."""
        return self.priority, self.starts_at, window_id


@dataclass(frozen=True)
class Overlap:
    """Another window that covers some of the same SKUs at some of the same time."""

    window_id: int
    name: str
    priority: int
    starts_at: datetime
    ends_at: datetime | None
    skus: int
    wins: bool
    """Whether the other one wins while both hold."""


@dataclass(frozen=True)
class Line:
    """One SKU of a wanted window; `segments` tell who wins when, `prior_minor` the lowest price of 30 days before."""

    sku_id: int
    code: str
    title: str
    product_id: int
    base_minor: int
    price_minor: int | None
    reason: str | None
    warning: str | None
    prior_minor: int | None
    segments: list[Segment]


@dataclass(frozen=True)
class Figures:
    """What a wanted window does, over all of its SKUs."""

    skus: int
    refused: int
    above_base: int
    base_sum: int
    price_sum: int
    strongest_ppm: int
    """The deepest cut below a base price, in parts per million; 0 when nothing is cut."""
    content_hash: str
    reasons: list[tuple[str, int]]


def rule_from_json(rule: Mapping[str, Any]) -> WindowRule:
    """The rule that `to_json` gave. Raises RuleViolation("bad_rule"); only prices can be laid over prices."""
    if "copy_of" in rule:
        copied = rule["copy_of"]
        if type(copied) is not int or not 0 < copied < NEW_ID:
            raise RuleViolation("bad_rule")
        return CopyOf(copied)
    formula = formulas.from_json(rule)
    if formula.field != "price_minor":
        raise RuleViolation("bad_rule")
    return formula


def fill(shop_id: int, rule: WindowRule, chosen: Select[int]) -> None:
    """Compute the prices of a wanted window into the session's table `window_draft`; writes nothing else.

    `chosen` selects ids of products; a copy takes the SKUs of its window instead.
    """
    session = db.session()
    session.execute(text(_TABLE))
    session.execute(text("truncate window_draft"))
    if isinstance(rule, CopyOf):
        session.execute(text(_COPY), {"shop_id": assert_in_scope(shop_id), "window_id": rule.window_id})
    else:
        wanted: Any = select(Sku.id, Sku.price_minor, literal_column(rule.sql("sku")))
        of_shop = wanted.where(Sku.shop_id == assert_in_scope(shop_id), Sku.product_id.in_(chosen))
        session.execute(insert(_DRAFT).from_select(["sku_id", "base_minor", "wanted"], of_shop))
    session.execute(text(_JUDGE), {"floor": rule.floor, "largest": LARGEST})
    session.execute(text("analyze window_draft"))


_COPY = """insert into window_draft (sku_id, base_minor, wanted)
    select s.id, s.price_minor, l.price_minor from price_window_line l join sku s on s.id = l.sku_id
    where l.shop_id = :shop_id and s.shop_id = :shop_id and l.window_id = :window_id"""
_JUDGE = """update window_draft d set reason = r.reason,
    price_minor = case when r.reason is null then d.wanted::bigint end
    from (select sku_id, case when wanted is null then 'blank' when wanted < 0 then 'price_negative'
        when wanted > :largest then 'too_large'
        when wanted < :floor and base_minor >= :floor then 'price_under_one' end as reason from window_draft) r
    where r.sku_id = d.sku_id"""


def figures() -> Figures:
    """Sums and counts over what `fill` has computed; two statements."""
    session = db.session()
    row = session.execute(text(_FIGURES)).mappings().one()
    return Figures(**row, reasons=[(one.reason, one.lines) for one in session.execute(text(_REASONS))])


_HASHED = "sha256(convert_to(sku_id || chr(31) || base_minor || chr(31) || price_minor, 'UTF8'))"
_FIGURES = f"""select count(*) filter (where reason is null) as skus, count(reason) as refused,
    count(*) filter (where price_minor > base_minor) as above_base,
    coalesce(sum(base_minor) filter (where reason is null), 0)::bigint as base_sum,
    coalesce(sum(price_minor), 0)::bigint as price_sum,
    coalesce(max((base_minor - price_minor) * 1000000 / base_minor) filter
        (where base_minor > 0 and price_minor < base_minor), 0)::bigint as strongest_ppm,
    encode(sha256(coalesce(string_agg({_HASHED}, ''::bytea order by sku_id) filter (where reason is null),
        ''::bytea)), 'hex') as content_hash from window_draft"""  # noqa: S608 - own constants
_REASONS = """select reason, count(*) as lines from window_draft where reason is not null
    group by reason order by lines desc, reason"""


def above_prior(shop_id: int, span: Span) -> int:
    """How many of its prices lie above the lowest price of the 30 days before it begins; one statement."""
    statement = f"""select count(*) from ({price_history.lowest_sql(ACCEPTED)}) prior
        join window_draft d on d.sku_id = prior.id where d.price_minor > prior.lowest"""  # noqa: S608 - own constants
    values = {"shop_id": assert_in_scope(shop_id), **price_history.prior_span(span.starts_at)}
    return db.session.scalar(text(statement), values) or 0


def overlaps(shop_id: int, span: Span, skus: str = ACCEPTED, window_id: int = NEW_ID) -> list[Overlap]:
    """The windows that share SKUs and time with the wanted one, the strongest first; one statement.

    `skus` selects the ids of its SKUs, `window_id` is its own when it is saved already.
    """
    values = {"shop_id": assert_in_scope(shop_id), "first": span.starts_at, "last": span.ends_at}
    return [
        Overlap(**row, wins=(row["priority"], row["starts_at"], row["window_id"]) > span.rank(window_id))
        for row in db.session.execute(text(_overlaps_sql(skus)), values | {"window_id": window_id}).mappings()
        if span.ends_at is None or row["starts_at"] < span.ends_at
    ]


def _overlaps_sql(skus: str) -> str:
    return f"""with {prices.live(":first", "cast(:last as timestamptz)")}
    select w.id as window_id, w.name, w.priority, w.starts_at, w.ends_at, count(*) as skus
    from live w join price_window_line l on l.window_id = w.id join ({skus}) own on own.id = l.sku_id
    where w.id <> :window_id
    group by w.id, w.name, w.priority, w.starts_at, w.ends_at order by {prices.RANKED}"""  # noqa: S608 - own constants


def lines(shop_id: int, span: Span, name: str, *, refused: bool = False) -> list[Line]:
    """The first lines, those beyond the limits and the deepest cuts first (or those refused); three statements."""
    which = "not null" if refused else "null"
    statement = f"{_LINES} where d.reason is {which} order by {_FIRST}, p.code, s.code limit :n"
    rows = db.session.execute(text(statement), {"shop_id": assert_in_scope(shop_id), "n": SHOWN}).mappings().all()
    ids = [row["sku_id"] for row in rows]
    prior = price_history.lowest_before(shop_id, ids, span.starts_at) if rows else {}
    others = prices.layers_of(shop_id, ids, span.starts_at, span.ends_at) if rows else {}
    return [
        Line(**row, prior_minor=prior.get(row["sku_id"]), segments=_segments(row, span, name, others[row["sku_id"]]))
        for row in rows
    ]


_FIRST = "(d.warning is null), (d.base_minor - coalesce(d.wanted, 0)) / greatest(d.base_minor, 1) desc"
_LINES = """select d.sku_id, s.code, p.title, p.id as product_id, d.base_minor, d.price_minor, d.reason,
    d.warning
    from window_draft d join sku s on s.id = d.sku_id and s.shop_id = :shop_id join product p on p.id = s.product_id"""


def _segments(row: RowMapping, span: Span, name: str, others: list[Layer]) -> list[Segment]:
    if row["price_minor"] is None:
        return []
    own = Layer(NEW_ID, name, span.starts_at, span.ends_at, span.priority, row["price_minor"])
    base = [(span.starts_at, row["base_minor"])]
    return price_layers.segments(base, [own, *others], span.starts_at, span.ends_at)


def insert_lines(shop_id: int, window_id: int) -> None:
    """Write the accepted prices as the lines of a saved window."""
    db.session.execute(text(_INSERT), {"shop_id": assert_in_scope(shop_id), "window_id": window_id})


_INSERT = """insert into price_window_line (shop_id, window_id, sku_id, price_minor, base_minor)
    select :shop_id, :window_id, sku_id, price_minor, base_minor from window_draft where reason is null
    order by sku_id"""
