"""The figures of sales: one function a breakdown, one SQL text each in `sql/`, all in whole minor units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, text

from app.catalog.models import Category
from app.insights import settlement
from app.insights.settlement import Settlement
from app.insights.spans import Span
from app.kit import clock
from app.kit.db import db
from app.kit.money import divide_half_up
from app.kit.shop_wall import assert_in_scope

DEFINITION = "sales-1"
"""Changes whenever a figure would come out differently for the same rows."""
MOST_ROWS = 100_000
"""A breakdown by product or customer and the refunds hold so many rows; one more gathers the others."""
OTHERS = "*"
"""The key of the row that gathers what `MOST_ROWS` left out."""
SQL = Path(__file__).parent / "sql"


class Figures(NamedTuple):
    """What is counted of any set of documents. Refunds are negative; net = gross + refunds + adjustments.

    `orders` and `customers` are None where lines, not documents, are split (products, categories).
    """

    orders: int | None = 0
    customers: int | None = 0
    lines: int = 0
    units: int = 0
    units_returned: int = 0
    gross_minor: int = 0
    refunds_minor: int = 0
    adjustments_minor: int = 0
    net_minor: int = 0

    @property
    def average_minor(self) -> int | None:
        """Gross by order, rounded half away from zero; None without orders."""
        return divide_half_up(self.gross_minor, self.orders) if self.orders else None


class Row(NamedTuple):
    """One part of a breakdown: what it is of (see each function) and its figures."""

    key: tuple[Any, ...]
    figures: Figures


class Refund(NamedTuple):
    """A credit note in the month of the refund, with the sale that it reverses and that sale's day."""

    number: str
    day: date | None
    sale_number: str | None
    sale_day: date | None
    customer: str | None
    country: str
    units_returned: int
    refunds_minor: int


@dataclass(frozen=True)
class Sales:
    """Every figure of one span, as the data stood at `as_of`."""

    span: Span
    as_of: datetime
    totals: Figures
    days: list[Row]
    months: list[Row]
    weekdays: list[Row]
    categories: list[Row]
    products: list[Row]
    countries: list[Row]
    customers: list[Row]
    refunds: list[Refund]
    settlement: Settlement


STEPS = (
    "totals",
    "days",
    "months",
    "weekdays",
    "categories",
    "products",
    "countries",
    "customers",
    "refunds",
    "settlement",
)


def read(span: Span, on_step: Callable[[str], None] = lambda step: None) -> Sales:
    """All figures of a span, within the open transaction. Raises Forbidden outside the scope's shops.

    `on_step` hears the name of each of `STEPS` before it is taken, and `lines` before the first.
    """
    on_step("lines")
    as_of = clock.now()
    connection = db.session.connection()
    _prepare(connection, span)
    parts: dict[str, Any] = {}
    for step in STEPS:
        on_step(step)
        parts[step] = READERS[step](connection, span)
    connection.execute(text("drop table sales_part"))
    return _whole(Sales(span=span, as_of=as_of, **parts))


def extent(shop_id: int, zone: str) -> tuple[date, date] | None:
    """The shop days of the oldest and the newest document that counts; None without any."""
    statement = text(_sql("extent").format(counts=_sql("counts")))
    row = db.session.connection().execute(statement, {"shop_id": assert_in_scope(shop_id)}).one()
    if row.newest is None:
        return None
    return clock.day_of(row.oldest, zone), clock.day_of(row.newest, zone)


def totals(connection: Connection, span: Span) -> Figures:
    """The whole span."""
    return _figures(tuple(connection.execute(text(_sql("totals"))).one()))


def by_day(connection: Connection, span: Span) -> list[Row]:
    """(day,), every day of the span, days without sales as well."""
    return _filled(_rows(connection, "by_day", 1), [(day,) for day in span.days])


def by_month(connection: Connection, span: Span) -> list[Row]:
    """(first day of the month, refunds in it of sales before it), every month that the span touches."""
    found = [Row((month, int(late)), figures) for (month, late), figures in _rows(connection, "by_month", 2)]
    present = {row.key[0] for row in found}
    return sorted(found + [Row((month, 0), Figures()) for month in span.months if month not in present])


def by_weekday(connection: Connection, span: Span) -> list[Row]:
    """(weekday,), 1 = Monday; all seven."""
    return _filled(_rows(connection, "by_weekday", 1), [(weekday,) for weekday in range(1, 8)])


def by_country(connection: Connection, span: Span) -> list[Row]:
    """(country,), the largest gross first; empty where none is known."""
    return _rows(connection, "by_country", 1)


def by_customer(connection: Connection, span: Span) -> list[Row]:
    """(number, country), the largest gross first; None for the buyers that nobody knows."""
    return _rows(connection, "by_customer", 2, most=MOST_ROWS)


