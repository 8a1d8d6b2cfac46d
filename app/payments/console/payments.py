"""Payments in the console: the list, one payment with what went over the wire, asking the channel, closing."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.console import access, lists
from app.console.access import needs
from app.console.base import ListPage, expose
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb
from app.orders import reading as order_reading
from app.payments import accounts, asking, lifecycle, links, listing, matters, names, reading, starting
from app.payments import refunds as asked_back
from app.payments.models import Payment
from app.payments.providers import TradeStatus
from app.shops.models import Shop

_TOLD = {
    TradeStatus.PAID: ("success", _l("The channel says: paid.")),
    TradeStatus.WAITING: ("info", _l("The channel says: not paid yet.")),
    TradeStatus.CLOSED: ("info", _l("The channel says: closed.")),
    TradeStatus.FAILED: ("warning", _l("The channel says: failed.")),
    TradeStatus.ABSENT: ("warning", _l("The channel does not know this number (yet).")),
    TradeStatus.UNKNOWN: ("danger", _l("The channel gave no clear answer. It is asked again by itself.")),
}


class PaymentView(ListPage):
    """`/payments`."""

    noun = Noun.PAYMENTS
    route_base = "/payments"
    title = _l("Payments")
    actions = (
        lists.Action(_l("Money back"), "receipt-refund", "RefundView.list", Noun.PAYMENTS, Verb.READ),
        lists.Action(_l("Needs a person"), "user-exclamation", "MatterView.list", Noun.PAYMENTS, Verb.READ),
        lists.Action(_l("Channels"), "plug", "ChannelView.list", Noun.PAYMENT_CHANNELS, Verb.READ),
    )
    empty = lists.Empty(
        "credit-card",
        _l("No payments yet"),
        _l("Open an unpaid order and send its payment link to the buyer; what they pay shows up here."),
        lists.Action(_l("Orders"), "shopping-cart", "OrderView.list", Noun.ORDERS, Verb.READ, primary=True),
    )

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        return listing.payments(shop)

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
        payment = starting.get(pk)
        shop = access.shop_of(payment)
        account = accounts.get(payment.account_id)
        return self.page(
            "payments/payment.html",
            payment=payment,
            account=account,
            order=reading.order_of(payment),
            zone=shop.time_zone,
            badge=names.payment_badge(payment),
            answer=names.answer,
            next=_next(payment),
            calls=reading.exchanges_of(payment),
            received=reading.callbacks_of(payment, account),
            refunds=reading.refunds_of(payment),
            refundable=asked_back.left_of(payment),
            open_matters=matters.open_of(payment_id=payment.id),
            is_open=payment.state in lifecycle.OPEN,
            names=names,
        )

    @expose("/<int:pk>/ask", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.RUN)
    def ask(self, pk: int) -> Any:
        """Ask the channel now."""
        answer = asking.ask_one(starting.get(pk).id, transaction)
        tone, words = _TOLD[answer.trade.status]
        flash(words, tone)
        return redirect(url_for("PaymentView.show", pk=pk))

    @expose("/<int:pk>/close", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.WRITE)
    def close(self, pk: int) -> Any:
        """Take no money under this number any more; when the channel has it already, it is settled instead."""
        asking.ask_one(starting.get(pk).id, transaction, closes=True)
        payment = starting.get(pk)
        flash(
            gettext("%(number)s: %(state)s", number=payment.number, state=names.PAYMENT_LABELS[payment.state]), "info"
        )
        return redirect(url_for("PaymentView.show", pk=pk))

    @expose("/link/<int:order_id>", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.RUN)
    def link(self, order_id: int) -> Any:
        """A fresh payment link of an order, for the buyer."""
        order = order_reading.get(order_id)
        shop = access.shop_of(order)
        return self.page("payments/link.html", order=order, address=links.address_of(order), days=_days(shop))


def _days(shop: Shop) -> int:
    from app.payments import settings

    return settings.of(shop.id).link_days


def _next(payment: Payment) -> Any:
    """What happens next, or what to do."""
    if payment.state in lifecycle.CAPTURED and not payment.counted:
        return _l("This money is not part of what the order was paid with; it goes back to the buyer.")
    return names.PAYMENT_NEXT.get(payment.state, "")
