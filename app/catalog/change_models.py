"""Change sets: a wanted change of many products, line by line, with old and new for preview, approval and undo."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.bulk_keys import BY_STATEMENT
from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned


class ChangeState(StrEnum):
    """Where a change set stands: previewed, planned, awaiting another person, wanted, done, taken back …"""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PENDING = "pending"
    QUEUED = "queued"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"
    REJECTED = "rejected"


class ChangeSource(StrEnum):
    """The route by which a change set came; preview, limits and undo are the same for all."""

    FORMULA = "formula"
    WORKBOOK = "workbook"
    GRID = "grid"
    API = "api"
    FORM = "form"
    SCHEDULE = "schedule"
    UNDO = "undo"


class LineOutcome(StrEnum):
    """What became of one line, or would: done, nothing to do, refused, left alone because the row has moved on.

    `stale`: the row no longer holds what the wish was based on. `kept`: the same, found by an undo.
    """

    PENDING = "pending"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    KEPT = "kept"
    STALE = "stale"


class LineWarning(StrEnum):
    """Why a changed line needs a second person's eyes."""

    DEEP_CUT = "deep_cut"
    BELOW_COST = "below_cost"


class ChangeSet(Identified, ShopOwned, Model):
    """Many changes wanted as one: by whom, by which rule, on which rows, and what came of it.

    `guards` holds what of it needs a second person: {"deep_cut": lines, "below_cost": lines, "many_rows": rows,
    "worst_cut_ppm": …}; empty when nothing does. `run_at` is when a planned one shall run.
    """

    __tablename__ = "change_set"
    __table_args__ = (
        UniqueConstraint("id", "shop_id", name="uq_change_set_shop"),  # for the key of its lines
        Index("ix_change_set_shop", "shop_id", "id"),
    )

    source: Mapped[ChangeSource] = mapped_column(StoredEnum(ChangeSource))
    state: Mapped[ChangeState] = mapped_column(StoredEnum(ChangeState))
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    selection: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    guards: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    note: Mapped[str] = mapped_column(String(500), default="", server_default="")
    undoes_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("change_set.id"))
    retries_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("change_set.id", ondelete="SET NULL"))
    job_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("job.id"))
    requested_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_note: Mapped[str] = mapped_column(String(500), default="", server_default="")
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def has_lines(self) -> bool:
        """Whether the wish stands line by line already, so that carrying it out must not compute it again."""
        return bool(self.content_hash)


class ChangeLine(ShopOwned, Model):
    """One field of one row: old → new as text of the stored value; null means empty."""

    __tablename__ = "change_line"
    __table_args__ = (
        ForeignKeyConstraint(
            ["change_set_id", "shop_id"],
            ["change_set.id", "change_set.shop_id"],
            name="fk_change_line_set",
            ondelete="CASCADE",
            info=BY_STATEMENT,
        ),
    )

    change_set_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger)  # always that of the set; no key to the shop of its own
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    target_table: Mapped[str] = mapped_column(String(20))
    row_id: Mapped[int] = mapped_column(BigInteger)
    field: Mapped[str] = mapped_column(String(40))
    old: Mapped[str | None] = mapped_column(Text)
    new: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[LineOutcome] = mapped_column(StoredEnum(LineOutcome))
    reason: Mapped[str | None] = mapped_column(String(60))
    warning: Mapped[LineWarning | None] = mapped_column(StoredEnum(LineWarning))


class ChangeLimit(Identified, Versioned, ShopOwned, Model):
    """From where on a shop's changes need a second person; a shop without a row has the defaults."""

    __tablename__ = "change_limit"
    __table_args__ = (
        UniqueConstraint("shop_id", name="uq_change_limit_shop"),
        CheckConstraint("cut_ppm between 1 and 1000000", name="ck_change_limit_cut"),
        CheckConstraint("most_rows >= 1", name="ck_change_limit_rows"),
    )

    cut_ppm: Mapped[int] = mapped_column(Integer, default=300_000, server_default="300000")
    most_rows: Mapped[int] = mapped_column(Integer, default=10_000, server_default="10000")
    below_cost: Mapped[bool] = mapped_column(default=True, server_default="true")
