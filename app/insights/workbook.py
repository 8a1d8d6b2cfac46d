"""The sales workbook: summary, one sheet a breakdown with native charts, and checks that everything adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from app.insights import excel_charts, tables
from app.insights.cells import Sheet, Style, Styles
from app.insights.metrics import DEFINITION, Sales
from app.insights.tables import Kind, Table
from app.kit import formats

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
    book = Workbook(write_only=True)
    styles = Styles(sales.span.currency)
    summary = Sheet(book, _("Summary"), styles, widths=[30, 52, 3])
    _summary(summary, sales, about)
    placed = []
    for table in tables.build(sales).values():
        on_step(table.title)
        placed.append(_place(book, styles, table))
    excel_charts.add(summary.sheet, {one.table.name: one for one in placed}, sales.span.currency)
    _checks(Sheet(book, _("Checks"), styles, widths=[22, 26, 20, 20, 20, 12], head_rows=1), sales, placed)
    book.calculation.fullCalcOnLoad = True
    book.properties.title = f"{about.shop} {sales.span.first} – {sales.span.last}"
    book.save(path)


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
    for name, meaning in tables.definitions():
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
    sheet.rows(kinds, map(table.values, table.rows))
    last = 1 + len(table.rows)
    sheet.filter(len(table.columns), last)
    bold = {Kind.MONEY: Style.TOTAL_MONEY, Kind.COUNT: Style.TOTAL_COUNT}
    sheet.line(
        *((value, bold.get(c.kind, Style.TOTAL_TEXT)) for c, value in zip(table.columns, table.total, strict=True))
    )
    return Placed(table, sheet, last)


def _checks(sheet: Sheet, sales: Sales, placed: list[Placed]) -> None:
    """Each sheet's total beside the summary's: as numbers, and as formulas that can be clicked."""
    sheet.head(
        [_("Sheet"), _("Figure"), _("Summary"), _("Sum of the sheet"), _("Sum, by formula"), _("Equal?")],
    )
    labels, whole = tables.figure_labels(), {key: (value, style) for key, value, style in _figures(sales)}
    row = 1
    for one in placed:
        for key in CHECKED if one.table.name != "refunds" else ("units_returned", "refunds"):
            letter, added = one.letter(key), _added(one.table, key)
            if letter is None:
                continue
            row += 1
            value, style = whole[key]
            formula = f"=SUM({sheet.reference(one.table.title, letter, one.last)})"
            equal = f'=IF(AND(ROUND(C{row}-D{row},3)=0,ROUND(C{row}-E{row},3)=0),"✓","✗")'
            sheet.line(
                (one.table.title, Style.TEXT),
                (labels[key], Style.TEXT),
                (value, style),
                (added, style),
                (formula, Style.MONEY_FORMULA if style is Style.MONEY else Style.COUNT_FORMULA),
                (equal, Style.TEXT_FORMULA),
            )


def _added(table: Table, key: str) -> int:
    column = next((column for column in table.columns if column.key == key), None)
    return sum(column.value(row) for row in table.rows) if column else 0
