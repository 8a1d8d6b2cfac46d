"""`/price-windows/new`: prices for a time over the chosen products: form, preview with who wins when, save."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy import Select, select

from app.catalog import (
    bulk_fields,
    bulk_form,
    categories,
    change_words,
    price_window_drafts,
    price_window_form,
    price_window_limits,
    price_window_words,
    price_windows,
    product_list,
)
from app.catalog.bulk_form import FormFaults
from app.catalog.change_fields import REASONS
from app.catalog.console import chosen
from app.catalog.formulas import Formula
from app.catalog.models import Product
from app.catalog.price_window_drafts import CopyOf, WindowRule
from app.catalog.price_window_models import PriceWindow, WindowState
from app.catalog.price_windows import WindowDraft
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.console.selection import moved
from app.kit.db import transaction
from app.kit.errors import Conflict, RuleViolation
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop

ON_SALE = {"query": "tab=on_sale"}
FORMULA = ("how", "amount", "source", "rounding", "step", "copy_of")
"""How the prices are computed; carried along for the way back to the form."""


class PriceWindowDraftView(ConsoleBase):
    """A new price window; only the save writes, and it carries the rule, not prices."""

    noun = Noun.PRICE_WINDOWS
    route_base = "/price-windows/new"

    @expose("/")
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def new(self) -> str:
        """The form, for the products in the address, for a category, or for all products on sale."""
        return self._form(chosen.selection(access.current_shop()), {}, FormFaults({}))

    @expose("/", methods=["POST"])
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def form(self) -> Any:
        """The form, for the products that the list or the bulk form has sent."""
        shop = access.current_shop()
        selection = chosen.selection(shop)
        from_list = selection and "chosen" not in request.form
        elsewhere = moved("PriceWindowDraftView.new", shop) if from_list else None
        return elsewhere or self._form(selection, request.form, FormFaults({}))

    @expose("/copy/<int:pk>")
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def copy(self, pk: int) -> str:
        """The form for the prices of another window at another time."""
        window = price_windows.get(pk)
        access.shop_of(window)
        typed = {"name": window.name, "priority": str(window.priority), "note": window.note, "copy_of": str(pk)}
        return self._form({}, typed, FormFaults({}))

    @expose("/preview", methods=["POST"])
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def preview(self) -> Any:
        """What the window would do, and who wins when; nothing is written."""
        shop = access.current_shop()
        selection = _scope(shop, chosen.selection(shop))
        try:
            rule = _rule(shop, selection)
            draft = price_window_form.read(request.form, shop.time_zone)
        except FormFaults as error:
            return self._form(selection, request.form, _all_faults(shop, selection, error)), 422
        return self._preview(shop, selection, rule, draft)

    @expose("/save", methods=["POST"])
    @needs(Noun.PRICE_WINDOWS, Verb.WRITE)
    def save(self) -> Any:
        """Save the window as previewed; when prices have changed since, the preview comes again."""
        shop = access.current_shop()
        selection = chosen.selection(shop)
        rule = price_window_drafts.rule_from_json(chosen.sent_json("rule"))
        try:
            draft = price_window_form.read(request.form, shop.time_zone, fresh=False)
        except FormFaults as error:  # such as an end that has come since the preview
            return self._form(selection, request.form, error), 422
        try:
            with transaction():
                made = price_windows.make(
                    shop.id, draft, rule, _products(shop, selection), request.form.get("seen", "")
                )
                where, said = url_for("PriceWindowView.show", pk=made.id), _saved(made)
        except Conflict as drift:
            return self._preview(shop, selection, rule, draft, drift.message()), 409
        flash(said, "success")
        return redirect(where)

    def _preview(
        self, shop: Shop, selection: dict[str, Any], rule: WindowRule, draft: WindowDraft, notice: str = ""
    ) -> str:
        span = draft.span()
        price_window_drafts.fill(shop.id, rule, _products(shop, selection))
        seen = price_window_drafts.figures()
        return self.page(
            "catalog/price_window_preview.html",
            shop=shop,
            draft=draft,
            span=span,
            said=price_window_words.rule(rule, shop.currency),
            notice=notice,
            seen=seen,
            above_prior=price_window_drafts.above_prior(shop.id, span),
            beyond=change_words.findings(price_window_limits.measure(shop.id)),
            overlaps=price_window_drafts.overlaps(shop.id, span),
            lines=price_window_drafts.lines(shop.id, span, draft.name),
            refused=price_window_drafts.lines(shop.id, span, draft.name, refused=True) if seen.refused else [],
            reason_text=lambda code: REASONS.get(code, code),
            warning_text=lambda code: change_words.WARNINGS[code],
            told=lambda found: [price_window_words.segment(one, shop) for one in found],
            when=lambda at: price_window_words.moment_text(at, shop.time_zone),
            less=price_window_words.percent_less,
            carried=_carried(selection, rule),
        )

    def _form(self, selection: dict[str, Any], typed: Mapping[str, str], error: FormFaults) -> str:
        shop = access.current_shop()
        return self.page(
            "catalog/price_window_form.html",
            shop=shop,
            selection=selection,
            chosen_json=json.dumps(selection) if selection else "",
            count=len(selection["ids"]) if "ids" in selection else None,
            typed=typed,
            faults=error.faults,
            twice=getattr(error, "twice", {}) or price_window_form.twice(typed, shop.time_zone),
            hows=bulk_fields.hows_of("price_minor"),
            roundings=bulk_fields.PLAIN_ROUNDINGS,
            sources=[
                (name, label) for name, label in bulk_fields.numbers() if name in ("compare_at_minor", "cost_minor")
            ],
            scopes=_scopes(shop),
            example_step=bulk_form.example_step(shop.currency),
        )


def _saved(window: PriceWindow) -> str:
    if window.state is WindowState.PENDING:
        return gettext("The price window waits for a second person. It does not hold before that.")
    return gettext("The price window was saved. It begins and ends by the clock.")


def _products(shop: Shop, selection: Mapping[str, Any]) -> Select[int]:
    """The chosen products; none, when a copy brings its own SKUs."""
    if not selection:
        return select(Product.id).where(Product.shop_id == shop.id, Product.id < 0)
    return product_list.chosen(selection, shop)


def _scope(shop: Shop, selection: dict[str, Any]) -> dict[str, Any]:
    """The choice of the form where no product was ticked: all on sale, or a category with those below."""
    asked = request.form.get("scope", "")
    if selection or not asked:
        return selection
    return ON_SALE if asked == "on_sale" else {"query": f"f_category={asked}"}


def _scopes(shop: Shop) -> list[tuple[str, str]]:
    branches = [(str(node.id), node.label) for node in categories.tree(shop.id)]
    return [("", gettext("Choose…")), ("on_sale", gettext("All products on sale")), *branches]


def _rule(shop: Shop, selection: dict[str, Any]) -> WindowRule:
    if (copied := request.form.get("copy_of", "")).isdecimal():
        return CopyOf(price_windows.get(int(copied[:18])).id)
    if not selection:
        raise FormFaults({"scope": gettext("Choose the products.")})
    typed = {name: request.form.get(name, "") for name in FORMULA}
    rule = bulk_form.read({**typed, "field": "price_minor"}, shop.currency)
    if not isinstance(rule, Formula):
        raise RuleViolation("bad_rule")
    return rule


def _all_faults(shop: Shop, selection: dict[str, Any], error: FormFaults) -> FormFaults:
    """What is wrong with the formula and with the times, at once."""
    faults, twice = dict(error.faults), getattr(error, "twice", {})
    for read in (lambda: _rule(shop, selection), lambda: price_window_form.read(request.form, shop.time_zone)):
        try:
            read()
        except FormFaults as found:
            faults |= found.faults
            twice = twice | getattr(found, "twice", {})
    return price_window_form.WindowFaults(faults, twice)


def _carried(selection: dict[str, Any], rule: WindowRule) -> dict[str, str]:
    """What the preview hands on to the save: the form as typed, the rule, the products, and a key of this preview."""
    typed = {name: request.form.get(name, "") for name in (*price_window_form.FIELDS, *FORMULA)}
    chosen_json = json.dumps(selection) if selection else ""
    return typed | {"rule": json.dumps(rule.to_json()), "chosen": chosen_json, "key": secrets.token_hex(16)}
