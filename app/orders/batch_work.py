"""Carrying a bulk act out: a transaction a chunk, results together with the deeds, so that a kill doubles nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.kit.job_runs import Cancelled, Run
from app.orders import batches
from app.orders.batch_models import Batch, BatchRow, BatchState, Outcome
from app.orders.batches import Act, Result

log = logging.getLogger(__name__)
CHUNK, CHUNK_OF_SETS = 50, 500
"""Rows in one transaction: of an act on one row, and of one that takes them together."""
TRIES = 20
"""How often in a row PostgreSQL may have to break a deadlock before the job gives up."""


def carry_out(run: Run) -> dict[str, Any]:
    """Try every row without an outcome; gives the counts. Safe to run again after any interruption."""
    batch_id = int(run.arguments["batch_id"])
    size, clashes = 0, 0  # 0: as many as the act takes
    try:
        while True:
            try:
                with run.transaction():
                    batch = step(batch_id, size)
                    told = {"done": batch.done, "unchanged": batch.unchanged, "refused": batch.refused}
                    tried, total, is_live = batch.tried, batch.total, batch.is_live
            except OperationalError as error:
                clashes += 1
                if not _is_clash(error) or clashes > TRIES:
                    raise
                size = 1  # one row alone locks in the order of everybody else
                continue
            size, clashes = 0, 0
            run.progress(tried, total)
            if not is_live:
                return told
    except Cancelled:
        with transaction():
            batches.cancel(batch_id)
        raise


def step(batch_id: int, size: int = 0) -> Batch:
    """Try the next rows within the open transaction and write down what became of them; ends the batch after the last.

    An ended batch is left as it is.
    """
    batch = batches.locked(batch_id)
    if not batch.is_live:
        return batch
    act = batches.acts[batch.act]
    rows = batches.rows(batch_id, "left", limit=size or (CHUNK_OF_SETS if act.in_chunks else CHUNK))
    batch.state, batch.started_at = BatchState.RUNNING, batch.started_at or clock.now()
    if rows:
        states = act.subject.lock(sorted({row.subject_id for row in rows}))
        _keep(batch, rows, _results(act, batch, rows, states), states)
    if not rows or batch.tried == batch.total:
        batches.end(batch)
    db.session.flush()
    return batch


def _results(act: Act, batch: Batch, rows: Sequence[BatchRow], states: Mapping[int, str]) -> list[Result]:
    """One a row, in order."""
    there = [row for row in rows if row.subject_id in states]
    found = _together(act, batch, there) if act.in_chunks else None
    if found is None:
        found = [_alone(act, batch, row) for row in there]
    by_place = {row.position: result for row, result in zip(there, found, strict=True)}
    return [by_place.get(row.position, batches.refused("not_found")) for row in rows]


def _together(act: Act, batch: Batch, rows: Sequence[BatchRow]) -> list[Result] | None:
    """None when the chunk failed as a whole; then each row is tried alone, so that one cannot spoil the others."""
    try:
        with db.session.begin_nested():
            return list(act.run(rows, batch.facts)) if rows else []
    except Exception as error:
        if _is_lost(error):
            raise
        if not isinstance(error, DomainError):
            log.exception("a chunk of a bulk act failed", extra={"batch_id": batch.id, "act": act.name})
        return None


def _alone(act: Act, batch: Batch, row: BatchRow) -> Result:
    try:
        with db.session.begin_nested():
            if act.in_chunks:
                return next(iter(act.run([row], batch.facts)))
            told = act.run(row.subject_id, row.given or {}, batch.facts)
            if isinstance(told, Result):
                return told
            return batches.DONE if told else batches.UNCHANGED
    except DomainError as refused:
        return batches.refused(refused.code, **refused.facts)
    except Exception as error:
        if _is_lost(error):
            raise
        log.exception("a row of a bulk act failed", extra={"batch_id": batch.id, "position": row.position})
        return batches.refused("batch_row_fault", reference=context.request_id())


def _is_lost(error: Exception) -> bool:
    """Whether the transaction as a whole is gone: a lost connection, a deadlock, a statement that was stopped."""
    return isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _is_clash(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001", "55P03")


def _keep(batch: Batch, rows: Sequence[BatchRow], results: Sequence[Result], states: Mapping[int, str]) -> None:
    values = {
        "batch_id": batch.id,
        "places": [row.position for row in rows],
        "outcomes": [result.outcome.value for result in results],
        "states": [states.get(row.subject_id, "") for row in rows],
        "codes": [result.code for result in results],
        "facts": [json.dumps(plain(result.facts), ensure_ascii=False) if result.facts else None for result in results],
    }
    db.session.execute(_KEEP, values)
    batch.done += sum(result.outcome is Outcome.DONE for result in results)
    batch.unchanged += sum(result.outcome is Outcome.UNCHANGED for result in results)
    batch.refused += sum(result.outcome is Outcome.REFUSED for result in results)
    for row in rows:
        db.session.expunge(row)


def plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of a refusal as JSON takes them."""
    return {key: value if isinstance(value, int | list) else str(value) for key, value in facts.items()}


_KEEP = text("""
update batch_row r set outcome = w.outcome, from_state = w.state, code = w.code, facts = cast(w.facts as jsonb)
from unnest(cast(:places as int[]), cast(:outcomes as text[]), cast(:states as text[]), cast(:codes as text[]),
            cast(:facts as text[])) as w(place, outcome, state, code, facts)
where r.batch_id = :batch_id and r.position = w.place and r.outcome is null""")
