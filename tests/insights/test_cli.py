"""`flask report sales`: the year of Online Retail by command, its workbook, and the page of the same span."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import Engine

from app.console.roles import Role
from app.insights import reports
from app.insights.metrics import Sales
from app.kit import clock, context, files
from app.kit.db import transaction
from app.shops import shops
from tests import factories as make
from tests.insights import retail
from tests.insights.conftest import FIRST, LAST
from tests.insights.reading import Workbook
from tests.retail import in_retail

YEAR = ["--shop", "uk-giftware", "--from", "2010-12-01", "--to", "2011-12-09"]


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["report", "sales", *arguments])


@pytest.fixture(scope="module")
def year_file(app: Flask, retail_database: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The workbook of the year and what the command has told."""
    path = tmp_path_factory.mktemp("year") / "year.xlsx"
    with in_retail(app, retail_database):
        result = run(app, *YEAR, "--out", str(path), "--json")
    assert result.exit_code == 0, result.output
    return path, json.loads(result.stdout)


@pytest.mark.slow
def test_the_command_tells_the_figures_of_facts_json(year_file: tuple[Path, Any]) -> None:
    path, told = year_file
    assert told.pop("seconds") > 0
    assert told.pop("as_of").endswith("+00:00")
    assert told == {
        "gross": "10666684.54",
        "refunds": "-896812.49",
        "adjustments": "-22124.12",
        "net": "9747747.93",
        "average_order_value": "534.40",
        "currency": "GBP",
        "orders": 19960,
        "customers": 4338,
        "units": 5588376,
        "file": str(path),
    }


@pytest.mark.slow
def test_every_sheet_of_the_year_holds_the_sums_of_the_file(year_file: tuple[Path, Any]) -> None:
    book, expected = Workbook(year_file[0]), retail.expected()
    for title, column, by in (
        ("By product", "Code", "product"),
        ("By country", "Country", "country"),
        ("By customer", "Customer number", "customer"),
    ):
        net = {row[column]: book.minor(row["Net sales"]) for row in book.rows(title)}
        assert net == {key or "Unknown customer": counted["net"] for key, counted in expected.by[by].items()}, title
    by_day = {row["Day"].isoformat(): book.minor(row["Gross sales"]) for row in book.rows("By day")}
    assert by_day == {day: expected.by["day"][day]["gross"] for day in by_day}
    assert len(by_day) == 374
    months = {row["Month"].strftime("%Y-%m"): book.minor(row["Net sales"]) for row in book.rows("By month")}
    assert months == {month: counted["net"] for month, counted in expected.by["month"].items()}
    assert book.added("Refunds", "Refunds") == expected.totals["refunds"]
    assert len(book.rows("Refunds")) == retail.facts()["distinct_cancelled_invoices"]


@pytest.mark.slow
def test_refunds_name_the_sale_that_they_reverse(year_file: tuple[Path, Any]) -> None:
    rows = Workbook(year_file[0]).rows("Refunds")
    linked = [row for row in rows if row["Reverses order"]]
    assert len(linked) > 2000
    assert all(row["Ordered on"] <= row["Refunded on"] for row in linked)
    assert all(row["Order month"] == row["Ordered on"].replace(day=1) for row in linked)


@pytest.mark.slow
def test_the_page_of_the_year_shows_the_same(
    app: Flask, retail_database: Engine, retail_sales: Sales, sign_in: Callable[..., Any]
) -> None:
    """Made by the rule, not by a run of the job: its heartbeat needs a connection of its own."""
    with in_retail(app, retail_database):
        with context.every_shop("test"):
            client = sign_in(make.staff(Role.MANAGER, shops.by_code("uk-giftware")))
        with context.every_shop("test"), force_locale("en"), transaction(), files.making(".xlsx") as path:
            wanted = reports.want(shops.by_code("uk-giftware"), FIRST, LAST)
            address = f"/reports/{reports.make(wanted.id, path, lambda step: None).id}"
        page, charts = client.get(address).text, client.get(f"{address}/charts").json
    for shown in ("£10,666,684.54", "−£896,812.49", "−£22,124.12", "£9,747,747.93", "£534.40", "19,960", "4,338"):
        assert shown in page, shown
    net = next(trace for trace in charts["months"]["data"] if trace["name"] == "Net sales")
    assert [round(100 * float(pounds)) for pounds in net["y"]] == [row.figures.net_minor for row in retail_sales.months]
    assert charts["products"]["data"][0]["y"][:2] == ["DOTCOM POSTAGE", "REGENCY CAKESTAND 3 TIER"]
    assert not {row.key[0] for row in retail_sales.customers if row.key[0]} & set(page.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--shop", "nowhere", "--from", "2026-11-01", "--to", "2026-11-02"], "no shop with the code “nowhere”"),
        (["--shop", "kuaile", "--from", "2026-11-03", "--to", "2026-11-02"], "after its end on 2026-11-02"),
        (["--shop", "kuaile", "--from", "2026-11-01", "--to", "2026-11-24"], "today is 2026-11-23"),
        (["--shop", "kuaile", "--from", "1.11.2026", "--to", "2026-11-02"], "“1.11.2026” is not a day"),
    ],
)
def test_what_cannot_be_made_is_said_and_leaves_no_file(
    app: Flask, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    make.shop("kuaile")
    with clock.frozen(datetime(2026, 11, 23, 4, tzinfo=UTC)):
        result = run(app, *arguments, "--out", str(tmp_path / "r.xlsx"), "--json")
    assert result.exit_code == 1
    assert sentence in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(app: Flask, tmp_path: Path) -> None:
    make.shop("kuaile")
    out = str(tmp_path / "no" / "r.xlsx")
    with clock.frozen(datetime(2026, 11, 23, 4, tzinfo=UTC)):
        result = run(app, "--shop", "kuaile", "--from", "2026-11-01", "--to", "2026-11-02", "--out", out)
    assert result.exit_code == 1
    assert f"{out} cannot be written" in result.output


def test_a_shop_of_another_currency(app: Flask, tmp_path: Path) -> None:
    shop = make.shop("tokyo", currency="JPY", time_zone="Asia/Tokyo", locale="en")
    make.order(shop, ("S1", 3, 1234))
    with clock.frozen(datetime(2026, 11, 23, 4, tzinfo=UTC)):
        result = run(
            app, "--shop", "tokyo", "--from", "2026-11-01", "--to", "2026-11-02", "--out", str(tmp_path / "r.xlsx"),
            "--json"
        )  # fmt: skip
    told = json.loads(result.stdout)
    assert (told["gross"], told["net"], told["currency"]) == ("3702", "3702", "JPY")
    assert Workbook(tmp_path / "r.xlsx", places=0).added("By day", "Gross sales") == 3702
