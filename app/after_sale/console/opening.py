"""`/after-sale/new`: a case of an order, or a paid order cancelled; what it comes to is shown before."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy import select

from app.after_sale import case_page, forms, listing, opening, refund_ledger
from app.after_sale.access import By
from app.after_sale.models import CaseKind, Party
from app.after_sale.names import KIND_LABELS, STATE_LABELS
from app.after_sale.reasons import WISHES
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import db, rehearsal, transaction
from app.kit.errors import DomainError, RuleViolation
from app.kit.permissions import Noun, Verb
from app.orders import reading
from app.orders.models import FulfilmentState, Order


class CaseOpenView(ConsoleBase):
    """`/after-sale/new`."""

    noun = Noun.AFTER_SALE
    route_base = "/after-sale/new"

    @expose("/")
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def find(self) -> Any:
        """Ask for the order's number, or go on with it."""
        number = request.args.get("number", "").strip()
        if number:
            shop = access.current_shop()
            query = select(Order.id).where(Order.shop_id == shop.id, Order.number == number)
            found = db.session.scalars(query).first()
            if found is not None:
                return redirect(url_for("CaseOpenView.form", pk=found))
        return self.page("after_sale/find.html", number=number)

    @expose("/<int:pk>")
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def form(self, pk: int) -> str:
        return self._form(pk)

    @expose("/<int:pk>", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def create(self, pk: int) -> Any:
        """Open the case; what a rule refuses brings the form back as it was filled in."""
        order = reading.get(pk)
        try:
            with transaction():
                case = opening.open_case(pk, _wish(order), _by(), key=_key())
        except RuleViolation as refused:
            db.session.rollback()
            return self._form(pk, listing.refusal(refused) if refused.field is None else refused), refused.status
        told = {"number": case.number, "status": STATE_LABELS[case.state]}
        flash(gettext("%(number)s: %(status)s", **told), "success")
        return redirect(url_for("CaseView.show", pk=case.id))

    @expose("/<int:pk>/worth", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def worth(self, pk: int) -> str:
        """What the form as it stands comes to: opened for real, and taken back."""
        order = reading.get(pk)
        total, refused = 0, ""
        try:
            with transaction(), rehearsal():
                total = opening.open_case(pk, _wish(order), _by()).amount_minor
        except DomainError as error:
            refused = listing.refusal(error)
        return self.page("after_sale/_total.html", currency=order.currency, total=total, refused=refused)

    @expose("/<int:pk>/cancel", methods=["POST"])
    @needs(Noun.AFTER_SALE, Verb.WRITE)
    def cancel(self, pk: int) -> Any:
        """Cancel a paid order that has not left the house: its money goes back, then it is closed."""
        reading.get(pk)
        reason = request.form.get("reason", "")
        with transaction():
            case = opening.cancel_paid(pk, reason if reason in WISHES else "other", _seller(), key=_key())
        told = gettext("%(number)s: the refund is on its way; the order is closed when it is back.", number=case.number)
        flash(told, "success")
        return redirect(url_for("CaseView.show", pk=case.id))

    def _form(self, pk: int, refused: str | RuleViolation = "") -> str:
        order = reading.get(pk)
        shop = access.shop_of(order)
        unsent = order.fulfilment_state is FulfilmentState.UNFULFILLED
        return self.page(
            "after_sale/new.html",
            order=order,
            zone=shop.time_zone,
            refused=refused,
            left=refund_ledger.of(order),
            cases=case_page.of_order(order.id),
            badge_of=listing.state_badge,
            kinds={kind: label for kind, label in KIND_LABELS.items() if kind is CaseKind.REFUND_ONLY or not unsent},
            wishes=WISHES,
            unsent=unsent,
            form=request.form,
            key=_key() or secrets.token_hex(12),
        )


def _wish(order: Order) -> opening.Wish:
    return forms.wish(request.form, refund_ledger.of(order), order.currency)


def _seller() -> By:
    return By(Party.SELLER, access.can(Noun.AFTER_SALE, Verb.APPROVE))


def _by() -> By:
    return By(Party.BUYER) if request.form.get("party") == Party.BUYER.value else _seller()


def _key() -> str | None:
    key = request.form.get("key", "")
    return f"form:{key}"[:120] if key.isalnum() else None
