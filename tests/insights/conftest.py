"""The Online Retail year in a database of its own, and sales read from it once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from app.insights import metrics, spans
from app.insights.metrics import Sales
from app.kit import context
from app.kit.db import Model, db, transaction
from app.shops import shops
from launcher.servers import embedded_postgres
from tests.conftest import ROOT
from tests.insights import retail

FIRST, LAST = date(2010, 12, 1), date(2011, 12, 9)


@pytest.fixture(scope="session")
def retail_engine(app: Flask) -> Iterator[Engine]:
    """A database with the shop `retail`; read it, change nothing in it."""
    if not retail.FOLDER.is_dir():
        pytest.skip(f"no Online Retail data set in {retail.FOLDER}")
    name = f"retail_{os.getpid()}"
    with embedded_postgres(ROOT / "var/test/postgres", durable=False) as postgres:
        admin = create_engine(postgres.admin_url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"create database {name} owner kuaidan"))
        engine = create_engine(postgres.url_of(name), connect_args={"options": "-c jit=off -c timezone=UTC"})
        Model.metadata.create_all(engine)
        retail.load(engine)
        yield engine
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))


@contextmanager
def inside(app: Flask, engine: Engine) -> Iterator[None]:
    """The app on another database."""
    with app.app_context():
        before = db.engines[None]
        db._app_engines[app][None] = engine
        try:
            yield
            db.session.remove()
        finally:
            db._app_engines[app][None] = before


@pytest.fixture(scope="session")
def retail_sales(app: Flask, retail_engine: Engine) -> Sales:
    """Every figure of the whole year."""
    with inside(app, retail_engine), context.every_shop("test"), transaction():
        return metrics.read(spans.of(shops.by_code("retail"), FIRST, LAST))
