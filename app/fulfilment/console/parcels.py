"""`/parcels`: the list, and one parcel with its way, what is in it, and what can be done with it."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.console import access
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.lists import Action, Empty, ListSpec
from app.fulfilment import blocking, carriers, listing, names, parcels, reading, story
from app.fulfilment.models import EventKind
from app.kit.db import transaction
from app.kit.errors import DomainError
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop


class ParcelView(ListPage):
    """`/parcels`."""

    noun = Noun.PARCELS
    route_base = "/parcels"
    title = _l("Parcels")
    subtitle = _l("What has left the house, and what was last heard of it.")
    actions = (
        Action(_l("Deadlines"), "alarm", "OrderBoardView.show", Noun.ORDERS, Verb.READ),
        Action(_l("Import tracking numbers"), "file-import", "ParcelView.upload", Noun.PARCELS, Verb.BULK),
        Action(_l("Pick list"), "list-check", "PickingView.waiting", Noun.PARCELS, Verb.READ, primary=True),
    )
    empty = Empty(
        "truck-delivery",
        _l("No parcels yet"),
        _l("Ship a paid order from its page, or import the tracking numbers of many from a workbook."),
        Action(_l("Orders to be shipped"), "package", "OrderBoardView.show", Noun.ORDERS, Verb.READ, primary=True),
    )

    def list_spec(self, shop: Shop) -> ListSpec:
        """The list for the shop on screen."""
        return listing.spec(shop)

    @expose("/")
    @needs(Noun.PARCELS, Verb.READ)
    def list(self) -> Any:
        """The list."""
        return self.render_list()

    @expose("/counts")
    @needs(Noun.PARCELS, Verb.READ)
    def counts(self) -> Any:
        """How many each tab has."""
        return self.render_counts()

    @expose("/import")
    @needs(Noun.PARCELS, Verb.BULK)
    def upload(self) -> Any:
        """Where a tracking file is dropped."""
        return redirect(url_for("ImportView.new", kind="tracking"))

    @expose("/export")
    @needs(Noun.PARCELS, Verb.EXPORT)
    def export(self) -> Any:
        """The list as a workbook."""
        return self.render_export()

    @expose("/<int:pk>")
    @needs(Noun.PARCELS, Verb.READ)
    def show(self, pk: int) -> str:
        """One parcel."""
        return self._parcel_page(pk)

    def _parcel_page(self, pk: int, error: str = "") -> str:
        row = parcels.get(pk)
        zone = access.shop_of(row).time_zone
        return self.page(
            "fulfilment/parcel.html",
            parcel=reading.one(row),
            row=row,
            zone=zone,
            state=names.state_badge(row),
            kind=names.KINDS[row.kind],
            carrier=carriers.BY_CODE.get(row.carrier_code),
            carriers=carriers.CARRIERS,
            entries=story.told(reading.events(row.id), zone),
            notable=[(kind.value, names.EVENTS[kind][2]) for kind in names.NOTED],
            error=error,
            typed=request.form if error else {},
        )

    @expose("/<int:pk>/correct", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def correct(self, pk: int) -> Any:
        """Set carrier and number right."""
        parcels.get(pk)
        try:
            with transaction():
                parcels.correct(pk, request.form.get("carrier", ""), request.form.get("tracking_no", ""))
        except DomainError as refused:
            return self._parcel_page(pk, refused.message()), refused.status
        flash(gettext("Saved. The old number stays in the history."), "success")
        return _to(pk)

    @expose("/<int:pk>/note", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def note(self, pk: int) -> Any:
        """Write down what was heard of it on its way."""
        kind = request.form.get("kind", "")
        if kind not in set(names.NOTED):
            abort(400)
        with transaction():
            parcels.heard(pk, EventKind(kind), request.form.get("note", ""))
        flash(gettext("Saved."), "success")
        return _to(pk)

    @expose("/<int:pk>/signed", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def signed(self, pk: int) -> Any:
        """The receiver has it."""
        with transaction():
            parcels.signed(pk)
        flash(gettext("The parcel is signed for."), "success")
        return _back(pk)

    @expose("/<int:pk>/returned", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def returned(self, pk: int) -> Any:
        """It came back unopened."""
        with transaction():
            parcels.returned(pk)
        flash(gettext("The parcel came back. Take its units back into stock on the page of the SKU."), "success")
        return _back(pk)

    @expose("/<int:pk>/cancel", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def cancel(self, pk: int) -> Any:
        """Give up a number that has not left."""
        with transaction():
            parcels.cancel(pk)
        flash(gettext("The number is given up; the order can leave with another one."), "success")
        return _back(pk)

    @expose("/serials/<int:pk>", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def serials(self, pk: int) -> Any:
        """Whether units of a product leave only with their serial numbers."""
        with transaction():
            blocking.set_serials(pk, bool(request.form.get("wanted")))
        flash(gettext("Saved. It holds for parcels sent from now on."), "success")
        return redirect(url_for("ProductView.show", pk=pk))


def _to(pk: int) -> Any:
    return redirect(url_for("ParcelView.show", pk=pk))


def _back(pk: int) -> Any:
    """To the order from which it was done, else to the parcel."""
    order = request.form.get("order", "")
    if order.isdigit() and len(order) < 19 and int(order) in parcels.orders_of(pk):
        return redirect(url_for("OrderView.show", pk=int(order), _anchor="parcels"))
    return _to(pk)
