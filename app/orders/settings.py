"""How a shop handles its orders: ship promise and what pauses it; when unpaid ones close, sent ones are received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.kit import clock
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.orders.side_models import OrderSetting

HOURS = (24, 48, 72)
PRE_SALE_DAYS = range(4, 91)
MOST_MINUTES = 30 * 24 * 60
MOST_CONFIRM_DAYS = 90


@dataclass(frozen=True)
class Rules:
    """Hours from payment to shipment; with `after_sale_pauses` an open request takes the order off the board.

    `unpaid_minutes` after it was placed an order closes that nobody has paid anything for, `unpaid_by_hand_minutes`
    one that staff have written; `auto_confirm_days` after it was sent an order counts as received. 0 is never.
    """

    promise_hours: int = 48
    after_sale_pauses: bool = False
    unpaid_minutes: int = 120
    unpaid_by_hand_minutes: int = 0
    auto_confirm_days: int = 10


def of(shop_id: int) -> Rules:
    """The rules of a shop; the defaults when nobody has set any."""
    row = _row(shop_id)
    return Rules(**{name: getattr(row, name) for name in vars(Rules())}) if row else Rules()


def save(shop_id: int, rules: Rules) -> None:
    """Set them for orders made, paid or sent from now on. Raises RuleViolation("promise_bad", "term_bad")."""
    check_promise(rules.promise_hours)
    minutes = (rules.unpaid_minutes, rules.unpaid_by_hand_minutes)
    if not all(0 <= one <= MOST_MINUTES for one in minutes) or not 0 <= rules.auto_confirm_days <= MOST_CONFIRM_DAYS:
        raise RuleViolation("term_bad", days=MOST_CONFIRM_DAYS)
    row = _row(shop_id)
    if row is None:
        row = OrderSetting(shop_id=shop_id)
        db.session.add(row)
    for name, value in vars(rules).items():
        setattr(row, name, value)
    db.session.flush()


def check_promise(hours: int) -> None:
    """24, 48 or 72 hours, or whole days from 4 to 90. Raises RuleViolation("promise_bad")."""
    if hours not in HOURS and (hours % 24 or hours // 24 not in PRE_SALE_DAYS):
        raise RuleViolation("promise_bad")


def pay_by(rules: Rules, *, by_hand: bool) -> datetime | None:
    """When an order placed now closes unless somebody pays; None for never."""
    minutes = rules.unpaid_by_hand_minutes if by_hand else rules.unpaid_minutes
    return clock.now() + timedelta(minutes=minutes) if minutes else None


def _row(shop_id: int) -> OrderSetting | None:
    query = select(OrderSetting).where(OrderSetting.shop_id == assert_in_scope(shop_id))
    return db.session.scalars(query.execution_options(autoflush=False)).first()  # `save` has written its own
