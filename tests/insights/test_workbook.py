"""The sales workbook, read back: every total, every chart, and no formula that came from data."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask_babel import force_locale

from app.insights import metrics, spans, workbook
from app.insights.metrics import Sales
from app.kit import clock, context
from app.kit.db import transaction
from app.orders.models import OrderKind
from app.shops.models import Shop
from tests import factories as make
from tests.insights.reading import Workbook

pytestmark = pytest.mark.usefixtures("app")
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SHEETS = ["By day", "By month", "By weekday", "By category", "By product", "By country", "By customer", "Refunds"]


def written(shop: Shop, path: Path, locale: str = "en") -> Sales:
    with clock.frozen(NOW), context.shops([shop.id]), force_locale(locale), transaction():
        sales = metrics.read(spans.of(shop, date(2026, 10, 1), date(2026, 11, 2)))
        workbook.write(sales, workbook.About(shop.name, "Mei Lin"), path)
    return sales


def some_sales(shop: Shop) -> None:
    buyer = make.customer(shop, number="000123456789012345")
    sale = make.order(shop, ("S1", 2, 1250), ("007", 1, 999), customer_id=buyer.id, country="China")
    make.order(shop, ("S1", -1, 1250), kind=OrderKind.CREDIT_NOTE, reverses_id=sale.id, number="R-1")


def test_each_sheet_adds_up_to_the_summary(tmp_path: Path) -> None:
    shop, path = make.shop(), tmp_path / "r.xlsx"
    some_sales(shop)
    sales = written(shop, path)
    book = Workbook(path)
    assert book.book.sheetnames == ["Summary", *SHEETS, "Checks"]
    assert book.minor(book.summary()["Net sales"]) == sales.totals.net_minor == 2249
    for title in SHEETS[:-1]:
        for column, minor in (("Gross sales", 3499), ("Refunds", -1250), ("Adjustments", 0), ("Net sales", 2249)):
            assert book.added(title, column) == minor == book.minor(book.total(title)[column]), (title, column)
    assert book.added("Refunds", "Refunds") == -1250


def test_a_report_that_is_stopped_half_way_leaves_nothing_on_the_disk(tmp_path: Path, monkeypatch) -> None:
    shop, steps = make.shop(), []
    some_sales(shop)
    with clock.frozen(NOW), context.shops([shop.id]), force_locale("en"), transaction():
        sales = metrics.read(spans.of(shop, date(2026, 10, 1), date(2026, 11, 2)))

        def stop(step: str) -> None:
            steps.append(step)
            if len(steps) == 4:
                raise InterruptedError

        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with pytest.raises(InterruptedError):
            workbook.write(sales, workbook.About(shop.name, "Mei Lin"), tmp_path / "r.xlsx", stop)

    assert (len(steps), list(tmp_path.iterdir())) == (4, [])


def test_the_summary_says_what_the_report_is_of(tmp_path: Path) -> None:
    shop = make.shop(name="Kuaile")
    some_sales(shop)
    written(shop, tmp_path / "r.xlsx")
    said = Workbook(tmp_path / "r.xlsx").summary()
    expected = {
        "Shop": "Kuaile",
        "First day": "2026-10-01",
        "Last day": "2026-11-02",
        "Time zone of the days": "Asia/Shanghai",
        "Currency": "CNY",
        "Data as of": "2026-11-23 12:00",
        "Asked for by": "Mei Lin",
        "Definition of the figures": "sales-1",
        "Orders": 1,
        "Customers": 1,
    }
    assert {key: said[key] for key in expected} == expected


def test_the_formulas_of_the_checks_give_the_numbers_beside_them(tmp_path: Path) -> None:
    shop = make.shop()
    some_sales(shop)
    written(shop, tmp_path / "r.xlsx")
    book = Workbook(tmp_path / "r.xlsx")
    checks = list(book.book["Checks"].iter_rows(min_row=2, values_only=True))
    assert len(checks) == 5 * 6 + 2 * 5 + 2  # six figures of documents, five of lines, two of refunds
    for sheet, figure, of_summary, of_sheet, formula, _equal in checks:
        assert of_summary == of_sheet, (sheet, figure)
        assert book.worked_out(formula) == Decimal(str(of_summary)), (sheet, figure)


def test_charts_panes_filters_and_print_set_up(tmp_path: Path) -> None:
    shop = make.shop()
    some_sales(shop)
    written(shop, tmp_path / "r.xlsx")
    book = Workbook(tmp_path / "r.xlsx").book
    assert {sheet.title: len(sheet._charts) for sheet in book.worksheets if sheet._charts} == {
        "Summary": 2,
        "By day": 1,
        "By month": 1,
        "By category": 1,
        "By product": 1,
        "By country": 1,
    }
    for title in SHEETS:
        sheet = book[title]
        assert sheet.freeze_panes == "B2", title
        assert sheet.auto_filter.ref.startswith("A1:"), title
        assert sheet.print_title_rows == "$1:$1", title
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", 1), title
    assert book["By day"].auto_filter.ref == "A1:J34"  # 33 days under the header; the total stays below


def test_codes_stay_text_and_text_is_never_a_formula(tmp_path: Path) -> None:
    shop = make.shop()
    evil = '=HYPERLINK("http://evil.example","x")'
    buyer = make.customer(shop, number="=1+1")
    make.order(shop, (evil, 1, 100), ("+1", 1, 100), ("@SUM(1)", 1, 100), customer_id=buyer.id, country="=cmd|' /C'!A0")
    make.order(shop, ("bell\x07", 1, 100), kind=OrderKind.CREDIT_NOTE, number="=2+2")
    some_sales(shop)
    written(shop, tmp_path / "r.xlsx")
    book = Workbook(tmp_path / "r.xlsx")
    assert {sheet for sheet, _ in book.formulas()} == {"Checks"}
    assert all(formula.startswith(("=SUM(", "=IF(AND(ROUND(")) for _, formula in book.formulas())
    assert {row["Code"] for row in book.rows("By product")} == {evil, "+1", "@SUM(1)", "bell", "S1", "007"}
    assert {row["Customer number"] for row in book.rows("By customer")} == {
        "=1+1",
        "000123456789012345",
        "Unknown customer",
    }


@pytest.mark.parametrize(
    ("currency", "number_format", "amount"),
    [
        ("JPY", "#,##0;[Red]-#,##0", 3499),
        ("CNY", "#,##0.00;[Red]-#,##0.00", 34.99),
        ("KWD", "#,##0.000;[Red]-#,##0.000", 3.499),
    ],
)
def test_amounts_have_the_digits_of_their_currency(
    currency: str, number_format: str, amount: float, tmp_path: Path
) -> None:
    shop = make.shop(currency=currency)
    some_sales(shop)
    written(shop, tmp_path / "r.xlsx")
    cell = Workbook(tmp_path / "r.xlsx").book["By month"]["F3"]
    assert (cell.value, cell.number_format) == (amount, number_format)


def test_amounts_beyond_a_float_of_pence_are_written_exactly(tmp_path: Path) -> None:
    shop = make.shop()
    make.order(shop, ("S1", 1, 900_000_000_000_01))
    written(shop, tmp_path / "r.xlsx")
    with ZipFile(tmp_path / "r.xlsx") as archive:
        assert b"<v>900000000000.01</v>" in archive.read("xl/worksheets/sheet2.xml")


def test_the_workbook_speaks_chinese(tmp_path: Path) -> None:
    shop = make.shop()
    some_sales(shop)
    written(shop, tmp_path / "r.xlsx", "zh")
    book = Workbook(tmp_path / "r.xlsx")
    assert book.book.sheetnames[:3] == ["汇总", "按日", "按月"]
    assert list(book.rows("按日")[0])[:2] == ["日期", "订单"]
    assert book.rows("按星期")[0]["星期"] == "星期一"


def test_an_empty_span_gives_a_whole_workbook_that_says_so(tmp_path: Path) -> None:
    shop = make.shop()
    written(shop, tmp_path / "r.xlsx")
    book = Workbook(tmp_path / "r.xlsx")
    assert "There are no sales in this span." in book.summary()
    assert book.rows("By product") == []
    assert book.total("By day")["Net sales"] == 0
