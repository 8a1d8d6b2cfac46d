"""Products as a workbook with the columns of the import: export, edit, import; without an edit nothing changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select, text

from app.catalog import prices, product_list, tags
from app.catalog.lifecycle import LABELS
from app.catalog.models import FreightTemplate, Product, ProductStatus, Sku
from app.imports.product_fields import ATTRIBUTE, ATTRIBUTE_HEADER, FIELDS, OPTION_HEADER
from app.kit import clock, money
from app.kit.db import db
from app.kit.sheets import Column, ColumnKind, write_sheet
from app.kit.shop_wall import assert_in_scope
from app.shops.models import Shop

BY_JOB_ABOVE = 5_000
"""SKUs from which on a job makes the workbook."""
_MONEY = ("price", "compare_at", "cost")
_WHOLE = ("stock", "low_stock_limit")
_PAGE = 2_000
PRICE_NOW = _l("Price now (read only)")
"""The price of this moment, price windows and all; an import knows no such column."""
Progress = Callable[[int, int], object]


def chosen(shop: Shop, selection: str) -> Select[Any]:
    """The products of a selection as JSON: {"ids": […]}, {"query": "…"} of the list, or {} for the whole shop."""
    wanted = json.loads(selection)
    of_shop = select(Product.id).where(Product.shop_id == shop.id)
    return product_list.chosen(wanted, shop) if wanted else of_shop


def count(shop: Shop, products: Select[Any]) -> int:
    """How many rows the export has: the SKUs of these products."""
    rows = select(Sku.id).where(Sku.shop_id == shop.id, Sku.product_id.in_(products)).subquery()
    return db.session.scalar(select(func.count()).select_from(rows)) or 0


def write(shop: Shop, products: Select[Any], path: Path, on_progress: Progress) -> int:
    """Write one row a SKU to `path`, in the language of the request; returns how many. Streams."""
    assert_in_scope(shop.id)
    total = count(shop, products)
    names = [*_option_names(shop, products), *_attribute_names(shop, products)]
    rows = _told(_rows(shop, products, names), total, on_progress)
    price_now = Column(str(PRICE_NOW), ColumnKind.MONEY, money.exponent(shop.currency))
    return write_sheet(rows, [*columns(shop, names), price_now], path, name="Products")


def columns(shop: Shop, names: list[str]) -> list[Column]:
    """The columns of export and template: the fields in their order, then one a name of an option or attribute."""
    exponent = money.exponent(shop.currency)
    plain = [Column(str(one.label), _kind(one.key), exponent) for one in FIELDS]
    return plain + [Column(header_of(name)) for name in names]


def header_of(name: str) -> str:
    """The header of an open-ended column: "Option: Colour" for "Colour", "Attribute: …" for "attribute:…"."""
    header = ATTRIBUTE_HEADER if name.startswith(ATTRIBUTE) else OPTION_HEADER
    return str(header) % {"name": name.removeprefix(ATTRIBUTE)}


def _kind(key: str) -> ColumnKind:
    if key in _MONEY:
        return ColumnKind.MONEY
    return ColumnKind.INTEGER if key in _WHOLE else ColumnKind.TEXT


def file_name(shop: Shop) -> str:
    """`products-hangzhou-20261123.xlsx`, the day in the shop's zone."""
    return f"products-{shop.code}-{clock.day_of(clock.now(), shop.time_zone):%Y%m%d}.xlsx"


def _told(rows: Iterator[Any], total: int, on_progress: Progress) -> Iterator[Any]:
    for number, row in enumerate(rows, 1):
        if number % _PAGE == 0:
            on_progress(number, total)
        yield row
    on_progress(total, total)


def _rows(shop: Shop, products: Select[Any], names: list[str]) -> Iterator[list[Any]]:
    """Pages by key, so that a shop of any size costs one page of memory."""
    labels = {status: str(label) for status, label in LABELS.items()}
    paths, freight = category_paths(shop), freight_names(shop)
    after = (0, 0)
    while page := _page(shop, products, after):
        laid_over = prices.laid_over(shop.id, [sku.id for sku, _ in page])
        for sku, product in page:
            yield [
                product.code,
                product.title,
                product.description or None,
                labels[ProductStatus(product.status)],
                paths.get(product.category_id) or None,
                sku.code,
                sku.barcode or None,
                sku.price_minor,
                sku.compare_at_minor,
                sku.cost_minor,
                sku.stock_on_hand,
                sku.low_stock_limit,
                tags.typed_tags(product.tags) or None,
                freight.get(product.freight_template_id),
                *(_extra(sku, product, name) for name in names),
                laid_over.get(sku.id, sku.price_minor),
            ]
        after = (page[-1][0].product_id, page[-1][0].id)
        db.session.expunge_all()


def _page(shop: Shop, products: Select[Any], after: tuple[int, int]) -> list[Any]:
    beyond = (Sku.product_id > after[0]) | ((Sku.product_id == after[0]) & (Sku.id > after[1]))
    query = (
        select(Sku, Product)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.shop_id == shop.id, Sku.product_id >= after[0], beyond, Sku.product_id.in_(products))
        .order_by(Sku.product_id, Sku.id)
        .limit(_PAGE)
    )
    return list(db.session.execute(query))


def _extra(sku: Sku, product: Product, name: str) -> str | None:
    found = product.attributes if name.startswith(ATTRIBUTE) else sku.options
    return found.get(name.removeprefix(ATTRIBUTE))


def _attribute_names(shop: Shop, products: Select[Any]) -> list[str]:
    keys = select(func.jsonb_object_keys(Product.attributes)).distinct()
    found = db.session.scalars(keys.where(Product.shop_id == shop.id, Product.id.in_(products)))
    return [ATTRIBUTE + name for name in sorted(found)]


def freight_names(shop: Shop) -> dict[int | None, str]:
    """Names of freight templates by id."""
    rows = db.session.execute(
        select(FreightTemplate.id, FreightTemplate.name).where(FreightTemplate.shop_id == shop.id)
    )
    return {row.id: row.name for row in rows}


def _option_names(shop: Shop, products: Select[Any]) -> list[str]:
    keys = select(func.jsonb_object_keys(Sku.options)).distinct()
    found = db.session.scalars(keys.where(Sku.shop_id == shop.id, Sku.product_id.in_(products)))
    return sorted(name for name in found if not name.startswith(ATTRIBUTE))


def category_paths(shop: Shop) -> dict[int | None, str]:
    """Paths by id; a name that would not come back the same is left out, and a blank cell changes nothing."""
    found = db.session.execute(
        text(
            "with recursive tree as (select id, name::text as path, name !~ '[>＞›]' and name = btrim(name) as plain "
            "from category where shop_id = :shop_id and parent_id is null union all "
            "select c.id, t.path || ' > ' || c.name, t.plain and c.name !~ '[>＞›]' and c.name = btrim(c.name) "
            "from category c join tree t on c.parent_id = t.id where c.shop_id = :shop_id and length(t.path) < 2000) "
            "select id, path from tree where plain"
        ),
        {"shop_id": assert_in_scope(shop.id)},
    )
    return {row.id: row.path for row in found}
