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


def include_object(item: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    """Leave out keys that triggers keep (`app.kit.bulk_keys`); a test of their own compares those."""
    if kind != "foreign_key_constraint":
        return True
    return not any({**item.info, **key.info}.get("by_statement") for key in item.elements)  # type: ignore[attr-defined]


def run() -> None:
    """Migrate online, each migration in a transaction that does not wait for ever on a lock."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        connection.exec_driver_sql("set lock_timeout = '10s'")
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_item=render_item,
            include_object=include_object,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
