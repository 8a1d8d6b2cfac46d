"""Figures about the lines of a change set that change: how much, how many of each strength, where, and outliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.catalog.change_fields import FIELDS, NUMBERS
from app.catalog.change_models import ChangeSet
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope

EDGES = (-50, -30, -20, -10, -5, 0, 5, 10, 20, 50, 100)
"""Percentages between the ranges of the histogram; each belongs to the range above it."""
JUMP = 5
"""So many times the median change is a jump."""
SHOWN = 10
CATEGORIES = 8


@dataclass(frozen=True)
class Range:
    """Lines whose change lies in `low` ≤ percent < `high`; None is open."""

    low: int | None
    high: int | None
    lines: int


@dataclass(frozen=True)
class Histogram:
    """The changes of one field in percent of the old value; `from_nothing` had none to compare with.

    `median_ppm` is the median size of a change, up or down.
    """

    field: str
    ranges: tuple[Range, ...]
    from_nothing: int
    median_ppm: int
    up: int
    down: int

    @property
    def most(self) -> int:
        """The longest bar."""
        return max((one.lines for one in self.ranges), default=0)


@dataclass(frozen=True)
class Outlier:
    """A line that stands out: a jump, or a price that falls below cost."""

    field: str
    code: str
    title: str
    product_id: int
    old: int
    new: int
    ppm: int
    is_jump: bool
    crosses_cost: bool


@dataclass(frozen=True)
class Share:
    """How many rows of a category change; no name is none."""

    name: str | None
    rows: int


@dataclass(frozen=True)
class Figures:
    """What the preview draws; every count is exact."""

    histograms: tuple[Histogram, ...]
    outliers: tuple[Outlier, ...]
    jumps: int
    crossing: int
    categories: tuple[Share, ...]
    other_rows: int


def figures(change_set: ChangeSet) -> Figures:
    """The figures of a set whose lines stand; three statements over its changed lines."""
    values = {
        "id": change_set.id,
        "shop_id": assert_in_scope(change_set.shop_id),
        "numbers": [field.name for field in FIELDS.values() if field.kind in NUMBERS],
        "edges": list(EDGES),
    }
    histograms = _histograms(values)
    outliers, jumps, crossing = _outliers(values, histograms)
    shares = [Share(row.name, row.rows) for row in db.session.execute(text(_CATEGORIES), values)]
    other = sum(share.rows for share in shares[CATEGORIES:])
    return Figures(histograms, outliers, jumps, crossing, tuple(shares[:CATEGORIES]), other)


_MEASURED = """
select l.line, l.target_table, l.row_id, l.field, l.old::numeric as old, l.new::numeric as new,
    case when l.old::numeric > 0 then (l.new::numeric - l.old::numeric) * 100 / l.old::numeric end as percent
from change_line l where l.change_set_id = :id and l.shop_id = :shop_id and l.outcome = 'changed'
    and l.field = any(:numbers) and l.new is not null"""

_HISTOGRAM = f"""
with m as materialized ({_MEASURED}),
middle as (
    select field, round(percentile_disc(0.5) within group (order by abs(percent)) * 10000) as median
    from m where percent is not null group by field)
select m.field, width_bucket(percent, cast(:edges as numeric[])) as place, count(*) as lines,
    count(*) filter (where new > old) as up, count(*) filter (where new < old) as down, max(median) as median
from m left join middle on middle.field = m.field group by m.field, place order by m.field, place nulls last"""  # noqa: S608 - constants

_OUTLIERS = f"""
select m.field, s.code, p.title, p.id as product_id, m.old, m.new, round(m.percent * 10000) as ppm,
    m.jump as is_jump, m.crosses as crosses_cost, count(*) filter (where m.jump) over () as jumps,
    count(*) filter (where m.crosses) over () as crossing
from (
    select n.*, k.median > 0 and abs(n.percent) * 10000 >= {JUMP} * k.median as jump,
        n.field = 'price_minor' and c.cost_minor is not null and n.old >= c.cost_minor and n.new < c.cost_minor
            as crosses
    from ({_MEASURED}) n
    join unnest(cast(:fields as text[]), cast(:medians as bigint[])) k(field, median) on k.field = n.field
    join sku c on c.id = n.row_id and c.shop_id = :shop_id where n.percent is not null and n.target_table = 'sku') m
join sku s on s.id = m.row_id join product p on p.id = s.product_id
where m.jump or m.crosses order by abs(m.percent) desc, m.line limit {SHOWN}"""  # noqa: S608 - constants

_CATEGORIES = """
select c.name, count(*) as rows
from (select distinct target_table, row_id from change_line
    where change_set_id = :id and shop_id = :shop_id and outcome = 'changed') l
left join sku s on l.target_table = 'sku' and s.id = l.row_id
join product p on p.shop_id = :shop_id
    and p.id = case when l.target_table = 'product' then l.row_id else s.product_id end
left join category c on c.id = p.category_id
group by c.id, c.name order by rows desc, c.name nulls last"""


def _histograms(values: dict[str, object]) -> tuple[Histogram, ...]:
    rows = db.session.execute(text(_HISTOGRAM), values).all()
    fields = dict.fromkeys(row.field for row in rows)
    return tuple(_histogram(field, [row for row in rows if row.field == field]) for field in fields)


def _histogram(field: str, rows: list[Any]) -> Histogram:
    lines = {row.place: row.lines for row in rows}
    bounds = [None, *EDGES, None]
    ranges = tuple(Range(bounds[n], bounds[n + 1], lines.get(n, 0)) for n in range(len(EDGES) + 1))
    up, down = sum(row.up for row in rows), sum(row.down for row in rows)
    return Histogram(field, ranges, lines.get(None, 0), int(rows[0].median or 0), up, down)


def _outliers(values: dict[str, object], histograms: tuple[Histogram, ...]) -> tuple[tuple[Outlier, ...], int, int]:
    medians = {"fields": [one.field for one in histograms], "medians": [one.median_ppm for one in histograms]}
    rows = db.session.execute(text(_OUTLIERS), values | medians).mappings().all()
    found = [{key: row[key] for key in row if key not in ("jumps", "crossing")} for row in rows]
    for one in found:
        one |= {key: int(one[key]) for key in ("old", "new", "ppm")}
    jumps, crossing = (rows[0]["jumps"], rows[0]["crossing"]) if rows else (0, 0)
    return tuple(Outlier(**one) for one in found), jumps, crossing
