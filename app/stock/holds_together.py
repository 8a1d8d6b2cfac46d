"""Holds of several calls by one statement: a hot row is locked once for all of them, and their lines are told at once.

Only what is plain is done here: one line from the default warehouse for a holder that has held nothing before, and
holders of whom all that they ever held can still expire. What is left out is for `holds`, which says why it refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.kit import clock
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope
from app.stock.levels import checked


@dataclass(frozen=True)
class Wanted:
    """So many units of one SKU for a holder, until they are confirmed or so many seconds are over."""

    holder: str
    sku_code: str
    quantity: int
    seconds: int


@dataclass(frozen=True)
class Line:
    """What is held, in words."""

    sku_code: str
    warehouse_code: str
    quantity: int
    expires_at: datetime | None


def place(shop_id: int, wanted: Mapping[int, Wanted]) -> dict[int, Line]:
    """Hold each that fits beside all of lower numbers; gives the lines of those that are held. Each holder once."""
    values = {
        "shop_id": assert_in_scope(shop_id),
        "numbers": list(wanted),
        "holders": [one.holder for one in wanted.values()],
        "codes": [one.sku_code for one in wanted.values()],
        "units": [checked(one.quantity) for one in wanted.values()],
        "seconds": [one.seconds for one in wanted.values()],
        "now": clock.now(),
    }
    rows = db.session.connection().exec_driver_sql(_PLACE, values)
    return {row.number: Line(row.sku, row.warehouse, row.units, row.expires_at) for row in rows}


def confirm(shop_id: int, holders: Collection[str]) -> dict[str, list[Line]]:
    """What these holders hold no longer expires; gives the lines of those who held it until now."""
    values = {"shop_id": assert_in_scope(shop_id), "holders": list(holders)}
    lines: dict[str, list[Line]] = {}
    for row in db.session.connection().exec_driver_sql(_CONFIRM, values):
        lines.setdefault(row.holder, []).append(Line(row.sku, row.warehouse, row.quantity, None))
    return lines


_PLACE = """
with wanted as (
    select k.id as sku_id, w.*, %(now)s + make_interval(secs => seconds) as expires_at,
        sum(units) over (partition by k.id order by number) as so_far
    from unnest(%(numbers)s::int[], %(holders)s::text[], %(codes)s::text[], %(units)s::bigint[], %(seconds)s::int[])
        as w(number, holder, code, units, seconds)
    join sku k on k.shop_id = %(shop_id)s and k.code = w.code
    where not exists (select from stock_hold h where h.shop_id = %(shop_id)s and h.holder = w.holder)
), level as materialized (
    select sku_id, warehouse_id, on_hand - reserved - unavailable as available from stock_level
    where shop_id = %(shop_id)s and sku_id in (select sku_id from wanted)
        and warehouse_id = (select id from warehouse where shop_id = %(shop_id)s and is_default)
    order by sku_id for no key update
), fitting as (
    select * from wanted join level using (sku_id) where so_far <= available
), taken as (
    update stock_level l set reserved = l.reserved + f.units
    from (select sku_id, warehouse_id, sum(units) as units from fitting group by sku_id, warehouse_id) f
    where l.sku_id = f.sku_id and l.warehouse_id = f.warehouse_id
), held as (
    insert into stock_hold (shop_id, sku_id, warehouse_id, quantity, holder, state, created_at, expires_at)
    select %(shop_id)s, sku_id, warehouse_id, units, holder, 'live', %(now)s, expires_at from fitting order by number
)
select f.number, f.code as sku, w.code as warehouse, f.units, f.expires_at
from fitting f join warehouse w on w.id = f.warehouse_id"""
"""Locking reads a level as it is by then, so `available` is true even after a wait."""
_CONFIRM = """
with found as materialized (
    select id, holder, state from stock_hold
    where shop_id = %(shop_id)s and holder = any(%(holders)s::text[]) order by id for no key update
), kept as (
    update stock_hold h set state = 'confirmed', expires_at = null from found
    where h.id = found.id and found.holder in (select holder from found group by holder having bool_and(state = 'live'))
    returning h.*
)
select h.holder, k.code as sku, w.code as warehouse, h.quantity
from kept h join sku k on k.id = h.sku_id join warehouse w on w.id = h.warehouse_id order by h.id"""
"""Rows are locked before their state is believed: one that a sweep has just ended stays ended."""
