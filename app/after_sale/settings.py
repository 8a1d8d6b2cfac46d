"""How a shop handles after-sale: how long each side has, what happens then, and up to which sum agents decide.

The hours are the shop's own settings. They follow what platforms usually ask for; they are no law and no promise of
any platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select

from app.after_sale.models import AfterSaleSetting
from app.after_sale.models import CaseState as S
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope


class Late(StrEnum):
    """What happens when the time is over."""

    REMIND = "remind"
    AGREE = "agree"
    CLOSE = "close"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class Limit:
    """So many hours, and what happens then."""

    hours: int
    late: Late


DEFAULTS: Mapping[S, Limit] = {
    S.REFUND_ASKED: Limit(48, Late.AGREE),
    S.RETURN_ASKED: Limit(48, Late.AGREE),
    S.REFUSED: Limit(7 * 24, Late.CLOSE),
    S.DISPUTED: Limit(72, Late.REMIND),
    S.PLATFORM_ASKS: Limit(24, Late.REMIND),
    S.PLATFORM_RETURN: Limit(7 * 24, Late.CLOSE),
    S.WAITS_FOR_RETURN: Limit(7 * 24, Late.CLOSE),
    S.WAITS_FOR_CHECK: Limit(5 * 24, Late.REMIND),
    S.WAITS_FOR_BUYER: Limit(10 * 24, Late.CONFIRM),
    S.REFUNDING: Limit(24, Late.REMIND),
}
CHOICES: Mapping[S, tuple[Late, ...]] = {
    S.REFUND_ASKED: (Late.AGREE, Late.REMIND),
    S.RETURN_ASKED: (Late.AGREE, Late.REMIND),
    S.REFUSED: (Late.CLOSE, Late.REMIND),
    S.DISPUTED: (Late.REMIND,),
    S.PLATFORM_ASKS: (Late.REMIND,),
    S.PLATFORM_RETURN: (Late.CLOSE, Late.REMIND),
    S.WAITS_FOR_RETURN: (Late.CLOSE, Late.REMIND),
    S.WAITS_FOR_CHECK: (Late.AGREE, Late.REMIND),
    S.WAITS_FOR_BUYER: (Late.CONFIRM, Late.REMIND),
    S.REFUNDING: (Late.REMIND,),
}
MOST_HOURS = 90 * 24


@dataclass(frozen=True)
class Rules:
    """The limit of each state, and the sum in minor units beyond which somebody has to approve."""

    limits: Mapping[S, Limit] = field(default_factory=lambda: dict(DEFAULTS))
    approve_limit_minor: int = 20_000

    def time_for(self, state: S) -> timedelta:
        """How long a case may stand there."""
        return timedelta(hours=self.limits[state].hours)


def of(shop_id: int) -> Rules:
    """The rules of a shop."""
    row = _row(shop_id)
    if row is None:
        return Rules()
    own = {S(state): Limit(hours, Late(late)) for state, (hours, late) in row.limits.items()}
    return Rules({**DEFAULTS, **own}, row.approve_limit_minor)


def save(shop_id: int, rules: Rules) -> None:
    """Set them for cases that get there from now on. Raises RuleViolation("limit_bad", "amount_bad")."""
    for state, limit in rules.limits.items():
        if not 1 <= limit.hours <= MOST_HOURS or limit.late not in CHOICES[state]:
            raise RuleViolation("limit_bad", limit=MOST_HOURS // 24)
    if rules.approve_limit_minor < 0:
        raise RuleViolation("amount_bad")
    row = _row(shop_id)
    if row is None:
        row = AfterSaleSetting(shop_id=shop_id)
        db.session.add(row)
    row.limits = {state.value: [one.hours, one.late.value] for state, one in rules.limits.items()}
    row.approve_limit_minor = rules.approve_limit_minor
    db.session.flush()


def _row(shop_id: int) -> AfterSaleSetting | None:
    query = select(AfterSaleSetting).where(AfterSaleSetting.shop_id == assert_in_scope(shop_id))
    return db.session.scalars(query).first()
