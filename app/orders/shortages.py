"""Orders that wait for goods that are not there: paid, not sent, and a SKU of theirs is oversold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, literal_column, select

from app.catalog.models import Sku
from app.kit.db import db
from app.orders.models import FulfilmentState, Order, OrderLine, OrderStatus
from app.stock import summaries, words
from app.stock.models import StockLevel
from app.stock.words import Standing

_SHORT = StockLevel.on_hand - StockLevel.reserved - StockLevel.unavailable < 0
WAITS: ColumnElement[bool] = literal_column("orders.status = 'pending_shipment'")
"""A constant, so that the partial indexes serve."""


def waits(order: Order) -> bool:
    """Whether goods are still to be taken from the shelf for it."""
    open_ = order.status in (OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING_SHIPMENT)
    return open_ and order.fulfilment_state is not FulfilmentState.FULFILLED


def attach(orders: Sequence[Any]) -> None:
    """Hang `oversold` on each order of a page: whether it waits for a SKU that is oversold; at most one statement."""
    waiting = [order.id for order in orders if order.status is OrderStatus.PENDING_SHIPMENT]
    found = set(db.session.scalars(_among(waiting))) if waiting else set()
    for order in orders:
        order.oversold = order.id in found


def of_skus(order: Order, skus: Sequence[Sku]) -> dict[int, tuple[Standing, int]]:
    """SKU id → how it stands and how many are available, for an order that waits; those that are fine are left out."""
    if not skus or not waits(order):
        return {}
    summaries.attach(skus)
    sums = {sku.id: sku.stock for sku in skus}  # type: ignore[attr-defined]  # `attach` hangs it there
    found = {sku.id: (words.standing(sums[sku.id], sku.low_stock_limit), sums[sku.id].available) for sku in skus}
    return {sku_id: told for sku_id, told in found.items() if told[0] is not Standing.FINE}


def waiting_for_oversold(shop_id: int) -> ColumnElement[bool]:
    """The condition "paid, not sent, and a SKU of it is oversold".

    The SKUs are looked up first: there are few or none, which the server would not expect.
    """
    short = list(db.session.scalars(_short_skus(shop_id)))
    if not short:
        return false()
    return and_(WAITS, Order.id.in_(select(OrderLine.order_id).where(OrderLine.sku_id.in_(short))))


def _short_skus(shop_id: int) -> Select[int]:
    return select(StockLevel.sku_id).where(StockLevel.shop_id == shop_id, _SHORT)


def _among(order_ids: list[int]) -> Select[int]:
    mine = OrderLine.order_id.in_(order_ids)
    skus = select(OrderLine.sku_id).where(mine, OrderLine.sku_id.is_not(None))
    short = select(StockLevel.sku_id).where(StockLevel.sku_id.in_(skus), _SHORT)
    return select(OrderLine.order_id).where(mine, OrderLine.sku_id.in_(short)).distinct()
