"""The figures that a finished report keeps for the screen: as JSON, without customers, the largest by name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from app.insights import settlement
from app.insights.metrics import OTHERS, Figures, Row, Sales, rest
from app.insights.models import Report
from app.insights.spans import Span

TOP = 20
"""Products and countries on screen; one more row gathers the others, so that the sums stay whole."""
DATED = ("days", "months")
PLAIN = ("weekdays", "categories", "products", "countries")


def kept(sales: Sales) -> dict[str, Any]:
    """What the row of a report keeps: lists of [key, figures]; days as ISO text."""
    kept: dict[str, Any] = {"totals": list(sales.totals)}
    kept["settlement"] = settlement.kept(sales.settlement)
    for name in DATED:
        kept[name] = [[[row.key[0].isoformat(), *row.key[1:]], list(row.figures)] for row in getattr(sales, name)]
    shortened = {
        "weekdays": sales.weekdays,
        "categories": sales.categories,
        "products": _largest(sales.products, (OTHERS, "", "product"), sales.totals),
        "countries": _largest(sales.countries, (OTHERS,), sales.totals),
    }
    for name, rows in shortened.items():
        kept[name] = [[list(row.key), list(row.figures)] for row in rows]
    return kept


def restored(report: Report) -> Sales:
    """The figures of a finished report as `metrics.Sales`; customers and refunds are in its workbook alone."""
    stored = report.figures or {}
    parts: dict[str, Any] = {}
    for name in DATED:
        parts[name] = [_row([date.fromisoformat(key[0]), *key[1:]], values) for key, values in stored[name]]
    for name in PLAIN:
        parts[name] = [_row(key, values) for key, values in stored[name]]
    return Sales(
        span=Span(report.shop_id, report.first_day, report.last_day, report.time_zone, report.currency),
        as_of=report.as_of or datetime.fromtimestamp(0, UTC),
        totals=Figures._make(stored["totals"]),
        customers=[],
        refunds=[],
        settlement=settlement.restored(stored.get("settlement", [])),
        **parts,
    )


def _row(key: list[Any], values: list[Any]) -> Row:
    return Row(tuple(key), Figures._make(values))


def _largest(rows: list[Row], key: tuple[Any, ...], totals: Figures) -> list[Row]:
    if len(rows) <= TOP + 1:
        return rows
    return [*rows[:TOP], Row(key, rest(rows[:TOP], totals))]
