"""Import runs, their staged rows and the mappings that a shop has saved."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.rows import Identified
from app.kit.shop_wall import ShopOwned


class ImportKind(StrEnum):
    """What the rows of the file are."""

    PRODUCTS = "products"
    ORDERS = "orders"
    TRACKING = "tracking"


class OnError(StrEnum):
    """Bad rows: leave them out, stop at the first, or take all rows or none."""

    SKIP = "skip"
    STOP = "stop"
    ALL = "all"


class ImportMode(StrEnum):
    """Which rows are wanted: those that make something new, those that change what is there, or both."""

    BOTH = "both"
    CREATE = "create"
    UPDATE = "update"


class ImportState(StrEnum):
    """Where an import stands; `checked` waits for the person's word after the dry run."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    COMMITTING = "committing"
    DONE = "done"
    FAILED = "failed"


class ImportRun(Identified, ShopOwned, Model):
    """One file on its way in. `file` and `error_file` are content addresses of kit.files."""

    __tablename__ = "import_run"
    __table_args__ = (Index("ix_import_run_shop", "shop_id", "id"),)

    kind: Mapped[ImportKind] = mapped_column(StoredEnum(ImportKind))
    state: Mapped[ImportState] = mapped_column(StoredEnum(ImportState))
    on_error: Mapped[OnError] = mapped_column(StoredEnum(OnError), default=OnError.SKIP)
    mode: Mapped[ImportMode] = mapped_column(StoredEnum(ImportMode), default=ImportMode.BOTH, server_default="both")
    file_name: Mapped[str] = mapped_column(String(255))
    file: Mapped[str] = mapped_column(String(80))
    sheet: Mapped[str | None] = mapped_column(String(80))
    header: Mapped[list[str]] = mapped_column(JSONB, default=list)
    preview: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error_file: Mapped[str | None] = mapped_column(String(80))
    change_set_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("change_set.id"))
    job_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("job.id"))
    requested_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportFault(ShopOwned, Model):
    """One refused row: where, which column, why; `cells` is the row as it stood in the file."""

    __tablename__ = "import_fault"

    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True)
    row: Mapped[int] = mapped_column(Integer, primary_key=True)
    column: Mapped[str] = mapped_column(String(120))
    code: Mapped[str] = mapped_column(String(60))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    cells: Mapped[list[str]] = mapped_column(ARRAY(Text))


class SavedMapping(Identified, ShopOwned, Model):
    """Which header means which field, as somebody of this shop has last corrected it."""

    __tablename__ = "saved_mapping"
    __table_args__ = (UniqueConstraint("shop_id", "kind", "header_hash", name="uq_saved_mapping"),)

    kind: Mapped[ImportKind] = mapped_column(StoredEnum(ImportKind))
    header_hash: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
