"""One app on real PostgreSQL and Redis; each test in a savepoint, or with real commits when it says so."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_login.utils import _create_identifier
from sqlalchemy import event

from launcher.servers import embedded_postgres, embedded_redis
from tests import databases, quick_words

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = Path(os.environ.get("KUAIDAN_SHARED_DATA", ROOT.parent / "shared" / "data"))
SECRET_KEY = "for-tests-only-0123456789abcdef-0123"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no process works alone.

    What looks at the year of Online Retail stands together: whoever gets it loads it, and nobody waits for that.
    """
    items.sort(key=_how_short)


def _how_short(item: pytest.Item) -> tuple[bool, ...]:
    lacks_mark = (item.get_closest_marker(mark) is None for mark in ("slow", "browser"))
    return "retail_database" not in getattr(item, "fixturenames", ()), *lacks_mark


def pytest_configure() -> None:
    """Collect tests without looking for garbage: of all that is imported nothing goes away."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on garbage is looked for as in production, among what the tests make."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


class FreshClient(FlaskClient):
    """Each request in an app context of its own, as in production: nothing in `g` outlives it."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, str]]:
    """Addresses of the test PostgreSQL (a prepared database of this process alone) and Redis."""
    with (
        embedded_postgres(ROOT / "var/test/postgres", durable=False) as postgres,
        embedded_redis(ROOT / "var/test/redis", durable=False) as redis,
    ):
        index = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        with databases.copy_of_prepared(postgres, lambda url: _prepare(url, redis.url_of(index))) as name:
            yield {
                "database": postgres.url_of(name),
                "redis": redis.url_of(index),
                "administration": postgres.admin_url_of(name),
            }


def _prepare(database: str, redis: str) -> None:
    """`flask prepare`, in a process of its own."""
    environment = {**os.environ, "DATABASE_URL": database, "REDIS_URL": redis, "SECRET_KEY": SECRET_KEY}
    command = [sys.executable, "-m", "flask", "--app", "app.wsgi", "prepare"]
    with tempfile.TemporaryDirectory() as state:
        environment["KUAIDAN_STATE_DIR"] = state
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def app(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app, migrated, with roles; CSRF is off but for `csrf_on`, limits off but for tests of them."""
    import config
    from app import create_app

    values = config.read(
        {
            "DATABASE_URL": servers["database"],
            "REDIS_URL": servers["redis"],
            "SECRET_KEY": SECRET_KEY,
            "KUAIDAN_STATE_DIR": str(tmp_path_factory.mktemp("state")),
            "KUAIDAN_LOG_LEVEL": "WARNING",
        }
    )
    flask_app = create_app(values)
    flask_app.test_client_class = FreshClient
    flask_app.config.update(TESTING=False, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    return flask_app


@pytest.fixture
def as_a_process(app: Flask, servers: dict[str, str]) -> dict[str, str]:
    """The environment in which another process is the same installation as `app`."""
    return os.environ | {
        "DATABASE_URL": servers["database"],
        "REDIS_URL": servers["redis"],
        "SECRET_KEY": app.config["SECRET_KEY"],
        "KUAIDAN_STATE_DIR": str(app.config["KUAIDAN_STATE_DIR"]),
    }


@pytest.fixture(autouse=True)
def _isolated(request: pytest.FixtureRequest) -> Iterator[None]:
    """Roll everything back after each test, unless it is marked `commits` or needs no app."""
    if "app" not in request.fixturenames:
        yield
        return
    from app.kit.db import db

    flask_app = request.getfixturevalue("app")
    if request.node.get_closest_marker("commits"):
        yield
        databases.empty(request.getfixturevalue("servers")["administration"])
        flask_app.extensions["kuaidan_redis"].flushdb()
        with flask_app.app_context():
            db.session.remove()
        return
    with flask_app.app_context():
        engine = db.engines[None]
    with engine.connect() as connection:
        quick_words.use_on(connection)
        outer = connection.begin()
        db._app_engines[flask_app][None] = connection  # type: ignore[assignment]
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        with flask_app.app_context():
            yield
            db.session.remove()
        db._app_engines[flask_app][None] = engine
        quick_words.say(connection, "ROLLBACK")
        outer.rollback()


@pytest.fixture
def sign_in(app: Flask) -> Callable[..., FlaskClient]:
    """`sign_in(user)`: a client with that person's session."""

    def make(user: Any) -> FlaskClient:
        client = app.test_client()
        with app.test_request_context(environ_base=client.environ_base):
            browser = _create_identifier()
        with client.session_transaction() as session:
            session.update(_user_id=str(user.id), _fresh=True, _id=browser, locale="en")
        return client

    return make


@pytest.fixture
def csrf_on(app: Flask) -> Iterator[None]:
    """CSRF protection as in production."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def count_sql(app: Flask) -> Callable[[], Any]:
    """`with count_sql() as statements:` collects the SQL that runs within."""
    from contextlib import contextmanager

    from sqlalchemy.engine import Engine

    @contextmanager
    def collect() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
                statements.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return collect


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], list[str]]:
    """Run every job that is wanted, as a worker would; returns their final states."""

    def drain() -> list[str]:
        from sqlalchemy import select

        from app.kit import context, job_runs
        from app.kit.db import db
        from app.kit.jobs import Job, JobState

        states = []
        while True:
            with context.every_shop("test"):
                job_id = db.session.scalars(select(Job.id).where(Job.state == JobState.QUEUED).order_by(Job.id)).first()
            if job_id is None:
                return states
            state = job_runs.perform(job_id)
            db.session.expire_all()
            states.append(state.value if state else "none")

    return drain


from tests.retail import retail_database  # noqa: E402, F401 - a fixture for all tests; it needs the names above
