"""`/orders/together` and below one order: sent together, sent apart, split in two, put together again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import transaction
from app.kit.errors import DomainError, RuleViolation, naming
from app.kit.permissions import Noun, Verb
from app.orders import draft_form, joining, merging, reading, splitting
from app.orders.models import Order

GROUPS = 50


class OrderTogetherView(ConsoleBase):
    """Below `/orders`."""

    noun = Noun.ORDERS
    route_base = "/orders"

    @expose("/together")
    @needs(Noun.ORDERS, Verb.READ)
    def together(self) -> str:
        """Where several orders wait for one person at one address."""
        shop = access.current_shop()
        return self.page(
            "orders/together.html", groups=merging.groups(shop.id, GROUPS), zone=shop.time_zone, most=GROUPS
        )

    @expose("/together", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def merge(self) -> Any:
        """Have the chosen orders sent together; from the list or from one of them."""
        ids = [int(one) for one in request.form.getlist("ids") if one.isdecimal() and len(one) < 19]
        for order_id in ids:
            access.shop_of(reading.get(order_id))
        with transaction():
            merging.merge(ids)
        flash(gettext("They are packed and sent together."), "success")
        back = request.form.get("back", "")
        if back.isdecimal() and len(back) < 19:
            return redirect(url_for("OrderView.show", pk=int(back)))
        return redirect(url_for("OrderTogetherView.together"))

    @expose("/<int:pk>/apart", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def apart(self, pk: int) -> Any:
        """Take it out of its group."""
        with transaction():
            merging.leave(pk)
        flash(gettext("It is packed and sent alone again."), "success")
        return redirect(url_for("OrderView.show", pk=pk))

    @expose("/<int:pk>/split")
    @needs(Noun.ORDERS, Verb.WRITE)
    def split_form(self, pk: int) -> str:
        return self._form(reading.get(pk))

    @expose("/<int:pk>/split/quote", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def split_quote(self, pk: int) -> str:
        """Split it for real, show both orders, and take it back."""
        order = reading.get(pk)
        access.shop_of(order)
        try:
            with transaction():
                halves = splitting.rehearse(pk, _units())
        except DomainError as refused:
            return self.page("orders/_halves.html", refused=refused.message(), currency=order.currency)
        return self.page("orders/_halves.html", halves=halves, currency=order.currency)

    @expose("/<int:pk>/split", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def split(self, pk: int) -> Any:
        order = reading.get(pk)
        try:
            with transaction():
                second = splitting.split(pk, _units())
        except RuleViolation as refused:
            return self._form(order, refused), refused.status
        flash(gettext("Order %(number)s was split off.", number=second.number), "success")
        return redirect(url_for("OrderView.show", pk=second.id))

    @expose("/<int:pk>/put-together", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def put_together(self, pk: int) -> Any:
        """Take the split back by which this order came to be."""
        with transaction():
            order = joining.put_together(pk)
        flash(gettext("Everything is in order %(number)s again.", number=order.number), "success")
        return redirect(url_for("OrderView.show", pk=order.id))

    def _form(self, order: Order, refused: RuleViolation | None = None) -> str:
        access.shop_of(order)
        if reason := splitting.why_not(order):
            raise splitting.refused("split_refused", order, reason)
        return self.page(
            "orders/split.html",
            order=order,
            lines=splitting.product_lines(order.id),
            typed=dict(_typed()),
            refused=refused,
        )


def _typed() -> Iterator[tuple[int, str]]:
    """Units by line as typed; an empty field is none."""
    for key, text in request.form.items():
        line = key.removeprefix("units-")
        if key.startswith("units-") and line.isdecimal() and len(line) < 19 and text.strip():
            yield int(line), text.strip()


def _units() -> dict[int, int]:
    """Units by line. Raises RuleViolation("number_unreadable")."""
    found = {}
    for line, text in _typed():
        with naming(gettext("Into the second order"), f"units-{line}"):
            found[line] = draft_form.whole(text)
    return found
