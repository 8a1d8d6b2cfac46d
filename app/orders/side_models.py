"""What stands beside orders: comments with mentions, groups and splits, and how a shop handles its orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
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
        CheckConstraint(
            "unpaid_minutes between 0 and 43200 and unpaid_by_hand_minutes between 0 and 43200",
            name="ck_order_setting_unpaid",
        ),
        CheckConstraint("auto_confirm_days between 0 and 90", name="ck_order_setting_confirm"),
    )

    promise_hours: Mapped[int] = mapped_column(Integer, default=48, server_default="48")
    after_sale_pauses: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Whether an open after-sale request takes an order off the deadline board."""
    unpaid_minutes: Mapped[int] = mapped_column(Integer, default=120, server_default="120")
    """So long after it was placed an order is closed that nobody has paid anything for; 0: never."""
    unpaid_by_hand_minutes: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """The same for orders that staff have written; 0: never."""
    auto_confirm_days: Mapped[int] = mapped_column(Integer, default=10, server_default="10")
    """So many days after its last parcel was sent an order counts as received; 0: never."""


class ShipGroup(Identified, ShopOwned, Model):
    """Orders to one address that are packed and sent together."""

    __tablename__ = "ship_group"

    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80), info=not_personal("a member of staff, by number"))


class OrderSplit(Identified, ShopOwned, Model):
    """A part of an order that became an order of its own, and the money that went along; taken back at `undone_at`.

    `lines` are the lines before and after: what is needed to put them together again.
    """

    __tablename__ = "order_split"
    __table_args__ = (Index("ix_order_split_from", "from_id"),)

    from_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    into_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"), unique=True)
    paid_minor: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    actor: Mapped[str] = mapped_column(String(80), info=not_personal("a member of staff, by number"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
