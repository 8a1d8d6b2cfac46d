"""Idempotency keys: a write that is sent twice happens once, and both senders get the same answer.

The claim of a key is written in the same transaction as the effect: a crash leaves both or neither.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy import ColumnElement, CursorResult, Integer, String, Text, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kit import clock
from app.kit.clock import UtcDateTime
from app.kit.db import Model, db, in_transaction, wait_for_locks, with_commit
from app.kit.errors import Conflict, RuleViolation
from app.kit.shop_wall import ShopOwned, assert_in_scope

KEPT = timedelta(hours=24)
KEEPING_MS = 250
"""So long a group that is done waits for a key that somebody else is taking."""
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
    with_commit(_SET, {**vars(claim), **vars(answer)})
    return answer


def apart(claims: Sequence[Claim]) -> list[int]:
    """The places of those that are the first of their key."""
    return sorted({_name(claims[place]): place for place in reversed(range(len(claims)))}.values())


def keep_together(answers: Mapping[Claim, Answer]) -> None:
    """Keep answers of keys that had none, together with the commit, which fails when one of them has one by then.

    A request that holds one of the keys in a transaction of its own is waited for, at most `KEEPING_MS`: it may
    itself wait for what this one has locked.
    """
    if not answers:
        return
    claims = sorted(answers, key=_name)  # keys are taken in one order, so that two groups do not block each other
    rows = [{**vars(claim), **vars(answers[claim]), "shop_id": assert_in_scope(claim.shop_id)} for claim in claims]
    with_commit(_KEEP, {"rows": json.dumps(rows), "now": clock.now(), "ms": str(KEEPING_MS)})


def _name(claim: Claim) -> tuple[str, str, str]:
    return claim.caller, claim.route, claim.key


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
    wait_for_locks(WAIT_MS)
    try:
        row = insert(IdempotentAnswer).values(**values).on_conflict_do_nothing().returning(IdempotentAnswer.key)
        taken = session.execute(row).first()
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise Conflict("in_progress") from error
        raise
    wait_for_locks(0)
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


_SET = """
update idempotent_answer set status = %(status)s, body = %(body)s
where caller = %(caller)s and route = %(route)s and key = %(key)s"""
_KEEP = """
with patience as materialized (select set_config('lock_timeout', %(ms)s, true))
insert into idempotent_answer (caller, route, key, fingerprint, shop_id, status, body, created_at)
select a.*, %(now)s from patience, json_to_recordset(%(rows)s) as a(
    caller text, route text, key text, fingerprint text, shop_id bigint, status int, body text)"""
