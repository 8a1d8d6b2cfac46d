"""What a SKU costs at a moment: the base price, or the window laid over it that wins. One SQL text for all.

Nothing runs when a window begins or ends: the clock alone decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.catalog.price_layers import Layer
from app.kit import clock
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope

RANKED = "w.priority desc, w.starts_at desc, w.id desc"
"""Who wins: the highest priority, then the latest start, then the highest id."""


def live(first: str, last: str) -> str:
    """A CTE of the shop's windows that count at some moment within [first, last]; SQL expressions, last may be null."""
    return (
        "live as materialized (select w.id, w.name, w.starts_at, w.ends_at, w.priority from price_window w "  # noqa: S608 - own constants
        f"where w.shop_id = :shop_id and w.state = 'planned' and (w.starts_at <= {last} or {last} is null) "
        f"and (w.ends_at > {first} or w.ends_at is null))"
    )


def covering(sku: str, moment: str) -> str:
    """The rule: windows out of `live` that hold for a SKU at a moment, the winner first."""
    return (
        "select w.id, w.name, w.starts_at, w.ends_at, w.priority, l.price_minor from live w "  # noqa: S608 - own constants
        f"join price_window_line l on l.window_id = w.id and l.sku_id = {sku} "
        f"where w.starts_at <= {moment} and (w.ends_at is null or w.ends_at > {moment}) order by {RANKED}"
    )


def base_at(sku: str, present: str, moment: str) -> str:
    """The base price of a SKU at a moment: what the first change after it replaced, else the present one."""
    return (
        "coalesce((select (f.changes->'price_minor'->>0)::bigint from field_change f "  # noqa: S608 - own constants
        f"where f.table_name = 'sku' and f.row_id = {sku} and f.operation = 'U' and f.at > {moment} "
        f"and f.changes->'price_minor' is not null order by f.id limit 1), {present})"
    )


@dataclass(frozen=True)
class Price:
    """The price of a SKU at a moment in minor units; `window` is None while the base price holds.

    `under_minor` is the price that would hold without the winner, `under` the window that it would come from.
    """

    sku_id: int
    price_minor: int
    base_minor: int
    window: Layer | None
    under_minor: int
    under: Layer | None


def _at_sql(base: str) -> str:
    return f"""
    with {live(":moment", ":moment")}
    select s.id as sku_id, {base} as base_minor, c.*
    from sku s left join lateral (
        select v.id as window_id, v.name, v.starts_at, v.ends_at, v.priority, v.price_minor
        from ({covering("s.id", ":moment")} limit 2) v) c on true
    where s.shop_id = :shop_id and s.id = any(:ids)
    order by s.id, c.priority desc, c.starts_at desc, c.window_id desc"""  # noqa: S608 - own constants


_NOW = _at_sql("s.price_minor")
_AT = _at_sql(base_at("s.id", "s.price_minor", ":moment"))


def at(shop_id: int, sku_ids: Sequence[int], moment: datetime | None = None) -> dict[int, Price]:
    """The price of each SKU at an aware moment, past or to come, by id; one statement. SKUs of other shops are none.

    Without a moment it is now, over the base prices as they stand, whatever the clock of the history says.
    """
    values = {"shop_id": assert_in_scope(shop_id), "ids": list(sku_ids), "moment": moment or clock.now()}
    found: dict[int, list[Layer]] = {}
    bases: dict[int, int] = {}
    for row in db.session.execute(text(_NOW if moment is None else _AT), values):
        bases[row.sku_id] = row.base_minor
        layers = found.setdefault(row.sku_id, [])
        if row.window_id is not None:
            layers.append(Layer(row.window_id, row.name, row.starts_at, row.ends_at, row.priority, row.price_minor))
    return {sku_id: _price(sku_id, bases[sku_id], layers) for sku_id, layers in found.items()}


def _price(sku_id: int, base: int, layers: list[Layer]) -> Price:
    top, under = [*layers, None, None][:2]
    return Price(
        sku_id,
        top.price_minor if top else base,
        base,
        top,
        under.price_minor if under else base,
        under,
    )


_LAID_OVER = f"""
with {live(":moment", ":moment")}
select s.id, c.price_minor from unnest(cast(:ids as bigint[])) s (id)
cross join lateral ({covering("s.id", ":moment")} limit 1) c"""  # noqa: S608 - own constants


def laid_over(shop_id: int, sku_ids: Sequence[int]) -> dict[int, int]:
    """The prices of those SKUs whose price comes from a window now, by id; one statement, for many SKUs."""
    values = {"shop_id": assert_in_scope(shop_id), "ids": list(sku_ids), "moment": clock.now()}
    return {row.id: row.price_minor for row in db.session.execute(text(_LAID_OVER), values)}


_LAYERS = f"""
with {live(":first", "cast(:last as timestamptz)")}
select l.sku_id, w.id, w.name, w.starts_at, w.ends_at, w.priority, l.price_minor
from live w join price_window_line l on l.window_id = w.id
where l.shop_id = :shop_id and l.sku_id = any(:ids) order by l.sku_id, {RANKED}"""  # noqa: S608 - own constants


def layers_of(shop_id: int, sku_ids: Sequence[int], first: datetime, last: datetime | None) -> dict[int, list[Layer]]:
    """The layers over some SKUs that hold at some time between two moments (None: for good), by SKU; one statement."""
    values = {"shop_id": assert_in_scope(shop_id), "ids": list(sku_ids), "first": first, "last": last}
    found: dict[int, list[Layer]] = {sku_id: [] for sku_id in sku_ids}
    for row in db.session.execute(text(_LAYERS), values):
        found[row.sku_id].append(Layer(row.id, row.name, row.starts_at, row.ends_at, row.priority, row.price_minor))
    return found
