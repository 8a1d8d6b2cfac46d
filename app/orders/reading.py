"""What the order page shows beside the order: its money, its credit notes, its buyer's other orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from app.catalog.models import Sku
from app.kit.db import db
from app.kit.errors import NotFound
from app.orders.models import Order, OrderDiscount, OrderKind, OrderLine


@dataclass(frozen=True)
class Balance:
    """What an order came to, in minor units; `refunded` is ≤ 0."""

    items: int
    charges: int
    total: int
    refunded: int

    @property
    def net(self) -> int:
        """What is left after the credit notes."""
        return self.total + self.refunded


@dataclass(frozen=True)
class BuyerFigures:
    """One buyer in numbers: sales, their value less credit notes in minor units, first and last sale."""

    orders: int
    net_minor: int
    first_at: datetime | None
    last_at: datetime | None


def get(order_id: int) -> Order:
    """The order with its lines, buyer and the sale that it reverses. Raises NotFound."""
    query = select(Order).where(Order.id == order_id)
    loads = (joinedload(Order.customer), joinedload(Order.reverses), selectinload(Order.lines))
    order = db.session.scalars(query.options(*loads).execution_options(populate_existing=True)).first()
    if order is None:
        raise NotFound("not_found")
    return order


def credit_notes(order_id: int) -> list[Order]:
    """The credit notes that reverse a sale, oldest first."""
    return list(db.session.scalars(select(Order).where(Order.reverses_id == order_id).order_by(Order.placed_at)))


def balance(order: Order, notes: Iterable[Order]) -> Balance:
    """The order's sums, less its credit notes."""
    return Balance(order.items_minor, order.charges_minor, order.total_minor, sum(note.total_minor for note in notes))


def skus_of(lines: Iterable[OrderLine]) -> list[Sku]:
    """The SKUs on these lines."""
    ids = {line.sku_id for line in lines if line.sku_id}
    return list(db.session.scalars(select(Sku).where(Sku.id.in_(ids)))) if ids else []


def buyer_figures(customer_id: int) -> BuyerFigures:
    """One buyer in numbers; sales that were never paid or were closed count like the others."""
    is_sale = Order.kind == OrderKind.SALE
    row = db.session.execute(
        select(
            func.count().filter(is_sale),
            func.coalesce(func.sum(Order.total_minor), 0),
            func.min(Order.placed_at).filter(is_sale),
            func.max(Order.placed_at).filter(is_sale),
        ).where(Order.customer_id == customer_id)
    ).one()
    return BuyerFigures(row[0], int(row[1]), row[2], row[3])


def other_orders(order: Order, limit: int = 5) -> list[Order]:
    """The buyer's newest other sales."""
    if order.customer_id is None:
        return []
    theirs = (Order.customer_id == order.customer_id, Order.id != order.id, Order.kind == OrderKind.SALE)
    return list(db.session.scalars(select(Order).where(*theirs).order_by(Order.placed_at.desc()).limit(limit)))


def discounts(order_id: int) -> list[OrderDiscount]:
    """The discounts of an order, in the order in which they were given."""
    of_order = select(OrderDiscount).where(OrderDiscount.order_id == order_id).order_by(OrderDiscount.id)
    return list(db.session.scalars(of_order))


def countries(shop_id: int) -> list[str]:
    """Every country of the shop's orders, by name: hops through the index instead of reading a million rows."""
    first = select(func.min(Order.country).label("name")).where(Order.shop_id == shop_id)
    hops = first.cte("hops", recursive=True)
    beyond = (
        select(func.min(Order.country)).where(Order.shop_id == shop_id, Order.country > hops.c.name).scalar_subquery()
    )
    hops = hops.union_all(select(beyond).where(hops.c.name.is_not(None)))
    return [name for name in db.session.scalars(select(hops.c.name)) if name]


def numbers(order_ids: list[int]) -> list[str]:
    """The numbers of these orders."""
    return list(db.session.scalars(select(Order.number).where(Order.id.in_(order_ids)).order_by(Order.id)))
