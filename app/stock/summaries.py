"""The counters of SKUs summed over warehouses, for lists and for the equation; and who is low or oversold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, any_, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.catalog.models import Sku
from app.kit.db import db
from app.stock.models import StockLevel
from app.stock.words import Sums

_AVAILABLE = StockLevel.on_hand - StockLevel.reserved - StockLevel.unavailable


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
    return _among(select(StockLevel.sku_id).where(StockLevel.shop_id == shop_id, _AVAILABLE < 0))


def _among(few: Select[int]) -> ColumnElement[bool]:
    """`few` are found first and once; a plain IN would try SKU after SKU until a page is full."""
    return Sku.id == any_(func.array(few.scalar_subquery(), type_=ARRAY(BigInteger)))


def low(shop_id: int) -> ColumnElement[bool]:
    """What is available over all warehouses is at or under the SKU's limit."""
    taken = func.sum(StockLevel.reserved + StockLevel.unavailable)
    some = (
        select(StockLevel.sku_id, taken.label("taken"))
        .where(StockLevel.shop_id == shop_id, StockLevel.reserved + StockLevel.unavailable > 0)
        .group_by(StockLevel.sku_id)
        .subquery()
    )
    short = select(some.c.sku_id).join(Sku, Sku.id == some.c.sku_id)
    few = short.where(Sku.stock_on_hand - some.c.taken <= Sku.low_stock_limit)
    # the first half is written as the partial index ix_sku_low_stock has it; few have something reserved
    return and_(Sku.shop_id == shop_id, or_(Sku.stock_on_hand <= Sku.low_stock_limit, _among(few)))


def lies_in(warehouse_ids: list[int]) -> ColumnElement[bool]:
    """Something of it is in one of these warehouses, or on its way there."""
    there = or_(StockLevel.on_hand > 0, StockLevel.incoming > 0)
    return Sku.id.in_(select(StockLevel.sku_id).where(StockLevel.warehouse_id.in_(warehouse_ids), there))
