"""Bulk acts: who asks for what on which rows, how it goes on, and how it is taken up again.

An act is registered by name and does its work in `batch_work`; other features register theirs the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, insert, literal, select, text
from sqlalchemy.exc import IntegrityError

from app.kit import clock, context, jobs, journal
from app.kit.db import db
from app.kit.errors import MESSAGES, NotFound, RuleViolation
from app.kit.permissions import Noun, Verb
from app.kit.shop_wall import assert_in_scope
from app.order_events import BatchAsked, BatchEnded
from app.orders.batch_models import Batch, BatchRow, BatchState, Outcome

JOB = "batch"
LIMIT = 100_000
"""Rows of one bulk act."""


@dataclass(frozen=True)
class Row:
    """A row asked for: the id of its subject, its name for people, and what it alone is given (JSON)."""

    subject_id: int
    label: str
    given: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Result:
    """What became of one row; a refusal has a code of `errors.MESSAGES` and its facts."""

    outcome: Outcome
    code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


DONE, UNCHANGED = Result(Outcome.DONE), Result(Outcome.UNCHANGED)


def refused(code: str, **facts: Any) -> Result:
    """A row that a rule turned down."""
    return Result(Outcome.REFUSED, code, facts)


@dataclass(frozen=True)
class Subject:
    """What an act is done to.

    `lock` takes ids and locks their rows in order of id, giving each one's state as a code; what is gone is left out.
    `state_word` names such a code; `endpoint` is the page of one, which takes `pk`.
    """

    lock: Callable[[Sequence[int]], Mapping[int, str]]
    state_word: Callable[[str], Any]
    endpoint: str


@dataclass(frozen=True)
class Act:
    """A registered act. `run(subject_id, given, facts)` gives a Result, or True for done and False for unchanged;
    a DomainError refuses the row alone. With `in_chunks` it is `run(rows, facts)` and gives a Result a row, in order.
    Who asks for it needs `verb` on `noun`."""

    name: str
    title: Any
    run: Callable[..., Any]
    subject: Subject
    in_chunks: bool = False
    noun: Noun = Noun.ORDERS
    verb: Verb = Verb.WRITE


acts: dict[str, Act] = {}
tellers: dict[str, Callable[[Mapping[str, Any]], str]] = {}
"""By code of refusal: how its facts become a sentence, where the template of `MESSAGES` alone does not do."""


def act(name: str, title: Any, subject: Subject, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as the act `name`; `more` as in `Act`.

    It runs inside a transaction that it does not end, calls nobody outside, and may be given a row of which it has
    done its work in another way before: then that row is unchanged.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        acts[name] = Act(name, title, function, subject, **more)
        return function

    return register


def propose(shop_id: int, name: str, rows: Iterable[Row], facts: Mapping[str, Any], *, key: str | None = None) -> Batch:
    """Write down an act on `rows` and want the job that carries it out; the same key again gives the same batch.

    Raises RuleViolation("nothing_selected", "batch_too_large").
    """

    def fill(batch: Batch) -> None:
        values = [
            {"batch_id": batch.id, "shop_id": shop_id, "position": place, "given": row.given}
            | {"subject_id": row.subject_id, "label": row.label[:120]}
            for place, row in enumerate(rows, 1)
        ]
        if values:
            db.session.execute(insert(BatchRow), values)

    return _propose(Batch(shop_id=shop_id, act=acts[name].name, facts=dict(facts), key=key), fill)


def propose_matching(
    shop_id: int, name: str, which: Select[Any], facts: Mapping[str, Any], *, key: str | None = None
) -> Batch:
    """As `propose`, for the rows of a query of (subject id, label), by one statement; they are tried by id."""
    chosen = which.limit(LIMIT + 1).subquery()
    subject_id, label = list(chosen.c)[:2]

    def fill(batch: Batch) -> None:
        place = func.row_number().over(order_by=subject_id)
        rows = select(literal(batch.id), literal(assert_in_scope(shop_id)), place, subject_id, label)
        columns = ["batch_id", "shop_id", "position", "subject_id", "label"]
        db.session.execute(insert(BatchRow).from_select(columns, rows))

    return _propose(Batch(shop_id=shop_id, act=acts[name].name, facts=dict(facts), key=key), fill)


def _propose(batch: Batch, fill: Callable[[Batch], None]) -> Batch:
    assert_in_scope(batch.shop_id)
    if before := _of_key(batch):
        return before
    batch.state, batch.requested_by, batch.created_at = BatchState.QUEUED, str(context.actor()), clock.now()
    try:
        with db.session.begin_nested():
            db.session.add(batch)
    except IntegrityError:  # the same form, sent twice at the same moment
        if before := _of_key(batch):
            return before
        raise
    fill(batch)
    batch.total = db.session.scalar(select(func.count()).where(BatchRow.batch_id == batch.id)) or 0
    if not batch.total:
        raise RuleViolation("nothing_selected")
    if batch.total > LIMIT:
        raise RuleViolation("batch_too_large", limit=f"{LIMIT:,}")
    _want(batch)
    journal.record(BatchAsked(batch.shop_id, batch.id, batch.act, batch.total))
    db.session.flush()
    return batch


def _of_key(batch: Batch) -> Batch | None:
    if batch.key is None:
        return None
    return db.session.scalars(select(Batch).where(Batch.shop_id == batch.shop_id, Batch.key == batch.key)).first()


def _want(batch: Batch) -> None:
    batch.job_id = jobs.enqueue(JOB, batch.shop_id, key=f"batch:{batch.id}", batch_id=batch.id).id


def get(batch_id: int) -> Batch:
    """A batch of a shop in scope. Raises NotFound."""
    row = db.session.scalars(select(Batch).where(Batch.id == batch_id)).first()
    if row is None:
        raise NotFound("not_found")
    return row


def locked(batch_id: int) -> Batch:
    """The batch as it is now, locked until the transaction ends. Raises NotFound."""
    query = select(Batch).where(Batch.id == batch_id).with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(query).first()
    if row is None:
        raise NotFound("not_found")
    return row


def rows(batch_id: int, outcome: str = "", after: int = 0, limit: int = 100) -> list[BatchRow]:
    """A page of rows in order, of one outcome or of all; "left" are those that have not been tried."""
    query = select(BatchRow).where(BatchRow.batch_id == batch_id, BatchRow.position > after)
    if outcome == "left":
        query = query.where(BatchRow.outcome.is_(None))
    elif outcome in set(Outcome):
        query = query.where(BatchRow.outcome == outcome)
    return list(db.session.scalars(query.order_by(BatchRow.position).limit(limit)))


def reason(row: BatchRow) -> str:
    """Why a row was refused, in the language of the reader; empty when it was not."""
    if not row.code:
        return ""
    facts = row.facts or {}
    if teller := tellers.get(row.code):
        return teller(facts)
    template = MESSAGES.get(row.code)
    return str(template) % facts if template is not None and facts else str(template or row.code)


def cancel(batch_id: int) -> Batch:
    """Stop it: what is done stays done, the rest is not tried. An ended one stays as it is. Raises NotFound."""
    batch = locked(batch_id)
    if batch.is_live:
        if batch.job_id is not None:
            jobs.request_cancel(batch.job_id)
        end(batch, BatchState.CANCELLED)
    return batch


def resume(batch_id: int) -> Batch:
    """Go on with the rows that have not been tried, where it was stopped or its job has given up. Raises NotFound."""
    batch = locked(batch_id)
    if batch.tried < batch.total:
        batch.state, batch.finished_at = BatchState.QUEUED, None
        _want(batch)
        db.session.flush()
    return batch


def again(batch_id: int, key: str | None = None) -> Batch:
    """A new batch of the rows that were refused, with the same facts.

    Raises NotFound, RuleViolation("nothing_selected").
    """
    before = get(batch_id)

    def fill(batch: Batch) -> None:
        values = {"new": batch.id, "old": before.id, "shop_id": assert_in_scope(before.shop_id)}
        db.session.execute(_COPY_REFUSED, values)

    fresh = Batch(shop_id=before.shop_id, act=before.act, facts=before.facts, key=key, again_of_id=before.id)
    return _propose(fresh, fill)


def end(batch: Batch, state: BatchState | None = None) -> None:
    """Close the books of a locked batch: by its counts, or as cancelled."""
    if state is None:
        short = BatchState.FAILED if batch.refused == batch.total else BatchState.PARTLY
        state = short if batch.refused else BatchState.DONE
    batch.state, batch.finished_at = state, clock.now()
    counts = (batch.done, batch.unchanged, batch.refused)
    journal.record(BatchEnded(batch.shop_id, batch.id, batch.act, state.value, *counts))
    db.session.flush()


_COPY_REFUSED = text("""
insert into batch_row (batch_id, shop_id, position, subject_id, label, given)
select :new, shop_id, row_number() over (order by position), subject_id, label, given
from batch_row where batch_id = :old and outcome = 'refused' and shop_id = :shop_id""")
