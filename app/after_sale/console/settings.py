"""`/after-sale/settings`: how long each side has, what happens then, and the sum beyond which somebody approves."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.after_sale import forms, settings
from app.after_sale.lifecycle import CODES
from app.after_sale.names import LATE_LABELS, STATE_LABELS
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import transaction
from app.kit.errors import RuleViolation
from app.kit.money import Money
from app.kit.permissions import Noun, Verb


class CaseSettingView(ConsoleBase):
    """`/after-sale/settings`."""

    noun = Noun.AFTER_SALE
    route_base = "/after-sale/settings"

    @expose("/")
    @needs(Noun.AFTER_SALE, Verb.READ)
    def show(self) -> str:
        return self._form()

    @expose("/", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.APPROVE)
    def save(self) -> Any:
        """Set the times and the limit; for those who answer for the shop's money."""
        shop = access.current_shop()
        try:
            with transaction():
                settings.save(shop.id, forms.rules(request.form, shop.currency))
        except RuleViolation as refused:
            return self._form(refused), refused.status
        flash(gettext("Saved. It holds for cases that get there from now on."), "success")
        return redirect(url_for("CaseSettingView.show"))

    def _form(self, refused: RuleViolation | None = None) -> str:
        shop = access.current_shop()
        rules = settings.of(shop.id)
        return self.page(
            "after_sale/settings.html",
            rules=rules,
            refused=refused,
            typed=request.form,
            states=STATE_LABELS,
            codes=CODES,
            lates=LATE_LABELS,
            choices=settings.CHOICES,
            currency=shop.currency,
            limit=str(Money(rules.approve_limit_minor, shop.currency)),
        )
