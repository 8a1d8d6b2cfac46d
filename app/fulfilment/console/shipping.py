"""`/orders/<id>/ship` and what else is done to the parcels of one order."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext

from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.fulfilment import beside, blocking, carriers, names, parcels, reading, ship_form
from app.fulfilment.models import BlockReason, Parcel
from app.fulfilment.wanted import Refused
from app.kit.db import transaction
from app.kit.errors import DomainError
from app.kit.permissions import Noun, Verb
from app.orders import board, merging
from app.orders import reading as orders


class ShipView(ConsoleBase):
    """Below `/orders`."""

    noun = Noun.PARCELS
    route_base = "/orders"

    @expose("/<int:pk>/ship")
    @needs(Noun.PARCELS, Verb.WRITE)
    def form(self, pk: int) -> Any:
        """The form, with all that is left of the order in it."""
        order = orders.get(pk)
        if not reading.can_ship(order) or not reading.has_goods_left(reading.left(pk)):
            flash(gettext("Nothing of this order can be sent now."), "warning")
            return redirect(url_for("OrderView.show", pk=pk))
        return self._form(pk, {})

    def _form(self, pk: int, typed: Mapping[str, str], error: str = "", field: str = "") -> str:
        order = orders.get(pk)
        shop = access.shop_of(order)
        shown = reading.of_order(pk)
        labels = reading.open_labels(shown)
        return self.page(
            "fulfilment/ship.html",
            order=order,
            zone=shop.time_zone,
            lines=[line for line in reading.left(pk) if line.left],
            sent=[one for one in shown if one.row.sent_at],
            labels=labels,
            carriers=carriers.CARRIERS,
            carrier=typed.get("carrier") or (labels[0].carrier_code if labels else beside.last_carrier(shop.id)),
            tracking_no=typed.get("tracking_no", labels[0].tracking_no if labels else ""),
            typed=typed,
            key=typed.get("key") or secrets.token_hex(16),
            error=error,
            field=field,
            block=reading.block(pk),
            members=[one for one in merging.members(order) if one.id != pk],
            blocks=names.BLOCKS,
        )

    @expose("/<int:pk>/ship", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def send(self, pk: int) -> Any:
        """Send what the form says; a refused parcel comes back with the reason at its field."""
        order = orders.get(pk)
        try:
            with transaction():
                wanted = ship_form.read(request.form, [line for line in reading.left(pk) if line.left])
                parcel = parcels.send(pk, wanted, key=f"form:{request.form.get('key', '')[:64]}")
        except DomainError as refused:
            column = refused.column if isinstance(refused, Refused) else ""
            return self._form(pk, request.form, refused.message(), column), refused.status
        flash(gettext("Sent: %(number)s with %(parcel)s", number=order.number, parcel=_words(parcel)), "success")
        return self._next(order.shop_id, pk) if request.form.get("then") == "next" else _order(pk)

    def _next(self, shop_id: int, done: int) -> Any:
        """The form of the order that is due next, or the board when nothing waits."""
        waiting = next((one.order.id for one in board.rows(shop_id) if one.order.id != done), None)
        if waiting is None:
            return redirect(url_for("OrderBoardView.show"))
        return redirect(url_for("ShipView.form", pk=waiting))

    @expose("/<int:pk>/label", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def label(self, pk: int) -> Any:
        """Take a number; the order stays in the house."""
        orders.get(pk)
        try:
            with transaction():
                parcels.label(pk, request.form.get("carrier", ""), request.form.get("tracking_no", ""))
        except DomainError as refused:
            column = refused.column if isinstance(refused, Refused) else "tracking_no"
            return self._form(pk, request.form, refused.message(), column), refused.status
        flash(gettext("The number is taken. The order leaves with it and no other."), "success")
        return _order(pk)

    @expose("/<int:pk>/append", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def append(self, pk: int) -> Any:
        """One more number for an order that has left whole."""
        with transaction():
            parcels.append(pk, request.form.get("carrier", ""), request.form.get("tracking_no", ""))
        flash(gettext("The number was added."), "success")
        return _order(pk)

    @expose("/<int:pk>/hold", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def hold(self, pk: int) -> Any:
        """Nothing of it leaves until it is released."""
        reason = request.form.get("reason", "")
        if reason not in set(BlockReason):
            abort(400)
        with transaction():
            blocking.block(pk, BlockReason(reason))
        flash(gettext("Nothing of this order leaves until you release it."), "success")
        return _order(pk)

    @expose("/<int:pk>/release", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def release(self, pk: int) -> Any:
        """It may leave again."""
        with transaction():
            blocking.release(pk)
        flash(gettext("The order may leave again."), "success")
        return _order(pk)


def _words(parcel: Parcel) -> str:
    return f"{names.carrier(parcel.carrier_code)} {parcel.tracking_no}".strip()


def _order(pk: int) -> Any:
    return redirect(url_for("OrderView.show", pk=pk, _anchor="parcels"))
