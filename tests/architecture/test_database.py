"""The database against the code: no drift, every change audited, personal data marked."""

from __future__ import annotations

import pytest
from sqlalchemy import String, Table, text

from app import models  # noqa: F401 - registers every table
from app.kit.audit import UNTRACKED
from app.kit.db import Model, db
from app.kit.shop_wall import ShopOwned

AUDITED = (
    "after_sale_case",
    "after_sale_setting",
    "api_key",
    "category",
    "freight_template",
    "product",
    "sku",
    "customer",
    "orders",
    "order_setting",
    "price_window",
    "price_window_line",
    "warehouse",
)
SHOPLESS = {"shop", "shop_member", "alembic_version"}
"""Our tables that do not belong to one shop."""


@pytest.mark.commits  # Alembic wants a connection of its own
def test_models_and_migrations_agree(app) -> None:
    result = app.test_cli_runner().invoke(args=["db", "check"])

    assert result.exit_code == 0, result.output


def test_every_key_that_alembic_passes_by_is_kept_by_its_triggers(app) -> None:
    keys = {
        (table.name, key.elements[0].column.table.name)
        for table in Model.metadata.tables.values()
        for key in table.foreign_key_constraints
        if any({**key.info, **one.info}.get("by_statement") for one in key.elements)
    }
    found = db.session.execute(text("select tgname, tgrelid::regclass::text from pg_trigger where tgenabled = 'O'"))
    triggers = {tuple(row) for row in found}

    assert len(keys) == 5
    for table, parent in sorted(keys):
        stem = f"key_{table}_{parent}"
        ours = {(f"{stem}_made", table), (f"{stem}_fixed", table)}
        theirs = {(f"{stem}_parent_fixed", parent), (f"{stem}_gone", parent)}
        assert (ours | theirs) - triggers == set()


@pytest.mark.parametrize("table", AUDITED)
def test_every_column_of_an_audited_table_is_in_its_trigger(app, table: str) -> None:
    source = db.session.execute(
        text("select prosrc from pg_proc where proname = :name"), {"name": f"audit_{table}_update"}
    )
    body = source.scalar_one()

    columns = {column.name for column in Model.metadata.tables[table].columns} - UNTRACKED
    assert {column for column in columns if f"o.{column} is distinct from n.{column}" not in body} == set()


def _refers_to_a_buyer(table: Table) -> bool:
    targets = {key.column.table.name for key in table.foreign_keys}
    return table.name in ("customer", "orders") or bool(targets & {"customer", "orders"})


def test_every_text_about_a_buyer_says_whether_it_is_personal() -> None:
    unmarked = [
        f"{table.name}.{column.name}"
        for table in Model.metadata.tables.values()
        if _refers_to_a_buyer(table)
        for column in table.columns
        if type(column.type) is String or isinstance(column.type, String)
        if "personal" not in column.info
    ]

    assert unmarked == []


def test_every_table_of_ours_stands_behind_the_shop_wall() -> None:
    behind = {mapper.local_table.name for mapper in Model.registry.mappers if issubclass(mapper.class_, ShopOwned)}
    ours = {mapper.local_table.name for mapper in Model.registry.mappers}

    assert ours - behind == SHOPLESS & ours


def test_no_history_is_written_by_comparing_every_old_row_with_every_new_one(app) -> None:
    """A plan made for one row is kept by the connection; for 10,000 rows after it, it took half a minute."""
    config = text("select proname, proconfig from pg_proc where proname like 'audit%update'")
    found = dict(db.session.execute(config).all())
    assert set(found) >= {f"audit_{table}_update" for table in AUDITED}
    assert {name for name, settings in found.items() if settings != ["enable_nestloop=off"]} == set()


def test_personal_columns_of_audited_tables_leave_no_value_in_the_history(app) -> None:
    for table in AUDITED:
        body = db.session.execute(
            text("select prosrc from pg_proc where proname = :name"), {"name": f"audit_{table}_update"}
        ).scalar_one()
        for column in Model.metadata.tables[table].columns:
            if column.info.get("personal") not in (None, "account"):
                assert f"jsonb_build_array(o.{column.name}" not in body, f"{table}.{column.name}"
