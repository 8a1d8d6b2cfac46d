"""`/products/variants/<id>`: SKUs of a product from option values: the matrix, a preview of each code, then a job."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.catalog import amounts, change_makings, jobs, products, sku_variants
from app.catalog.console.copies import FAULTS
from app.catalog.models import Product
from app.catalog.sku_variants import Matrix
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import transaction
from app.kit.errors import DomainError
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop


class VariantView(ConsoleBase):
    """`/products/variants`; only `make` wants anything written."""

    noun = Noun.PRODUCTS
    route_base = "/products/variants"

    @expose("/<int:pk>")
    @needs(Noun.PRODUCTS, Verb.BULK)
    def form(self, pk: int) -> str:
        """The options, filled in from the SKUs that are there."""
        product = products.get(pk)
        return self._page(product, _present(product), {}, None)

    @expose("/<int:pk>/preview", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def preview(self, pk: int) -> Any:
        """What the matrix would give; nothing is written."""
        product = products.get(pk)
        try:
            seen = sku_variants.preview(_matrix(product, access.shop_of(product)))
        except (DomainError, amounts.BadAmount) as error:
            return self._page(product, request.form.to_dict(), _fault(error), None), 422
        return self._page(product, request.form.to_dict(), {}, seen)

    @expose("/<int:pk>/make", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def make(self, pk: int) -> Any:
        """Want the missing SKUs made."""
        product = products.get(pk)
        try:
            matrix = _matrix(product, access.shop_of(product))
            sku_variants.check(matrix)
        except (DomainError, amounts.BadAmount) as error:
            return self._page(product, request.form.to_dict(), _fault(error), None), 422
        return _wanted(product, matrix)

    def _page(
        self, product: Product, typed: dict[str, str], faults: dict[str, str], seen: list[sku_variants.Variant] | None
    ) -> str:
        return self.page(
            "catalog/variants.html",
            product=product,
            shop=access.shop_of(product),
            typed=typed,
            faults=faults,
            seen=seen,
            new=sum(one.fault is None for one in seen or ()),
            rows=range(1, sku_variants.MOST_OPTIONS + 1),
            most=sku_variants.MOST,
            fault_text=lambda code: FAULTS[code],
        )


def _wanted(product: Product, matrix: Matrix) -> Response:
    with transaction():
        change_set = change_makings.want_variants(product.shop_id, matrix)
        jobs.want(change_set)
        where = url_for("ChangeView.show", pk=change_set.id)
    return redirect(where)


def _present(product: Product) -> dict[str, str]:
    """The form for the options that the SKUs have."""
    names = [*dict.fromkeys(name for sku in product.skus for name in sku.options)][: sku_variants.MOST_OPTIONS]
    typed = {"pattern": sku_variants.default_pattern(names)} if names else {}
    for number, name in enumerate(names, 1):
        values = dict.fromkeys(str(sku.options[name]) for sku in product.skus if name in sku.options)
        typed |= {f"option-{number}": name, f"values-{number}": ", ".join(values)}
    return typed


def _matrix(product: Product, shop: Shop) -> Matrix:
    """The matrix that was typed. Raises BadAmount; `sku_variants.check` says what is wrong with the rest."""
    options = []
    for number in range(1, sku_variants.MOST_OPTIONS + 1):
        name = request.form.get(f"option-{number}", "").strip()
        typed = request.form.get(f"values-{number}", "").replace("，", ",")
        values = tuple(value.strip() for value in typed.split(",") if value.strip())
        if name or values:
            options.append((name, values))
    price = request.form.get("price", "").strip()
    minor = amounts.not_negative(amounts.money(price, shop.currency)) if price else None
    pattern = request.form.get("pattern", "").strip() or sku_variants.default_pattern([name for name, _ in options])
    return Matrix(product.id, tuple(options), pattern, minor)


def _fault(error: DomainError | amounts.BadAmount) -> dict[str, str]:
    if isinstance(error, amounts.BadAmount):
        return {"price": str(error)}
    return {"pattern" if error.code == "bad_pattern" else "option-1": error.message()}
