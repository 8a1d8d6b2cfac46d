"""API keys: kept as the hash of a random secret; only the first characters can be shown again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import clock
from app.kit.clock import UtcDateTime
from app.kit.db import Model
from app.kit.rows import Identified
from app.kit.shop_wall import ShopOwned


class ApiKey(Identified, ShopOwned, Model):
    """One key of one shop. It acts as long as its owner may; `secret_hash` is SHA-256 in hex."""

    __tablename__ = "api_key"
    __table_args__ = (
        Index("uq_api_key_prefix", "prefix", unique=True),
        Index("ix_api_key_shop", "shop_id", "id"),
        Index("ix_api_key_owner", "owner_id"),
    )

    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(24))
    secret_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    owner_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= clock.now()

    def __str__(self) -> str:
        return self.name
