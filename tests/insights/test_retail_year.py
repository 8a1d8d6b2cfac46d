"""The year of Online Retail: the product's figures against sums made from the CSV, and against facts.json."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from app.insights import metrics
from app.insights.metrics import Figures, Refund, Row, Sales
from tests.insights import retail

KINDS = {"gross": "gross_minor", "refunds": "refunds_minor", "adjustments": "adjustments_minor", "net": "net_minor"}
PENNY = Decimal("0.01")


def pence(amount: Any) -> int:
    """facts.json holds pounds with a third decimal of fractions; half up to pence."""
    return int(Decimal(str(amount)).quantize(PENNY, ROUND_HALF_UP) * 100)


def by_key(rows: Iterable[Row], index: int = 0) -> dict[str, Figures]:
    return {str(row.key[index] or ""): row.figures for row in rows}


def test_the_totals_are_those_of_the_file(retail_sales: Sales) -> None:
    total, expected = retail_sales.totals, retail.expected()
    assert {kind: getattr(total, field) for kind, field in KINDS.items()} == {
        kind: expected.totals[kind] for kind in KINDS
    }
    assert (total.orders, total.customers, total.units) == (19960, 4338, expected.totals["units"])


def test_the_totals_are_those_of_facts_json_to_the_penny(retail_sales: Sales) -> None:
    total, facts = retail_sales.totals, retail.facts()
    assert total.gross_minor == pence(facts["revenue_gross_sales"]) == 1_066_668_454
    assert total.refunds_minor == pence(facts["revenue_refunds"]) == -89_681_249
    assert total.net_minor == pence(facts["revenue_net_all_rows"]) == 974_774_793
    assert (total.orders, total.customers) == (facts["gross_sales_invoices"], facts["gross_sales_customers"])
    assert (total.lines, total.units) == (facts["gross_sales_rows"], facts["gross_sales_units"])
    assert total.average_minor == pence(facts["average_order_value_gross"])


@pytest.mark.parametrize(
    ("rows", "by"), [("days", "day"), ("products", "product"), ("customers", "customer"), ("countries", "country")]
)
def test_each_part_is_the_sum_of_its_lines_in_the_file(retail_sales: Sales, rows: str, by: str) -> None:
    found = by_key(getattr(retail_sales, rows))
    expected = retail.expected().by[by]
    assert {key: figures for key, figures in found.items() if key not in expected and any(figures[2:])} == {}
    assert {key: {kind: getattr(found[key], KINDS[kind]) for kind in KINDS} for key in expected} == {
        key: {kind: counted[kind] for kind in KINDS} for key, counted in expected.items()
    }


def test_months_hold_the_gross_net_orders_and_customers_of_facts_json(retail_sales: Sales) -> None:
    facts, expected = retail.facts(), retail.expected()
    months = {row.key[0].strftime("%Y-%m"): row.figures for row in retail_sales.months}
    assert {month: f.orders for month, f in months.items()} == facts["orders_by_month_gross"]
    assert {month: f.customers for month, f in months.items()} == facts["active_customers_by_month_gross"]
    for month, figures in months.items():
        counted = expected.by["month"][month]
        assert (figures.gross_minor, figures.net_minor) == (counted["gross"], counted["net"])
        assert abs(figures.gross_minor - pence(facts["revenue_by_month_gross"][month])) <= 1
        assert abs(figures.net_minor - pence(facts["revenue_by_month_net"][month])) <= 1


def test_the_first_five_products_countries_and_customers_are_those_of_facts_json(retail_sales: Sales) -> None:
    facts = retail.facts()
    assert top(retail_sales.products) == pairs(facts["top5_products_gross"])
    assert top(retail_sales.countries) == pairs(facts["top5_countries_gross"])
    known = [row for row in retail_sales.customers if row.key[0] is not None]
    assert top(known) == pairs(facts["top5_customers_gross"])
    by_net = sorted(retail_sales.products, key=lambda row: -row.figures.net_minor)
    assert [(row.key[0], row.figures.net_minor) for row in by_net[:5]] == pairs(facts["top5_products_net"])
    by_net = sorted(known, key=lambda row: -row.figures.net_minor)
    assert [(row.key[0], row.figures.net_minor) for row in by_net[:5]] == pairs(facts["top5_customers_net"])


def top(rows: list[Row]) -> list[tuple[str, int]]:
    return [(row.key[0], row.figures.gross_minor) for row in rows[:5]]


def pairs(facts: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(fact["key"], pence(fact["value"])) for fact in facts]


def test_postage_is_a_charge_and_no_product(retail_sales: Sales) -> None:
    kinds = {row.key[0]: row.key[2] for row in retail_sales.products}
    assert (kinds["DOT"], kinds["POST"], kinds["22423"]) == ("charge", "charge", "product")


def test_weekdays_hold_the_gross_of_facts_json_and_an_empty_saturday(retail_sales: Sales) -> None:
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    found = {names[row.key[0] - 1]: row.figures.gross_minor for row in retail_sales.weekdays}
    facts = retail.facts()["gross_by_weekday"]
    assert found.pop("Saturday") == 0
    assert {name: abs(minor - pence(facts[name])) <= 1 for name, minor in found.items()} == dict.fromkeys(facts, True)


def test_every_partition_adds_up_to_the_whole(retail_sales: Sales) -> None:
    for name in ("days", "months", "weekdays", "categories", "products", "countries", "customers"):
        assert metrics.added(getattr(retail_sales, name))[2:] == retail_sales.totals[2:], name
    for name in ("days", "months", "weekdays", "countries", "customers"):
        assert sum(row.figures.orders or 0 for row in getattr(retail_sales, name)) == retail_sales.totals.orders, name


def test_every_credit_note_is_listed_once(retail_sales: Sales) -> None:
    notes: list[Refund] = retail_sales.refunds
    assert len({note.number for note in notes}) == len(notes) == retail.facts()["distinct_cancelled_invoices"]
    assert sum(note.refunds_minor for note in notes) == retail_sales.totals.refunds_minor
