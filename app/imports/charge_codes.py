"""Charge codes: which codes of order lines are charges (postage, fees, discounts), not products."""

from __future__ import annotations

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Model, db
from app.kit.rows import Identified
from app.kit.shop_wall import ShopOwned

DEFAULT = (
    "POST", "DOT", "C2", "CARRIAGE", "SHIPPING", "FREIGHT",
    "M", "MANUAL", "D", "DISCOUNT", "S", "SAMPLES", "PADS", "B", "ADJUST*",
    "BANK CHARGES", "AMAZONFEE", "CRUK", "GIFT_*",
    "运费", "邮费", "优惠", "折扣", "手续费", "服务费", "补差价",
)  # fmt: skip
"""Used by a shop that has no list of its own: those of the Online Retail data set, and the common words.

Decided from that data: every code without the five digits of a stock number is one of these but `DCGS…`,
whose lines name goods. `PADS` sells at 0.001 as a makeweight for cushions; `S` are samples, `B` bad debt,
`D` discount, `M` manual entries, `C2` carriage, `CRUK` a commission, `gift_…` vouchers.
"""


class ChargeCode(Identified, ShopOwned, Model):
    """One entry of a shop's own list; a trailing `*` stands for any ending, letter case does not count."""

    __tablename__ = "charge_code"
    __table_args__ = (UniqueConstraint("shop_id", "pattern", name="uq_charge_code"),)

    pattern: Mapped[str] = mapped_column(String(64))


def patterns(shop_id: int) -> list[str]:
    """The list that holds for the shop: its own, or `DEFAULT` while it has none."""
    own = list(db.session.scalars(select(ChargeCode.pattern).where(ChargeCode.shop_id == shop_id)))
    return sorted(own) or list(DEFAULT)


def like_patterns(listed: list[str]) -> list[str]:
    """The list as SQL LIKE patterns for a code in upper case: `gift_*` → `GIFT\\_%`."""
    return [_like(one.strip().upper()) for one in listed]


def _like(pattern: str) -> str:
    stem, star = (pattern[:-1], "%") if pattern.endswith("*") else (pattern, "")
    return stem.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + star
