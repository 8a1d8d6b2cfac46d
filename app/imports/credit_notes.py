"""Credit notes: which sale each one reverses, where the rows of history alone can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from app.imports.staging import Stage
from app.kit import clock

CHARGES_ONLY = "unlinked_charges_only"
ANONYMOUS = "unlinked_anonymous"
NOT_SOLD_BEFORE = "unlinked_not_sold_before"
MORE_THAN_SOLD = "unlinked_more_than_sold"
SEVERAL_SALES = "unlinked_several_sales"


@dataclass(frozen=True)
class Note:
    """A credit note: when, and how many units of each product code come back (> 0)."""

    number: str
    placed_at: datetime
    returned: dict[str, int]


@dataclass(frozen=True)
class Sale:
    """A sale of the same customer; `left` counts the units of each code that no note has taken back yet."""

    order_id: int
    placed_at: datetime
    left: dict[str, int]


def match(notes: Iterable[Note], sales: Iterable[Sale]) -> Iterator[tuple[Note, Sale | str]]:
    """Pair each note of one customer with the sale it reverses, or with the reason why there is none.

    A sale qualifies when it is not later than the note and still has enough units left of every code that the
    note takes back; the latest such sale wins. Notes choose in order of time, then number, and use up what
    they take (`left` is counted down), so that no sale is ever reversed beyond what it sold. Deterministic.
    """
    latest_first = sorted(sales, key=lambda sale: (sale.placed_at, sale.order_id), reverse=True)
    for note in sorted(notes, key=lambda one: (one.placed_at, one.number)):
        if not note.returned:
            yield note, CHARGES_ONLY
            continue
        earlier = [sale for sale in latest_first if sale.placed_at <= note.placed_at]
        found = next((sale for sale in earlier if _covers(sale, note)), None)
        if found is None:
            yield note, _why_not(note, earlier)
            continue
        for code, units in note.returned.items():
            found.left[code] -= units
        yield note, found


def _covers(sale: Sale, note: Note) -> bool:
    return all(sale.left.get(code, 0) >= units for code, units in note.returned.items())


def _why_not(note: Note, earlier: list[Sale]) -> str:
    if any(all(code not in sale.left for sale in earlier) for code in note.returned):
        return NOT_SOLD_BEFORE
    if any(sum(sale.left.get(code, 0) for sale in earlier) < units for code, units in note.returned.items()):
        return MORE_THAN_SOLD
    return SEVERAL_SALES


def link(stage: Stage) -> dict[str, int]:
    """Link the notes in `order_head`, and older unlinked ones of the same customers; returns counts by outcome.

    The sales must have been written. New notes get `order_head.reverses_id`, older ones are updated; a note
    without a customer is never guessed at. One customer at a time is held in memory.
    """
    stage.run("drop table if exists note_return")
    stage.run(_RETURNS)
    stage.run("analyze note_return")
    counts: Counter[str] = Counter({ANONYMOUS: stage.run(_ANONYMOUS).scalar_one()})
    links: list[tuple[str, int]] = []
    for note, outcome in _matched(stage):
        if isinstance(outcome, Sale):
            links.append((note.number, outcome.order_id))
            counts["linked"] += 1
        else:
            counts[outcome] += 1
    _keep(stage, links)
    names = ("linked", ANONYMOUS, CHARGES_ONLY, NOT_SOLD_BEFORE, MORE_THAN_SOLD, SEVERAL_SALES)
    return {name: counts[name] for name in names}


def _matched(stage: Stage) -> Iterator[tuple[Note, Sale | str]]:
    notes = groupby(stage.run(_NOTES), key=attrgetter("customer_id"))
    sales = _Stream(stage.run(_SALES))
    for customer_id, of_customer in notes:
        returns = [Note(row.number, row.placed_at, row.returned or {}) for row in of_customer]
        sold = [Sale(row.order_id, row.placed_at, row.left_over) for row in sales.take(customer_id)]
        yield from match(returns, sold)


class _Stream:
    """Rows in the order of `customer_id`, taken customer by customer."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._groups = groupby(rows, key=attrgetter("customer_id"))
        self._held: tuple[int, list[Any]] | None = None

    def take(self, customer_id: int) -> list[Any]:
        """The rows of that customer; those of smaller ids are passed over."""
        while self._held is None or self._held[0] < customer_id:
            following = next(self._groups, None)
            if following is None:
                return []
            self._held = following[0], list(following[1])
        return self._held[1] if self._held[0] == customer_id else []


