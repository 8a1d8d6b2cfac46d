"""Warehouses: exactly one of a shop's is the default."""

from __future__ import annotations

from sqlalchemy import select, update

from app.kit import clock
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.shops.models import Shop
from app.stock.models import Warehouse


def settle_default(row: Warehouse) -> None:
    """Before a warehouse is saved: a new default one takes that from the present one, of its shop and no other.

    Raises RuleViolation("default_warehouse") when the shop would be without one.
    """
    with db.session.no_autoflush:
        db.session.scalars(select(Shop.id).where(Shop.id == row.shop_id).with_for_update(key_share=True)).one()
        other = Warehouse.id != row.id if row.id else Warehouse.id.is_not(None)
        others = (Warehouse.shop_id == row.shop_id, other, Warehouse.is_default)
        if row.is_default:
            values = {"is_default": False, "version": Warehouse.version + 1, "updated_at": clock.now()}
            db.session.execute(update(Warehouse).where(*others).values(values))
        elif db.session.scalars(select(Warehouse.id).where(*others)).first() is None:
            raise RuleViolation("default_warehouse")


def check_delete(row: Warehouse) -> None:
    """Raises RuleViolation("default_warehouse"); one with levels is kept by their key."""
    if row.is_default:
        raise RuleViolation("default_warehouse")
