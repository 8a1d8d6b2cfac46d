"""Background jobs: a row that says the job is wanted, enqueued after commit, claimed with a fencing token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, Identity, Index, Integer, String, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from app.kit import clock, context, queues
from app.kit.db import Model, StoredEnum, db, in_transaction, on_commit
from app.kit.errors import NotFound
from app.kit.shop_wall import ShopOwned


class JobState(StrEnum):
    """Where a job stands; `done`, `failed` and `cancelled` are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
LEASE_SECONDS = 8
"""A running job whose lease is not renewed for so long is taken up again."""
UNSENT_SECONDS = 5
"""A queued job that nobody has claimed for so long is sent again."""
MAX_ATTEMPTS = 4


class Job(ShopOwned, Model):
    """A piece of work that is wanted; Redis only carries its id, this row is the truth."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_shop", "shop_id", "id"),
        Index(
            "ix_job_live",
            "state",
            "lease_until",
            postgresql_where=text("state in ('queued', 'running')"),
        ),
        Index(
            "uq_job_key_live",
            "key",
            unique=True,
            postgresql_where=text("state in ('queued', 'running')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    key: Mapped[str | None] = mapped_column(String(120))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[JobState] = mapped_column(StoredEnum(JobState))
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(clock.UtcDateTime)
    done_rows: Mapped[int] = mapped_column(BigInteger, default=0)
    total_rows: Mapped[int | None] = mapped_column(BigInteger)
    step: Mapped[str] = mapped_column(String(60), default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    requested_by: Mapped[str] = mapped_column(String(80))
    request_id: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(clock.UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(clock.UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(clock.UtcDateTime)

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def percent(self) -> int | None:
        """0 to 100, or None while the total is unknown."""
        if not self.total_rows:
            return 100 if self.state is JobState.DONE else None
        return min(100, 100 * self.done_rows // self.total_rows)


@dataclass(frozen=True)
class Kind:
    """A registered kind of job: its function, queue and name for people."""

    name: str
    run: Callable[[Any], dict[str, Any] | None]
    queue: str
    title: Any
    link: Callable[[Job], str | None]


kinds: dict[str, Kind] = {}
JobFunction = Callable[[Any], dict[str, Any] | None]


def job(
    name: str,
    title: Any,
    queue: str = queues.LONG,
    link: Callable[[Job], str | None] = lambda row: None,
) -> Callable[[JobFunction], JobFunction]:
    """Register the decorated function, which takes a `job_runs.Run` and returns the result's JSON.

    It may run twice; it loads its row by id and does nothing when that is done already.
    """

    def register(function: JobFunction) -> JobFunction:
        kinds[name] = Kind(name, function, queue, title, link)
        return function

    return register


def enqueue(name: str, shop_id: int, *, key: str | None = None, **arguments: int | str) -> Job:
    """Say that a job is wanted, within the open transaction; it is sent after the commit.

    With a `key`, a live job of the same key is given back instead of a second one.
    """
    if not in_transaction():
        raise RuntimeError("jobs.enqueue needs an open transaction()")
    if key and (live := _live(key)):
        return live
    row = Job(
        shop_id=shop_id,
        kind=kinds[name].name,
        key=key,
        arguments=arguments,
        state=JobState.QUEUED,
        requested_by=str(context.actor()),
        request_id=context.request_id(),
        locale=str(get_locale() or "zh"),
        created_at=clock.now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:  # another request has wanted the same at the same moment
        if key and (live := _live(key)):
            return live
        raise
    job_id, queue = row.id, kinds[name].queue
    on_commit(lambda: queues.push(job_id, 0, queue))
    return row


def _live(key: str) -> Job | None:
    live = Job.state.in_((JobState.QUEUED, JobState.RUNNING))
    return db.session.scalars(select(Job).where(Job.key == key, live)).first()


def request_cancel(job_id: int) -> Job:
    """Ask a job to stop at its next check; a queued one stops at once. Raises NotFound."""
    row = db.session.scalars(select(Job).where(Job.id == job_id).with_for_update()).first()
    if row is None:
        raise NotFound("not_found")
    if row.state is JobState.QUEUED:
        row.state, row.finished_at, row.error_code = (
            JobState.CANCELLED,
            clock.now(),
            "job_cancelled",
        )
    elif row.state is JobState.RUNNING:
        row.cancel_requested = True
    return row


def retry(job_id: int) -> Job:
    """Want a failed or cancelled job again, as a new row. Raises NotFound."""
    row = db.session.scalars(select(Job).where(Job.id == job_id)).first()
    if row is None or row.state not in (JobState.FAILED, JobState.CANCELLED):
        raise NotFound("not_found")
    return enqueue(row.kind, row.shop_id, key=row.key, **row.arguments)


def recent(shop_id: int, limit: int = 20) -> list[Job]:
    """The newest jobs of one shop."""
    return list(db.session.scalars(select(Job).where(Job.shop_id == shop_id).order_by(Job.id.desc()).limit(limit)))


def sweep() -> int:
    """Send again what Redis or a worker has lost: stale queued rows and expired leases. Returns how many."""
    moment = clock.now()
    unsent = Job.lease_until.is_(None) & (Job.created_at < moment - timedelta(seconds=UNSENT_SECONDS))
    expired = Job.lease_until < moment
    lost = or_((Job.state == JobState.RUNNING) & expired, (Job.state == JobState.QUEUED) & or_(unsent, expired))
    rows = db.session.scalars(select(Job).where(lost).order_by(Job.id).limit(100).with_for_update(skip_locked=True))
    found = [(row.id, row.attempt, _queue_of(row.kind)) for row in rows]
    if not found:
        return 0
    again = moment + timedelta(seconds=LEASE_SECONDS)
    ids = [job_id for job_id, _, _ in found]
    db.session.execute(
        update(Job).where(Job.id.in_(ids)).values(state=JobState.QUEUED, lease_until=again),
        execution_options={"synchronize_session": False},
    )
    for job_id, attempt, queue in found:
        on_commit(lambda i=job_id, a=attempt, q=queue: queues.push(i, a, q))  # type: ignore[misc]
    return len(found)


def _queue_of(kind: str) -> str:
    return kinds[kind].queue if kind in kinds else queues.LONG


STATE_LABELS = {
    JobState.QUEUED: _l("Waiting"),
    JobState.RUNNING: _l("Running"),
    JobState.DONE: _l("Done"),
    JobState.FAILED: _l("Failed"),
    JobState.CANCELLED: _l("Cancelled"),
}