def _keep(stage: Stage, links: list[tuple[str, int]]) -> None:
    values = {"numbers": [number for number, _ in links], "sales": [sale for _, sale in links]}
    stage.run(_LINK_NEW, **values)
    stage.run(_LINK_OLD, now=clock.now(), **values)


_RETURNS = """
create temp table note_return on commit drop as
with buyer as (
    select distinct customer_id from order_head
    where customer_id is not null and (order_id is null and kind = 'credit_note' or is_new)
), note as (
    select h.customer_id, h.number, h.placed_at, e.code, -sum(e.quantity) as units
    from order_head h
    left join order_entry e on e.number = h.number and e.kind = 'product'
    where h.kind = 'credit_note' and h.order_id is null and h.customer_id is not null
    group by h.customer_id, h.number, h.placed_at, e.code
    union all
    select o.customer_id, o.number, o.placed_at, l.code, -sum(l.quantity)
    from orders o
    left join order_line l on l.order_id = o.id and l.kind = 'product'
    where o.shop_id = :shop_id and o.kind = 'credit_note' and o.reverses_id is null
      and o.customer_id in (select customer_id from buyer)
    group by o.customer_id, o.number, o.placed_at, l.code
)
select * from note
"""
_ANONYMOUS = """
select count(*) from order_head where kind = 'credit_note' and order_id is null and customer_id is null
"""
_NOTES = """
select customer_id, number, placed_at,
       jsonb_object_agg(code, units) filter (where code is not null and units > 0) as returned
from note_return group by customer_id, number, placed_at order by customer_id, number
"""
_SALES = """
with wanted as (
    select distinct customer_id, code from note_return where code is not null
), sold as (
    select o.customer_id, o.id as order_id, o.placed_at, l.code, sum(l.quantity) as units
    from orders o
    join order_line l on l.order_id = o.id and l.kind = 'product' and l.quantity > 0
    join wanted w on w.customer_id = o.customer_id and w.code = l.code
    where o.shop_id = :shop_id and o.kind = 'sale'
    group by o.customer_id, o.id, o.placed_at, l.code
), reversed as (
    select n.reverses_id as order_id, l.code, -sum(l.quantity) as units
    from orders n
    join order_line l on l.order_id = n.id and l.kind = 'product'
    where n.shop_id = :shop_id and n.reverses_id is not null and n.customer_id in (select customer_id from wanted)
    group by n.reverses_id, l.code
)
select s.customer_id, s.order_id, s.placed_at, jsonb_object_agg(s.code, s.units - coalesce(r.units, 0)) as left_over
from sold s left join reversed r on r.order_id = s.order_id and r.code = s.code
group by s.customer_id, s.order_id, s.placed_at order by s.customer_id
"""
_LINK_NEW = """
update order_head h set reverses_id = link.sale_id
from unnest(cast(:numbers as text[]), cast(:sales as bigint[])) as link(number, sale_id)
where h.number = link.number and h.order_id is null
"""
_LINK_OLD = """
update orders o set reverses_id = link.sale_id, version = version + 1, updated_at = :now
from unnest(cast(:numbers as text[]), cast(:sales as bigint[])) as link(number, sale_id)
where o.shop_id = :shop_id and o.number = link.number and o.kind = 'credit_note' and o.reverses_id is null
"""
