"""A9 for every route there is: whoever names a row of another shop is told that there is no such thing.

A row with one and the same id is put into every table of one shop; then every route of the console that takes an id is
asked for it by the manager of another shop. A new route, or a new table, is in the test without anybody adding it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, DateTime, Integer, Numeric, SmallInteger, Table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError

from app import models  # noqa: F401 - registers every table
from app.console.roles import ROLES, Role
from app.kit import context
from app.kit.db import Model, StoredEnum, db
from tests import factories as make
from tests.architecture.test_routes import _needs, _rules

pytestmark = pytest.mark.usefixtures("app")
ID = 7_000_001
SHOPLESS = {
    "StaffView": "people belong to no one shop; only administrators are let in",
    "ShopView": "the shops themselves; only administrators are let in",
}
"""Views whose ids are not those of a shop's rows, and why."""

_FILE, _KIND, _CHANNEL = "a file on the disk", "a job of its own kind", "a channel that there is"
NEEDS_MORE = {
    "/images/<int:pk>/full": _FILE,
    "/images/<int:pk>/thumb": _FILE,
    "/after-sale/pictures/<int:pk>/<size>": _FILE,
    "/reports/<int:pk>/charts": _FILE,
    "/reports/<int:pk>/download": _FILE,
    "/imports/<int:pk>/errors": _FILE,
    "/products/images/<int:pk>": _KIND,
    "/products/images/<int:pk>/faults": _KIND,
    "/products/export/<int:pk>": _KIND,
    "/products/export/<int:pk>/file": _KIND,
    "/orders/exports/<int:pk>": _KIND,
    "/orders/exports/<int:pk>/file": _KIND,
    "/picking/papers/<int:pk>": _KIND,
    "/picking/papers/<int:pk>/file": _KIND,
    "/payments/<int:pk>": _CHANNEL,
    "/payment-channels/<int:pk>": _CHANNEL,
    "/payment-channels/<int:pk>/edit": _CHANNEL,
}
"""Pages that a row by chance does not open even to its own shop, and what they want besides."""


def _value(column: Column[Any]) -> Any:
    """Something that the column takes; ids are those of the row that every table has."""
    kind = column.type
    if isinstance(kind, StoredEnum):
        return next(iter(kind.enum)).value
    if column.foreign_keys or column.name.endswith("_id"):
        return ID
    plain: list[tuple[Any, Any]] = [
        (Boolean, False),
        ((BigInteger, Integer, SmallInteger, Numeric), 1),
        (DateTime, datetime(2026, 11, 1, tzinfo=UTC)),
        (Date, date(2026, 11, 1)),
        (JSONB, "{}"),
        (ARRAY, []),
    ]
    return next((value for types, value in plain if isinstance(getattr(kind, "impl", kind), types)), "x")


def _fill(table: Table, shop_id: int) -> bool:
    """Put the row in; False where the table does not take it."""
    values = {c.name: _value(c) for c in table.columns if not c.nullable and c.server_default is None}
    values = {name: value for name, value in values.items() if not table.columns[name].computed}
    values |= {"id": ID, "shop_id": shop_id}
    names = ", ".join(values)
    marks = ", ".join(f"cast(:{n} as jsonb)" if isinstance(table.columns[n].type, JSONB) else f":{n}" for n in values)
    statement = f"insert into {table.name} ({names}) overriding system value values ({marks})"  # noqa: S608
    try:
        with db.session.begin_nested():
            db.session.execute(text(statement), values)
    except SQLAlchemyError:
        return False
    return True


def _without_constraints() -> None:
    """Until the test is rolled back rows may be of any kind, and point anywhere."""
    found = text("""select conrelid::regclass::text as owner, conname from pg_constraint
        where contype in ('f', 'c') and conparentid = 0 and connamespace = 'public'::regnamespace""")
    for owner, name in db.session.execute(found).all():
        db.session.execute(text(f'alter table {owner} drop constraint if exists "{name}" cascade'))


@pytest.fixture
def theirs() -> Iterator[tuple[Any, set[str]]]:
    """A shop with one row of everything, and the tables that have none."""
    with context.every_shop("test"):
        shop = make.shop("theirs")
        tables = [t for t in Model.metadata.sorted_tables if {"id", "shop_id"} <= set(t.columns.keys())]
        _without_constraints()
        empty = {table.name for table in tables if not _fill(table, shop.id)}
    yield shop, empty


def _address(rule: Any, row_id: int = ID) -> str:
    return re.sub(r"<(int:)?[^>]+>", str(row_id), rule.rule)


def _of_a_row(app: Any) -> Iterator[tuple[Any, str]]:
    for rule in _rules(app):
        view = rule.endpoint.partition(".")[0]
        if "<int:" in rule.rule and view not in SHOPLESS and isinstance(_needs(app, rule.endpoint), tuple):
            for method in sorted(rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
                yield rule, method


def test_every_table_has_its_row(theirs) -> None:
    _, empty = theirs

    assert empty == set()


def test_every_route_that_takes_an_id_answers_404_to_the_manager_of_another_shop(app, sign_in, theirs) -> None:
    ours = make.shop("ours")
    stranger = sign_in(make.staff(Role.MANAGER, ours))
    told = []
    for rule, method in _of_a_row(app):
        noun, verb = _needs(app, rule.endpoint)
        allowed = 404 if verb in ROLES[Role.MANAGER].get(noun, ()) else 403
        answer, nowhere = (
            stranger.open(_address(rule, row_id), method=method, headers={"Accept": "application/json"})
            for row_id in (ID, ID + 1)
        )
        unread_form = 400 <= nowhere.status_code < 500 and (answer.status_code, answer.data) == (
            nowhere.status_code,
            nowhere.data,
        )  # a form that is turned down before anybody looks for the row tells nothing of it either
        if answer.status_code != allowed and not unread_form:
            told.append(f"{method} {rule.rule} {answer.status_code}")

    assert told == [], "\n".join(told)


def test_the_rows_are_really_there(app, sign_in, theirs) -> None:
    """Otherwise 404 would prove nothing: the manager of their own shop is let in to most of those pages."""
    shop, _ = theirs
    own = sign_in(make.staff(Role.MANAGER, shop))
    pages = [(rule, method) for rule, method in _of_a_row(app) if method == "GET"]
    missing = []
    for rule, _method in pages:
        noun, verb = _needs(app, rule.endpoint)
        if verb not in ROLES[Role.MANAGER].get(noun, ()):
            continue
        with db.session.begin_nested() as savepoint:
            status = own.get(_address(rule)).status_code
            savepoint.rollback() if savepoint.is_active else None
        if status == 404 and rule.rule not in NEEDS_MORE:
            missing.append(rule.rule)

    assert missing == [], "\n".join(missing)
