"""How a shop handles its orders: the ship promise, and whether an after-sale request pauses it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.orders.side_models import OrderSetting

HOURS = (24, 48, 72)
PRE_SALE_DAYS = range(4, 91)


@dataclass(frozen=True)
class Rules:
    """Hours from payment to shipment; with `after_sale_pauses` an open request takes the order off the board."""

    promise_hours: int = 48
    after_sale_pauses: bool = False


def of(shop_id: int) -> Rules:
    """The rules of a shop; the defaults when nobody has set any."""
    row = _row(shop_id)
    return Rules(row.promise_hours, row.after_sale_pauses) if row else Rules()


def save(shop_id: int, rules: Rules) -> None:
    """Set them for orders paid from now on. Raises RuleViolation("promise_bad")."""
    check_promise(rules.promise_hours)
    row = _row(shop_id)
    if row is None:
        row = OrderSetting(shop_id=shop_id)
        db.session.add(row)
    row.promise_hours, row.after_sale_pauses = rules.promise_hours, rules.after_sale_pauses
    db.session.flush()


def check_promise(hours: int) -> None:
    """24, 48 or 72 hours, or whole days from 4 to 90. Raises RuleViolation("promise_bad")."""
    if hours not in HOURS and (hours % 24 or hours // 24 not in PRE_SALE_DAYS):
        raise RuleViolation("promise_bad")


def _row(shop_id: int) -> OrderSetting | None:
    return db.session.scalars(select(OrderSetting).where(OrderSetting.shop_id == assert_in_scope(shop_id))).first()
