"""Refunds in the console: the list, one refund, and what a person may do when a channel cannot."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.console import access, lists
from app.console.access import needs
from app.console.base import ListPage, expose
from app.kit import people
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb
from app.payments import accounts, lifecycle, listing, matters, names, reading, refund_course, refund_sending, refunds
from app.payments import starting as payments
from app.payments.models import RefundState
from app.shops.models import Shop


class RefundView(ListPage):
    """`/refunds`."""

    noun = Noun.PAYMENTS
    route_base = "/refunds"
    title = _l("Money back")
    actions = (lists.Action(_l("Payments"), "credit-card", "PaymentView.list", Noun.PAYMENTS, Verb.READ),)
    empty = lists.Empty(
        "receipt-refund",
        _l("No refunds yet"),
        _l("They are asked for by after-sale cases; each shows up here at once."),
    )

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        return listing.refunds(shop)

    @expose("/")
    @needs(Noun.PAYMENTS, Verb.READ)
    def list(self) -> Any:
        return self.render_list()

    @expose("/counts")
    @needs(Noun.PAYMENTS, Verb.READ)
    def counts(self) -> Any:
        return self.render_counts()

    @expose("/export")
    @needs(Noun.PAYMENTS, Verb.EXPORT)
    def export(self) -> Any:
        return self.render_export()

    @expose("/<int:pk>")
    @needs(Noun.PAYMENTS, Verb.READ)
    def show(self, pk: int) -> str:
        refund = refunds.get(pk)
        shop = access.shop_of(refund)
        payment = payments.get(refund.payment_id) if refund.payment_id else None
        account = accounts.get(payment.account_id) if payment else None
        waits_for_hand = payment is None and refund.state in lifecycle.UNDER_WAY
        return self.page(
            "payments/refund.html",
            refund=refund,
            payment=payment,
            order=reading.order_of(refund),
            zone=shop.time_zone,
            badge=names.refund_badge(refund),
            answer=names.answer,
            next=names.refund_next(refund),
            who=people.name_of(refund.asked_by),
            calls=reading.exchanges_of(refund),
            received=reading.callbacks_of(refund, account),
            open_matters=matters.open_of(refund_id=refund.id),
            can_ask=payment is not None and refund.state is not RefundState.SUCCEEDED,
            can_retry=refund.state in (RefundState.FAILED, RefundState.ABNORMAL),
            by_hand=waits_for_hand or refund.state is RefundState.ABNORMAL,
            names=names,
        )

    @expose("/<int:pk>/ask", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.RUN)
    def ask(self, pk: int) -> Any:
        """Ask the channel now."""
        refund_sending.send_one(refunds.get(pk).id, transaction)
        refund = refunds.get(pk)
        flash(gettext("%(number)s: %(state)s", number=refund.number, state=names.REFUND_LABELS[refund.state]), "info")
        return redirect(url_for("RefundView.show", pk=pk))

    @expose("/<int:pk>/retry", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.WRITE)
    def retry(self, pk: int) -> Any:
        """Send it again; after a definite refusal as a new refund."""
        with transaction():
            refund = refund_course.try_again(pk)
            flash(gettext("%(number)s is sent to the channel.", number=refund.number), "success")
            fresh = refund.id
        return redirect(url_for("RefundView.show", pk=fresh))

    @expose("/<int:pk>/paid-back", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.WRITE)
    def paid_back(self, pk: int) -> Any:
        """A person has paid it back another way."""
        with transaction():
            refund = refund_course.paid_back_by_hand(pk, request.form.get("reference", ""))
            flash(gettext("%(number)s is recorded as paid back.", number=refund.number), "success")
        return redirect(url_for("RefundView.show", pk=pk))

    @expose("/<int:pk>/give-up", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.WRITE)
    def give_up(self, pk: int) -> Any:
        """It will not be paid back; the amount can be asked for anew."""
        with transaction():
            refund = refund_course.give_up(pk)
            flash(gettext("%(number)s is given up. No money has moved.", number=refund.number), "warning")
        return redirect(url_for("RefundView.show", pk=pk))
