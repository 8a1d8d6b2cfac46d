"""Bulk acts as they are kept: what is asked of how many rows, and what became of each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.personal_data import not_personal, personal
from app.kit.rows import Identified
from app.kit.shop_wall import ShopOwned


class BatchState(StrEnum):
    """Where a bulk act stands; `done` means that no row was refused, `failed` that every one was."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    PARTLY = "partly"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What became of one row."""

    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Batch(Identified, ShopOwned, Model):
    """One act on many rows; `facts` hold for all of them, `key` makes asking twice the same as once."""

    __tablename__ = "batch"
    __table_args__ = (
        Index("ix_batch_shop", "shop_id", "id"),
        UniqueConstraint("shop_id", "key", name="uq_batch_key"),
    )

    act: Mapped[str] = mapped_column(String(40), info=not_personal("the name of an act"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, info=personal("note"))
    state: Mapped[BatchState] = mapped_column(StoredEnum(BatchState))
    total: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    unchanged: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    refused: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    key: Mapped[str | None] = mapped_column(String(120), info=not_personal("a random number"))
    again_of_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("batch.id"))
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    requested_by: Mapped[str] = mapped_column(String(80), info=not_personal("a member of staff, by number"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def tried(self) -> int:
        """Rows that have an outcome."""
        return self.done + self.unchanged + self.refused

    @property
    def is_live(self) -> bool:
        """Whether it waits or runs."""
        return self.state in (BatchState.QUEUED, BatchState.RUNNING)


class BatchRow(ShopOwned, Model):
    """One row of a bulk act: what it is done to, what it is given alone, and what became of it.

    Without an `outcome` it has not been tried. `from_state` is where the subject stood; `code` and `facts` say why not.
    """

    __tablename__ = "batch_row"
    __table_args__ = (
        Index("ix_batch_row_open", "batch_id", "position", postgresql_where="outcome is null"),
        Index("ix_batch_row_outcome", "batch_id", "outcome", "position"),
        CheckConstraint("(outcome = 'refused') = (code <> '')", name="ck_batch_row_code"),
    )

    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(120), info=not_personal("a document number of the shop"))
    given: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    outcome: Mapped[Outcome | None] = mapped_column(StoredEnum(Outcome))
    from_state: Mapped[str] = mapped_column(String(32), default="", server_default="", info=not_personal("a state"))
    code: Mapped[str] = mapped_column(String(60), default="", server_default="", info=not_personal("a code of ours"))
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
