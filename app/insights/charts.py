"""Charts for the screen: plotly figures of a report's figures, and each in one sentence for those who listen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from plotly import graph_objects as go

from app.insights.metrics import OTHERS, Row, Sales
from app.insights.tables import Table
from app.kit import formats
from app.kit.money import Money

COLOURS = {"gross": "#4c6ef5", "refunds": "#e8590c", "net": "#2b8a3e"}
"""Told apart by colour-blind people, too; on white and on dark."""
LARGEST = 15
DAY_TICKS = [
    {"dtickrange": [None, "M1"], "value": "%m-%d"},
    {"dtickrange": ["M1", None], "value": "%Y-%m"},
]
"""Digits, because the names of months differ by language and take more room."""
BREAKDOWNS = ("days", "months", "weekdays", "categories", "products", "countries")


def build(sales: Sales, tables: dict[str, Table]) -> dict[str, dict[str, Any]]:
    """{breakdown: plotly figure as JSON}; amounts are exact decimal text in major units."""
    made = {
        "days": _days(sales, tables["days"]),
        "months": _months(sales, tables["months"]),
        **{name: _bars(sales, tables[name]) for name in BREAKDOWNS[2:]},
    }
    return {name: json.loads(figure.to_json()) for name, figure in made.items()}


def summary(sales: Sales, table: Table) -> str:
    """One sentence: the largest and the smallest part by gross sales, and the total."""
    rows = [row for row in table.rows if row.figures.gross_minor and row.key[0] != OTHERS]
    if not rows:
        return _("No sales in this breakdown.")
    currency = sales.span.currency
    largest = max(rows, key=lambda row: row.figures.gross_minor)
    smallest = min(rows, key=lambda row: row.figures.gross_minor)
    return _(
        "Parts with sales: %(count)s. Largest: %(largest)s with %(most)s. Smallest: %(smallest)s with %(least)s. "
        "Net of refunds in all: %(net)s.",
        count=formats.number(len(rows)),
        largest=_label(table, largest),
        most=formats.money(largest.figures.gross_minor, currency),
        smallest=_label(table, smallest),
        least=formats.money(smallest.figures.gross_minor, currency),
        net=formats.money(sales.totals.net_minor, currency),
    )


def _days(sales: Sales, table: Table) -> go.Figure:
    traces = [
        go.Scatter(mode="lines", line={"color": COLOURS[key], "width": 2}, **_series(sales, table, key))
        for key in COLOURS
    ]
    figure = go.Figure(traces, _layout(sales))
    buttons = [
        {"count": 1, "step": "month", "stepmode": "backward", "label": _("1 month")},
        {"count": 3, "step": "month", "stepmode": "backward", "label": _("3 months")},
        {"step": "all", "label": _("All")},
    ]
    return figure.update_xaxes(
        type="date",
        tickformatstops=DAY_TICKS,
        rangeslider={"visible": True, "thickness": 0.08},
        rangeselector={"buttons": buttons},
    )


def _months(sales: Sales, table: Table) -> go.Figure:
    traces = [go.Bar(marker={"color": COLOURS[key]}, **_series(sales, table, key)) for key in COLOURS]
    return go.Figure(traces, _layout(sales, barmode="group")).update_xaxes(type="category")


def _bars(sales: Sales, table: Table) -> go.Figure:
    """Gross and refunds, the largest on top; weekdays keep their order."""
    rows = (
        list(table.rows) if table.name == "weekdays" else [row for row in table.rows[:LARGEST] if row.key[0] != OTHERS]
    )
    labels = [_label(table, row) for row in rows]
    traces = []
    for key in ("gross", "refunds"):
        series = _series(sales, table, key, rows)
        traces.append(
            go.Bar(
                orientation="h",
                marker={"color": COLOURS[key]},
                name=series["name"],
                x=series["y"],
                y=labels,
                customdata=series["customdata"],
                hovertemplate="%{y}<br>%{customdata}",
            )
        )
    figure = go.Figure(traces, _layout(sales, barmode="overlay", hovermode="closest"))
    figure.update_xaxes(type="linear", tickformat="~s", title={"text": sales.span.currency})
    return figure.update_yaxes(type="category", autorange="reversed", tickformat="", title={"text": ""})


def _series(sales: Sales, table: Table, key: str, rows: Sequence[Row] | None = None) -> dict[str, Any]:
    currency = sales.span.currency
    column = next(column for column in table.columns if column.key == key)
    values = [column.value(row) for row in (table.rows if rows is None else rows)]
    return {
        "name": column.label,
        "x": [_label(table, row) for row in table.rows],
        "y": [str(Money(minor, currency)) for minor in values],
        "customdata": [formats.money(minor, currency) for minor in values],
        "hovertemplate": "%{customdata}",
    }


def _layout(sales: Sales, **values: Any) -> dict[str, Any]:
    """Colours of text, paper and grid come from the page, so that both themes fit."""
    return {
        "template": "none",
        "margin": {"l": 64, "r": 16, "t": 16, "b": 40},
        "hovermode": "x unified",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
        "yaxis": {"tickformat": "~s", "title": {"text": sales.span.currency}, "automargin": True, "type": "linear"},
        "bargap": 0.25,
        **values,
    }


def _label(table: Table, row: Row) -> str:
    """What a part is called: the title of a product, a month as 2011-12, else the first column."""
    titles = [column for column in table.columns if column.key == "title"]
    value = (titles or list(table.columns))[0].value(row) or table.columns[0].value(row)
    if isinstance(value, date):
        return value.strftime("%Y-%m") if table.name == "months" else value.isoformat()
    return str(value) if len(str(value)) <= 42 else f"{str(value)[:40]}…"
