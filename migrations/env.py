"""Alembic's environment: our tables and FAB's share one metadata."""

from __future__ import annotations

from alembic import context
from flask import current_app

from app import models  # noqa: F401 - registers every table
from app.kit.db import Model


def render_item(kind: str, item: object, autogen: object) -> str | bool:
    """Write our own types as plain ones, so that old migrations never import the app."""
    name = type(item).__name__
    if kind == "type" and name == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    if kind == "type" and name == "StoredEnum":
        return "sa.String(length=32)"
    return False


def run() -> None:
    """Migrate online, each migration in a transaction that does not wait for ever on a lock."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        connection.exec_driver_sql("set lock_timeout = '10s'")
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_item=render_item,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
