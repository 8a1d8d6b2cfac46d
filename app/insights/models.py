"""Reports that were wanted, with their file and the figures they gave."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.clock import UtcDateTime
from app.kit.db import Model
from app.kit.jobs import Job
from app.kit.rows import Identified
from app.kit.shop_wall import ShopOwned


class Report(Identified, ShopOwned, Model):
    """One report of one span of shop days; `file` is a content address of kit.files."""

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_shop", "shop_id", "id"),)

    kind: Mapped[str] = mapped_column(String(40))
    first_day: Mapped[date]
    last_day: Mapped[date]
    time_zone: Mapped[str] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3))
    locale: Mapped[str] = mapped_column(String(10))
    definition: Mapped[str] = mapped_column(String(20))
    job_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("job.id"))
    as_of: Mapped[datetime | None] = mapped_column(UtcDateTime)
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    file: Mapped[str | None] = mapped_column(String(80))
    file_name: Mapped[str | None] = mapped_column(String(160))
    requested_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    job: Mapped[Job | None] = relationship(lazy="raise")

    @property
    def is_ready(self) -> bool:
        """Whether its figures and its file are there."""
        return self.file is not None
