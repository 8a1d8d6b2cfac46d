"""A shop with stock, and the one question that every test of stock may ask: does it add up?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from app.kit import context
from app.kit.db import db, transaction
from app.stock.models import StockLevel, Warehouse
from tests import factories as make

WRONG = """
select 'on_hand of ' || l.sku_id from stock_level l where l.on_hand <>
    (select coalesce(sum(m.on_hand_delta), 0) from stock_movement m where (m.sku_id, m.warehouse_id) = (l.sku_id, l.warehouse_id))
union all
select 'unavailable of ' || l.sku_id from stock_level l where l.unavailable <>
    (select coalesce(sum(m.unavailable_delta), 0) from stock_movement m where (m.sku_id, m.warehouse_id) = (l.sku_id, l.warehouse_id))
union all
select 'incoming of ' || l.sku_id from stock_level l where l.incoming <>
    (select coalesce(sum(m.incoming_delta), 0) from stock_movement m where (m.sku_id, m.warehouse_id) = (l.sku_id, l.warehouse_id))
union all
select 'reserved of ' || l.sku_id from stock_level l where l.reserved <>
    (select coalesce(sum(h.quantity), 0) from stock_hold h
     where (h.sku_id, h.warehouse_id) = (l.sku_id, l.warehouse_id) and h.state in ('live', 'confirmed'))
union all
select 'total of ' || k.id from sku k where k.stock_on_hand <>
    (select coalesce(sum(l.on_hand), 0) from stock_level l where l.sku_id = k.id)
"""  # noqa: E501 - one line a counter reads best


def wrong() -> list[str]:
    """Every counter that is not what its rows add up to, straight from the tables."""
    return list(db.session.scalars(text(WRONG)))


def numbers(sku_id: int, warehouse_id: int | None = None) -> tuple[int, int, int, int]:
    """(on hand, reserved, unavailable, available) over all warehouses, or in one."""
    db.session.expire_all()
    with context.every_shop("test"):
        rows = db.session.query(StockLevel).filter_by(sku_id=sku_id).all()
    rows = [row for row in rows if warehouse_id in (None, row.warehouse_id)]
    return (
        sum(row.on_hand for row in rows),
        sum(row.reserved for row in rows),
        sum(row.unavailable for row in rows),
        sum(row.available for row in rows),
    )


@pytest.fixture
def shop(app: Any) -> Iterator[Any]:
    """A shop whose rows the test may touch."""
    with context.every_shop("test"):
        one = make.shop("store")
        yield one


@pytest.fixture
def cup(shop: Any) -> Any:
    """A SKU with 10 on hand."""
    return make.sku(shop, code="CUP", stock_on_hand=10)


@pytest.fixture
def warehouse(shop: Any) -> Callable[..., Warehouse]:
    """`warehouse("EAST")`: another warehouse of the shop."""

    def build(code: str) -> Warehouse:
        with transaction() as session:
            row = Warehouse(shop_id=shop.id, code=code, name=code.title())
            session.add(row)
            session.flush()
        return row

    return build
