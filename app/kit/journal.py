"""The journal: business facts, written in the same transaction; timeline, audit and outbox in one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Identity, Index, String, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import clock, context
from app.kit.db import Model, db, in_transaction
from app.kit.shop_wall import ShopOwned


@dataclasses.dataclass(frozen=True)
class Event:
    """A fact in the past tense. Holds ids, amounts and codes, never personal data.

    `subject` names the field that holds the id of the row whose timeline it belongs to.
    """

    shop_id: int
    subject_type: ClassVar[str]
    subject: ClassVar[str]


class JournalEntry(ShopOwned, Model):
    """One recorded fact; append-only."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        Index("ix_journal_entry_subject", "subject_type", "subject_id", "id"),
        Index("ix_journal_entry_shop", "shop_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(clock.UtcDateTime)
    event: Mapped[str] = mapped_column(String(80))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(80))
    request_id: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)


_reactions: dict[type[Event], list[Callable[[Any], None]]] = {}


def on(event_type: type[Event]) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Call the decorated function with each such event, in the same transaction (invariants only)."""

    def register(reaction: Callable[[Any], None]) -> Callable[[Any], None]:
        _reactions.setdefault(event_type, []).append(reaction)
        return reaction

    return register


def record(event: Event) -> JournalEntry:
    """Write one fact now, within the open transaction, and let the reactions run."""
    if not in_transaction():
        raise RuntimeError("journal.record needs an open transaction()")
    facts = dataclasses.asdict(event)
    entry = JournalEntry(
        at=clock.now(),
        event=type(event).__name__,
        shop_id=event.shop_id,
        subject_type=event.subject_type,
        subject_id=facts[event.subject],
        actor=str(context.actor()),
        request_id=context.request_id(),
        facts=facts,
    )
    db.session.add(entry)
    for reaction in _reactions.get(type(event), []):
        reaction(event)
    return entry


def timeline(subject_type: str, subject_id: int, limit: int = 200) -> list[JournalEntry]:
    """The newest `limit` facts about one row, newest first."""
    of_subject = select(JournalEntry).where(
        JournalEntry.subject_type == subject_type, JournalEntry.subject_id == subject_id
    )
    return list(db.session.scalars(of_subject.order_by(JournalEntry.id.desc()).limit(limit)))
