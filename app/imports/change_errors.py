"""The error workbook of a change set: what it could not write, by SKU, as rows that go straight back in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.catalog import tags
from app.catalog.change_fields import REASONS
from app.catalog.change_models import ChangeSet
from app.catalog.lifecycle import LABELS
from app.catalog.models import ProductStatus
from app.imports import product_export
from app.imports.product_fields import FIELDS
from app.imports.staging import CLEAR
from app.kit import money
from app.kit.db import db
from app.kit.sheets import Row, RowProblem, write_error_workbook
from app.kit.shop_wall import assert_in_scope
from app.shops.models import Shop

COLUMNS = {
    "title": "title",
    "description": "description",
    "status": "status",
    "category_id": "category",
    "barcode": "barcode",
    "price_minor": "price",
    "compare_at_minor": "compare_at",
    "cost_minor": "cost",
    "stock_on_hand": "stock",
    "low_stock_limit": "low_stock_limit",
    "tags": "tags",
    "freight_template_id": "freight_template",
}
"""Fields of change lines and the import's columns for them; option values and attributes have no single column."""


def write(change_set: ChangeSet, shop: Shop, path: Path) -> int:
    """Write a row for each SKU with lines that were not written; returns how many rows. Streams.

    A field of the product stands in the row of its first SKU. Lines of rows that are gone have no SKU code any more
    and are left out.
    """
    left = _lines(change_set)
    columns = [field for field in COLUMNS if any(line.field == field for line in left)]
    labels = {one.key: str(one.label) for one in FIELDS}
    header = [labels["sku_code"], *(labels[COLUMNS[field]] for field in columns)]
    said = _texts(shop)
    problems: dict[int, list[RowProblem]] = {}

    def rows() -> Iterator[Row]:
        for number, (code, found) in enumerate(groupby(left, key=lambda line: line.code), 2):
            by_field = {line.field: line for line in found}
            problems.clear()
            problems[number] = [
                RowProblem(labels[COLUMNS[field]], line.reason, str(REASONS.get(line.reason, line.reason)))
                for field, line in by_field.items()
            ]
            cells = [said(field, by_field[field].new) if field in by_field else "" for field in columns]
            yield Row(number, [code, *cells], {})

    return write_error_workbook(rows(), header, problems, path)


def _lines(change_set: ChangeSet) -> list[Any]:
    values = {"id": change_set.id, "shop_id": assert_in_scope(change_set.shop_id), "fields": list(COLUMNS)}
    return list(db.session.execute(text(_LINES), values))


_LINES = """
select k.code, l.field, l.new, l.reason from change_line l
join sku k on k.shop_id = l.shop_id and k.id = case when l.target_table = 'sku' then l.row_id
    else (select min(s.id) from sku s where s.product_id = l.row_id and s.shop_id = l.shop_id) end
where l.change_set_id = :id and l.shop_id = :shop_id and l.outcome in ('refused', 'stale', 'kept')
    and l.field = any(:fields)
order by k.code, l.line"""


def _texts(shop: Shop) -> Callable[[str, str | None], str]:
    """Stored values as the import reads them; what is no such value stays as it was typed."""
    paths, freight = product_export.category_paths(shop), product_export.freight_names(shop)
    exponent = money.exponent(shop.currency)
    readers: dict[str, Callable[[str], Any]] = {
        "status": lambda stored: LABELS[ProductStatus(stored)],
        "category_id": lambda stored: paths[int(stored)],
        "freight_template_id": lambda stored: freight[int(stored)],
        "tags": lambda stored: tags.typed_tags(json.loads(stored)),
    }
    for field in ("price_minor", "compare_at_minor", "cost_minor"):
        readers[field] = lambda stored: f"{Decimal(int(stored)).scaleb(-exponent):f}"

    def said(field: str, stored: str | None) -> str:
        if stored is None:
            return CLEAR
        try:
            return str(readers[field](stored)) if field in readers else stored
        except (ValueError, KeyError):
            return stored

    return said
