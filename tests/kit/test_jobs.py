"""Jobs: wanted by a row, sent after commit, claimed once, fenced, cancelled, taken up again after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from app import schedule, ticker
from app.console.roles import Role
from app.kit import clock, context, job_runs, jobs
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.kit.job_runs import Fenced
from app.kit.jobs import Job, JobState
from app.shops.models import ShopMember
from tests import factories as make
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def kind() -> Iterator[Callable[..., Any]]:
    """Register a function as the kind `probe` for one test."""
    yield jobs.job("probe", "Probe")
    jobs.kinds.pop("probe", None)


def _want(shop: Any, name: str = "probe", **arguments: Any) -> int:
    with context.every_shop("test"), transaction():
        return jobs.enqueue(name, shop.id, **arguments).id


def _state(job_id: int) -> Job:
    db.session.expire_all()
    with context.every_shop("test"):
        return db.session.scalars(select(Job).where(Job.id == job_id)).one()


def _sent() -> list[str]:
    from app.kit import queues

    return Queue("long", connection=queues.redis(), serializer=JSONSerializer).job_ids


def test_a_job_is_sent_only_after_the_commit(kind) -> None:
    kind(lambda run: None)
    shop = make.shop()

    with pytest.raises(RuntimeError, match="no"), context.every_shop("test"), transaction():
        lost = jobs.enqueue("probe", shop.id).id
        raise RuntimeError("no")
    kept = _want(shop)

    assert f"job-{kept}-0" in _sent()
    assert f"job-{lost}-0" not in _sent()


def test_a_job_acts_as_the_person_who_wanted_it_within_their_shop_alone(kind) -> None:
    seen: list[Any] = []
    kind(lambda run: seen.append((str(context.actor()), context.request_id(), context.scope().shop_ids)))
    shop = make.shop()

    with context.acting(context.Actor("staff", "7"), "request-0001"):
        job_id = _want(shop)
    assert job_runs.perform(job_id) is JobState.DONE

    assert seen == [("staff:7", "request-0001", frozenset({shop.id}))]
    assert job_runs.perform(job_id) is None


def test_a_broken_rule_fails_the_job_with_its_code_and_facts(kind) -> None:
    def refuse(run: Any) -> None:
        raise RuleViolation("bad_range", value="x")

    kind(refuse)
    job_id = _want(make.shop())

    assert job_runs.perform(job_id) is JobState.FAILED
    row = _state(job_id)
    assert (row.error_code, row.error_facts, row.attempt) == ("bad_range", {"value": "x"}, 1)


def test_a_fault_is_tried_four_times_and_then_fails_with_a_reference(kind) -> None:
    def break_down(run: Any) -> None:
        raise ZeroDivisionError

    kind(break_down)
    job_id = _want(make.shop())

    states = []
    for attempt in range(5):
        with clock.frozen(clock.now() + timedelta(hours=attempt)):
            states.append(job_runs.perform(job_id))

    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.QUEUED, JobState.FAILED, None]
    assert _state(job_id).error_code == "job_failed"


def test_the_same_key_is_one_job_while_it_lives(kind) -> None:
    kind(lambda run: {"rows": 3})
    shop = make.shop()

    first = _want(shop, key="report:1")
    assert _want(shop, key="report:1") == first
    job_runs.perform(first)

    assert _state(first).result == {"rows": 3}
    assert _want(shop, key="report:1") != first


@pytest.mark.commits
def test_two_people_who_want_the_same_at_the_same_moment_get_one_job(app, kind) -> None:
    kind(lambda run: None)
    with app.app_context(), context.every_shop("test"), transaction():
        shop_id = make.shop().id
    wanted, found = threading.Event(), []

    def want_too() -> None:
        with app.app_context(), context.every_shop("test"), transaction():
            wanted.wait(10)
            found.append(jobs.enqueue("probe", shop_id, key="report:1").id)

    other = threading.Thread(target=want_too)
    other.start()
    with app.app_context(), context.every_shop("test"), transaction():
        first = jobs.enqueue("probe", shop_id, key="report:1").id
        wanted.set()
        time.sleep(0.5)  # the other one waits for the unique index by now
    other.join(20)

    assert found == [first]


def test_a_queued_job_is_cancelled_at_once_and_can_be_wanted_again(kind) -> None:
    ran: list[int] = []
    kind(lambda run: ran.append(run.job_id))
    job_id = _want(make.shop(), rows=5)

    with context.every_shop("test"), transaction():
        jobs.request_cancel(job_id)
    assert job_runs.perform(job_id) is None
    with context.every_shop("test"), transaction():
        again = jobs.retry(job_id)

    assert job_runs.perform(again.id) is JobState.DONE
    assert ran == [again.id]
    assert _state(again.id).arguments == {"rows": 5}


def test_a_running_job_stops_at_its_next_check_and_keeps_nothing(kind) -> None:
    shop = make.shop()
    user = make.staff(Role.MANAGER)

    def book(run: Any) -> None:
        with run.transaction() as session:
            session.add(ShopMember(user_id=user.id, shop_id=shop.id))
            run._cancelled.set()
            run.progress(1, 2)

    kind(book)
    job_id = _want(shop)

    assert job_runs.perform(job_id) is JobState.CANCELLED
    assert _state(job_id).error_code == "job_cancelled"
    assert db.session.scalar(select(func.count(ShopMember.id)).where(ShopMember.shop_id == shop.id)) == 0


def test_an_attempt_that_was_taken_over_cannot_commit(kind) -> None:
    shop = make.shop()
    user = make.staff(Role.MANAGER)
    errors: list[type] = []

    def book(run: Any) -> None:
        db.session.execute(Job.__table__.update().where(Job.id == run.job_id).values(attempt=run.attempt + 1))
        db.session.commit()
        try:
            with run.transaction() as session:
                session.add(ShopMember(user_id=user.id, shop_id=shop.id))
        except Fenced:
            errors.append(Fenced)
            raise

    kind(book)
    assert job_runs.perform(_want(shop)) is None

    assert errors == [Fenced]
    assert db.session.scalar(select(func.count(ShopMember.id)).where(ShopMember.shop_id == shop.id)) == 0


def test_the_sweep_sends_lost_jobs_again_and_leaves_live_ones(kind) -> None:
    kind(lambda run: None)
    shop = make.shop()
    waiting, running, fresh = _want(shop), _want(shop), _want(shop)
    moment = clock.now()
    with context.every_shop("test"), transaction() as session:
        session.get(Job, waiting).created_at = moment - timedelta(seconds=6)
        dead = session.get(Job, running)
        dead.state, dead.attempt, dead.lease_until = JobState.RUNNING, 1, moment - timedelta(seconds=1)

    with context.every_shop("test"), transaction():
        assert jobs.sweep() == 2
    with context.every_shop("test"), transaction():
        assert jobs.sweep() == 0

    assert f"job-{running}-1" in _sent()
    assert (_state(running).state, _state(fresh).lease_until) == (JobState.QUEUED, None)


def test_a_dead_workers_lease_ends_and_is_swept_within_15_seconds() -> None:
    sweep = next(entry for entry in schedule.TIMETABLE if entry.name == "sweep_jobs")

    assert jobs.LEASE_SECONDS + sweep.seconds + ticker.TICK_SECONDS <= 15


@pytest.mark.commits
@pytest.mark.slow
def test_a_killed_workers_job_is_taken_up_by_another_and_done_once(app, servers) -> None:
    from tests.kit import slow_job  # noqa: F401 - registers the kind

    with app.app_context(), context.every_shop("test"):
        with transaction():
            shop = make.shop()
            users = [make.staff(Role.MANAGER) for _ in range(10)]
            first_user, shop_id = users[0].id, shop.id
        with transaction():
            job_id = jobs.enqueue("slow_test_job", shop_id, first_user=first_user).id

    with _nursery(servers) as start:
        children = [start("worker"), start("ticker")]
        try:
            _wait(app, job_id, lambda row: row.state is JobState.RUNNING and row.done_rows > 0)
            children.append(start("worker"))
            _kill(children[0])
            _wait(app, job_id, lambda row: row.state is JobState.DONE)
        finally:
            for child in children:
                _kill(child)

    with app.app_context(), context.every_shop("test"):
        assert _state(job_id).attempt == 2
        assert db.session.scalar(select(func.count(ShopMember.id)).where(ShopMember.shop_id == shop_id)) == 10


@contextmanager
def _nursery(servers: dict[str, str]) -> Iterator[Callable[[str], int]]:
    """`start("worker")` and `start("ticker")`: a process of its own each time, whose id is given."""
    environ = {
        **os.environ,
        "DATABASE_URL": servers["database"],
        "REDIS_URL": servers["redis"],
        "SECRET_KEY": "for-tests-only-0123456789abcdef-0123",
        "KUAIDAN_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "tests.kit.slow_job"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environ, **pipes) as process:

        def start(what: str) -> int:
            process.stdin.write(f"{what}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield start
        process.kill()


def _kill(worker: int) -> None:
    """The process and the work-horse that rq has forked, which leads a group of its own."""
    horses = subprocess.run(["pgrep", "-P", str(worker)], capture_output=True, text=True, check=False)
    for pid in [worker, *map(int, horses.stdout.split())]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _wait(app: Any, job_id: int, until: Callable[[Job], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with app.app_context():
            if until(_state(job_id)):
                return
        time.sleep(0.2)
    raise AssertionError(f"job {job_id} did not get there within {seconds} s")
