"""Who feels it when products are taken down: orders that still wait for them."""

from __future__ import annotations

from flask_babel import gettext, ngettext
from sqlalchemy import Select, func, select

from app.catalog.models import Sku
from app.kit.db import db
from app.orders.models import Order, OrderLine, OrderStatus

CAP = 1_000
OPEN = (OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING_SHIPMENT)


def open_orders(shop_id: int, product_ids: Select[int]) -> int:
    """Orders to be paid or shipped that hold a SKU of these products, counted to CAP + 1."""
    skus = select(Sku.id).where(Sku.shop_id == shop_id, Sku.product_id.in_(product_ids))
    orders = (
        select(OrderLine.order_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.shop_id == shop_id, Order.status.in_(OPEN), OrderLine.sku_id.in_(skus))
        .distinct()
        .limit(CAP + 1)
    )
    return db.session.scalar(select(func.count()).select_from(orders.subquery())) or 0


def sentence(shop_id: int, product_ids: Select[int]) -> str:
    """What to know before taking them down; empty when nobody is affected."""
    found = open_orders(shop_id, product_ids)
    if not found:
        return ""
    if found > CAP:
        return gettext("More than %(num)s open orders contain these products; they are still to be shipped.", num=CAP)
    return ngettext(
        "%(num)s open order contains these products; it is still to be shipped.",
        "%(num)s open orders contain these products; they are still to be shipped.",
        found,
    )
