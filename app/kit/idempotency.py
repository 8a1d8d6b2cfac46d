"""Idempotency keys: a write that is sent twice happens once, and both senders get the same answer.

The claim of a key is written in the same transaction as the effect: a crash leaves both or neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy import ColumnElement, CursorResult, Integer, String, Text, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kit import clock
from app.kit.clock import UtcDateTime
from app.kit.db import Model, db, in_transaction
from app.kit.errors import Conflict, RuleViolation
from app.kit.shop_wall import ShopOwned, assert_in_scope

KEPT = timedelta(hours=24)
WAIT_MS = 5_000
"""How long the second of two at once waits for the first, before it is told to come back."""


class IdempotentAnswer(ShopOwned, Model):
    """The answer to one write, by who sent it, where to, and under which key; `body` is JSON text."""

    __tablename__ = "idempotent_answer"

    caller: Mapped[str] = mapped_column(String(80), primary_key=True)
    route: Mapped[str] = mapped_column(String(120), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer, default=0)
    body: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True)
class Claim:
    """One request: `fingerprint` is a hash of all that it asks for."""

    shop_id: int
    caller: str
    route: str
    key: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """Status and JSON text; `replayed` when the work was done by an earlier request."""

    status: int
    body: str
    replayed: bool = False


def once(claim: Claim, work: Callable[[], Answer]) -> Answer:
    """Do the work and keep its answer, or give the answer of the request that has done it.

    Needs an open transaction. When `work` raises, nothing is kept, and the key is free again. Raises
    Conflict("in_progress") when the first request has not ended within `WAIT_MS`, and
    RuleViolation("idempotency_key_reused") when the key belongs to another request.
    """
    if not in_transaction():
        raise RuntimeError("idempotency.once needs an open transaction()")
    session = db.session()
    if not _claimed(session, claim):
        return _kept(claim)
    answer = work()
    session.execute(
        update(IdempotentAnswer)
        .where(*_is(claim))
        .values(status=answer.status, body=answer.body)
        .execution_options(synchronize_session=False)
    )
    return answer


def _claimed(session: Session, claim: Claim) -> bool:
    """Take the key; a request that holds it in an open transaction is waited for."""
    values = {
        "shop_id": assert_in_scope(claim.shop_id),
        "caller": claim.caller,
        "route": claim.route,
        "key": claim.key,
        "fingerprint": claim.fingerprint,
        "status": 0,
        "body": "",
        "created_at": clock.now(),
    }
    session.execute(text("select set_config('lock_timeout', :ms, true)"), {"ms": str(WAIT_MS)})
    try:
        row = insert(IdempotentAnswer).values(**values).on_conflict_do_nothing().returning(IdempotentAnswer.key)
        taken = session.execute(row).first()
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise Conflict("in_progress") from error
        raise
    session.execute(text("select set_config('lock_timeout', '0', true)"))
    return taken is not None


def _kept(claim: Claim) -> Answer:
    row = db.session.scalars(select(IdempotentAnswer).where(*_is(claim))).one()
    if row.fingerprint != claim.fingerprint:
        raise RuleViolation("idempotency_key_reused")
    return Answer(row.status, row.body, replayed=True)


def _is(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        IdempotentAnswer.caller == claim.caller,
        IdempotentAnswer.route == claim.route,
        IdempotentAnswer.key == claim.key,
    )


def prune() -> int:
    """Forget the answers that are older than `KEPT`; returns how many."""
    old = delete(IdempotentAnswer).where(IdempotentAnswer.created_at < clock.now() - KEPT)
    result = db.session.execute(old.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows for the type checker
    return result.rowcount
