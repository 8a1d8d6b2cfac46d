"""`/orders/settings`: how the shop handles its orders, for managers, who answer for what it promises."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import transaction
from app.kit.errors import RuleViolation, naming
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
            return self._form(settings.of(shop.id), refused), refused.status
        flash(gettext("Saved. It holds for orders from now on; those made before keep their terms."), "success")
        return redirect(url_for("OrderSettingView.show"))

    def _form(self, rules: Rules, refused: RuleViolation | None = None) -> str:
        return self.page("orders/settings.html", rules=rules, refused=refused, typed=request.form)


def _rules() -> Rules:
    promise = request.form.get("promise", "")
    days = _whole("days", gettext("Days of a pre-sale (4 to 90)"))
    with naming(gettext("Shipped within, after payment"), "promise"):
        hours = days * 24 if promise == "days" else draft_form.whole(promise or "0")
    return Rules(
        hours,
        bool(request.form.get("after_sale_pauses")),
        _minutes("unpaid", gettext("Close an order that nobody has paid for after")),
        _minutes("unpaid_by_hand", gettext("The same for orders written by staff")),
        _whole("auto_confirm_days", gettext("Received so many days after it was sent")),
    )


def _minutes(name: str, label: str) -> int:
    return _whole(f"{name}_hours", label) * 60 + _whole(f"{name}_minutes", label)


def _whole(name: str, label: str) -> int:
    with naming(label, name):
        return draft_form.whole(request.form.get(name) or "0")
