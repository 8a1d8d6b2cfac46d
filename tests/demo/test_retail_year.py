"""The whole year of Online Retail as loaded: every figure of facts.json that loading decides."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.demo import retail
from app.kit.db import db
from tests.retail import SAMPLE_DATA, in_retail

pytestmark = pytest.mark.slow
FACTS = json.loads((SAMPLE_DATA / "facts.json").read_text(encoding="utf-8"))


@pytest.fixture
def year(app: Flask, retail_database: Engine) -> Iterator[None]:
    with in_retail(app, retail_database):
        yield


def one(sql: str) -> Any:
    query = text(f"with s as (select id from shop where code = 'uk-giftware') {sql}")  # noqa: S608
    return tuple(db.session.execute(query).one())


def test_the_file_is_the_one_that_the_facts_were_computed_from() -> None:
    assert FACTS["files"] == [{"file": retail.FILE, "bytes": 7_560_905, "sha256": retail.SHA256}]
    assert retail.known_file(SAMPLE_DATA).stat().st_size == 7_560_905
    assert FACTS["rows"] == retail.ROWS


@pytest.mark.usefixtures("year")
def test_every_row_is_a_line_and_every_invoice_an_order() -> None:
    lines = one(
        "select count(*), count(distinct order_id), count(distinct code) from order_line, s where shop_id = s.id"
    )

    assert lines == (FACTS["rows"], FACTS["distinct_invoices"], FACTS["distinct_stockcodes"])
    assert lines == (541_909, 25_900, 4_070)
    assert one(
        "select count(*), min(placed_at at time zone 'Europe/London')::text, "
        "max(placed_at at time zone 'Europe/London')::text, count(distinct country) from orders, s where shop_id = s.id"
    ) == (25_900, FACTS["date_min"], FACTS["date_max"], FACTS["distinct_countries"])


@pytest.mark.usefixtures("year")
def test_kinds_of_orders() -> None:
    kinds = one(
        "select count(*) filter (where kind = 'credit_note'), count(*) filter (where kind = 'adjustment'), "
        "count(*) filter (where kind = 'sale'), count(*) filter (where status <> 'completed'), "
        "array_agg(number order by number) filter (where number like 'A%') from orders, s where shop_id = s.id"
    )

    assert kinds == (3_836, 2_105, 19_959, 0, FACTS["adjust_bad_debt_invoices"])
    assert kinds[0] == FACTS["distinct_cancelled_invoices"]
    of_notes = "select count(*) from order_line l join orders o on o.id = l.order_id join s on s.id = o.shop_id "
    assert one(of_notes + "where o.kind = 'credit_note'") == (FACTS["cancellation_rows"],)


@pytest.mark.usefixtures("year")
def test_customers_and_anonymous_lines() -> None:
    assert one("select count(*) from customer, s where shop_id = s.id") == (FACTS["distinct_customers"],)
    anonymous = "select count(*) from order_line l join orders o on o.id = l.order_id join s on s.id = o.shop_id "
    assert one(anonymous + "where o.customer_id is null") == (FACTS["rows_missing_customer"],)


@pytest.mark.usefixtures("year")
def test_charges_are_those_of_the_list_and_nothing_else() -> None:
    codes = one(
        'select array_agg(distinct code collate "C" order by code collate "C") from order_line, s '
        "where shop_id = s.id and kind = 'charge'"
    )[0]

    assert codes == [
        "AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "PADS", "POST", "S",
        "gift_0001_10", "gift_0001_20", "gift_0001_30", "gift_0001_40", "gift_0001_50", "m",
    ]  # fmt: skip
    odd = "select count(*), count(*) filter (where kind = 'charge') from order_line, s "
    assert one(odd + "where shop_id = s.id and code !~ '^[0-9]{5}'") == (FACTS["non_numeric_stockcode_rows"], 2_950)


@pytest.mark.usefixtures("year")
def test_exact_duplicates_were_kept() -> None:
    twins = one(
        "select sum(n - 1) from (select count(*) as n from order_line l join s on s.id = l.shop_id "
        "group by order_id, code, title, quantity, unit_price_micros having count(*) > 1) t"
    )

    assert int(twins[0]) >= FACTS["duplicate_rows_beyond_first"]


@pytest.mark.usefixtures("year")
def test_gross_lines_units_and_sum_are_those_of_the_file() -> None:
    lines, units, pence = one(
        "select count(*), sum(quantity), sum(amount_minor) from order_line, s "
        "where shop_id = s.id and quantity > 0 and unit_price_micros > 0"
    )

    assert (lines, int(units)) == (FACTS["gross_sales_rows"], FACTS["gross_sales_units"])
    assert int(pence) == expected_gross_pence()
    assert abs(Decimal(int(pence)) / 100 - Decimal(str(FACTS["revenue_gross_sales"]))) < Decimal("0.01")


def expected_gross_pence() -> int:
    total = 0
    with gzip.open(SAMPLE_DATA / retail.FILE, "rt", encoding="utf-8", newline="") as stream:
        same = Counter((row["Quantity"], row["UnitPrice"]) for row in csv.DictReader(stream))
    for (quantity, price), lines in same.items():
        if int(quantity) > 0 and Decimal(price) > 0:
            total += lines * int((int(quantity) * Decimal(price)).quantize(Decimal("0.01"), ROUND_HALF_UP) * 100)
    return total


@pytest.mark.usefixtures("year")
def test_odd_lines_stay_what_they_were() -> None:
    assert one(
        "select count(*) filter (where quantity < 0), count(*) filter (where unit_price_micros = 0), "
        "count(*) filter (where unit_price_micros < 0), count(*) filter (where title = '') "
        "from order_line, s where shop_id = s.id"
    ) == (
        FACTS["negative_quantity_rows"],
        FACTS["zero_price_rows"],
        FACTS["negative_price_rows"],
        FACTS["rows_missing_description"],
    )


@pytest.mark.usefixtures("year")
def test_order_totals_are_the_sums_of_their_lines() -> None:
    wrong = one(
        "select count(*) from orders o join s on s.id = o.shop_id join (select order_id, sum(amount_minor) as amount, "
        "coalesce(sum(amount_minor) filter (where kind = 'charge'), 0) as charges, "
        "coalesce(sum(quantity) filter (where kind = 'product'), 0) as units from order_line group by order_id) l "
        "on l.order_id = o.id where o.total_minor <> l.amount or o.charges_minor <> l.charges or o.units <> l.units "
        "or o.items_minor + o.charges_minor <> o.total_minor"
    )

    assert wrong == (0,)


@pytest.mark.usefixtures("year")
def test_credit_notes_are_linked_and_reverse_no_more_than_was_sold() -> None:
    assert one("select count(*) from orders, s where shop_id = s.id and reverses_id is not null") == (2_644,)
    assert one(
        "select count(*) from orders n join orders o on o.id = n.reverses_id join s on s.id = n.shop_id "
        "where n.kind <> 'credit_note' or o.kind <> 'sale' or o.customer_id is distinct from n.customer_id "
        "or o.placed_at > n.placed_at"
    ) == (0,)
    over = one(
        "select count(*) from (select n.reverses_id, l.code, -sum(l.quantity) as back from orders n "
        "join order_line l on l.order_id = n.id and l.kind = 'product' where n.reverses_id is not null "
        "group by 1, 2) r "
        "join s on true where r.back > coalesce((select sum(l.quantity) from order_line l "
        "where l.order_id = r.reverses_id and l.code = r.code and l.quantity > 0), 0)"
    )
    assert over == (0,)
