"""Orders to put right: the one of A6, paid, on real stock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.catalog.models import Sku
from app.kit import context
from app.kit.db import db, transaction
from app.orders import creating, handling
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import Basket, WantedDiscount, WantedLine
from app.orders.models import DiscountPayer, Order
from tests import factories as make


@pytest.fixture
def shop(app: Any) -> Iterator[Any]:
    """A Chinese shop, in scope."""
    one = make.shop()
    with context.every_shop("test"):
        yield one


def a6_order(shop: Any, *, pay: bool = True) -> Order:
    """A 3 × 33.33, B 50.00, C 0.01; coupon 10.00, shipping 8.00: 148.00, paid."""
    with context.every_shop("test"), transaction():
        skus = [make.sku(shop, price_minor=price, stock_on_hand=100).id for price in (3333, 5000, 1)]
        lines = tuple(WantedLine(sku_id, quantity) for sku_id, quantity in zip(skus, (3, 1, 1), strict=True))
        basket = Basket(lines, (WantedDiscount(1000, DiscountPayer.MERCHANT, "coupon"),), 800)
        order = creating.create(shop, basket, Buyer(name="Wang Fang"), Delivery(receiver="Wang Fang"))
        if pay:
            handling.pay(order.id)
    return order


@pytest.fixture
def a6(shop: Any) -> Order:
    """The paid order of A6."""
    return a6_order(shop)


@pytest.fixture
def lines() -> Callable[[Order], dict[str, int]]:
    """`lines(order)`: the ids of its lines as A, B, C, shipping."""
    from app.orders import reading

    def of(order: Order) -> dict[str, int]:
        with context.every_shop("test"):
            found = reading.get(order.id).lines
        return dict(zip(("A", "B", "C", "shipping", "discount"), [line.id for line in found], strict=False))

    return of


def stock_of(line_sku: int) -> Sku:
    """The SKU as it is now."""
    return db.session.get_one(Sku, line_sku, populate_existing=True)


def through_simulator(order: Order) -> None:
    """The buyer pays all of an order through the simulator."""
    from app.payments import simulate

    with context.every_shop("test"):
        simulate.pay(order.id)
