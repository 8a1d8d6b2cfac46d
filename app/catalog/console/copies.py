"""`/products/copies`: copies of the chosen products: how they are called, a preview with collisions, then a job."""

from __future__ import annotations

import json
from typing import Any

from flask import redirect, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.catalog import change_makings, jobs, product_copies, product_list
from app.catalog.console import chosen
from app.catalog.product_copies import Patterns
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.selection import moved
from app.kit.db import transaction
from app.kit.errors import DomainError, RuleViolation
from app.kit.permissions import Noun, Verb

PATTERNS = ("code", "sku", "title")
"""What the form asks for, in the order of `Patterns`."""
FAULTS = {
    "taken": _l("a code is in use already"),
    "twice": _l("two copies would have the same code"),
    "too_long": _l("a code or the title would be too long"),
    "blank": _l("a code or the title would be blank"),
    "there": _l("the product has this SKU already"),
}
"""Why a row will not be made, for people."""


class CopyView(ConsoleBase):
    """`/products/copies`; only `make` wants anything written."""

    noun = Noun.PRODUCTS
    route_base = "/products/copies"

    @expose("/", methods=["GET", "POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def form(self) -> Any:
        """The patterns, and what they give for the selection that was sent."""
        if not request.form.keys() & PATTERNS and (elsewhere := moved("CopyView.form", access.current_shop())):
            return elsewhere
        patterns = _patterns()
        try:
            product_copies.check(patterns)
        except DomainError as error:
            return self._page(patterns, error.message()), 422
        return self._page(patterns)

    @expose("/make", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def make(self) -> Response:
        """Want the copies made."""
        shop, patterns = access.current_shop(), _patterns()
        product_copies.check(patterns)
        with transaction():
            change_set = change_makings.want_copies(shop.id, patterns, _selection(), request.form.get("note", ""))
            jobs.want(change_set)
            where = url_for("ChangeView.show", pk=change_set.id)
        return redirect(where)

    def _page(self, patterns: Patterns, fault: str = "") -> str:
        shop, selection = access.current_shop(), _selection()
        seen = None if fault else product_copies.preview(shop.id, patterns, product_list.chosen(selection, shop))
        return self.page(
            "catalog/copies.html",
            chosen_json=json.dumps(selection),
            typed={"code": patterns.code, "sku": patterns.sku, "title": patterns.title},
            faults={"code": fault} if fault else {},
            seen=seen,
            most=product_copies.MOST,
            fault_text=lambda code: FAULTS[code],
        )


def _patterns() -> Patterns:
    default = Patterns()
    return Patterns(*(request.form.get(key, getattr(default, key)).strip()[:200] for key in PATTERNS))


def _selection() -> dict[str, Any]:
    found = chosen.selection(access.current_shop())
    if not found:
        raise RuleViolation("no_products_selected")
    return found
