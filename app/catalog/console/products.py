"""`/products`: the list, one product, creating, editing, and moving it between statuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.catalog import (
    categories,
    draft_checks,
    drafts,
    freight,
    price_page,
    price_window_words,
    product_form,
    product_history,
    product_list,
    products,
)
from app.catalog.bulk_form import FormFaults
from app.catalog.console import affected, stale
from app.catalog.draft_checks import DraftRefused
from app.catalog.drafts import ProductDraft
from app.catalog.lifecycle import LABELS, MOVES
from app.catalog.models import Product, ProductStatus
from app.console import access
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.lists import Action, BulkAction, Empty, ListSpec
from app.fulfilment import blocking
from app.kit.db import transaction
from app.kit.errors import NotFound
from app.kit.merge import StaleEdit
from app.kit.permissions import Noun, Verb
from app.shops import shops
from app.shops.models import Shop


class ProductView(ListPage):
    """`/products`."""

    noun = Noun.PRODUCTS
    route_base = "/products"
    title = _l("Products")
    bulk = (
        BulkAction(_l("Edit in the grid"), "table", "GridView.chosen", Noun.PRODUCTS, Verb.BULK),
        BulkAction(_l("Change prices, stock …"), "adjustments", "BulkView.form", Noun.PRODUCTS, Verb.BULK),
        BulkAction(
            _l("Price window …"), "calendar-dollar", "PriceWindowDraftView.form", Noun.PRICE_WINDOWS, Verb.WRITE
        ),
        BulkAction(_l("Put on sale"), "circle-check", "BulkView.on_sale", Noun.PRODUCTS, Verb.BULK),
        BulkAction(_l("Take off the shelf"), "eye-off", "BulkView.off_shelf", Noun.PRODUCTS, Verb.BULK),
        BulkAction(_l("Archive"), "archive", "BulkView.archive", Noun.PRODUCTS, Verb.BULK),
        BulkAction(_l("Duplicate"), "copy", "CopyView.form", Noun.PRODUCTS, Verb.BULK),
        BulkAction(_l("Export workbook"), "file-spreadsheet", "ProductExportView.want", Noun.PRODUCTS, Verb.EXPORT),
    )
    actions = (
        Action(_l("Grid"), "table", "GridView.index", Noun.PRODUCTS, Verb.BULK),
        Action(_l("Import"), "file-import", "ImportView.list", Noun.IMPORTS, Verb.IMPORT),
        Action(_l("Pictures"), "photo-plus", "ImageBatchView.form", Noun.PRODUCTS, Verb.BULK),
        Action(_l("New product"), "plus", "ProductView.new", Noun.PRODUCTS, Verb.WRITE, primary=True),
    )
    empty = Empty(
        "package",
        _l("No products yet"),
        _l("Import a workbook with your products and SKUs, or make the first one by hand."),
        actions[1],
    )

    def list_spec(self, shop: Shop) -> ListSpec:
        """The list for the shop on screen, in its currency."""
        return product_list.spec(shop)

    @expose("/")
    @needs(Noun.PRODUCTS, Verb.READ)
    def list(self) -> Any:
        """The list."""
        return self.render_list()

    @expose("/counts")
    @needs(Noun.PRODUCTS, Verb.READ)
    def counts(self) -> Any:
        """How many products each tab has."""
        return self.render_counts()

    @expose("/export")
    @needs(Noun.PRODUCTS, Verb.EXPORT)
    def export(self) -> Any:
        """The list as a workbook."""
        return self.render_export()

    @expose("/<int:pk>")
    @needs(Noun.PRODUCTS, Verb.READ)
    def show(self, pk: int) -> str:
        """One product: facts, SKUs, pictures, timeline."""
        product = products.get(pk)
        shop = access.shop_of(product)
        ids = select(Product.id).where(Product.id == product.id)
        on_sale = product.status is ProductStatus.ON_SALE
        present = price_page.present(product)
        sku = price_page.chosen(product, request.args.get("sku", ""), present)
        return self.page(
            "catalog/product.html",
            product=product,
            shop=shop,
            badge=product_list.status_badge(product.status),
            targets=[(target.value, LABELS[target]) for target in ProductStatus if target in MOVES[product.status]],
            affected=affected.sentence(shop.id, ids) if on_sale else "",
            history=product_history.shown(product, shop),
            option_names=_option_names(product),
            needs_serials=blocking.needs_serials(product.id),
            prices=present,
            priced=price_page.history(sku, shop) if sku else None,
            when=lambda at: price_window_words.moment_text(at, shop.time_zone),
        )

    @expose("/new")
    @needs(Noun.PRODUCTS, Verb.WRITE)
    def new(self) -> str:
        """An empty form."""
        return self._form(access.current_shop(), None, {"status": "draft"})

    @expose("/new", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.WRITE)
    def create(self) -> Any:
        """Make a product from the form."""
        shop = access.current_shop()
        try:
            draft = product_form.read(request.form, shop.currency)
            with transaction():
                pk = products.create(shop.id, draft).id
        except (FormFaults, DraftRefused) as error:
            return self._form(shop, None, request.form, _faults(error, request.form)), 422
        flash(gettext("The product was created."), "success")
        return redirect(url_for("ProductView.show", pk=pk))

    @expose("/<int:pk>/edit")
    @needs(Noun.PRODUCTS, Verb.WRITE)
    def edit(self, pk: int) -> str:
        """The form, filled with the product as it is now."""
        product = products.get(pk)
        shop = shops.get(product.shop_id)
        draft = drafts.of(product)
        typed = product_form.typed(draft, shop.currency)
        return self._form(shop, product, typed | {"base": _base(product, draft)})

    @expose("/<int:pk>/edit", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.WRITE)
    def save(self, pk: int) -> Any:
        """Save the form; what others changed meanwhile stays, the same field twice is a 409."""
        product = products.get(pk)
        shop = shops.get(product.shop_id)
        try:
            base, version = product_form.base_of(request.form)
            merged = product.version != version
            draft = product_form.read(request.form, shop.currency)
            with transaction():
                waiting = products.save(pk, base, draft)
                waits_at = url_for("ChangeView.show", pk=waiting.id) if waiting else ""
        except (FormFaults, DraftRefused) as error:
            return self._form(shop, product, request.form, _faults(error, request.form)), 422
        except StaleEdit as error:
            return stale.page(self, products.get(pk), shop, error), 409
        flash(
            gettext("Saved, together with what others have changed meanwhile.") if merged else gettext("Saved."),
            "success",
        )
        if waits_at:
            flash(gettext("A price goes beyond the shop's limits. It waits here for a second person."), "warning")
        return redirect(waits_at or url_for("ProductView.show", pk=pk))

    @expose("/<int:pk>/move", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.WRITE)
    def move(self, pk: int) -> Any:
        """Bring the product to another status."""
        if (target := request.form.get("status", "")) not in set(ProductStatus):
            raise NotFound("not_found")
        with transaction():
            products.move(pk, ProductStatus(target))
        return redirect(url_for("ProductView.show", pk=pk))

    def _form(
        self, shop: Shop, product: Product | None, typed: Mapping[str, str], faults: dict[str, str] | None = None
    ) -> str:
        status = product.status if product else ProductStatus.DRAFT
        return self.page(
            "catalog/product_form.html",
            shop=shop,
            product=product,
            typed=typed,
            faults=faults or {},
            rows=product_form.rows(typed) or [0],
            category_options=[("", gettext("None")), *((n.id, n.label) for n in categories.tree(shop.id))],
            freight_options=[("", gettext("None")), *freight.choices(shop.id)],
            statuses=[(s.value, LABELS[s]) for s in ProductStatus if s is status or s in MOVES[status]],
        )


def _base(product: Product, draft: ProductDraft) -> str:
    return json.dumps({"version": product.version, "values": draft.flat()})


def _faults(error: FormFaults | DraftRefused, form: Mapping[str, str]) -> dict[str, str]:
    """Faults by the names of the form's fields."""
    if isinstance(error, FormFaults):
        return error.faults
    kept = product_form.kept_rows(form)
    faults = {}
    for key, code in error.faults.items():
        if key.startswith("skus."):
            _, position, name = key.split(".")
            key = f"sku-{kept[int(position)]}-{name}"  # noqa: PLW2901 - the form's name for it
        faults[key] = str(draft_checks.FAULTS[code])
    return faults


def _option_names(product: Product) -> list[str]:
    """The options that the SKUs have, in the order of their first use."""
    return [*dict.fromkeys(name for sku in product.skus for name in sku.options)]
