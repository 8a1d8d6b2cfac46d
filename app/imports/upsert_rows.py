"""Rows of an API call as staged rows: typed values become the texts that the import's rules read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.catalog.models import ProductStatus
from app.catalog.tag_sql import NAME_LONGEST
from app.imports import loading
from app.imports.product_fields import ATTRIBUTE
from app.imports.staging import CLEAR
from app.kit import money
from app.kit.errors import RuleViolation

Row = Mapping[str, Any]
NAMES = {
    "sku": "sku_code",
    "product": "product_code",
    "title": "title",
    "description": "description",
    "status": "status",
    "category": "category",
    "barcode": "barcode",
    "price": "price",
    "compare_at_price": "compare_at",
    "cost": "cost",
    "stock": "stock",
    "low_stock_limit": "low_stock_limit",
    "tags": "tags",
    "freight_template": "freight_template",
}
"""Field of the API → column of `staged`."""
MONEY = ("price", "compare_at_price", "cost")
WAS = {
    "price": "price_minor",
    "compare_at_price": "compare_at_minor",
    "cost": "cost_minor",
    "stock": "stock_on_hand",
    "low_stock_limit": "low_stock_limit",
    "barcode": "barcode",
}
"""Fields whose present value a row may name → column of `sku`."""
EXPECTED = ("if_version", "stock_change", *(f"was_{name}" for name in WAS))
"""Columns of `staged` beside those of the import."""
MOST_NAMES = 100
_NAME = re.compile(rf"[^\x00-\x1f\x7f]{{1,{NAME_LONGEST}}}")
_AMOUNT = re.compile(r"-?\d{1,30}(\.\d{1,30})?")
_FAULT = ("err_column", "err_code", "err_facts")


class _Bad(Exception):
    """A value that no rule of the import would name as wrong: field, code, facts."""


class Table:
    """The columns that a call stages: `extras` are its options and attributes, as the import knows them."""

    def __init__(self, rows: Sequence[Row], currency: str) -> None:
        self.rows, self.currency = rows, currency
        names = sorted({("", name) for row in rows for name in row.get("options", ())})
        names += sorted({(ATTRIBUTE, name) for row in rows for name in row.get("attributes", ())})
        if len(names) > MOST_NAMES:
            raise RuleViolation("too_many_names", limit=MOST_NAMES)
        self.extras = {f"extra_{n}": kind + name for n, (kind, name) in enumerate(names, 1)}
        self._extra_of = {name: key for key, name in self.extras.items()}
        given = {name for row in rows for name in row}
        self.mapped = frozenset(column for name, column in NAMES.items() if name in given | {"sku"})
        self.mapped |= {"price"} if "price_minor" in given else frozenset()
        self.mapped |= {"stock"} if "stock_change" in given else frozenset()

    def field_of(self, column: str | None) -> str | None:
        """The API's name for a column of `staged`."""
        if column in self.extras:
            name = self.extras[column]
            is_attribute = name.startswith(ATTRIBUTE)
            return f"attributes.{name.removeprefix(ATTRIBUTE)}" if is_attribute else f"options.{name}"
        return next((name for name, its in NAMES.items() if its == column), column)

    def stage(self, session: Any) -> None:
        """Make and fill `staged`; `row` counts from 0, as in the call."""
        columns = [*NAMES.values(), *self.extras, *EXPECTED]
        loading.prepare(session, columns)
        listed = ", ".join(f'"{name}"' for name in ("row", *columns, *_FAULT))
        connection = session.connection().connection.dbapi_connection
        with connection.cursor() as cursor, cursor.copy(f"copy staged ({listed}) from stdin") as copy:  # names are ours
            for values in self._lines(columns):
                copy.write_row(values)
        loading.index(session)

    def _lines(self, columns: Sequence[str]) -> Iterator[list[Any]]:
        for number, row in enumerate(self.rows):
            fault: tuple[str | None, ...] = (None, None, None)
            try:
                cells = self._cells(row)
            except _Bad as bad:
                field, code, facts = bad.args
                cells = {"sku_code": row["sku"].strip() or None}
                fault = (NAMES.get(field, field), code, json.dumps(facts))
            yield [number, *(cells.get(name) for name in columns), *fault]

    def _cells(self, row: Row) -> dict[str, str | None]:
        cells: dict[str, str | None] = {
            NAMES[name]: self._cell(name, value) for name, value in row.items() if name in NAMES
        }
        cells["sku_code"] = row["sku"].strip() or None
        for name in ("options", "attributes"):
            cells |= self._extra_cells(name, row.get(name, {}))
        if "price_minor" in row:
            _only_one(row, "price_minor", "price")
            cells["price"] = f"{Decimal(row['price_minor']).scaleb(-money.exponent(self.currency)):f}"
        if "stock_change" in row:
            _only_one(row, "stock_change", "stock")
            cells["stock_change"] = str(row["stock_change"])
        if "if_version" in row:
            cells["if_version"] = str(row["if_version"])
        return cells | self._expected(row)

    def _cell(self, name: str, value: Any) -> str:
        if value is None or value == "" or value == []:
            return CLEAR
        if value == CLEAR or value == [CLEAR]:
            raise _Bad(name, "text_reserved", {"value": CLEAR})
        return _TEXTS.get(name, _plain)(name, value)

    def _extra_cells(self, kind: str, values: Mapping[str, str | None]) -> dict[str, str | None]:
        if not all(_NAME.fullmatch(name) and name.strip() for name in values):
            raise _Bad(kind, "bad_name", {"limit": NAME_LONGEST})
        prefix = ATTRIBUTE if kind == "attributes" else ""
        return {
            self._extra_of[prefix + name]: CLEAR if value is None else self._cell(f"{kind}.{name}", value)
            for name, value in values.items()
        }

    def _expected(self, row: Row) -> dict[str, str | None]:
        was = dict(row.get("was", {}))
        if "stock_was" in row:
            was["stock"] = row["stock_was"]
        return {f"was_{name}": self._stored(name, value) for name, value in was.items()}

    def _stored(self, name: str, value: Any) -> str:
        if value is None:
            return CLEAR
        if name not in MONEY:
            return str(value)
        try:
            return str(money.to_minor(_amount(f"was.{name}", value), self.currency))
        except ValueError:
            raise _Bad(f"was.{name}", "not_a_number", {"value": value[:120]}) from None


def _only_one(row: Row, name: str, other: str) -> None:
    if other in row:
        raise _Bad(name, "given_twice", {"other": other})


def _plain(name: str, value: Any) -> str:
    return str(value).strip() or CLEAR


def _amount(name: str, value: str) -> str:
    if not _AMOUNT.fullmatch(value):
        raise _Bad(name, "not_a_number", {"value": value[:120]})
    return value


def _status(name: str, value: str) -> str:
    if value not in set(ProductStatus):
        raise _Bad(name, "status_unknown", {"value": value[:120]})
    return value


def _tags(name: str, value: Sequence[str]) -> str:
    for tag in value:
        if "," in tag or "，" in tag:
            raise _Bad(name, "tag_comma", {"value": tag[:60]})
    return ", ".join(value).strip() or CLEAR


_TEXTS: dict[str, Callable[[str, Any], str]] = {
    **dict.fromkeys(MONEY, _amount),
    "status": _status,
    "tags": _tags,
}
