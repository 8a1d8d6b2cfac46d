"""`/products/bulk`: what to change on the ticked or all matching products, now or later; the draft is the preview."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.catalog import (
    bulk_fields,
    bulk_form,
    categories,
    change_approvals,
    change_plans,
    change_rules,
    change_samples,
    change_sets,
    change_words,
    freight,
    price_window_times,
    product_list,
    product_search,
    reference_names,
)
from app.catalog.change_fields import REASONS
from app.catalog.change_models import ChangeSource
from app.catalog.change_rules import ProductValue, Rule
from app.catalog.console import chosen
from app.catalog.lifecycle import LABELS
from app.catalog.models import ProductStatus
from app.catalog.rule_words import STOCK_REASONS
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.selection import moved
from app.kit.db import transaction
from app.kit.errors import DomainError, RuleViolation
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop

NARROWING = ("category", "status", "tag")
"""Filters of the list that the form can narrow a selection by."""


class BulkView(ConsoleBase):
    """Bulk changes of products; each ends on the page of its draft, which is confirmed there."""

    noun = Noun.PRODUCTS
    route_base = "/products/bulk"

    @expose("/", methods=["GET", "POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def form(self) -> Any:
        """What to change and how, for the selection that the list has sent."""
        shop = access.current_shop()
        selection = _selection(shop)
        return moved("BulkView.form", shop) or self._form(selection, {}, {})

    @expose("/preview", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def preview(self) -> Any:
        """A draft of what the rule would do; products are not touched."""
        shop = access.current_shop()
        selection = _selection(shop)
        faults: dict[str, str] = {}
        run_at = _run_at(shop, faults)
        try:
            rule = bulk_form.read(request.form, shop.currency)
        except bulk_form.FormFaults as error:
            faults |= error.faults
        if faults:
            return self._form(selection, request.form.to_dict(), faults), 422
        return self._preview(_narrowed(selection), rule, run_at, request.form.get("note", ""))

    @expose("/example", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def example(self) -> str:
        """How many rows the form is about as it stands, and what the first of them would become."""
        shop = access.current_shop()
        products_chosen = product_list.chosen(_narrowed(_selection(shop)), shop)
        rule, fault = _attempted_rule(shop)
        products, skus = change_samples.counts(shop.id, rule, products_chosen)
        names = reference_names.of(shop.id)
        return self.page(
            "catalog/bulk_example.html",
            products=products,
            skus=skus,
            fault=fault,
            said=change_words.rule(rule, shop.currency, names) if rule else "",
            samples=change_samples.sample(shop.id, rule, products_chosen) if rule else [],
            label_of=bulk_form.label_of,
            value_text=lambda field, stored: change_words.value(field, stored, shop.currency, names),
            reason_text=lambda code: REASONS.get(code, code),
        )

    def _preview(
        self, selection: dict[str, Any], rule: Rule, run_at: datetime | None = None, note: str = ""
    ) -> Response:
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
            change_set.note = note.strip()[: change_approvals.NOTE_LENGTH]
            if run_at is not None:
                change_plans.plan(change_set, run_at)
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
            numbers=bulk_form.numbers_of(typed),
            offered=_offered(shop),
            count=len(selection["ids"]) if "ids" in selection else None,
            twice=_twice(shop, typed),
        )


def _offered(shop: Shop) -> dict[str, Any]:
    """What the boxes of the form can be set to."""
    statuses = [(status.value, LABELS[status]) for status in ProductStatus]
    return {
        "groups": bulk_fields.grouped(),
        "kinds": bulk_fields.KINDS,
        "hows": bulk_fields.HOWS,
        "roundings": bulk_fields.ROUNDINGS,
        "numbers": bulk_fields.numbers(),
        "categories": [(node.id, node.label) for node in categories.tree(shop.id)],
        "freight": freight.choices(shop.id),
        "statuses": statuses,
        "targets": [one for one in statuses if one[0] != ProductStatus.DRAFT.value],
        "tags": product_search.tags_in_use(shop.id),
        "reasons": list(STOCK_REASONS.items()),
        "most": bulk_fields.MOST_ROWS,
        "step": bulk_form.example_step(shop.currency),
        "ending": bulk_form.example_ending(shop.currency),
    }


def _attempted_rule(shop: Shop) -> tuple[Rule | None, str]:
    """The rule of the form as it stands, or the first thing that it still lacks."""
    try:
        return bulk_form.read(request.form, shop.currency), ""
    except bulk_form.FormFaults as error:
        return None, next(iter(error.faults.values()))


def _run_at(shop: Shop, faults: dict[str, str]) -> datetime | None:
    """When it shall happen; None is now."""
    if request.form.get("when") != "later":
        return None
    try:
        moment = price_window_times.read(request.form.get("at", ""), shop.time_zone, request.form.get("at_which", ""))
        change_plans.refuse_past(moment)
    except price_window_times.BadTime as error:
        faults["at"] = str(error)
        return None
    except DomainError as error:
        faults["at"] = error.message()
        return None
    return moment


def _twice(shop: Shop, typed: dict[str, str]) -> dict[str, str]:
    """The two moments of a repeated time, to choose from; empty for any other."""
    if typed.get("when") != "later":
        return {}
    try:
        price_window_times.read(typed.get("at", ""), shop.time_zone)
    except price_window_times.TwiceTime as error:
        return dict(price_window_times.choices(error.moments, shop.time_zone))
    except price_window_times.BadTime:
        return {}
    return {}


def _selection(shop: Shop) -> dict[str, Any]:
    """The chosen products. Raises RuleViolation("no_products_selected"), and Forbidden on a foreign id."""
    found = chosen.selection(shop)
    if not found:
        raise RuleViolation("no_products_selected")
    return found


def _narrowed(selection: dict[str, Any]) -> dict[str, Any]:
    """The selection with what the form narrows it by."""
    asked = {key: request.form.get(f"only_{key}", "")[:200] for key in NARROWING}
    narrow = {key: [value] for key, value in asked.items() if value}
    return {**selection, "narrow": narrow} if narrow else selection
