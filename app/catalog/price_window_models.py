"""Price windows: prices that hold for a time, laid over the base price of the SKU."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned


class WindowState(StrEnum):
    """What was decided about a window; whether it runs follows from the clock and is stored nowhere."""

    PENDING = "pending"
    PLANNED = "planned"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class PriceWindow(Identified, Versioned, ShopOwned, Model):
    """Prices from `starts_at` up to, not at, `ends_at` (null: for good); the higher `priority` wins.

    Only a planned window counts, and one that has begun is never cancelled, only ended: what it
    says about the past stays true.
    """

    __tablename__ = "price_window"
    __table_args__ = (
        UniqueConstraint("shop_id", "request_key", name="uq_price_window_request"),
        CheckConstraint("ends_at >= starts_at", name="ck_price_window_span"),
        Index("ix_price_window_starts", "shop_id", "starts_at", "id"),
        Index("ix_price_window_ends", "shop_id", "ends_at"),
    )

    name: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    priority: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    state: Mapped[WindowState] = mapped_column(StoredEnum(WindowState))
    note: Mapped[str] = mapped_column(String(500), default="", server_default="")
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    findings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    content_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    skus: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    requested_by: Mapped[str] = mapped_column(String(80))
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    request_key: Mapped[str | None] = mapped_column(String(64))
    made_from_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("price_window.id"))

    def __str__(self) -> str:
        return self.name

    @property
    def seal(self) -> str:
        """What a second person agrees to: its prices, and everything else as of this version."""
        return f"{self.version}-{self.content_hash}"

    def has_begun(self, moment: datetime) -> bool:
        """Whether its start has come."""
        return self.starts_at <= moment

    def has_ended(self, moment: datetime) -> bool:
        """Whether its end has come."""
        return self.ends_at is not None and self.ends_at <= moment


class PriceWindowLine(Identified, ShopOwned, Model):
    """The price of one SKU within a window; `base_minor` is the base price that was seen when it was made."""

    __tablename__ = "price_window_line"
    __table_args__ = (
        UniqueConstraint("window_id", "sku_id", name="uq_price_window_line"),
        CheckConstraint("price_minor >= 0", name="ck_price_window_line_price"),
        Index("ix_price_window_line_sku", "sku_id", "window_id"),
    )

    window_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("price_window.id", ondelete="CASCADE"))
    sku_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sku.id", ondelete="CASCADE"))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    base_minor: Mapped[int] = mapped_column(BigInteger)
