"""What SKUs have cost: steps over base prices and windows, and the lowest price of the last 30 days.

"Prior price" is the lowest price applied by the trader during a period not shorter than 30 days before
the price reduction: Directive 98/6/EC, article 6a(2), as amended by Directive (EU) 2019/2161, article 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, text

from app.catalog import price_layers, prices
from app.catalog.price_layers import Layer, Segment
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope

PRIOR = timedelta(days=30)
BY_IDS = "select unnest(cast(:ids as bigint[])) as id"


@dataclass(frozen=True)
class BaseStep:
    """The base price of a SKU from a moment on; `who` is empty for the price it was made with."""

    at: datetime
    price_minor: int
    who: str


@dataclass(frozen=True)
class History:
    """One SKU's price over time, oldest first, up to and including what is planned."""

    base: list[BaseStep]
    layers: list[Layer]
    segments: list[Segment]


def lowest_sql(skus: str) -> str:
    """`(id, lowest)` of the SKUs that `skus` selects the ids of: over every price within [:since, :until).

    The price can only change where the base changes or a window begins or ends: each SKU is priced at
    those moments. One that was made later counts from then on.
    """
    return f"""
    with {prices.live(":since", ":until")},
    asked as (select s.id, s.price_minor, greatest(s.created_at, :since) as since
        from sku s join ({skus}) chosen on chosen.id = s.id
        where s.shop_id = :shop_id and s.created_at < :until),
    points as (
        select id, price_minor, since as moment from asked
        union select a.id, a.price_minor, f.at from asked a join field_change f
            on f.table_name = 'sku' and f.row_id = a.id and f.operation = 'U'
            and f.changes->'price_minor' is not null and f.at > a.since and f.at < :until
        union select a.id, a.price_minor, e.moment
            from live w join price_window_line l on l.window_id = w.id join asked a on a.id = l.sku_id
            cross join lateral (values (w.starts_at), (w.ends_at)) e (moment)
            where e.moment > a.since and e.moment < :until)
    select p.id, min(coalesce(c.price_minor, {prices.base_at("p.id", "p.price_minor", "p.moment")})) as lowest
    from points p left join lateral ({prices.covering("p.id", "p.moment")} limit 1) c on true
    group by p.id"""  # noqa: S608 - own constants


def lowest_before(shop_id: int, sku_ids: Sequence[int], moment: datetime) -> dict[int, int]:
    """The lowest price of each SKU in the 30 days before a moment, by id; SKUs made since are left out."""
    values = {"shop_id": assert_in_scope(shop_id), "ids": list(sku_ids), **prior_span(moment)}
    rows = db.session.execute(text(lowest_sql(BY_IDS)), values)
    return {row.id: row.lowest for row in rows}


def prior_span(moment: datetime) -> dict[str, datetime]:
    """The 30 days before a moment, as `lowest_sql` takes them."""
    return {"since": moment - PRIOR, "until": moment}


_BASES = """
select s.id, s.created_at as made, s.price_minor as present, f.at, f.actor,
    (f.changes->'price_minor'->>0)::bigint as old, (f.changes->'price_minor'->>1)::bigint as new
from sku s left join field_change f on f.table_name = 'sku' and f.row_id = s.id and f.operation = 'U'
    and f.changes->'price_minor' is not null
where s.shop_id = :shop_id and s.id = any(:ids) order by s.id, f.id"""


def of(shop_id: int, sku_ids: Sequence[int], horizon: datetime | None = None) -> dict[int, History]:
    """The price history of each SKU by id, from its first price up to `horizon` (None: for good); two statements."""
    bases = _bases(shop_id, sku_ids)
    if not bases:
        return {}
    first = min(steps[0].at for steps in bases.values())
    layers = prices.layers_of(shop_id, list(bases), first, horizon)
    return {sku_id: _history(steps, layers[sku_id], horizon) for sku_id, steps in bases.items()}


def _bases(shop_id: int, sku_ids: Sequence[int]) -> dict[int, list[BaseStep]]:
    values = {"shop_id": assert_in_scope(shop_id), "ids": list(sku_ids)}
    found: dict[int, list[BaseStep]] = {}
    for row in db.session.execute(text(_BASES), values).mappings():
        steps = found.setdefault(row["id"], [_first(row)])
        if row["at"] is not None:
            steps.append(BaseStep(row["at"], row["new"], row["actor"]))
    return found


def _first(row: RowMapping) -> BaseStep:
    """The price a SKU was made with: what the first change replaced; a change older than the row sets its start."""
    if row["at"] is None:
        return BaseStep(row["made"], row["present"], "")
    return BaseStep(min(row["made"], row["at"]), row["old"], "")


def _history(steps: list[BaseStep], layers: list[Layer], horizon: datetime | None) -> History:
    base = [(step.at, step.price_minor) for step in steps]
    return History(steps, layers, price_layers.segments(base, layers, steps[0].at, horizon))
