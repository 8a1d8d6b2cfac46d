"""Counters of stock: find them, lock them in order, and shift them by one conditional UPDATE.

Everything that touches stock locks in one order, so that nobody deadlocks: SKUs, then holds, then levels, each by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm.util import identity_key

from app.catalog.models import Sku
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.stock.models import StockLevel, Warehouse

MOST = 10**9
"""No single movement is larger."""


@dataclass(frozen=True)
class Shift:
    """By how much each counter of one level changes."""

    sku_id: int
    warehouse_id: int
    on_hand: int = 0
    reserved: int = 0
    unavailable: int = 0
    incoming: int = 0


def checked(quantity: int) -> int:
    """`quantity`, a whole number from 1. Raises RuleViolation("stock_quantity")."""
    if type(quantity) is not int or not 1 <= quantity <= MOST:
        raise RuleViolation("stock_quantity", most=f"{MOST:,}")
    return quantity


def default_warehouse(shop_id: int) -> int:
    """The id of the shop's default warehouse; every shop has one from its first moment."""
    query = select(Warehouse.id).where(Warehouse.shop_id == assert_in_scope(shop_id), Warehouse.is_default)
    return db.session.scalars(query).one()


def lock_skus(shop_id: int, sku_ids: Iterable[int]) -> dict[int, str]:
    """Lock these SKUs in order of id; gives their codes. Raises NotFound, also for another shop's."""
    ids = sorted(set(sku_ids))
    query = select(Sku.id, Sku.code).where(Sku.shop_id == assert_in_scope(shop_id), Sku.id.in_(ids)).order_by(Sku.id)
    codes = {row.id: row.code for row in db.session.execute(query.with_for_update(key_share=True))}
    if len(codes) != len(ids):
        raise NotFound("not_found")
    return codes


def lock(shop_id: int, sku_ids: Sequence[int]) -> list[StockLevel]:
    """The levels of these SKUs in all warehouses, locked in order and read anew."""
    query = (
        select(StockLevel)
        .where(StockLevel.shop_id == assert_in_scope(shop_id), StockLevel.sku_id.in_(sku_ids))
        .order_by(StockLevel.sku_id, StockLevel.warehouse_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(query))


def open_level(shop_id: int, sku_id: int, warehouse_id: int) -> None:
    """Make the level of a SKU in a warehouse where there is none. Raises NotFound for another shop's warehouse."""
    values = {"sku_id": sku_id, "warehouse_id": warehouse_id, "shop_id": assert_in_scope(shop_id)}
    db.session.execute(text(_OPEN), values)
    if db.session.execute(text(_THERE), values).first() is None:
        raise NotFound("not_found")


def shift(shop_id: int, shifts: Sequence[Shift], *, keep_available: bool = False) -> list[Shift]:
    """Change all of these levels by one UPDATE; gives back those that it left alone, so none when all went well.

    A level is left alone when a counter would fall below zero or, with `keep_available`, when what is
    available would. Callers raise then: part of it may have been written.
    """
    if len(shifts) > 1:
        lock(shop_id, sorted({one.sku_id for one in shifts}))
    values: dict[str, object] = {
        name: [getattr(one, name) for one in shifts] for name in ("sku_id", "warehouse_id", *_COUNTERS)
    }
    values |= {"shop_id": assert_in_scope(shop_id), "keep": keep_available}
    done = {(row.sku_id, row.warehouse_id) for row in db.session.execute(text(_SHIFT), values)}
    forget([one.sku_id for one in shifts])
    return [one for one in shifts if (one.sku_id, one.warehouse_id) not in done]


def forget(sku_ids: Iterable[int]) -> None:
    """Have the session read these SKUs and their levels again: statements have changed them underneath it."""
    session, wanted = db.session(), set(sku_ids)
    for sku_id in wanted:
        if (row := session.identity_map.get(identity_key(Sku, sku_id))) is not None:
            session.expire(row)
    for level in list(session.identity_map.values()):
        if isinstance(level, StockLevel) and level.__dict__.get("sku_id") in wanted:
            session.expire(level)


def of_sku(sku_id: int) -> list[StockLevel]:
    """The levels of one SKU, the default warehouse first."""
    query = (
        select(StockLevel)
        .join(Warehouse, Warehouse.id == StockLevel.warehouse_id)
        .where(StockLevel.sku_id == sku_id)
        .order_by(Warehouse.is_default.desc(), Warehouse.id)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def available(shop_id: int, sku_ids: Sequence[int]) -> Mapping[int, int]:
    """What can still be sold of these SKUs, over all warehouses; 0 for those without a level."""
    values = {"shop_id": assert_in_scope(shop_id), "ids": list(sku_ids)}
    found = {row.sku_id: int(row.available) for row in db.session.execute(text(_AVAILABLE), values)}
    return {sku_id: found.get(sku_id, 0) for sku_id in sku_ids}


_COUNTERS = ("on_hand", "reserved", "unavailable", "incoming")
_OPEN = """
insert into stock_level (sku_id, warehouse_id, shop_id)
select k.id, w.id, k.shop_id from sku k join warehouse w on w.shop_id = k.shop_id
where k.id = :sku_id and w.id = :warehouse_id and k.shop_id = :shop_id on conflict do nothing"""
_THERE = """
select 1 from stock_level where sku_id = :sku_id and warehouse_id = :warehouse_id and shop_id = :shop_id"""
_SHIFT = """
update stock_level l set on_hand = l.on_hand + d.on_hand, reserved = l.reserved + d.reserved,
    unavailable = l.unavailable + d.unavailable, incoming = l.incoming + d.incoming
from unnest(cast(:sku_id as bigint[]), cast(:warehouse_id as bigint[]), cast(:on_hand as bigint[]),
    cast(:reserved as bigint[]), cast(:unavailable as bigint[]), cast(:incoming as bigint[]))
    as d(sku_id, warehouse_id, on_hand, reserved, unavailable, incoming)
where l.sku_id = d.sku_id and l.warehouse_id = d.warehouse_id and l.shop_id = :shop_id
    and l.on_hand + d.on_hand >= 0 and l.reserved + d.reserved >= 0
    and l.unavailable + d.unavailable >= 0 and l.incoming + d.incoming >= 0
    and (not cast(:keep as boolean)
        or l.on_hand + d.on_hand - l.reserved - d.reserved - l.unavailable - d.unavailable >= 0)
returning l.sku_id, l.warehouse_id"""
_AVAILABLE = """
select sku_id, sum(on_hand - reserved - unavailable) as available from stock_level
where shop_id = :shop_id and sku_id = any(cast(:ids as bigint[])) group by sku_id"""
