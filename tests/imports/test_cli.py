"""`flask import`: one JSON object, exit codes, mapping files, error workbooks; the same verbs as the console."""

from __future__ import annotations

import json
import random
import zipfile

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from app.catalog.models import Sku
from app.imports.models import ImportRun, ImportState
from app.kit import context, sheets
from app.kit.db import db
from app.orders.models import Order
from tests import factories as make
from tests.imports.builders import csv_text

HEAD = ["sku code", "title", "price"]
GOOD = [["A", "a", "1"], ["B", "b", "2"]]


@pytest.fixture
def flask(app, tmp_path):
    """`flask("products", text, "--json")` → exit code, standard output."""
    runner = app.test_cli_runner()

    def call(kind: str, content: str | bytes, *more: str, name: str = "rows.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = runner.invoke(args=["import", kind, str(path), *more])
        return result.exit_code, result.stdout, result.stderr

    return call


@pytest.fixture
def shop(app):
    return make.shop("mine", currency="GBP")


def _codes() -> list[str]:
    with context.every_shop("test"):
        return list(db.session.scalars(select(Sku.code).order_by(Sku.code)))


def test_json_is_exactly_one_object_with_the_promised_numbers(shop, flask) -> None:
    status, out, _ = flask("products", csv_text(HEAD, [*GOOD, ["C", "c", "x"]]), "--shop", "mine", "--json")

    told = json.loads(out)
    assert status == 0
    assert {key: told[key] for key in ("rows", "created", "updated", "unchanged", "failed")} == {
        "rows": 3, "created": 2, "updated": 0, "unchanged": 0, "failed": 1
    }  # fmt: skip
    assert told["seconds"] > 0
    assert told["errors"] == [
        {
            "row": 4,
            "column": "price",
            "code": "not_a_number",
            "message": "“x” is not a number that can be read without doubt. Write it like 1234.50.",
            "value": "x",
        }
    ]
    assert _codes() == ["A", "B"]


def test_a_dry_run_writes_nothing(shop, flask) -> None:
    status, out, _ = flask("products", csv_text(HEAD, GOOD), "--shop", "mine", "--dry-run")

    assert status == 0
    assert "Dry run: nothing was written." in out
    assert "2 rows: 2 created, 0 updated, 0 unchanged, 0 refused" in out
    assert _codes() == []


@pytest.mark.parametrize(("choice", "status", "codes"), [("skip", 0, ["A", "B"]), ("stop", 0, ["A"]), ("all", 1, [])])
def test_the_choice_about_bad_rows(shop, flask, choice, status, codes) -> None:
    rows = [GOOD[0], ["X", "x", "-1"], GOOD[1]]

    assert flask("products", csv_text(HEAD, rows), "--shop", "mine", "--on-error", choice)[0] == status
    assert _codes() == codes


def test_the_error_workbook_holds_the_refused_rows(shop, flask, tmp_path) -> None:
    out = tmp_path / "errors.xlsx"

    flask("products", csv_text(HEAD, [*GOOD, ["C", "c", "x"]]), "--shop", "mine", "--errors", str(out))

    rows = [[cell.value for cell in row] for row in load_workbook(out).active.iter_rows()]
    assert [row[:4] for row in rows] == [[*HEAD, "_error_code"], ["C", "c", "x", "not_a_number"]]


def test_a_mapping_file_names_headers_by_field(shop, flask, tmp_path) -> None:
    names = tmp_path / "m.yaml"
    names.write_text("sku_code: Ref\ntitle: 叫什么\nprice: X\n", encoding="utf-8")

    status, out, _ = flask(
        "products", csv_text(["X", "叫什么", "Ref"], [["3", "t", "R"]]), "--shop", "mine", "--mapping", str(names)
    )

    assert status == 0, out
    assert _codes() == ["R"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("sku_code: Nowhere\n", "Nowhere"), ("- a list\n", "field: header"), ("colour: price\n", "colour")],
)
def test_a_mapping_that_does_not_fit_is_wrong_usage(shop, flask, tmp_path, text, said) -> None:
    names = tmp_path / "m.yaml"
    names.write_text(text, encoding="utf-8")

    status, _, err = flask("products", csv_text(HEAD, GOOD), "--shop", "mine", "--mapping", str(names))

    assert (status, said in err) == (2, True)
    assert _codes() == []


def test_an_unknown_shop_is_wrong_usage(shop, flask) -> None:
    assert flask("products", csv_text(HEAD, GOOD), "--shop", "nobody")[0] == 2


def test_an_unreadable_file_and_a_missing_column_commit_nothing(shop, flask) -> None:
    status, out, _ = flask("products", b"PK\x03\x04 not a zip", "--shop", "mine", "--json", name="rows.xlsx")
    assert (status, json.loads(out)["rows"]) == (1, 0)

    status, _, err = flask("products", csv_text(["title"], [["a"]]), "--shop", "mine")
    assert (status, "SKU code" in err) == (1, True)


def test_update_only_refuses_unknown_skus(shop, flask) -> None:
    status, out, _ = flask("products", csv_text(HEAD, GOOD), "--shop", "mine", "--mode", "update", "--json")

    assert (status, json.loads(out)["failed"]) == (1, 2)
    assert _codes() == []


def test_past_orders_come_in_by_the_same_command(shop, flask) -> None:
    head = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
    row = ["536365", "85123A", "HOLDER", "6", "2010-12-01 08:26:00", "2.55", "17850", "United Kingdom"]

    status, out, err = flask("orders", csv_text(head, [row]), "--shop", "mine", "--json")

    assert (status, json.loads(out)["created"]) == (0, 1), err
    with context.every_shop("test"):
        assert db.session.scalars(select(Order.total_minor)).one() == 1530
        assert db.session.scalar(select(func.count()).select_from(ImportRun)) == 1


@pytest.fixture
def short_is_long(monkeypatch) -> None:
    """A sheet of a megabyte is read as others are from 32 on."""
    monkeypatch.setitem(sheets.read_rows.__kwdefaults__, "limits", sheets.Limits(streamed_bytes=2**20))


@pytest.mark.usefixtures("short_is_long")
def test_a_long_file_is_checked_while_it_is_read_and_leaves_nothing_when_it_is_refused(shop, flask, tmp_path) -> None:
    path, wide = tmp_path / "made.xlsx", [sheets.Column(name) for name in (*HEAD, "note")]
    noise = random.Random(1)
    rows = ([f"A{n}", "a", "1", f"{noise.randbytes(200).hex()}{'x' * 1_000}"] for n in range(1_100))
    sheets.write_sheet(rows, wide, path)
    assert flask("products", path.read_bytes(), "--shop", "mine", "--dry-run", name="long.xlsx")[0] == 0

    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("customXml/item1.xml", "<!DOCTYPE x []><x/>")
    status, out, _ = flask("products", path.read_bytes(), "--shop", "mine", "--json", name="long.xlsx")

    assert (status, json.loads(out)["errors"][0]["code"]) == (1, "sheet_forbidden_xml")
    assert _codes() == []
    with context.every_shop("test"):
        states = db.session.scalars(select(ImportRun.state).order_by(ImportRun.id)).all()
    assert states == [ImportState.CHECKED, ImportState.FAILED]
