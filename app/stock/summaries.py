"""The counters of SKUs summed over warehouses, for lists and for the equation; and who is low or oversold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import aliased

from app.catalog.models import Sku
from app.kit.db import among, db
from app.stock.models import StockLevel
from app.stock.words import Sums

_AVAILABLE = StockLevel.on_hand - StockLevel.reserved - StockLevel.unavailable
_TAKEN = StockLevel.reserved + StockLevel.unavailable
COMMON_LIMIT = 20
"""Most shops warn at so many or fewer; SKUs with a higher limit have an index of their own."""
HIGH_LIMITS = 1_000


def attach(rows: Sequence[Any]) -> None:
    """Hang `stock` (Sums) on each SKU, in one statement."""
    found = _sums([row.id for row in rows])
    for row in rows:
        row.stock = found.get(row.id, Sums())


def of(sku_id: int) -> Sums:
    """The sums of one SKU."""
    return _sums([sku_id]).get(sku_id, Sums())


def _sums(ids: list[int]) -> dict[int, Sums]:
    counters = [func.sum(getattr(StockLevel, name)) for name in ("on_hand", "reserved", "unavailable", "incoming")]
    query = (
        select(StockLevel.sku_id, *counters, func.bool_or(_AVAILABLE < 0))
        .where(StockLevel.sku_id.in_(ids))
        .group_by(StockLevel.sku_id)
    )
    found = db.session.execute(query)
    return {row[0]: Sums(int(row[1]), int(row[2]), int(row[3]), int(row[4]), bool(row[5])) for row in found}


def oversold(shop_id: int) -> ColumnElement[bool]:
    """More is reserved or unavailable in some warehouse than is there."""
    return among(Sku.id, select(StockLevel.sku_id).where(StockLevel.shop_id == shop_id, _AVAILABLE < 0))


def low(shop_id: int) -> ColumnElement[bool]:
    """What is available over all warehouses is at or under the SKU's limit."""
    return and_(Sku.shop_id == shop_id, among(Sku.id, low_skus(shop_id)))


def low_skus(shop_id: int) -> Select[int]:
    """Their ids, each once: first those with no more on hand than the limit, then those of which some is taken."""
    sku, other = aliased(Sku), aliased(Sku)
    # written as the partial index ix_sku_low_stock has it
    plainly = select(other.id).where(other.shop_id == shop_id, other.stock_on_hand <= other.low_stock_limit)
    some = among(sku.id, _perhaps_low(shop_id))
    by_taken = sku.stock_on_hand - _taken(sku) <= sku.low_stock_limit
    taken = select(sku.id).where(some, sku.stock_on_hand > sku.low_stock_limit, by_taken)
    return select(union_all(plainly, taken).subquery().c[0])


def is_low() -> ColumnElement[bool]:
    """The same, for looking at one SKU after another."""
    return or_(Sku.stock_on_hand <= Sku.low_stock_limit, Sku.stock_on_hand - _taken(Sku) <= Sku.low_stock_limit)


def is_oversold() -> ColumnElement[bool]:
    """As `oversold`, for looking at one SKU after another."""
    return select(StockLevel.sku_id).where(StockLevel.sku_id == Sku.id, _AVAILABLE < 0).correlate(Sku).exists()


def _taken(sku: Any) -> Any:
    taken = func.coalesce(func.sum(_TAKEN), 0)
    return select(taken).where(StockLevel.sku_id == sku.id).correlate(sku).scalar_subquery()


def _perhaps_low(shop_id: int) -> Any:
    """The SKUs that reservations may have made low, a few too many.

    Of a SKU with a limit up to T that is low by what is taken, some level has something taken and no more than T left.
    T lies so that at most HIGH_LIMITS SKUs have a higher limit, and those are all among them.
    """
    sku, above = aliased(Sku), aliased(Sku)
    common: Any = literal_column(str(COMMON_LIMIT))  # as the partial index ix_sku_high_limit has it
    high = select(sku.low_stock_limit).where(sku.shop_id == shop_id, sku.low_stock_limit > common)
    ranked = high.order_by(sku.low_stock_limit.desc()).offset(HIGH_LIMITS).limit(1)
    most = func.coalesce(ranked.scalar_subquery(), COMMON_LIMIT)
    near = select(StockLevel.sku_id).where(StockLevel.shop_id == shop_id, _TAKEN > 0, most >= _AVAILABLE)
    beyond = select(above.id).where(
        above.shop_id == shop_id, above.low_stock_limit > common, above.low_stock_limit > most
    )
    return union(near, beyond)


def lies_in(warehouse_ids: list[int]) -> ColumnElement[bool]:
    """Something of it is in one of these warehouses, or on its way there."""
    there = or_(StockLevel.on_hand > 0, StockLevel.incoming > 0)
    return Sku.id.in_(select(StockLevel.sku_id).where(StockLevel.warehouse_id.in_(warehouse_ids), there))
