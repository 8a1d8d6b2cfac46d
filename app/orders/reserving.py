"""What an order holds of the stock: the one seam between orders and stock.

Orders that came from elsewhere hold nothing, and nothing is asked of them.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from app.kit import together
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope
from app.orders.models import LineKind, Order, OrderLine
from app.stock import holds, movements
from app.stock.models import HELD, StockHold

HOLDS = "stock_hold"
"""What an order may lack, for `together`."""


def holder(order: Order) -> str:
    """The name under which an order holds stock."""
    return f"order:{order.id}"


def place(order: Order) -> None:
    """Hold what the lines of an open order need, until it is shipped or closed.

    Raises RuleViolation("insufficient_stock").
    """
    if wanted := needed(order):
        holds.place(order.shop_id, wanted, holder(order), None)


def confirm(order: Order) -> None:
    """The order is paid: its holds do not run out any more."""
    if not together.lacks(HOLDS, order.id) and holds.lock_held(order.shop_id, holder(order)):
        holds.confirm(order.shop_id, holder(order))


def release(order: Order) -> None:
    """Let go of everything that the order holds; twice is once."""
    if together.lacks(HOLDS, order.id):
        return
    holds.release(order.shop_id, holder(order))


def consume(order: Order) -> None:
    """Everything that the order still holds has left the house."""
    held: dict[int, int] = {}
    for row in holds.lock_held(order.shop_id, holder(order)):
        held[row.sku_id] = held.get(row.sku_id, 0) + row.quantity
    if held:
        movements.ship(order.shop_id, holder(order), held, order_id=order.id)


def look_ahead(orders: Collection[Order]) -> None:
    """Note which of these locked orders hold nothing, so that nobody looks for each one."""
    names = {holder(order): order.id for order in orders}
    shops = {assert_in_scope(order.shop_id) for order in orders}
    mine = (StockHold.shop_id.in_(shops), StockHold.holder.in_(names), StockHold.state.in_(HELD))
    held = db.session.scalars(select(StockHold.holder).where(*mine).distinct())
    together.note_lack(HOLDS, names.values(), [names[name] for name in held])


def needed(order: Order) -> dict[int, int]:
    """Units by SKU that the lines ask for."""
    query = (
        select(OrderLine.sku_id, func.sum(OrderLine.quantity))
        .where(OrderLine.order_id == order.id, OrderLine.kind == LineKind.PRODUCT, OrderLine.sku_id.is_not(None))
        .group_by(OrderLine.sku_id)
    )
    return {sku_id: int(units) for sku_id, units in db.session.execute(query) if sku_id and units > 0}
