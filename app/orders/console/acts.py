"""Deeds on one order: payment, cancelling, reopening, comments, tags and flags."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext

from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit import people
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb
from app.orders import comments, draft_form, handling, marks, paying, reading, reopening
from app.orders.models import CloseCause, PaymentMethod
from app.orders.names import CAUSE_CHOICES, LABELS


class OrderActView(ConsoleBase):
    """Below `/orders`."""

    noun = Noun.ORDERS
    route_base = "/orders"

    @expose("/<int:pk>/payment", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def payment(self, pk: int) -> Any:
        """Record money that came in."""
        order = reading.get(pk)
        method = request.form.get("method", "")
        received = paying.Received(
            draft_form.minor(request.form.get("amount", ""), order.currency),
            PaymentMethod(method) if method in set(PaymentMethod) else PaymentMethod.OTHER,
            request.form.get("reference", "").strip(),
        )
        with transaction():
            order = paying.record(pk, received)
        flash(gettext("%(number)s: %(status)s", number=order.number, status=LABELS[order.status]), "success")
        return _back(pk)

    @expose("/<int:pk>/cancel", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def cancel(self, pk: int) -> Any:
        """Close it with its cause; what it held is let go."""
        with transaction():
            order = handling.cancel(pk, _cause())
        flash(gettext("%(number)s: %(status)s", number=order.number, status=LABELS[order.status]), "success")
        return _back(pk)

    @expose("/<int:pk>/reopen", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def reopen(self, pk: int) -> Any:
        shop = access.shop_of(reading.get(pk))
        with transaction():
            order = reopening.reopen(pk, shop)
        flash(gettext("Order %(number)s is open again and its stock is held.", number=order.number), "success")
        return _back(pk)

    @expose("/<int:pk>/comment", methods=["POST"])
    @needs(Noun.ORDERS, Verb.READ)
    def comment(self, pk: int) -> Any:
        """Say something to colleagues; whoever may read the order may."""
        shop = access.shop_of(reading.get(pk))
        with transaction():
            body = comments.add(pk, request.form.get("comment", "").replace("\r\n", "\n")).body
        if unknown := comments.unknown(shop.id, body):
            names = " ".join(f"@{name}" for name in unknown)
            flash(gettext("Nobody in this shop is called %(names)s: nobody was told.", names=names), "warning")
        return _back(pk, "timeline")

    @expose("/<int:pk>/seen", methods=["POST"])
    @needs(Noun.ORDERS, Verb.READ)
    def seen(self, pk: int) -> Any:
        """The comments on this order that name me have been seen."""
        order = reading.get(pk)
        with transaction():
            comments.mark_read(order.id, g.user.id)
        return _back(pk)

    @expose("/mentions")
    @needs(Noun.ORDERS, Verb.READ)
    def mentions(self) -> str:
        """What colleagues said to me and I have not seen."""
        unread = comments.unread(access.current_shop().id, g.user.id)
        return self.page(
            "orders/mentions.html", unread=unread, names=people.names(one.comment.author for one in unread)
        )

    @expose("/<int:pk>/marks", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def marks(self, pk: int) -> Any:
        with transaction():
            flag_text = request.form.get("flag_text", "").strip()
            marks.mark(pk, marks.read_tags(request.form.get("tags", "")), request.form.get("flag", ""), flag_text)
        flash(gettext("Saved."), "success")
        return _back(pk)


def _cause() -> CloseCause:
    given = request.form.get("cause", "")
    return next((cause for cause in CAUSE_CHOICES if cause == given), CloseCause.STAFF)


def _back(pk: int, anchor: str | None = None) -> Any:
    return redirect(url_for("OrderView.show", pk=pk, _anchor=anchor))
