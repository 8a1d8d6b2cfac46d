"""Orders in the console: the list, one order with its timeline, editing, moves, notes on many, export."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, flash, redirect, request, send_file, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from app.console import access, lists, timeline
from app.console.access import needs
from app.console.base import ListPage, expose
from app.kit import files, history
from app.kit.db import transaction
from app.kit.merge import StaleEdit
from app.kit.permissions import Noun, Verb
from app.orders import edits, exports, handling, jobs, listing, reading, story
from app.orders.names import LABELS
from app.shops.models import Shop

STEP_LABELS = {
    "pay": (_l("Mark as paid"), "cash"),
    "ship": (_l("Mark as shipped"), "truck-delivery"),
    "deliver": (_l("Mark as delivered"), "home-check"),
    "complete": (_l("Complete"), "circle-check"),
    "close": (_l("Close order"), "circle-x"),
}
EDITABLE = {"receiver": _l("Receiver"), "address": _l("Address"), "staff_note": _l("Staff note")}


class OrderView(ListPage):
    """`/orders`."""

    noun = Noun.ORDERS
    route_base = "/orders"
    title = _l("Orders")
    bulk = (
        lists.BulkAction(_l("Add staff note"), "note", "OrderView.note", Noun.ORDERS, Verb.WRITE),
        lists.BulkAction(_l("Export as workbook"), "download", "OrderView.workbook", Noun.ORDERS, Verb.EXPORT),
    )
    empty = lists.Empty(
        "shopping-cart",
        _l("No orders yet"),
        _l("Bring in the orders of your shop from a workbook."),
        lists.Action(
            _l("Import a workbook"), "file-import", "ImportView.list", Noun.IMPORTS, Verb.IMPORT, primary=True
        ),
    )

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        """The list, in the zone and currency of the shop."""
        return listing.spec(shop)

    @expose("/")
    @needs(Noun.ORDERS, Verb.READ)
    def list(self) -> Any:
        return self.render_list()

    @expose("/counts")
    @needs(Noun.ORDERS, Verb.READ)
    def counts(self) -> Any:
        return self.render_counts()

    @expose("/<int:pk>")
    @needs(Noun.ORDERS, Verb.READ)
    def show(self, pk: int) -> str:
        return self._order_page(pk)

    @expose("/<int:pk>/edit", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def edit(self, pk: int) -> Any:
        """Save note, receiver and address; 409 with both versions when somebody else was faster."""
        mine = {field: _text(field) for field in EDITABLE if field in request.form}
        base = {field: _text(f"base_{field}") for field in mine}
        try:
            with transaction():
                edits.save(pk, base, mine)
        except StaleEdit as stale:
            return self._order_page(pk, stale=stale, mine=mine), stale.status
        flash(gettext("Saved."), "success")
        return redirect(url_for("OrderView.show", pk=pk))

    @expose("/<int:pk>/move", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def move(self, pk: int) -> Any:
        """Move the order on by the step that the button names."""
        step = handling.STEPS.get(request.form.get("step", "")) or abort(404)
        with transaction():
            order = step(pk)
            flash(gettext("%(number)s: %(status)s", number=order.number, status=LABELS[order.status]), "success")
        return redirect(url_for("OrderView.show", pk=pk))

    @expose("/note", methods=["POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def note(self) -> Any:
        """Ask for the note, then add it to the orders ticked, or to all that match."""
        shop = access.current_shop()
        chosen = jobs.chosen(shop, request.form)
        if "note" not in request.form:
            return self.page("orders/note.html", form=request.form, number=edits.countable(chosen))
        with transaction():
            noted = edits.add_note(chosen, request.form["note"])
        flash(ngettext("Note added to %(num)s order.", "Note added to %(num)s orders.", noted.changed), "success")
        if noted.full:
            numbers = ", ".join(reading.numbers(noted.full[:10]))
            flash(gettext("No room for the note in: %(numbers)s", numbers=numbers), "warning")
        query = request.form.get("query", "").lstrip("?")
        return redirect(url_for("OrderView.list") + (f"?{query}" if query else ""))

    @expose("/workbook", methods=["POST"])
    @needs(Noun.ORDERS, Verb.EXPORT)
    def workbook(self) -> Any:
        """Want a workbook of the orders ticked, or of all that match; a job makes it."""
        shop = access.current_shop()
        with transaction():
            job = jobs.want_export(shop, request.form)
        return redirect(url_for("OrderView.export_page", pk=job.id))

    @expose("/exports/<int:pk>")
    @needs(Noun.ORDERS, Verb.EXPORT)
    def export_page(self, pk: int) -> str:
        """How far the workbook is, and where to take it."""
        return self.page("orders/export.html", job=jobs.export_job(pk))

    @expose("/exports/<int:pk>/file")
    @needs(Noun.ORDERS, Verb.EXPORT)
    def export_file(self, pk: int) -> Any:
        """The finished workbook."""
        job = jobs.export_job(pk)
        if not job.result:
            abort(404)
        name = exports.file_name(access.current_shop().code, job.created_at)
        return send_file(files.path_of(job.result["file"]), as_attachment=True, download_name=name)

    def _order_page(self, pk: int, stale: StaleEdit | None = None, mine: dict[str, str] | None = None) -> str:
        order = reading.get(pk)
        notes = reading.credit_notes(order.id)
        zone = access.shop_of(order).time_zone
        entries = history.of("order", "orders", order.id)
        return self.page(
            "orders/show.html",
            order=order,
            zone=zone,
            status=listing.status_badge(order),
            kind=listing.kind_badge(order),
            notes=notes,
            balance=reading.balance(order, notes),
            products=reading.products(order.lines),
            buyer=reading.buyer_figures(order.customer_id) if order.customer_id else None,
            entries=timeline.shown(entries, story.words(order, zone), zone),
            steps=[(step, *STEP_LABELS[step]) for step in handling.steps_from(order)],
            fields=EDITABLE,
            lengths=edits.LENGTHS,
            endpoints=current_app.view_functions,
            stale=stale,
            mine=mine or {},
        )


def _text(field: str) -> str:
    """A text of the form, with line breaks as we store them."""
    return request.form.get(field, "").replace("\r\n", "\n")