def by_product(connection: Connection, span: Span) -> list[Row]:
    """(code, title, kind), the largest gross first; kind `charge` for what is no product."""
    rows = _rows(connection, "by_product", 4, most=MOST_ROWS)
    return [Row((code, _with_options(title, options), kind), figures) for (code, title, options, kind), figures in rows]


def by_category(connection: Connection, span: Span) -> list[Row]:
    """(kind, path), the largest gross first; an empty path for products without a category."""
    paths = _category_paths(span.shop_id)
    rows = _rows(connection, "by_category", 2)
    return [Row((kind, paths.get(category_id, "")), figures) for (kind, category_id), figures in rows]


def refunds(connection: Connection, span: Span) -> list[Refund]:
    """Every credit note, newest first."""
    found = connection.execute(text(_sql("refunds")), {"most": MOST_ROWS})
    return [Refund._make([*row[:6], int(row[6]), int(row[7])]) for row in found]


def settled(connection: Connection, span: Span) -> Settlement:
    """Money through channels, by the channels' bills."""
    return settlement.read(connection, span, _sql("settled"))


READERS: dict[str, Callable[[Connection, Span], Any]] = {
    "totals": totals,
    "days": by_day,
    "months": by_month,
    "weekdays": by_weekday,
    "categories": by_category,
    "products": by_product,
    "countries": by_country,
    "customers": by_customer,
    "refunds": refunds,
    "settlement": settled,
}


def added(rows: Iterable[Row]) -> Figures:
    """The sums of a partition's parts; orders and customers may overlap and are left out."""
    columns = [row.figures[2:] for row in rows]
    return Figures(None, None, *(sum(column) for column in zip(*columns, strict=True))) if columns else Figures()


def rest(rows: list[Row], whole: Figures) -> Figures:
    """What the rows leave of the whole."""
    taken = added(rows)
    return Figures(None, None, *(total - part for total, part in zip(whole[2:], taken[2:], strict=True)))


def _whole(sales: Sales) -> Sales:
    """With a last row in each breakdown that was cut short, so that every sum is whole."""
    products, customers, notes = sales.products, sales.customers, sales.refunds
    if len(products) >= MOST_ROWS:
        products = [*products, Row((OTHERS, "", "product"), rest(products, sales.totals))]
    if len(customers) >= MOST_ROWS:
        customers = [*customers, Row((OTHERS, ""), rest(customers, sales.totals))]
    if len(notes) >= MOST_ROWS:
        units = sales.totals.units_returned - sum(note.units_returned for note in notes)
        minor = sales.totals.refunds_minor - sum(note.refunds_minor for note in notes)
        notes = [*notes, Refund(OTHERS, None, None, None, None, "", units, minor)]
    return replace(sales, products=products, customers=customers, refunds=notes)


def _prepare(connection: Connection, span: Span) -> None:
    starts_at, ends_at = span.bounds
    connection.execute(text("set local work_mem = '64MB'"))
    connection.execute(
        text(_sql("prepare").format(counts=_sql("counts"))),
        {
            "shop_id": assert_in_scope(span.shop_id),
            "zone": span.zone,
            "starts_at": starts_at,
            "ends_at": ends_at,
        },
    )


def _rows(connection: Connection, name: str, keys: int, **values: int) -> list[Row]:
    found = connection.execute(text(_sql(name)), values)
    return [Row(tuple(row[:keys]), _figures(row[keys:])) for row in found]


def _figures(values: Sequence[Any]) -> Figures:
    return Figures._make([None if value is None else int(value) for value in values])


def _filled(found: list[Row], keys: list[tuple[Any, ...]]) -> list[Row]:
    """The rows at all of `keys`, with zeros where nothing was found."""
    by_key = {row.key: row for row in found}
    return [by_key.get(key) or Row(key, Figures()) for key in keys]


def _with_options(title: str | None, options: dict[str, Any] | None) -> str:
    values = " / ".join(str(value) for value in (options or {}).values())
    return f"{title or ''} · {values}" if values else title or ""


def _category_paths(shop_id: int) -> dict[int, str]:
    """Each category's path from the root, such as `Home / Cups`."""
    nodes = {row.id: row for row in db.session.scalars(select(Category).where(Category.shop_id == shop_id))}
    return {node.id: " / ".join(reversed(_ancestry(node, nodes))) for node in nodes.values()}


def _ancestry(node: Category, nodes: dict[int, Category]) -> list[str]:
    names: list[str] = []
    current: Category | None = node
    while current is not None and len(names) < len(nodes):
        names.append(current.name)
        current = nodes.get(current.parent_id or 0)
    return names


@cache
def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
