"""The sales workbook: summary, one sheet a breakdown with native charts, and checks that everything adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from app.insights import excel_charts, settlement_table, tables
from app.insights.cells import Sheet, Style, Styles
from app.insights.metrics import DEFINITION, Sales
from app.insights.tables import Kind, Table
from app.kit import formats, sheets

STYLE_OF = {
    Kind.TEXT: Style.TEXT,
    Kind.LONG_TEXT: Style.TEXT,
    Kind.DAY: Style.DAY,
    Kind.MONTH: Style.MONTH,
    Kind.COUNT: Style.COUNT,
    Kind.MONEY: Style.MONEY,
}
WIDTHS = {Kind.TEXT: 18, Kind.LONG_TEXT: 44, Kind.DAY: 13, Kind.MONTH: 13, Kind.COUNT: 13, Kind.MONEY: 17}
CHECKED = ("orders", "units", "gross", "refunds", "adjustments", "net")


@dataclass(frozen=True)
class About:
    """What the summary says of the report itself."""

    shop: str
    asked_by: str


@dataclass(frozen=True)
class Placed:
    """A table on its sheet: rows 2 to `last`, columns by letter."""

    table: Table
    sheet: Sheet
    last: int

    def letter(self, key: str) -> str | None:
        """The column that holds a figure; None when the table has none."""
        keys = [column.key for column in self.table.columns]
        return get_column_letter(keys.index(key) + 1) if key in keys else None


def write(sales: Sales, about: About, path: Path, on_step: Callable[[str], None] = lambda step: None) -> None:
    """Write the workbook to `path`, in the language of the request or job; `on_step` hears of each sheet.

    Amounts are Decimals in major units; text is never a formula, whatever it begins with.
    """
    with sheets.streamed_book(path) as book:
        _fill(book, sales, about, on_step)


def _fill(book: Workbook, sales: Sales, about: About, on_step: Callable[[str], None]) -> None:
    styles = Styles(sales.span.currency)
    summary = Sheet(book, _("Summary"), styles, widths=[30, 52, 3])
    _summary(summary, sales, about)
    placed = []
    for table in tables.build(sales).values():
        on_step(table.title)
        placed.append(_place(book, styles, table))
    checks = []
    if sales.settlement.rows:
        by_channel = settlement_table.table(sales.settlement)
        on_step(by_channel.title)
        checks = _settled(_place(book, styles, by_channel))
    excel_charts.add(summary.sheet, {one.table.name: one for one in placed}, sales.span.currency)
    _checks(Sheet(book, _("Checks"), styles, widths=[22, 26, 20, 20, 20, 12], head_rows=1), sales, placed, checks)
    book.calculation.fullCalcOnLoad = True
    book.properties.title = f"{about.shop} {sales.span.first} – {sales.span.last}"


def _summary(sheet: Sheet, sales: Sales, about: About) -> None:
    span = sales.span
    sheet.line((_("Sales report"), Style.TITLE))
    for label, value in (
        (_("Shop"), about.shop),
        (_("First day"), span.first.isoformat()),
        (_("Last day"), span.last.isoformat()),
        (_("Time zone of the days"), span.zone),
        (_("Currency"), span.currency),
        (_("Data as of"), formats.moment(sales.as_of, span.zone)),
        (_("Asked for by"), about.asked_by),
        (_("Definition of the figures"), DEFINITION),
    ):
        sheet.line((label, Style.LABEL), (value, Style.TEXT))
    sheet.line()
    labels = tables.figure_labels()
    for key, value, style in _figures(sales):
        sheet.line((labels[key], Style.LABEL), (value, style))
    sheet.line()
    if not sales.refunds and not any(row.figures.lines for row in sales.products):
        sheet.line((_("There are no sales in this span."), Style.TEXT))
    meanings = [*tables.definitions(), *(settlement_table.definitions() if sales.settlement.rows else ())]
    for name, meaning in meanings:
        sheet.line((name, Style.LABEL), (meaning, Style.NOTE))


def _figures(sales: Sales) -> list[tuple[str, Any, Style]]:
    whole = sales.totals
    return [
        ("gross", whole.gross_minor, Style.MONEY),
        ("refunds", whole.refunds_minor, Style.MONEY),
        ("adjustments", whole.adjustments_minor, Style.MONEY),
        ("net", whole.net_minor, Style.MONEY),
        ("orders", whole.orders, Style.COUNT),
        ("customers", whole.customers, Style.COUNT),
        ("units", whole.units, Style.COUNT),
        ("units_returned", whole.units_returned, Style.COUNT),
        ("average", whole.average_minor, Style.MONEY),
    ]


def _place(book: Workbook, styles: Styles, table: Table) -> Placed:
    widths = [WIDTHS[column.kind] for column in table.columns]
    sheet = Sheet(book, table.title, styles, widths=widths, head_rows=1, frozen_columns=1)
    sheet.head([column.label for column in table.columns])
    kinds = [STYLE_OF[column.kind] for column in table.columns]
    if table.currency_of is None:
        sheet.rows(kinds, map(table.values, table.rows))
    else:
        for row in table.rows:
            sheet.line(*zip(table.values(row), kinds, strict=True), currency=table.currency_of(row))
    last = 1 + len(table.rows)
    sheet.filter(len(table.columns), last)
    bold = {Kind.MONEY: Style.TOTAL_MONEY, Kind.COUNT: Style.TOTAL_COUNT}
    looks = [bold.get(column.kind, Style.TOTAL_TEXT) for column in table.columns]
    for currency, total in table.totals or (("", table.total),):
        sheet.line(*zip(total, looks, strict=True), currency=currency)
    return Placed(table, sheet, last)


@dataclass(frozen=True)
class Check:
    """A sum that must be the same three times: of the database, of the rows, by formula."""

    sheet: str
    figure: str
    whole: int
    added: int
    formula: str
    style: Style
    currency: str = ""


def _settled(one: Placed) -> list[Check]:
    """The sums of the money through channels, each currency by itself."""
    title, last, found = one.table.title, one.last, []
    currencies = one.sheet.reference(title, one.letter("currency") or "", last)
    for currency, total in one.table.totals:
        for column, whole in zip(one.table.columns, total, strict=True):
            if column.kind not in (Kind.MONEY, Kind.COUNT):
                continue
            added = sum(column.value(row) or 0 for row in one.table.rows if row.currency == currency)
            values = one.sheet.reference(title, one.letter(column.key) or "", last)
            formula = f'=SUMIFS({values},{currencies},"{currency}")'
            style = STYLE_OF[column.kind]
            found.append(Check(title, f"{column.label} · {currency}", whole, added, formula, style, currency))
    return found


def _checks(sheet: Sheet, sales: Sales, placed: list[Placed], more: list[Check]) -> None:
    """Each sheet's total beside the summary's: as numbers, and as formulas that can be clicked."""
    sheet.head(
        [_("Sheet"), _("Figure"), _("Summary"), _("Sum of the sheet"), _("Sum, by formula"), _("Equal?")],
    )
    for row, check in enumerate([*_of_sales(sales, placed), *more], start=2):
        by_formula = Style.MONEY_FORMULA if check.style is Style.MONEY else Style.COUNT_FORMULA
        sheet.line(
            (check.sheet, Style.TEXT),
            (check.figure, Style.TEXT),
            (check.whole, check.style),
            (check.added, check.style),
            (check.formula, by_formula),
            (f'=IF(AND(ROUND(C{row}-D{row},3)=0,ROUND(C{row}-E{row},3)=0),"✓","✗")', Style.TEXT_FORMULA),
            currency=check.currency,
        )


def _of_sales(sales: Sales, placed: list[Placed]) -> Iterator[Check]:
    labels, whole = tables.figure_labels(), {key: (value, style) for key, value, style in _figures(sales)}
    for one in placed:
        for key in CHECKED if one.table.name != "refunds" else ("units_returned", "refunds"):
            if letter := one.letter(key):
                value, style = whole[key]
                formula = f"=SUM({one.sheet.reference(one.table.title, letter, one.last)})"
                yield Check(one.table.title, labels[key], value, _added(one.table, key), formula, style)


def _added(table: Table, key: str) -> int:
    column = next((column for column in table.columns if column.key == key), None)
    return sum(column.value(row) for row in table.rows) if column else 0
