"""Running one job: claim, lease, progress, fence, and how it ends."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask_babel import force_locale
from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.kit.jobs import LEASE_SECONDS, MAX_ATTEMPTS, Job, JobState, kinds

log = logging.getLogger(__name__)


class Cancelled(Exception):
    """The person who wanted the job has taken that back."""


class Fenced(Exception):
    """Another worker has taken this job over; this one must not write any more."""


class Run:
    """One attempt at a job, as its function sees it. `attempt` is the fencing token."""

    def __init__(self, row: Job) -> None:
        self.job_id, self.attempt, self.shop_id = row.id, row.attempt, row.shop_id
        self.arguments = dict(row.arguments)
        self._cancelled = threading.Event()
        self._stop = threading.Event()
        self._written_at = 0.0

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that commits only while this attempt still holds the job. Raises Fenced, Cancelled."""
        self.check_cancelled()
        with transaction() as session:
            yield session
            if not self._touch(session, lease_until=_lease()):
                raise Fenced

    def progress(self, done: int, total: int | None = None, step: str | None = None) -> None:
        """Report rows done, at most twice a second; raises Cancelled when asked to stop."""
        self.check_cancelled()
        if step is None and time.monotonic() - self._written_at < 0.5 and done != total:
            return
        self._written_at = time.monotonic()
        values: dict[str, Any] = {"done_rows": done}
        if total is not None:
            values["total_rows"] = total
        if step is not None:
            values["step"] = step
        self._outside(**values)

    def check_cancelled(self) -> None:
        """Raise Cancelled when the person has asked for it."""
        if self._cancelled.is_set():
            raise Cancelled

    def _outside(self, **values: Any) -> None:
        """Write beside the job's own transaction, so that people see it at once."""
        with Session(db.engine) as session, session.begin(), context.every_shop("job progress"):
            if not self._touch(session, **values):
                raise Fenced

    def _touch(self, session: Session, **values: Any) -> bool:
        mine = (Job.id == self.job_id, Job.attempt == self.attempt, Job.state == JobState.RUNNING)
        statement = update(Job).where(*mine).values(**values).execution_options(synchronize_session=False)
        result = session.execute(statement)
        assert isinstance(result, CursorResult)  # noqa: S101 - narrows for the type checker
        return result.rowcount == 1

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Renew the lease and look for a cancel request every two seconds, in a thread."""
        engine = db.engine
        thread = threading.Thread(target=self._beat, args=(engine,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(timeout=5)

    def _beat(self, engine: Any) -> None:
        while not self._stop.wait(2):
            try:
                with Session(engine) as session, session.begin(), context.every_shop("job heartbeat"):
                    self._beat_once(session)
            except SQLAlchemyError:  # the next beat tries again; a lease that runs out is fenced off
                log.warning("a heartbeat was missed", exc_info=True, extra={"job_id": self.job_id})

    def _beat_once(self, session: Session) -> None:
        self._touch(session, lease_until=_lease())
        if session.scalar(select(Job.cancel_requested).where(Job.id == self.job_id)):
            self._cancelled.set()


def perform(job_id: int) -> JobState | None:
    """Claim and run a job; None when there is nothing to claim. Never raises for a failing job."""
    with context.every_shop("claiming a job"):
        row = _claim(job_id)
        if row is None:
            return None
        run, kind, who, locale, request = (
            Run(row),
            kinds[row.kind],
            row.requested_by,
            row.locale,
            row.request_id,
        )
        db.session.expunge(row)
    kind_name, _, key = who.partition(":")
    actor = context.Actor(kind_name, key)
    with context.acting(actor, request), context.shops([run.shop_id]), force_locale(locale):
        return _attempt(run, kind)


def _claim(job_id: int) -> Job | None:
    free = or_(
        Job.state == JobState.QUEUED,
        (Job.state == JobState.RUNNING) & (Job.lease_until < clock.now()),
    )
    with transaction() as session:
        row = session.scalars(select(Job).where(Job.id == job_id, free).with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        row.state, row.attempt, row.lease_until = JobState.RUNNING, row.attempt + 1, _lease()
        row.started_at = row.started_at or clock.now()
        session.flush()
    db.session.refresh(row)
    return row


def _attempt(run: Run, kind: Any) -> JobState | None:
    try:
        with run.heartbeat():
            result = kind.run(run)
    except Cancelled:
        return _finish(run, JobState.CANCELLED, error_code="job_cancelled")
    except Fenced:
        log.warning("job was taken over", extra={"job_id": run.job_id})
        return None
    except DomainError as error:
        return _finish(run, JobState.FAILED, error_code=error.code, error_facts=_plain(error.facts))
    except Exception:
        log.exception("job failed", extra={"job_id": run.job_id, "attempt": run.attempt})
        return _fail_or_retry(run)
    return _finish(run, JobState.DONE, result=result)


def _fail_or_retry(run: Run) -> JobState | None:
    if run.attempt < MAX_ATTEMPTS:
        later = clock.now() + timedelta(seconds=LEASE_SECONDS * run.attempt)
        return _write(run, state=JobState.QUEUED, lease_until=later)
    return _finish(
        run,
        JobState.FAILED,
        error_code="job_failed",
        error_facts={"reference": context.request_id()},
    )


def _finish(run: Run, state: JobState, **values: Any) -> JobState | None:
    return _write(run, state=state, finished_at=clock.now(), lease_until=None, **values)


def _write(run: Run, **values: Any) -> JobState | None:
    with transaction() as session, context.every_shop("ending a job"):
        return values["state"] if run._touch(session, **values) else None


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, int | str | list) else str(value) for key, value in facts.items()}


def _lease() -> Any:
    return clock.now() + timedelta(seconds=LEASE_SECONDS)
