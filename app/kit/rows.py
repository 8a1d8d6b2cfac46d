"""Columns that most tables share: id, version for optimistic locking, times of creation and change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Integer, event
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column

from app.kit import clock
from app.kit.clock import UtcDateTime


class Identified:
    """Mixin: a bigint identity key."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)


class Versioned:
    """Mixin: `version` counts saves; a stale one is refused. `updated_at` follows it."""

    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False, default=clock.now)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, object]:
        return {"version_id_col": cls.version}


@event.listens_for(Versioned, "before_update", propagate=True)
def _touch(mapper: Mapper[Versioned], connection: object, row: Versioned) -> None:
    row.updated_at = clock.now()
