"""The product list: its tabs, columns, filters and search, for a shop's zone and currency."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from app.catalog import amounts, categories, freight, product_search, summaries, tags
from app.catalog.lifecycle import LABELS
from app.catalog.models import Product, ProductStatus
from app.console import cells, lists
from app.console.lists import Column, Filter, ListSpec, Tab, any_of
from app.kit import formats
from app.kit.assets import icon
from app.shops.models import Shop

LOOKS = {
    ProductStatus.DRAFT: ("secondary", "pencil"),
    ProductStatus.ON_SALE: ("success", "circle-check"),
    ProductStatus.OFF_SHELF: ("warning", "eye-off"),
    ProductStatus.ARCHIVED: ("secondary", "archive"),
}


def status_badge(status: ProductStatus) -> Markup:
    """A product's status by colour, icon and word."""
    return cells.badge(*LOOKS[status], LABELS[status])


def spec(shop: Shop) -> ListSpec:
    """The list for one shop."""
    return _spec(shop.id, shop.time_zone, shop.currency)


@lru_cache(maxsize=256)
def _spec(shop_id: int, zone: str, currency: str) -> ListSpec:
    return ListSpec(
        name="products",
        model=Product,
        columns=_columns(zone, currency),
        default_sort="-updated",
        tabs=_tabs(shop_id),
        filters=_filters(shop_id, currency),
        search=lambda text: product_search.matching(text, shop_id),
        search_hint=_l("Title, product code, SKU code or tag"),
        loads=(joinedload(Product.category),),
        enrich=summaries.attach,
    )


def chosen(selection: Mapping[str, Any], shop: Shop) -> Select[int]:
    """The ids of the products that a selection means: `{"ids": […]}`, or all that a list's `{"query": "…"}` matches.

    `{"narrow": {"status": ["on_sale"]}}` beside it takes of those what the list's filters let through.
    """
    narrow = [one.where(values) for one in spec(shop).filters if (values := selection.get("narrow", {}).get(one.key))]
    if "ids" in selection:
        return select(Product.id).where(Product.shop_id == shop.id, Product.id.in_(selection["ids"]), *narrow)
    state = MultiDict(parse_qsl(str(selection.get("query", ""))))
    return lists.matching(spec(shop), lists.ask(spec(shop), state), shop.id).where(*narrow)


def _columns(zone: str, currency: str) -> tuple[Column, ...]:
    return (
        Column("title", _l("Title"), _title, sort=Product.title, export=lambda p: p.title),
        Column("code", _l("Code"), lambda p: p.code, sort=Product.code),
        Column("status", _l("Status"), lambda p: status_badge(p.status), export=lambda p: str(LABELS[p.status])),
        Column("category", _l("Category"), lambda p: p.category.name if p.category else "–"),
        Column(
            "skus",
            _l("SKUs"),
            lambda p: formats.number(summaries.of(p).skus),
            align="end",
            export=lambda p: summaries.of(p).skus,
            sheet="integer",
        ),
        Column(
            "price",
            _l("Price"),
            lambda p: _price(summaries.of(p), currency),
            align="end",
            export=lambda p: price_range(summaries.of(p), currency),
        ),
        Column("stock", _l("Stock"), _stock, align="end", export=lambda p: summaries.of(p).stock, sheet="integer"),
        Column("tags", _l("Tags"), lambda p: tags.typed_tags(p.tags) or "–", shown=False),
        Column(
            "updated",
            _l("Updated"),
            lambda p: cells.when(p.updated_at, zone),
            sort=Product.updated_at,
            export=lambda p: p.updated_at,
            sheet="datetime",
        ),
    )


def price_range(summary: summaries.Summary, currency: str) -> str:
    """¥9.90, or ¥9.90 – ¥19.90; a dash without SKUs."""
    lowest = formats.money(summary.lowest, currency)
    if summary.lowest == summary.highest:
        return lowest
    return f"{lowest} – {formats.money(summary.highest, currency)}"


def _price(summary: summaries.Summary, currency: str) -> Markup | str:
    """The prices of this moment; a mark where a price window holds."""
    shown = price_range(summary, currency)
    if not summary.laid_over:
        return shown
    return Markup("{} {}").format(cells.badge("info", "calendar-dollar", gettext("Price window")), shown)


def _title(product: Product) -> Markup:
    """The picture and the title; the picture says nothing that the title does not."""
    image_id = summaries.of(product).image_id
    if image_id is None:
        shown = Markup('<span class="avatar avatar-sm">{}</span>').format(icon("photo", 18))
    else:
        shown = _THUMB.format(image_id)
    return Markup('<span class="d-inline-flex align-items-center gap-2">{}<span>{}</span></span>').format(
        shown, product.title
    )


_THUMB = Markup('<img class="avatar avatar-sm object-fit-cover" src="/images/{}/thumb" loading="lazy" alt="">')


def _stock(product: Product) -> Any:
    summary = summaries.of(product)
    shown = formats.number(summary.stock)
    if summary.is_out:
        return Markup("{} {}").format(cells.badge("danger", "package-off", gettext("Out of stock")), shown)
    if summary.is_low:
        words = ngettext("%(num)s SKU low", "%(num)s SKUs low", summary.short)
        return Markup("{} {}").format(cells.badge("warning", "alert-triangle", words), shown)
    return shown


def _tabs(shop_id: int) -> tuple[Tab, ...]:
    search = product_search
    return (
        Tab("", _l("All")),
        *(Tab(status.value, LABELS[status], (Product.status == status,)) for status in ProductStatus),
        Tab("low", _l("Low stock"), rows=search.low_in_stock(shop_id), of_row=search.is_low_in_stock()),
        Tab("out", _l("Out of stock"), rows=search.out_of_stock(shop_id), of_row=search.is_out_of_stock()),
    )


def _filters(shop_id: int, currency: str) -> tuple[Filter, ...]:
    def branches() -> list[tuple[str, str]]:
        return [(str(node.id), node.label) for node in categories.tree(shop_id)]

    prices = product_search.priced_within(shop_id, lambda value: amounts.money(value, currency))
    return (
        Filter("category", _l("Category"), product_search.in_categories(shop_id), branches),
        Filter("status", _l("Status"), any_of(Product.status, ProductStatus), lambda: [*LABELS.items()]),
        Filter("tag", _l("Tag"), product_search.tagged, lambda: product_search.tags_in_use(shop_id)),
        Filter("freight", _l("Freight template"), freight.with_template, lambda: freight.choices(shop_id)),
        Filter("price", _l("Price"), prices, kind="number"),
        Filter("stock", _l("Stock"), product_search.stocked_within(shop_id), kind="number"),
    )
