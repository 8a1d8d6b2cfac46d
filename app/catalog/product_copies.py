"""Copies of products with their SKUs: drafts with new codes by a pattern, without stock, barcodes and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Select, func, select, text

from app.catalog.text_steps import is_storable
from app.kit import clock
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope

MOST = 5_000
"""Products that one set may copy."""
SHOWN = 20


@dataclass(frozen=True)
class Patterns:
    """How the copies are called: `{code}`, `{title}` and `{n}` (1, 2, 3 …) stand for the original's."""

    code: str = "{code}-COPY"
    sku: str = "{code}-COPY"
    title: str = "{title}"

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set."""
        return {"patterns": asdict(self)}


@dataclass(frozen=True)
class Copy:
    """One copy to be; `fault` says why it is left out: taken, twice, too_long, blank."""

    code: str
    title: str
    new_code: str
    new_title: str
    skus: int
    fault: str | None


@dataclass(frozen=True)
class Preview:
    """How many copies there will be, how many are left out, and the first of both."""

    copies: int
    left_out: int
    first: list[Copy]


def from_json(rule: Mapping[str, Any]) -> Patterns:
    """The patterns that `to_json` gave. Raises RuleViolation("bad_rule")."""
    given = rule.get("patterns")
    if not isinstance(given, Mapping) or set(given) != {"code", "sku", "title"}:
        raise RuleViolation("bad_rule")
    patterns = Patterns(**given)
    check(patterns)
    return patterns


def check(patterns: Patterns) -> None:
    """Refuse patterns that would give every copy the same code. Raises RuleViolation("bad_pattern")."""
    for value in (patterns.code, patterns.sku, patterns.title):
        if not isinstance(value, str) or not value.strip() or not is_storable(value):
            raise RuleViolation("bad_pattern")
    if "{code}" not in patterns.sku or not ("{code}" in patterns.code or "{n}" in patterns.code):
        raise RuleViolation("bad_pattern")


def preview(shop_id: int, patterns: Patterns, chosen: Select[int]) -> Preview:
    """What would be made, without making it; writes to a temp table alone."""
    _plan(shop_id, patterns, chosen)
    counted = db.session.execute(text(_COUNT)).one()
    rows = db.session.execute(text(_FIRST), {"shown": SHOWN}).mappings()
    return Preview(counted.copies, counted.left_out, [Copy(**row) for row in rows])


def make(shop_id: int, patterns: Patterns, chosen: Select[int]) -> int:
    """Make the copies and fill the session's table `made`; returns how many were left out.

    Raises RuleViolation("too_many_copies").
    """
    count = db.session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    if count > MOST:
        raise RuleViolation("too_many_copies", limit=f"{MOST:,}")
    _plan(shop_id, patterns, chosen)
    values = {"shop_id": shop_id, "moment": clock.now()}
    db.session.execute(text(_PRODUCTS), values)
    db.session.execute(text(_SKUS), values)
    return db.session.execute(text(_COUNT)).one().left_out


def _plan(shop_id: int, patterns: Patterns, chosen: Select[int]) -> None:
    """Fill the temp tables `copying` (a row a product) and `copying_sku`, each with the reason to leave it out."""
    session = db.session()
    few = chosen.limit(MOST + 1).subquery()
    ids = list(session.scalars(select(few.c[0])))
    session.execute(text("drop table if exists copying_sku, copying"))
    values = {"shop_id": assert_in_scope(shop_id), "ids": ids, **asdict(patterns)}
    for statement in (_COPYING, _COPYING_SKU, _FAULTY_SKUS):
        session.execute(text(statement), values)


def _named(pattern: str) -> str:
    return (
        f"btrim(replace(replace(replace(cast({pattern} as text), '{{code}}', x.code), '{{title}}', x.title), "
        "'{n}', x.n::text))"
    )


_COPYING = f"""
create temp table copying on commit drop as
select d.*, case when new_code = '' or new_title = '' then 'blank'
    when length(new_code) > 64 or length(new_title) > 200 then 'too_long'
    when exists (select from product t where t.shop_id = :shop_id and t.code = d.new_code) then 'taken'
    when row_number() over (partition by new_code order by id) > 1 then 'twice' end as fault
from (select x.id, x.code, x.title, {_named(":code")} as new_code, {_named(":title")} as new_title
    from (select p.id, p.code, p.title, row_number() over (order by p.id) as n from product p
        where p.shop_id = :shop_id and p.id = any(:ids)) x) d"""  # noqa: S608 - our own SQL; patterns are bound
_COPYING_SKU = f"""
create temp table copying_sku on commit drop as
select d.*, case when new_code = '' then 'blank' when length(new_code) > 64 then 'too_long'
    when exists (select from sku t where t.shop_id = :shop_id and t.code = d.new_code) then 'taken'
    when row_number() over (partition by new_code order by id) > 1 then 'twice' end as fault
from (select x.id, x.product_id, {_named(":sku")} as new_code
    from (select s.id, s.product_id, s.code, c.title, row_number() over (order by s.id) as n
        from sku s join copying c on c.id = s.product_id where s.shop_id = :shop_id) x) d"""  # noqa: S608 - as above
_FAULTY_SKUS = """
update copying c set fault = f.fault from (
    select distinct on (product_id) product_id, fault from copying_sku where fault is not null
    order by product_id, id) f
where f.product_id = c.id and c.fault is null"""
_COUNT = "select count(*) filter (where fault is null) as copies, count(fault) as left_out from copying"
_FIRST = """
select c.code, c.title, c.new_code, c.new_title, c.fault,
    (select count(*) from copying_sku s where s.product_id = c.id) as skus
from copying c order by c.fault is null, c.id limit :shown"""
_PRODUCTS = """
with new as (
    insert into product (shop_id, code, title, description, status, category_id, tags, attributes,
        freight_template_id, version, created_at, updated_at)
    select :shop_id, c.new_code, c.new_title, p.description, 'draft', p.category_id, p.tags, p.attributes,
        p.freight_template_id, 1, :moment, :moment
    from copying c join product p on p.id = c.id where c.fault is null order by c.id returning id)
insert into made select 'product', id from new"""
_SKUS = """
with new as (
    insert into sku (shop_id, product_id, code, options, price_minor, compare_at_minor, cost_minor,
        low_stock_limit, version, created_at, updated_at)
    select :shop_id, n.id, cs.new_code, s.options, s.price_minor, s.compare_at_minor, s.cost_minor,
        s.low_stock_limit, 1, :moment, :moment
    from copying c join copying_sku cs on cs.product_id = c.id join sku s on s.id = cs.id
    join product n on n.shop_id = :shop_id and n.code = c.new_code
    where c.fault is null order by cs.id returning id)
insert into made select 'sku', id from new"""
FAULTS = ("taken", "twice", "too_long", "blank")
