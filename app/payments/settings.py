"""How a shop handles money: late payments, time to pay, how long links and raw exchanges live, deadlines for people."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import select

from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.payments.matter_models import PaymentSetting

MINUTES = range(5, 24 * 60 + 1)
DAYS = range(1, 91)
HOURS = range(1, 24 * 14 + 1)
KEPT_DAYS = range(30, 3651)


@dataclass(frozen=True)
class Rules:
    """`refunds_late`: money that comes after the trade is off goes back by itself; else a person decides."""

    refunds_late: bool = True
    minutes_to_pay: int = 30
    link_days: int = 7
    matter_hours: int = 24
    exchange_days: int = 180


def of(shop_id: int) -> Rules:
    """The rules of a shop; the defaults when nobody has set any."""
    row = _row(shop_id)
    return Rules(**{one.name: getattr(row, one.name) for one in fields(Rules)}) if row else Rules()


def save(shop_id: int, rules: Rules) -> None:
    """Set them, for what happens from now on. Raises RuleViolation("payment_setting")."""
    spans = (
        (rules.minutes_to_pay, MINUTES),
        (rules.link_days, DAYS),
        (rules.matter_hours, HOURS),
        (rules.exchange_days, KEPT_DAYS),
    )
    if any(value not in span for value, span in spans):
        raise RuleViolation("payment_setting")
    row = _row(shop_id)
    if row is None:
        row = PaymentSetting(shop_id=shop_id)
        db.session.add(row)
    for one in fields(Rules):
        setattr(row, one.name, getattr(rules, one.name))
    db.session.flush()


def _row(shop_id: int) -> PaymentSetting | None:
    return db.session.scalars(select(PaymentSetting).where(PaymentSetting.shop_id == assert_in_scope(shop_id))).first()
