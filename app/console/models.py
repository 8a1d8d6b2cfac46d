"""Saved views of the console's lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model
from app.kit.rows import Identified
from app.kit.shop_wall import ShopOwned


class SavedView(Identified, ShopOwned, Model):
    """A list's whole state (the query string) under a name; private, or shared with the shop."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_list", "shop_id", "list_name", "name"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"))
    list_name: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
