"""The same hundred price changes by grid, formula, workbook and API: one hash, the same lines, the same history."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update

from app.catalog import change_undos
from app.catalog.change_models import ChangeLine, ChangeSet, ChangeSource, ChangeState
from app.catalog.models import Sku
from app.console.roles import Role
from app.imports import runs
from app.imports.models import OnError
from app.kit import context, money
from app.kit.audit import FieldChange
from app.kit.db import db, transaction
from app.kit.money import Money
from tests import factories as make
from tests.api.conftest import _no_counts, program  # noqa: F401 - fixtures
from tests.imports.builders import run_of, silent

pytestmark = pytest.mark.usefixtures("app")
BEFORE = {f"S-{number:03}": 50 + 137 * number for number in range(100)}
AFTER = {code: money.divide_half_up(price * 9, 10) for code, price in BEFORE.items()}
"""Ten per cent off, rounded half up."""


@pytest.fixture
def skus(shop) -> dict[str, Sku]:
    """A hundred SKUs, three to a product."""
    with context.every_shop("test"):
        products = [make.product(shop) for _ in range(34)]
        made = (
            make.sku(shop, products[n // 3], code=code, price_minor=p) for n, (code, p) in enumerate(BEFORE.items())
        )
        return {sku.code: sku for sku in made}


def _by_formula(client: Any, skus: dict[str, Sku]) -> None:
    typed = {"field": "price_minor", "how": "percent", "amount": "-10"}
    ids = sorted({str(sku.product_id) for sku in skus.values()})
    page = client.post("/products/bulk/preview", data={**typed, "ids": ids}).location
    assert client.post(f"{page}/confirm").status_code == 302


def _by_grid(client: Any, skus: dict[str, Sku]) -> None:
    edits = [[sku.id, str(BEFORE[code]), str(AFTER[code])] for code, sku in skus.items()]
    saved = client.post("/products/grid/save", data=json.dumps({"price_minor": edits}))
    assert client.post(saved.json["confirm"]).status_code in (200, 302)


def _by_api(erp: Any, skus: dict[str, Sku]) -> None:
    rows = [{"sku": code, "price": str(Money(AFTER[code], "CNY"))} for code in reversed(skus)]
    status, body = erp.post("/skus/bulk", {"rows": rows})
    assert (status, body["counts"]["updated"]) == (200, 100)


def _by_workbook(shop: Any) -> None:
    with context.shops([shop.id]), context.acting(context.Actor("staff", "1")), transaction():
        rows = [[code, str(Money(price, "CNY"))] for code, price in AFTER.items()]
        run = run_of(shop, ["sku code", "price"], rows, as_csv=False)
        assert runs.commit(run, OnError.ALL, silent)["updated"] == 100


def _history() -> list[tuple[Any, ...]]:
    """Row by row what the triggers wrote; all but who, when and by which set."""
    found = db.session.scalars(select(FieldChange).order_by(FieldChange.row_id, FieldChange.id))
    return [(row.table_name, row.row_id, row.operation, row.changes) for row in found]


def _lines(change_set: ChangeSet) -> list[tuple[Any, ...]]:
    found = select(ChangeLine).where(ChangeLine.change_set_id == change_set.id).order_by(ChangeLine.line)
    names = ("line", "target_table", "row_id", "field", "old", "new", "outcome", "reason", "warning")
    return [tuple(getattr(row, name) for name in names) for row in db.session.scalars(found)]


def _start_again(change_set: ChangeSet) -> None:
    """Take the set back, and forget the history."""
    with transaction():
        change_undos.undo(change_set)
        db.session.execute(delete(FieldChange))
        db.session.execute(update(Sku).values(version=1))
        db.session.execute(delete(FieldChange))


def test_one_hash_the_same_lines_and_the_same_history(shop, skus, sign_in, program, run_jobs) -> None:  # noqa: F811
    with context.every_shop("test"):
        client, erp = sign_in(make.staff(Role.MANAGER, shop)), program(shop)
    routes: dict[ChangeSource, Callable[[], None]] = {
        ChangeSource.FORMULA: lambda: _by_formula(client, skus),
        ChangeSource.GRID: lambda: _by_grid(client, skus),
        ChangeSource.WORKBOOK: lambda: _by_workbook(shop),
        ChangeSource.API: lambda: _by_api(erp, skus),
    }
    told = {}
    for source, change in routes.items():
        change()
        run_jobs()
        with context.every_shop("test"):
            db.session.expire_all()
            of_route = select(ChangeSet).where(ChangeSet.source == source)
            change_set = db.session.scalars(of_route.order_by(ChangeSet.id.desc()).limit(1)).one()
            assert change_set.state is ChangeState.APPLIED, source
            assert dict(db.session.execute(text("select code, price_minor from sku")).all()) == AFTER, source
            told[source] = (change_set.content_hash, change_set.counts, _lines(change_set), _history())
            assert {row.change_set_id for row in db.session.scalars(select(FieldChange))} == {change_set.id}
            _start_again(change_set)

    first = told[ChangeSource.FORMULA]
    assert len(first[2]) == len(first[3]) == 100
    assert first[3][0][2:] == ("U", {"price_minor": [50, 45]})
    for source, route in told.items():
        for part, name in enumerate(("hash", "counts", "lines", "history")):
            assert route[part] == first[part], (source, name)
