"""How a shop handles money: late payments, time to pay, how long a payment link lives, deadlines for people."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.payments.matter_models import PaymentSetting

MINUTES = range(5, 24 * 60 + 1)
DAYS = range(1, 91)
HOURS = range(1, 24 * 14 + 1)


@dataclass(frozen=True)
class Rules:
    """`refunds_late`: money that comes after the trade is off goes back by itself; else a person decides."""

    refunds_late: bool = True
    minutes_to_pay: int = 30
    link_days: int = 7
    matter_hours: int = 24


def of(shop_id: int) -> Rules:
    """The rules of a shop; the defaults when nobody has set any."""
    row = _row(shop_id)
    return Rules(row.refunds_late, row.minutes_to_pay, row.link_days, row.matter_hours) if row else Rules()


def save(shop_id: int, rules: Rules) -> None:
    """Set them, for what happens from now on. Raises RuleViolation("payment_setting")."""
    if rules.minutes_to_pay not in MINUTES or rules.link_days not in DAYS or rules.matter_hours not in HOURS:
        raise RuleViolation("payment_setting")
    row = _row(shop_id)
    if row is None:
        row = PaymentSetting(shop_id=shop_id)
        db.session.add(row)
    row.refunds_late, row.minutes_to_pay = rules.refunds_late, rules.minutes_to_pay
    row.link_days, row.matter_hours = rules.link_days, rules.matter_hours
    db.session.flush()


def _row(shop_id: int) -> PaymentSetting | None:
    return db.session.scalars(select(PaymentSetting).where(PaymentSetting.shop_id == assert_in_scope(shop_id))).first()
