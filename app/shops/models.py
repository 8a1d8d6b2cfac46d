"""Shops and memberships: which staff may see which shop."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Model
from app.kit.rows import Identified, Versioned


class Shop(Identified, Versioned, Model):
    """One shop: its money, its days and its words."""

    __tablename__ = "shop"

    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(60))
    country: Mapped[str] = mapped_column(String(60))
    locale: Mapped[str] = mapped_column(String(10), default="zh")
    invented: Mapped[bool] = mapped_column(default=False)

    def __str__(self) -> str:
        return self.name


class ShopMember(Identified, Model):
    """A member of staff may see this shop."""

    __tablename__ = "shop_member"
    __table_args__ = (UniqueConstraint("user_id", "shop_id", name="uq_shop_member"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shop.id", ondelete="CASCADE"), index=True)
