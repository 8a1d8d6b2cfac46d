"""A shop with stock, and the one question that every test of stock may ask: does it add up?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import BigInteger, bindparam, text

from app.kit import context
from app.kit.db import db, transaction
from app.stock.models import StockLevel, Warehouse
from tests import factories as make

WRONG = """
with level as (select * from stock_level where :s is null or shop_id = :s),
moved as (
    select sku_id, warehouse_id, sum(on_hand_delta) as on_hand, sum(unavailable_delta) as unavailable,
        sum(incoming_delta) as incoming
    from stock_movement where sku_id in (select sku_id from level) group by sku_id, warehouse_id
), held as (
    select sku_id, warehouse_id, sum(quantity) as reserved from stock_hold
    where state in ('live', 'confirmed') and sku_id in (select sku_id from level) group by sku_id, warehouse_id
)
select counter || ' of ' || sku_id
from level l left join moved m using (sku_id, warehouse_id) left join held h using (sku_id, warehouse_id)
cross join lateral (values ('on_hand', l.on_hand, m.on_hand), ('unavailable', l.unavailable, m.unavailable),
    ('incoming', l.incoming, m.incoming), ('reserved', l.reserved, h.reserved)) as v(counter, says, adds_up_to)
where says <> coalesce(adds_up_to, 0)
union all
select 'total of ' || k.id from sku k where (:s is null or k.shop_id = :s) and k.stock_on_hand <>
    (select coalesce(sum(l.on_hand), 0) from stock_level l where l.sku_id = k.id)
"""


def wrong(shop_id: int | None = None) -> list[str]:
    """Every counter, of one shop or of all, that is not what its rows add up to, straight from the tables."""
    return list(db.session.scalars(text(WRONG).bindparams(bindparam("s", type_=BigInteger)), {"s": shop_id}))


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
