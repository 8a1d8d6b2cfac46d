"""Native Excel charts of the sales workbook: days as lines, months as columns, the largest as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.axis import DateAxis
from openpyxl.utils import get_column_letter

if TYPE_CHECKING:
    from app.insights.workbook import Placed

TOP = 15
WIDE_CM, HIGH_CM = 24.0, 9.5
PALETTE = ("206BC4", "D63939", "2FB344")


def add(summary: Any, placed: dict[str, Placed], currency: str) -> None:
    """Charts beside the tables of days, months, products, countries and categories, and two on the summary."""
    days, months = placed["days"], placed["months"]
    if days.table.rows:
        _right_of(days, _lines(days, currency))
        summary.add_chart(_lines(days, currency), "D2")
        _right_of(months, _columns(months, currency))
        summary.add_chart(_columns(months, currency), "D22")
    for name in ("products", "countries", "categories"):
        if placed[name].table.rows:
            _right_of(placed[name], _bars(placed[name], currency))


def _right_of(one: Placed, chart: Any) -> None:
    """One column free between the table and the chart, beneath the frozen header."""
    one.sheet.sheet.add_chart(chart, f"{get_column_letter(len(one.table.columns) + 2)}2")


def _reference(one: Placed, key: str, *, last: int | None = None, head: bool = False) -> Reference:
    column = [c.key for c in one.table.columns].index(key) + 1
    return Reference(one.sheet.sheet, min_col=column, min_row=1 if head else 2, max_row=last or one.last)


def _dressed(chart: Any, title: str, currency: str, *, legend: bool = True) -> Any:
    chart.title, chart.width, chart.height = title, WIDE_CM, HIGH_CM
    chart.x_axis.delete = chart.y_axis.delete = False  # openpyxl's default hides them in new Excel
    chart.y_axis.title = currency
    chart.y_axis.number_format, chart.y_axis.majorGridlines = "#,##0", chart.y_axis.majorGridlines
    if legend:
        chart.legend.position = "b"
    else:
        chart.legend = None
    return chart


def _lines(one: Placed, currency: str) -> LineChart:
    chart = LineChart()
    for key, colour in zip(("gross", "refunds", "net"), PALETTE, strict=True):
        chart.add_data(_reference(one, key, head=True), titles_from_data=True)
        line = chart.series[-1]
        line.graphicalProperties.line.solidFill, line.graphicalProperties.line.width = colour, 15_000
        line.smooth = False
    chart.set_categories(_reference(one, "day"))
    chart.x_axis = DateAxis(crossAx=100)
    chart.x_axis.number_format, chart.x_axis.tickLblPos = "yyyy-mm-dd", "low"
    chart.y_axis.crossAx = 500
    return _dressed(chart, _("Sales by day"), currency)


def _columns(one: Placed, currency: str) -> BarChart:
    chart = BarChart()
    chart.type, chart.gapWidth = "col", 60
    for key, colour in zip(("gross", "refunds", "net"), PALETTE, strict=True):
        chart.add_data(_reference(one, key, head=True), titles_from_data=True)
        chart.series[-1].graphicalProperties.solidFill = colour
    chart.set_categories(_reference(one, "month"))
    chart.x_axis.number_format, chart.x_axis.tickLblPos = "yyyy-mm", "low"
    return _dressed(chart, _("Sales by month"), currency)


def _bars(one: Placed, currency: str) -> BarChart:
    keys = {"products": "title", "countries": "country", "categories": "category"}
    last = min(one.last, TOP + 1)
    chart = BarChart()
    chart.type, chart.gapWidth = "bar", 40
    chart.add_data(_reference(one, "gross", last=last, head=True), titles_from_data=True)
    chart.series[-1].graphicalProperties.solidFill = PALETTE[0]
    chart.set_categories(_reference(one, keys[one.table.name], last=last))
    chart.x_axis.scaling.orientation = "maxMin"  # the largest on top
    return _dressed(chart, _("The largest: %(what)s", what=one.table.title), currency, legend=False)
