"""The tables of a sales report, in the language of the reader: the same for the screen and the workbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from babel.dates import get_day_names
from flask_babel import gettext as _

from app.insights.metrics import OTHERS, Figures, Refund, Row, Sales, added
from app.kit.formats import locale_code

COUNT = 9
"""So many tables does a report have, at most."""


class Kind(StrEnum):
    """What a column holds; it decides alignment, format and width."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    DAY = "day"
    MONTH = "month"
    COUNT = "count"
    MONEY = "money"


@dataclass(frozen=True)
class Column:
    """A column: `value` takes a row and gives text, a date, a count or minor units."""

    key: str
    label: str
    kind: Kind
    value: Callable[[Any], Any]


@dataclass(frozen=True)
class Table:
    """One breakdown; `total` is the row that closes it, one value a column.

    Where rows are in several currencies, `currency_of` tells a row's, and a row of `totals` closes each of them.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Any]
    total: tuple[Any, ...]
    currency_of: Callable[[Any], str] | None = None
    totals: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    def values(self, row: Any) -> list[Any]:
        """One value a column."""
        return [column.value(row) for column in self.columns]


def figure_labels() -> dict[str, str]:
    """The name of each figure for people."""
    return {
        "gross": _("Gross sales"),
        "refunds": _("Refunds"),
        "adjustments": _("Adjustments"),
        "net": _("Net sales"),
        "orders": _("Orders"),
        "customers": _("Customers"),
        "units": _("Units sold"),
        "units_returned": _("Units returned"),
        "average": _("Average order value"),
        "lines": _("Order lines"),
    }


def definitions() -> list[tuple[str, str]]:
    """What each figure means: (figure, sentence)."""
    labels = figure_labels()
    return [
        (labels["gross"], _("Lines with a quantity and a price above zero, charges included, not on credit notes.")),
        (labels["refunds"], _("All lines of credit notes, in the month of the refund; negative.")),
        (labels["adjustments"], _("All other lines, such as bad debts and give-aways.")),
        (labels["net"], _("Gross sales + refunds + adjustments = the sum of all lines.")),
        (labels["orders"], _("Documents with at least one line of gross sales; unpaid orders do not count.")),
        (labels["customers"], _("Known customers with at least one line of gross sales.")),
        (labels["average"], _("Gross sales divided by orders.")),
    ]


def build(sales: Sales) -> dict[str, Table]:
    """All tables by name, in the order of the sheets."""
    of_orders, of_lines = _figure_columns(documents=True), _figure_columns(documents=False)
    made = [
        _table("days", _("By day"), (Column("day", _("Day"), Kind.DAY, _key(0)),), of_orders, sales),
        _table("months", _("By month"), _month_columns(), (*of_orders, _late_column()), sales),
        _table("weekdays", _("By weekday"), _weekday_columns(), of_orders, sales),
        _table("categories", _("By category"), _category_columns(), of_lines, sales),
        _table("products", _("By product"), _product_columns(), of_lines, sales),
        _table("countries", _("By country"), _country_columns(), of_orders, sales),
        _table("customers", _("By customer"), _customer_columns(), of_orders[:1] + of_orders[2:], sales),
        _refunds(sales),
    ]
    return {table.name: table for table in made}


def on_screen(sales: Sales) -> dict[str, Table]:
    """The tables of a restored report: customers and refunds are in its workbook alone."""
    return {name: table for name, table in build(sales).items() if name not in ("customers", "refunds")}


def labelled(text: str) -> str:
    """A key for people: the row that gathers the others gets a name."""
    return _("All others") if text == OTHERS else text


def _table(name: str, title: str, keys: tuple[Column, ...], figures: tuple[Column, ...], sales: Sales) -> Table:
    rows = getattr(sales, name)
    whole = added(rows)._replace(orders=sales.totals.orders, customers=sales.totals.customers)
    late = sum(row.key[1] for row in rows) if name == "months" else 0
    total = Row((None, late), whole)
    heads = (_("Total"), *("" for _key_column in keys[1:]))
    return Table(name, title, keys + figures, rows, (*heads, *(column.value(total) for column in figures)))


def _key(index: int) -> Callable[[Row], Any]:
    return lambda row: row.key[index]


def _figure(name: str) -> Callable[[Row], Any]:
    index = Figures._fields.index(name)
    return lambda row: row.figures[index]


def _figure_columns(*, documents: bool) -> tuple[Column, ...]:
    labels = figure_labels()
    counts = ("orders", "customers") if documents else ("lines",)
    columns = [Column(key, labels[key], Kind.COUNT, _figure(key)) for key in (*counts, "units", "units_returned")]
    for key in ("gross", "refunds", "adjustments", "net"):
        columns.append(Column(key, labels[key], Kind.MONEY, _figure(f"{key}_minor")))
    if documents:
        columns.append(Column("average", labels["average"], Kind.MONEY, lambda row: row.figures.average_minor))
    return tuple(columns)


def _month_columns() -> tuple[Column, ...]:
    return (Column("month", _("Month"), Kind.MONTH, _key(0)),)


def _late_column() -> Column:
    return Column("late", _("Refunds of sales of earlier months"), Kind.MONEY, _key(1))


def _weekday_columns() -> tuple[Column, ...]:
    names = get_day_names("wide", "stand-alone", locale_code())
    return (Column("weekday", _("Weekday"), Kind.TEXT, lambda row: names[row.key[0] - 1]),)


def _category_columns() -> tuple[Column, ...]:
    charges, none = _("Charges"), _("No category")
    return (
        Column(
            "category",
            _("Category"),
            Kind.LONG_TEXT,
            lambda row: charges if row.key[0] == "charge" else row.key[1] or none,
        ),
    )


def _product_columns() -> tuple[Column, ...]:
    kinds = {"charge": _("Charge"), "product": _("Product")}
    return (
        Column("code", _("Code"), Kind.TEXT, lambda row: labelled(row.key[0])),
        Column("title", _("Title"), Kind.LONG_TEXT, _key(1)),
        Column("kind", _("Kind"), Kind.TEXT, lambda row: kinds[row.key[2]]),
    )


def _country_columns() -> tuple[Column, ...]:
    unknown = _("Unknown")
    return (Column("country", _("Country"), Kind.TEXT, lambda row: row.key[0] or unknown),)


def _customer_columns() -> tuple[Column, ...]:
    unknown = _("Unknown customer")
    return (
        Column("customer", _("Customer number"), Kind.TEXT, lambda row: labelled(row.key[0] or unknown)),
        Column("country", _("Country"), Kind.TEXT, lambda row: row.key[1] or ""),
    )


def _refunds(sales: Sales) -> Table:
    labels = figure_labels()
    columns = (
        Column("number", _("Credit note"), Kind.TEXT, lambda note: labelled(note.number)),
        Column("day", _("Refunded on"), Kind.DAY, lambda note: note.day),
        Column("sale", _("Reverses order"), Kind.TEXT, lambda note: note.sale_number or ""),
        Column("sale_day", _("Ordered on"), Kind.DAY, lambda note: note.sale_day),
        Column("sale_month", _("Order month"), Kind.MONTH, _sale_month),
        Column("customer", _("Customer number"), Kind.TEXT, lambda note: note.customer or ""),
        Column("country", _("Country"), Kind.TEXT, lambda note: note.country),
        Column("reason", _("Reason"), Kind.TEXT, lambda note: ""),
        Column("units_returned", labels["units_returned"], Kind.COUNT, lambda note: note.units_returned),
        Column("refunds", labels["refunds"], Kind.MONEY, lambda note: note.refunds_minor),
    )
    units = sum(note.units_returned for note in sales.refunds)
    minor = sum(note.refunds_minor for note in sales.refunds)
    return Table("refunds", _("Refunds"), columns, sales.refunds, (_("Total"), *[""] * 7, units, minor))


def _sale_month(note: Refund) -> Any:
    return note.sale_day.replace(day=1) if note.sale_day else None
