"""The Online Retail year: loaded into a database by COPY and SQL, and summed by the test on its own from the CSV."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, TextIO

from sqlalchemy import Engine, text

from tests.conftest import SHARED_DATA

FOLDER = SHARED_DATA / "online-retail-uk"
PENNY = Decimal("0.01")
LOAD = (
    """create temp table raw (number text, code text, title text, quantity bigint, at timestamp,
       price numeric, customer text, country text)""",
    "COPY",
    """insert into shop (version, created_at, updated_at, code, name, currency, time_zone, country, locale, invented)
       values (1, now(), now(), 'retail', 'Online Retail', 'GBP', 'Europe/London', 'United Kingdom', 'en', false)""",
    """insert into customer (shop_id, number, created_at, updated_at)
       select s.id, r.customer, now(), now() from shop s, (select distinct customer from raw where customer <> '') r
       where s.code = 'retail'""",
    """insert into orders
         (shop_id, number, kind, status, placed_at, currency, country, customer_id, created_at, updated_at)
       select s.id, r.number, case left(r.number, 1) when 'C' then 'credit_note' when 'A' then 'adjustment'
                               else 'sale' end, 'completed',
         min(r.at) at time zone 'Europe/London', 'GBP', min(r.country), min(c.id), now(), now()
       from raw r join shop s on s.code = 'retail'
         left join customer c on c.shop_id = s.id and c.number = nullif(r.customer, '')
       group by s.id, r.number""",
    """insert into order_line
         (shop_id, order_id, position, kind, code, title, quantity, unit_price_micros, amount_minor)
       select o.shop_id, o.id, row_number() over (partition by o.id),
         case when r.code ~ '^[0-9]{5}' then 'product' else 'charge' end, r.code, coalesce(r.title, ''), r.quantity,
         (r.price * 1000000)::bigint, (round(r.quantity * r.price, 2) * 100)::bigint
       from raw r join shop s on s.code = 'retail' join orders o on o.shop_id = s.id and o.number = r.number""",
    "drop table raw",
    "analyze orders, order_line, customer",
)
"""Everything as it is in the file: duplicate lines kept, missing customers left out."""


def facts() -> dict[str, Any]:
    """What was computed with pandas from the same file."""
    return json.loads((FOLDER / "facts.json").read_text(encoding="utf-8"))


def open_csv() -> TextIO:
    """The file, as text."""
    return gzip.open(FOLDER / "online_retail.csv.gz", "rt", encoding="utf-8", newline="")


def load(engine: Engine) -> None:
    """Fill an empty database with the shop `retail`."""
    with engine.begin() as connection:
        for statement in LOAD:
            if statement != "COPY":
                connection.execute(text(statement))
                continue
            cursor = connection.connection.cursor()
            with cursor.copy("copy raw from stdin (format csv, header)") as copy, open_csv() as stream:  # type: ignore[attr-defined]
                while block := stream.read(1 << 20):
                    copy.write(block)


@dataclass
class Expected:
    """Sums in pence, each line rounded half up, by the definitions of facts.json."""

    totals: Counter[str] = field(default_factory=Counter)
    orders: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    customers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by: dict[str, dict[str, Counter[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Counter)))


@cache
def expected() -> Expected:
    """One pass over the file with `csv` and Decimal; shares no code with the product."""
    result = Expected()
    with open_csv() as stream:
        for row in csv.DictReader(stream):
            _count(result, row)
    return result


def _count(result: Expected, row: dict[str, str]) -> None:
    number, quantity, price = row["InvoiceNo"], int(row["Quantity"]), Decimal(row["UnitPrice"])
    pence = int((quantity * price).quantize(PENNY, ROUND_HALF_UP) * 100)
    day = row["InvoiceDate"][:10]
    kind = "refunds" if number.startswith("C") else "gross" if quantity > 0 and price > 0 else "adjustments"
    keys = {
        "day": day,
        "month": day[:7],
        "product": row["StockCode"],
        "customer": row["CustomerID"],
        "country": row["Country"],
    }
    for by, key in keys.items():
        result.by[by][key].update({kind: pence, "net": pence})
    result.totals.update({kind: pence, "net": pence})
    if kind == "gross":
        result.totals["units"] += quantity
        for key in ("all", day[:7]):
            result.orders[key].add(number)
            if row["CustomerID"]:
                result.customers[key].add(row["CustomerID"])
