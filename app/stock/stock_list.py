"""The stock list: a row a SKU, its counters over all warehouses, low and oversold ones marked."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, select, union
from sqlalchemy.orm import joinedload

from app.catalog.models import Product, Sku
from app.console import cells
from app.console.lists import Column, Filter, ListSpec, Tab, contains
from app.kit import formats
from app.kit.db import db
from app.shops.models import Shop
from app.stock import summaries, words
from app.stock.models import Warehouse


def spec(shop: Shop) -> ListSpec:
    """The list for one shop."""
    return _spec(shop.id)


@lru_cache(maxsize=256)
def _spec(shop_id: int) -> ListSpec:
    return ListSpec(
        name="stock",
        model=Sku,
        columns=(
            Column("code", _l("SKU code"), lambda s: s.code, sort=Sku.code),
            Column("product", _l("Product"), lambda s: s.product.title, on_phone=True),
            Column("options", _l("Options"), lambda s: " / ".join(map(str, s.options.values())) or "–", on_phone=True),
            Column("state", _l("State"), _state, export=lambda s: str(words.STANDINGS[_standing(s)][2]), on_phone=True),
            *(_number(name, label) for name, label in _COUNTERS),
            Column(
                "limit",
                _l("Low-stock limit"),
                lambda s: formats.number(s.low_stock_limit),
                align="end",
                export=lambda s: s.low_stock_limit,
                sheet="integer",
            ),
        ),
        default_sort="code",
        tabs=(
            Tab("", _l("All")),
            Tab("low", _l("Low stock"), rows=summaries.low_skus(shop_id), of_row=summaries.is_low()),
            Tab("oversold", _l("Oversold"), (summaries.oversold(shop_id),), of_row=summaries.is_oversold()),
        ),
        filters=(Filter("warehouse", _l("Warehouse"), _in_warehouse, lambda: warehouses(shop_id)),),
        search=lambda text: _matching(text, shop_id),
        search_hint=_l("SKU code or product title"),
        loads=(joinedload(Sku.product),),
        enrich=summaries.attach,
    )


_COUNTERS = (
    ("on_hand", _l("On hand")),
    ("reserved", _l("Reserved")),
    ("unavailable", _l("Unavailable")),
    ("available", _l("Available")),
    ("incoming", _l("Incoming")),
)


def _number(name: str, label: Any) -> Column:
    def shown(sku: Any) -> Any:
        text = formats.number(getattr(sku.stock, name))
        return Markup("<strong>{}</strong>").format(text) if name == "available" else text

    told = name == "available"
    return Column(
        name,
        label,
        shown,
        align="end",
        export=lambda sku: getattr(sku.stock, name),
        sheet="integer",
        on_phone=told,
        phone_label=told,
    )


def _standing(sku: Any) -> words.Standing:
    return words.standing(sku.stock, sku.low_stock_limit)


def _state(sku: Any) -> Markup:
    found = _standing(sku)
    return cells.quiet(words.STANDINGS[found][2]) if found is words.Standing.FINE else words.standing_badge(found)


def warehouses(shop_id: int) -> list[tuple[str, str]]:
    """The shop's warehouses as choices, the default one first."""
    query = select(Warehouse).where(Warehouse.shop_id == shop_id)
    rows = db.session.scalars(query.order_by(Warehouse.is_default.desc(), Warehouse.id))
    return [(str(row.id), row.name) for row in rows]


def _in_warehouse(values: list[str]) -> ColumnElement[bool]:
    return summaries.lies_in([int(value) for value in values if value.isdecimal() and len(value) < 19])


def _matching(text: str, shop_id: int) -> ColumnElement[bool]:
    """Each half by its own trigram index; "or" over both would read every SKU."""
    titled = select(Product.id).where(Product.shop_id == shop_id, contains(Product.title, text))
    coded = select(Sku.id).where(Sku.shop_id == shop_id, contains(Sku.code, text))
    return Sku.id.in_(union(coded, select(Sku.id).where(Sku.shop_id == shop_id, Sku.product_id.in_(titled))))
