"""Field history: one statement trigger a table writes who changed which field, old and new."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model
from app.kit.shop_wall import ShopOwned

UNTRACKED = frozenset({"id", "shop_id", "version", "created_at", "updated_at", "last_used_at", "search_text"})
"""Columns that change by themselves, or not at all."""


class FieldChange(ShopOwned, Model):
    """One row's change: `changes` is {column: [old, new]}; written by triggers alone.

    `change_set_id` names the set of changes that it was part of, if any (`in_change_set`).
    """

    __tablename__ = "field_change"
    __table_args__ = (
        Index("ix_field_change_row", "table_name", "row_id", "id"),
        Index("ix_field_change_at", "at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger)  # that of the row, whose key is checked
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    table_name: Mapped[str] = mapped_column(String(63))
    row_id: Mapped[int] = mapped_column(BigInteger)
    operation: Mapped[str] = mapped_column(String(1))
    actor: Mapped[str] = mapped_column(String(80))
    request_id: Mapped[str] = mapped_column(String(64))
    change_set_id: Mapped[int | None] = mapped_column(BigInteger)
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)


def in_change_set(session: Session, change_set_id: int | None) -> None:
    """Name the change set whose writing follows, until the transaction ends or another is named."""
    value = "" if change_set_id is None else str(change_set_id)
    session.execute(text("select set_config('app.change_set', :id, true)"), {"id": value})


CHANGE_SET = "nullif(current_setting('app.change_set', true), '')::bigint"
"""SQL of the set that `in_change_set` has named."""
BY_HASH = "set enable_nestloop = off"
"""The plan is made once a connection, perhaps for one row, and must do for 100,000: time in step with the rows."""
MASK = "•••"
"""Stands in the history for both values of a column with personal data: that it changed, not what."""


def create_trigger_sql(table: str, columns: list[str], masked: list[str] | None = None) -> list[str]:
    """DDL that audits updates and deletes of `table`, for a migration; columns by name.

    Statement triggers with transition tables: the cheapest correct way, and they see bulk
    statements and hand-written SQL alike. Inserts leave no row: the row itself has them.
    `masked` columns hold personal data: the history says that they changed, not how.
    """
    return [
        *replace_functions_sql(table, columns, masked),
        f"create trigger audit_{table}_update after update on {table} referencing old table as old_rows "
        f"new table as new_rows for each statement execute function audit_{table}_update()",
        f"create trigger audit_{table}_delete after delete on {table} referencing old table as old_rows "
        f"for each statement execute function audit_{table}_delete()",
    ]


def replace_functions_sql(table: str, columns: list[str], masked: list[str] | None = None) -> list[str]:
    """DDL that makes the functions behind the triggers anew, for a migration that adds columns to an audited table."""
    hidden = set(masked or [])
    every = [*columns, *sorted(hidden)]
    pairs = ", ".join(f"'{c}', case when o.{c} is distinct from n.{c} then {_pair(c, c in hidden)} end" for c in every)
    removed = ", ".join(f"'{c}', jsonb_build_array(o.{c}, null)" for c in columns)
    changed = " or ".join(f"o.{c} is distinct from n.{c}" for c in every)
    update = f"from old_rows o join new_rows n on n.id = o.id where {changed}"
    return [
        _function(
            f"audit_{table}_update",
            f"{_insert(table, 'n', 'U')}, jsonb_strip_nulls(jsonb_build_object({pairs})) {update}",
            BY_HASH,
        ),
        _function(
            f"audit_{table}_delete",
            f"{_insert(table, 'o', 'D')}, jsonb_build_object({removed}) from old_rows o",
        ),
    ]


def _pair(column: str, hidden: bool) -> str:
    return f"jsonb_build_array('{MASK}', '{MASK}')" if hidden else f"jsonb_build_array(o.{column}, n.{column})"


def _insert(table: str, row: str, operation: str) -> str:
    return (
        "insert into field_change (at, shop_id, table_name, row_id, operation, actor, request_id, change_set_id, "
        "changes) "
        f"select clock_timestamp(), {row}.shop_id, '{table}', {row}.id, '{operation}', "
        "coalesce(nullif(current_setting('app.actor', true), ''), 'sql:' || current_user), "
        f"coalesce(current_setting('app.request', true), '-'), {CHANGE_SET}"
    )


def _function(name: str, statement: str, setting: str = "") -> str:
    return (
        f"create or replace function {name}() returns trigger language plpgsql {setting} as $$ "
        f"begin {statement}; return null; end $$"
    )


def drop_trigger_sql(table: str) -> list[str]:
    """DDL that undoes `create_trigger_sql`."""
    return [
        statement
        for kind in ("update", "delete")
        for statement in (
            f"drop trigger if exists audit_{table}_{kind} on {table}",
            f"drop function if exists audit_{table}_{kind}()",
        )
    ]
