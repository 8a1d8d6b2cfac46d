"""`/orders/settings`: how the shop handles its orders, for managers, who answer for what it promises."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import transaction
from app.kit.errors import RuleViolation
from app.kit.permissions import Noun, Verb
from app.orders import draft_form, settings
from app.orders.settings import Rules


class OrderSettingView(ConsoleBase):
    """`/orders/settings`."""

    noun = Noun.ORDERS
    route_base = "/orders/settings"

    @expose("/")
    @needs(Noun.ORDERS, Verb.READ)
    def show(self) -> str:
        return self._form(settings.of(access.current_shop().id))

    @expose("/", methods=["POST"])
    @needs(Noun.ORDERS, Verb.EXPORT)
    def save(self) -> Any:
        """Set them; what a rule refuses comes back with the form as it was filled in."""
        shop = access.current_shop()
        try:
            with transaction():
                settings.save(shop.id, _rules())
        except RuleViolation as refused:
            return self._form(settings.of(shop.id), refused.message()), refused.status
        flash(gettext("Saved. It holds for orders from now on; those made before keep their terms."), "success")
        return redirect(url_for("OrderSettingView.show"))

    def _form(self, rules: Rules, refused: str = "") -> str:
        return self.page("orders/settings.html", rules=rules, refused=refused, typed=request.form)


def _rules() -> Rules:
    promise = request.form.get("promise", "")
    days = draft_form.whole(request.form.get("days") or "0")
    hours = days * 24 if promise == "days" else draft_form.whole(promise or "0")
    return Rules(
        hours,
        bool(request.form.get("after_sale_pauses")),
        _minutes("unpaid"),
        _minutes("unpaid_by_hand"),
        draft_form.whole(request.form.get("auto_confirm_days") or "0"),
    )


def _minutes(name: str) -> int:
    hours, minutes = (draft_form.whole(request.form.get(f"{name}_{unit}") or "0") for unit in ("hours", "minutes"))
    return hours * 60 + minutes
