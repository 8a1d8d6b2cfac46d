"""Orders that must not leave for now, and letting them go again."""

from __future__ import annotations

from sqlalchemy import select

from app.catalog.models import Product
from app.fulfilment.models import BlockReason, SerialProduct, ShippingBlock
from app.fulfilment_events import ShippingBlocked, ShippingReleased
from app.kit import clock, context, journal
from app.kit.db import db
from app.kit.errors import NotFound
from app.orders import handling


def block(order_id: int, reason: BlockReason) -> bool:
    """Nothing of the order is sent until it is released; another reason replaces the first. False: as before."""
    order = handling.locked(order_id)
    row = _row(order_id)
    if row is not None and row.reason is reason:
        return False
    if row is None:
        row = ShippingBlock(shop_id=order.shop_id, order_id=order_id)
        db.session.add(row)
    row.reason, row.at, row.actor = reason, clock.now(), str(context.actor())
    journal.record(ShippingBlocked(order.shop_id, order_id, reason.value))
    db.session.flush()
    return True


def release(order_id: int) -> bool:
    """It may leave again. False: nothing held it."""
    order = handling.locked(order_id)
    row = _row(order_id)
    if row is None:
        return False
    reason = row.reason.value
    db.session.delete(row)
    journal.record(ShippingReleased(order.shop_id, order_id, reason))
    db.session.flush()
    return True


def _row(order_id: int) -> ShippingBlock | None:
    return db.session.scalars(select(ShippingBlock).where(ShippingBlock.order_id == order_id)).first()


def needs_serials(product_id: int) -> bool:
    """Whether units of a product leave only with their serial numbers."""
    mine = select(SerialProduct.id).where(SerialProduct.product_id == product_id)
    return db.session.scalars(mine).first() is not None


def set_serials(product_id: int, wanted: bool) -> None:
    """Whether units of a product leave only with their serial numbers, from now on. Raises NotFound."""
    product = db.session.scalars(select(Product).where(Product.id == product_id).with_for_update()).first()
    if product is None:
        raise NotFound("not_found")
    row = db.session.scalars(select(SerialProduct).where(SerialProduct.product_id == product_id)).first()
    if wanted and row is None:
        db.session.add(SerialProduct(shop_id=product.shop_id, product_id=product_id))
    elif row is not None and not wanted:
        db.session.delete(row)
    db.session.flush()
