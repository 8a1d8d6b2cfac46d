"""Who feels it when products are taken down: orders that still wait for them, price windows that count on them."""

from __future__ import annotations

from flask_babel import gettext, ngettext
from sqlalchemy import Select, func, or_, select

from app.catalog.models import Sku
from app.catalog.price_window_models import PriceWindow, PriceWindowLine, WindowState
from app.kit import clock
from app.kit.db import db
from app.orders.models import Order, OrderLine, OrderStatus

CAP = 1_000
NAMED = 3
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
    return " ".join(filter(None, (_of_orders(shop_id, product_ids), _of_windows(shop_id, product_ids))))


def windows(shop_id: int, product_ids: Select[int]) -> list[str]:
    """The names of price windows, running or to come, with a price for a SKU of these products."""
    skus = select(Sku.id).where(Sku.shop_id == shop_id, Sku.product_id.in_(product_ids))
    lines = select(PriceWindowLine.window_id).where(
        PriceWindowLine.shop_id == shop_id, PriceWindowLine.sku_id.in_(skus)
    )
    to_come = (
        PriceWindow.shop_id == shop_id,
        PriceWindow.state.in_((WindowState.PENDING, WindowState.PLANNED)),
        or_(PriceWindow.ends_at.is_(None), PriceWindow.ends_at > clock.now()),
    )
    named = select(PriceWindow.name).where(*to_come, PriceWindow.id.in_(lines)).order_by(PriceWindow.starts_at)
    return list(db.session.scalars(named.limit(CAP + 1)))


def _of_windows(shop_id: int, product_ids: Select[int]) -> str:
    found = windows(shop_id, product_ids)
    if not found:
        return ""
    more = "" if len(found) <= NAMED else " …"
    return ngettext(
        "%(num)s price window, running or planned, has prices for them: %(names)s.",
        "%(num)s price windows, running or planned, have prices for them: %(names)s.",
        len(found),
        names=", ".join(found[:NAMED]) + more,
    )


def _of_orders(shop_id: int, product_ids: Select[int]) -> str:
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
