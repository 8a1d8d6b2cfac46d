"""What the Online Retail year must come to: facts.json, and sums that the test makes on its own from the CSV."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, TextIO

from tests.retail import SAMPLE_DATA

PENNY = Decimal("0.01")


def facts() -> dict[str, Any]:
    """What was computed with pandas from the same file."""
    return json.loads((SAMPLE_DATA / "facts.json").read_text(encoding="utf-8"))


def open_csv() -> TextIO:
    """The file, as text."""
    return gzip.open(SAMPLE_DATA / "online_retail.csv.gz", "rt", encoding="utf-8", newline="")


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


@cache
def _worth(quantity: str, price: str) -> tuple[int, bool]:
    """A line in pence, and whether it sells; the file has far fewer pairs of quantity and price than lines."""
    units, each = int(quantity), Decimal(price)
    return int((units * each).quantize(PENNY, ROUND_HALF_UP) * 100), units > 0 and each > 0


def _count(result: Expected, row: dict[str, str]) -> None:
    number, customer = row["InvoiceNo"], row["CustomerID"]
    pence, sells = _worth(row["Quantity"], row["UnitPrice"])
    day, month = row["InvoiceDate"][:10], row["InvoiceDate"][:7]
    kind = "refunds" if number.startswith("C") else "gross" if sells else "adjustments"
    by = result.by
    for counted in (
        by["day"][day],
        by["month"][month],
        by["product"][row["StockCode"]],
        by["customer"][customer],
        by["country"][row["Country"]],
        result.totals,
    ):
        counted[kind] += pence
        counted["net"] += pence
    if kind == "gross":
        result.totals["units"] += int(row["Quantity"])
        for key in ("all", month):
            result.orders[key].add(number)
            if customer:
                result.customers[key].add(customer)
