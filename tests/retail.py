"""The whole Online Retail year, loaded once by the product's own loader into a database that later runs find again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, text

from launcher.servers import Postgres, embedded_postgres
from tests import databases
from tests.conftest import ROOT

SAMPLE_DATA = ROOT / "sample_data"
SOURCES = ("app/demo/*.py", "app/imports/*.py", "app/*/models.py", "app/kit/*.py", "migrations/versions/*.py",
           "sample_data/README.md")  # fmt: skip
"""What the content of the database depends on; a change of any of them loads it anew."""
OPTIONS = {"options": "-c jit=off -c timezone=UTC"}


@pytest.fixture(scope="session")
def retail_database(app: Flask) -> Iterator[Engine]:
    """A database with both demo shops in full; look, and take back whatever you write (`in_retail` does)."""
    with embedded_postgres(ROOT / "var/test/postgres", durable=False) as postgres:
        name = f"retail_{databases.fingerprint(SOURCES)}"
        with databases.taking_turns(postgres, "retail") as connection:
            if not databases.exists(connection, name):
                _fill(app, connection, name, postgres)
        engine = create_engine(postgres.url_of(name), connect_args=OPTIONS)
        yield engine
        engine.dispose()


@contextmanager
def small_slice(app: Flask) -> Iterator[tuple[Engine, dict[str, Any]]]:
    """A database of this process alone with a slice of both demo shops, and what loading it has told."""
    name = f"small_{os.getpid()}"
    with embedded_postgres(ROOT / "var/test/postgres", durable=False) as postgres:
        with databases.taking_turns(postgres, name) as connection:
            databases.copy_prepared(connection, name)
        engine = create_engine(postgres.url_of(name), connect_args=OPTIONS)
        yield engine, _load(app, engine, small=True)
        engine.dispose()
        with databases.taking_turns(postgres, name) as connection:
            connection.execute(text(f"drop database {name}"))


@contextmanager
def in_retail(app: Flask, engine: Engine) -> Iterator[None]:
    """The app on the retail database; everything written is taken back at the end."""
    from app.kit.db import db

    with engine.connect() as connection, app.app_context():
        outer = connection.begin()
        before = db.engines[None]
        db._app_engines[app][None] = connection  # type: ignore[assignment]
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        try:
            yield
        finally:
            db.session.remove()
            db._app_engines[app][None] = before
            outer.rollback()


def _fill(app: Flask, connection: Connection, name: str, postgres: Postgres) -> None:
    """Load into a database of a working name, so that an interrupted load is never taken for a whole one."""
    databases.drop_all_like(connection, "retail\\_%", "filling\\_%")
    working = f"filling_{os.getpid()}"
    databases.copy_prepared(connection, working)
    engine = create_engine(postgres.url_of(working), connect_args=OPTIONS)
    _load(app, engine, small=False)
    engine.dispose()
    connection.execute(text(f'alter database "{working}" rename to "{name}"'))


def _load(app: Flask, engine: Engine, *, small: bool) -> dict[str, Any]:
    from app.demo import loading
    from app.kit.db import db

    with app.app_context():
        before = db.engines[None]
        db._app_engines[app][None] = engine
        try:
            security = app.appbuilder.sm  # type: ignore[attr-defined]
            return loading.load(SAMPLE_DATA, security, small=small, on_progress=lambda done, step: None)
        finally:
            db.session.remove()
            db._app_engines[app][None] = before
