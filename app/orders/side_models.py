"""What stands beside orders: comments of staff with mentions, and how a shop handles its orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model
from app.kit.personal_data import not_personal, personal
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned


class OrderComment(Identified, ShopOwned, Model):
    """What staff say to each other about an order; `mentions` are ids of staff."""

    __tablename__ = "order_comment"
    __table_args__ = (Index("ix_order_comment_order", "order_id", "id"),)

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(String(80), info=not_personal("a member of staff, by number"))
    body: Mapped[str] = mapped_column(String(1000), info=personal("note"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OrderMention(Identified, ShopOwned, Model):
    """Somebody of staff was named in a comment; `read_at` when they have seen it."""

    __tablename__ = "order_mention"
    __table_args__ = (
        UniqueConstraint("comment_id", "user_id", name="uq_order_mention"),
        Index("ix_order_mention_unread", "user_id", "shop_id", postgresql_where="read_at is null"),
    )

    comment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("order_comment.id", ondelete="CASCADE"))
    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OrderSetting(Identified, Versioned, ShopOwned, Model):
    """How a shop handles orders; a shop without a row has the defaults."""

    __tablename__ = "order_setting"
    __table_args__ = (
        UniqueConstraint("shop_id", name="uq_order_setting_shop"),
        CheckConstraint("promise_hours between 24 and 2160", name="ck_order_setting_promise"),
    )

    promise_hours: Mapped[int] = mapped_column(Integer, default=48, server_default="48")
    after_sale_pauses: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Whether an open after-sale request takes an order off the deadline board."""
