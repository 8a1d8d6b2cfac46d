"""What the spreadsheet grid shows: the ids of the chosen SKUs in order, and windows of their rows as JSON."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import BigInteger, ColumnElement, String, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from werkzeug.datastructures import MultiDict

from app.catalog import product_list
from app.catalog.change_fields import FIELDS, ChangeField
from app.catalog.models import Category, Product, Sku
from app.console import lists
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope
from app.shops.models import Shop

WINDOW_MOST = 5_000
"""Rows that one window may hold."""
MEMBERS_MOST = 20
"""So many option or attribute names become columns, the commonest ones."""
HEAD = ("s.id", "s.version", "p.id", "p.version", "s.code", "p.code")
"""What stands before the fields in each row."""
TOO_LONG = ("description",)
"""Fields that no cell of a spreadsheet can hold."""


def fields() -> list[ChangeField]:
    """The fields of a row, in the order of its values after HEAD."""
    return [field for field in FIELDS.values() if field.name not in TOO_LONG]


def order(selection: Mapping[str, Any], sort: str, shop: Shop) -> list[int]:
    """The ids of the SKUs of all chosen products, in order; one statement.

    `selection` has the `query` of a product list, `ids` of products, or both; `sort` is like `-price_minor` or
    `options:Colour`, and anything else means the order in which they were made.
    """
    statement = (
        select(func.array_agg(aggregate_order_by(Sku.id, *_sorting(sort))))
        .join(Product, Product.id == Sku.product_id)
        .outerjoin(Category, Category.id == Product.category_id)
        .where(Sku.shop_id == shop.id, *_chosen(selection, shop))
    )
    return db.session.scalar(statement) or []


def _chosen(selection: Mapping[str, Any], shop: Shop) -> list[ColumnElement[bool]]:
    spec = product_list.spec(shop)
    state = MultiDict(parse_qsl(str(selection.get("query", ""))))
    found = lists.conditions(spec, lists.ask(spec, state), shop.id)
    if "ids" in selection:
        # one array, for a statement takes no more than 65,535 single values
        found.append(Product.id == any_(literal(list(selection["ids"]), ARRAY(BigInteger))))
    return found


def _sorting(sort: str) -> list[Any]:
    name = sort.removeprefix("-")
    key: Any = _SORTS.get(name)
    column, _, member = name.partition(":")
    if member and column in _MEMBERS:
        key = _MEMBERS[column][member].astext
    if key is None:
        return [Sku.product_id, Sku.id]
    directed = key.desc() if sort.startswith("-") else key.asc()
    return [directed.nulls_last(), Sku.product_id, Sku.id]


_SORTS: dict[str, Any] = {
    "code": Sku.code,
    "product": Product.code,
    "category_id": Category.name,
    **{
        field.name: getattr({"sku": Sku, "product": Product}[field.table], field.name)
        for field in fields()
        if field.sql_type != "jsonb" and field.name != "category_id"
    },
}
_MEMBERS: dict[str, Any] = {"options": Sku.options, "attributes": Product.attributes}
_SORTS["status"] = func.cast(Product.status, String)


def packed(ids: Sequence[int]) -> tuple[bytes, int]:
    """The ids as differences from one to the next, little-endian; and the bytes of each, 4 or 8.

    100,000 ids in the order of their making are 2 kB when compressed, 190 kB in any other order.
    """
    steps = [after - before for before, after in zip([0, *ids], ids, strict=False)]
    wide = any(not -(2**31) <= step < 2**31 for step in steps)
    numbers = array("q" if wide else "i", steps)
    if numbers.itemsize != (8 if wide else 4):
        raise RuntimeError("this machine's integers have another size")
    return numbers.tobytes(), numbers.itemsize


def window(ids: Sequence[int], shop_id: int) -> str:
    """The rows of these SKUs as a JSON array of arrays (HEAD, then `fields()`), in no order; one statement.

    Money is in minor units. Other shops' SKUs and those that are gone are left out.
    """
    values = ", ".join([*HEAD, *(f"{field.table[0]}.{field.name}" for field in fields())])
    return str(
        db.session.scalar(
            text(
                f"select coalesce(json_agg(json_build_array({values})), '[]')::text "  # noqa: S608 - names of our fields
                "from sku s join product p on p.id = s.product_id and p.shop_id = s.shop_id "
                "where s.shop_id = :shop_id and s.id = any(:ids)"
            ),
            {"shop_id": assert_in_scope(shop_id), "ids": list(ids)[:WINDOW_MOST]},
        )
    )


def member_names(table: str, column: str, shop_id: int) -> list[str]:
    """The names in a JSON object column (options of SKUs, attributes of products), the commonest first."""
    rows = db.session.execute(
        text(
            f"select name from {table} t, jsonb_object_keys(t.{column}) name "  # noqa: S608 - named in our code
            "where t.shop_id = :shop_id group by name order by count(*) desc, name limit :most"
        ),
        {"shop_id": assert_in_scope(shop_id), "most": MEMBERS_MOST},
    )
    return [row.name for row in rows]
