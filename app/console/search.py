"""The one search box: orders, parcels, products, customers and pages, at most six each, only of the current shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext
from sqlalchemy import ColumnElement, case, or_, select, union_all
from sqlalchemy.orm import joinedload

from app.catalog.models import Product, Sku
from app.console import menu
from app.console.access import can
from app.customers.models import Customer
from app.fulfilment import carriers, names, reading
from app.kit import formats
from app.kit.db import db
from app.kit.permissions import Noun
from app.orders.models import Order
from app.shops.models import Shop

MOST = 6


@dataclass(frozen=True)
class Hit:
    """One thing found and where it is."""

    text: str
    hint: str
    url: str
    icon: str


def find(words: str, shop: Shop) -> list[tuple[str, list[Hit]]]:
    """Groups of hits with their headings, only of what the person may read; an empty text finds the pages."""
    text = " ".join(words.replace("\0", "").split())[:100]
    groups = [(gettext("Pages"), _pages(text))]
    if text:
        groups = [
            (gettext("Orders"), _orders(text, shop) if _shown(Noun.ORDERS, "OrderView.show") else []),
            (gettext("Parcels"), _parcels(text, shop) if _shown(Noun.PARCELS, "ParcelView.show") else []),
            (gettext("Products"), _products(text, shop) if _shown(Noun.PRODUCTS, "ProductView.show") else []),
            (gettext("Customers"), _customers(text, shop) if _shown(Noun.CUSTOMERS, "CustomerView.show") else []),
            *groups,
        ]
    return [(label, hits) for label, hits in groups if hits]


def _shown(noun: Noun, endpoint: str) -> bool:
    return can(noun) and endpoint in current_app.view_functions


def _like(column: Any, text: str) -> ColumnElement[bool]:
    """Contains the text; one or two Latin characters, which no index finds inside, at the beginning."""
    if len(text) < 3 and text.isascii():
        return column.istartswith(text, autoescape=True)
    return column.icontains(text, autoescape=True)


def _some(model: Any, code: Any, shop: Shop, match: ColumnElement[bool], text: str) -> Any:
    """The ids of the one with exactly this code and of fifty others that match: enough to rank, and quick."""
    exact = select(model.id.label("id")).where(model.shop_id == shop.id, code == text).limit(1)
    others = select(model.id.label("id")).where(model.shop_id == shop.id, match).limit(50)
    return select(union_all(exact.subquery().select(), others.subquery().select()).subquery().c.id)


def _nearest(column: Any, text: str) -> Any:
    """The exact one first, then those that begin so, then the rest."""
    return case((column == text, 0), (column.istartswith(text, autoescape=True), 1), else_=2)


def _orders(text: str, shop: Shop) -> list[Hit]:
    some = _some(Order, Order.number, shop, _like(Order.number, text), text)
    near = select(Order).where(Order.id.in_(some)).order_by(_nearest(Order.number, text), Order.id.desc())
    return [
        Hit(
            row.number,
            f"{formats.money(row.total_minor, row.currency)} · {formats.moment(row.placed_at, shop.time_zone)}",
            url_for("OrderView.show", pk=row.id),
            "shopping-cart",
        )
        for row in db.session.scalars(near.limit(MOST))
    ]


def _parcels(text: str, shop: Shop) -> list[Hit]:
    """By the beginning of the tracking number, from four characters on."""
    found = reading.by_number(shop.id, carriers.tidy(text), MOST) if len(text) > 3 else []
    return [
        Hit(row.tracking_no, names.carrier(row.carrier_code), url_for("ParcelView.show", pk=row.id), "truck-delivery")
        for row in found
    ]


def _products(text: str, shop: Shop) -> list[Hit]:
    """By SKU first, because a code is what people paste; then by title or product code."""
    some = _some(Sku, Sku.code, shop, _like(Sku.code, text), text)
    skus = db.session.scalars(
        select(Sku)
        .where(Sku.id.in_(some))
        .options(joinedload(Sku.product))
        .order_by(_nearest(Sku.code, text), Sku.id)
        .limit(MOST)
    )
    hits = {sku.product_id: Hit(sku.code, sku.product.title, _product_url(sku.product_id), "barcode") for sku in skus}
    if len(hits) < MOST:
        named = or_(_like(Product.title, text), _like(Product.code, text))
        rows = db.session.scalars(select(Product).where(Product.shop_id == shop.id, named).limit(MOST))
        for row in rows:
            hits.setdefault(row.id, Hit(row.title, row.code, _product_url(row.id), "package"))
    return list(hits.values())[:MOST]


def _product_url(product_id: int) -> str:
    return url_for("ProductView.show", pk=product_id)


def _customers(text: str, shop: Shop) -> list[Hit]:
    named = or_(_like(Customer.number, text), _like(Customer.name, text))
    some = _some(Customer, Customer.number, shop, named, text)
    near = select(Customer).where(Customer.id.in_(some)).order_by(_nearest(Customer.number, text), Customer.id)
    return [
        Hit(
            row.label,
            row.number if row.name else row.country,
            url_for("CustomerView.show", pk=row.id),
            "user",
        )
        for row in db.session.scalars(near.limit(MOST))
    ]


def _pages(text: str) -> list[Hit]:
    found = [entry for entry, _ in menu.entries() if text.lower() in str(entry.label).lower()]
    return [Hit(str(entry.label), "", url_for(entry.endpoint), entry.icon) for entry in found[: MOST * 2]]
