"""`/products/bulk`: a formula or a new status for the ticked or all matching products: form, preview, confirm."""

from __future__ import annotations

import json
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.catalog import (
    bulk_form,
    categories,
    change_rules,
    change_sets,
    product_list,
)
from app.catalog.change_models import ChangeSource
from app.catalog.change_rules import ProductValue, Rule
from app.catalog.models import Product, ProductStatus
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.selection import own_ids
from app.kit.db import transaction
from app.kit.errors import RuleViolation
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop


class BulkView(ConsoleBase):
    """Bulk changes of products; only the confirm step writes, and it carries the rule, not prices."""

    noun = Noun.PRODUCTS
    route_base = "/products/bulk"

    @expose("/", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def form(self) -> str:
        """What to change and how, for the selection that the list has sent."""
        return self._form(_selection(access.current_shop()), {}, {})

    @expose("/preview", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def preview(self) -> Any:
        """What the rule would do; nothing is written."""
        shop = access.current_shop()
        selection = _selection(shop)
        try:
            rule = bulk_form.read(request.form, shop.currency)
        except bulk_form.FormFaults as error:
            return self._form(selection, dict(request.form), error.faults), 422
        return self._preview(selection, rule)

    def _preview(self, selection: dict[str, Any], rule: Rule) -> Response:
        """A draft of what the rule would do; its page is the preview, and products are not touched."""
        shop = access.current_shop()
        with transaction():
            change_set = change_sets.propose(
                shop.id,
                ChangeSource.FORMULA,
                rule.to_json(),
                selection,
                lambda session: change_rules.stage(shop.id, rule, product_list.chosen(selection, shop), lock=False),
                floor=rule.floor,
            )
            where = url_for("ChangeView.show", pk=change_set.id)
        return redirect(where)

    @expose("/on-sale", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def on_sale(self) -> Any:
        """Preview of putting the chosen products on sale."""
        return self._preview(_selection(access.current_shop()), ProductValue("status", ProductStatus.ON_SALE.value))

    @expose("/off-shelf", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def off_shelf(self) -> Any:
        """Preview of taking the chosen products off the shelf."""
        return self._preview(_selection(access.current_shop()), ProductValue("status", ProductStatus.OFF_SHELF.value))

    @expose("/archive", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def archive(self) -> Any:
        """Preview of archiving the chosen products."""
        return self._preview(_selection(access.current_shop()), ProductValue("status", ProductStatus.ARCHIVED.value))

    def _form(self, selection: dict[str, Any], typed: dict[str, str], faults: dict[str, str]) -> str:
        shop = access.current_shop()
        return self.page(
            "catalog/bulk_form.html",
            shop=shop,
            chosen_json=json.dumps(selection),
            typed=typed,
            faults=faults,
            fields=bulk_form.fields(),
            hows=bulk_form.HOWS,
            roundings=bulk_form.ROUNDINGS,
            tree=categories.tree(shop.id),
            example_step=bulk_form.example_step(shop.currency),
            count=len(selection["ids"]) if "ids" in selection else None,
        )


def _selection(shop: Shop) -> dict[str, Any]:
    """The chosen products as the list or the step before sent them. Raises Forbidden on a foreign id."""
    sent: dict[str, Any] = {"ids": request.form.getlist("ids")}
    if request.form.get("chosen"):
        sent = _json("chosen")
    elif request.form.get("selection") == "matching":
        sent = {"query": request.form.get("query", "").lstrip("?")}
    if "ids" not in sent:
        return {"query": str(sent.get("query", ""))[:4000]}
    ids = own_ids(Product, [str(one) for one in sent["ids"]], shop.id)
    if not ids:
        raise RuleViolation("no_products_selected")
    return {"ids": ids}


def _json(name: str) -> dict[str, Any]:
    try:
        found = json.loads(request.form.get(name, ""))
    except ValueError as error:
        raise RuleViolation("bad_rule") from error
    if not isinstance(found, dict):
        raise RuleViolation("bad_rule")
    return found
