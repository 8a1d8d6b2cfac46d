"""Change sets: a wanted change of many products, line by line, with old and new for the undo."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.rows import Identified
from app.kit.shop_wall import ShopOwned


class ChangeState(StrEnum):
    """Where a change set stands."""

    QUEUED = "queued"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


class ChangeSource(StrEnum):
    """The route by which a change set came; preview, limits and undo are the same for all."""

    FORMULA = "formula"
    WORKBOOK = "workbook"
    GRID = "grid"
    API = "api"
    UNDO = "undo"


class LineOutcome(StrEnum):
    """What became of one line: done, nothing to do, refused, or kept because changed since."""

    PENDING = "pending"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    KEPT = "kept"


class ChangeSet(Identified, ShopOwned, Model):
    """Many changes wanted as one: by whom, by which rule, on which rows, and what came of it."""

    __tablename__ = "change_set"
    __table_args__ = (Index("ix_change_set_shop", "shop_id", "id"),)

    source: Mapped[ChangeSource] = mapped_column(StoredEnum(ChangeSource))
    state: Mapped[ChangeState] = mapped_column(StoredEnum(ChangeState))
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    selection: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    undoes_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("change_set.id"))
    job_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("job.id"))
    requested_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChangeLine(ShopOwned, Model):
    """One field of one row: old → new as text of the stored value; null means empty."""

    __tablename__ = "change_line"
    __table_args__ = (Index("ix_change_line_row", "target_table", "row_id"),)

    change_set_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("change_set.id", ondelete="CASCADE"), primary_key=True
    )
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    target_table: Mapped[str] = mapped_column(String(20))
    row_id: Mapped[int] = mapped_column(BigInteger)
    field: Mapped[str] = mapped_column(String(40))
    old: Mapped[str | None] = mapped_column(Text)
    new: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[LineOutcome] = mapped_column(StoredEnum(LineOutcome))
    reason: Mapped[str | None] = mapped_column(String(60))
