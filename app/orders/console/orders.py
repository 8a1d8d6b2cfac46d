"""Orders in the console: the list, one order with its timeline, editing, moves, export."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, flash, g, redirect, request, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.after_sale.console import beside as after_sale
from app.console import access, lists, timeline
from app.console.access import needs
from app.console.base import ListPage, expose
from app.fulfilment import beside
from app.kit import files, history
from app.kit.db import transaction
from app.kit.merge import StaleEdit
from app.kit.money import Money
from app.kit.permissions import Noun, Verb
from app.orders import (
    comments,
    edits,
    exports,
    handling,
    jobs,
    joining,
    line_edits,
    listing,
    merging,
    names,
    paying,
    reading,
    reopening,
    shortages,
    splitting,
    story,
)
from app.orders.console import buyer
from app.orders.lifecycle import Axis
from app.orders.models import AfterSaleState, LineKind, Order, OrderLine
from app.orders.names import LABELS
from app.payments import names as payment_names
from app.payments import reading as payment_reading
from app.shops.models import Shop
from app.stock import words

STEP_LABELS = {
    "pay": (_l("Mark as paid"), "cash"),
    "deliver": (_l("Mark as delivered"), "home-check"),
    "complete": (_l("Complete"), "circle-check"),
    "close": (_l("Close order"), "circle-x"),
}
_DEEDS = {**handling.STEPS, "close": handling.cancel}
"""By hand only what the shop holds no money for is closed."""
EDITABLE = {"receiver": _l("Receiver"), "phone": _l("Phone"), "address": _l("Address"), "staff_note": _l("Staff note")}


class OrderView(ListPage):
    """`/orders`."""

    noun = Noun.ORDERS
    route_base = "/orders"
    title = _l("Orders")
    live_endpoint = "OrderLiveView.rows"
    actions = (
        lists.Action(_l("Bulk acts"), "list-check", "BatchView.list", Noun.ORDERS, Verb.READ),
        lists.Action(_l("Send together"), "packages", "OrderTogetherView.together", Noun.ORDERS, Verb.READ),
        lists.Action(_l("Deadlines"), "alarm", "OrderBoardView.show", Noun.ORDERS, Verb.READ),
        lists.Action(_l("New order"), "plus", "OrderDraftView.form", Noun.ORDERS, Verb.WRITE, primary=True),
    )
    bulk = (
        lists.BulkAction(_l("Ship"), "truck-delivery", "ShipManyView.form", Noun.PARCELS, Verb.WRITE),
        lists.BulkAction(_l("Pick list"), "list-check", "PickingView.chosen", Noun.PARCELS, Verb.READ),
        lists.BulkAction(_l("Packing slips"), "printer", "PickingView.slips", Noun.PARCELS, Verb.READ),
        lists.BulkAction(_l("Add staff note"), "note", "OrderBatchView.note", Noun.ORDERS, Verb.WRITE),
        lists.BulkAction(_l("Add tags"), "tag", "OrderBatchView.tag", Noun.ORDERS, Verb.WRITE),
        lists.BulkAction(_l("Remove tags"), "tag-off", "OrderBatchView.untag", Noun.ORDERS, Verb.WRITE),
        lists.BulkAction(_l("Set a flag"), "flag", "OrderBatchView.flag", Noun.ORDERS, Verb.WRITE),
        lists.BulkAction(_l("Send together"), "packages", "OrderBatchView.merge", Noun.ORDERS, Verb.WRITE),
        lists.BulkAction(_l("Send apart"), "package-off", "OrderBatchView.unmerge", Noun.ORDERS, Verb.WRITE),
        lists.BulkAction(
            _l("Cancel orders"), "circle-x", "OrderBatchView.cancel", Noun.ORDERS, Verb.WRITE, danger=True
        ),
        lists.BulkAction(_l("Export as workbook"), "download", "OrderView.workbook", Noun.ORDERS, Verb.EXPORT),
    )
    empty = lists.Empty(
        "shopping-cart",
        _l("No orders yet"),
        _l("Bring in the orders of your shop from a workbook, or write one by hand: “New order” above."),
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
        name = request.form.get("step", "")
        step = _DEEDS[name] if name in STEP_LABELS else abort(404)  # goods leave in parcels alone
        with transaction():
            order = paying.record_rest(pk) if step is handling.pay else step(pk)
            flash(gettext("%(number)s: %(status)s", number=order.number, status=LABELS[order.status]), "success")
        return redirect(url_for("OrderView.show", pk=pk))

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
        shop, skus = access.shop_of(order), reading.skus_of(order.lines)
        zone = shop.time_zone
        entries = history.of("order", "orders", order.id)
        happened = {entry.event for entry in entries}
        said = comments.of(order.id) if "OrderCommented" in happened else {}
        known = buyer.of(order.customer_id) if order.customer_id else None
        steps, cards = _steps(order), _beside(order, shop, happened)
        return self.page(
            "orders/show.html",
            order=order,
            zone=zone,
            status=listing.status_badge(order),
            kind=listing.kind_badge(order),
            notes=notes,
            balance=reading.balance(order, notes),
            products={sku.id: sku.product_id for sku in skus},
            shortages=shortages.of_skus(order, skus),
            standing_badge=words.standing_badge,
            buyer=known,
            buyer_facts=buyer.facts(known, order.currency) if known else [],
            next_step=buyer.next_step(order, cards["shipping"]["nothing_left"]),
            entries=timeline.shown(entries, story.words(order, zone, said), zone),
            steps=[(step, *STEP_LABELS[step]) for step in steps if step in STEP_LABELS],
            step_names=steps,
            **cards,
            fields=EDITABLE,
            lengths=edits.LENGTHS,
            endpoints=current_app.view_functions,
            facts=sum(1 for entry in entries if entry.event),
            stale=stale,
            mine=mine or {},
        )


def _steps(order: Order) -> list[str]:
    """The steps that a rule would not turn down at once: with money of the buyer nothing is closed, and nothing is
    completed that somebody wants put right."""
    holds_money = order.paid_minor > order.refunded_minor
    in_vain = {"close": holds_money, "complete": order.after_sale_state is AfterSaleState.OPEN}
    return [step for step in handling.steps_from(order) if not in_vain.get(step)]


def _beside(order: Order, shop: Shop, happened: set[str]) -> dict[str, Any]:
    """What the cards beside the lines show: the axes, what is owed, comments, flags, other orders.

    Nothing is asked of the database that cannot be there by what has `happened`, the names of the order's facts.
    """
    owed = paying.outstanding(order)
    return {
        "shipping": beside.of_order(order),
        "after_sale": after_sale.of_order(order),
        "axes": [(names.AXIS_LABELS[axis], names.STATE_LABELS[axis][getattr(order, axis.value)]) for axis in Axis],
        "owed": owed,
        "owed_plain": str(Money(owed, order.currency)),
        "methods": names.METHOD_LABELS,
        "causes": names.CAUSE_CHOICES,
        "reopenable": reopening.why_not(order, shop) == "",
        "lines_editable": line_edits.is_editable(order),
        "flags": names.FLAG_LABELS,
        "usernames": [f"@{name}" for name in comments.usernames(shop.id)][:20],
        "unseen": "OrderCommented" in happened
        and any(one.order_id == order.id for one in comments.unread(shop.id, g.user.id, 100)),
        "others": reading.other_orders(order),
        "discounts": reading.discounts(order.id) if order.discount_minor else [],
        "payer_labels": names.PAYER_LABELS,
        "badge_of": listing.status_badge,
        **_together(order, happened),
        "payments": payment_reading.of_order(order),
        "payment_names": payment_names,
    }


def _together(order: Order, happened: set[str]) -> dict[str, Any]:
    """Orders that it goes with or could go with, and those that it was split from or into."""
    splits = splitting.of(order.id) if "OrderSplitOff" in happened else []
    mine = next((split for split, _ in splits if split.into_id == order.id), None)
    return {
        "members": merging.members(order),
        "companions": merging.companions(order),
        "splits": splits,
        "splittable": splitting.why_not(order) == "" and sum(line.quantity for line in goods_of(order)) > 1,
        "joinable": joining.can(order, mine),
    }


def goods_of(order: Order) -> list[OrderLine]:
    """Its lines of goods."""
    return [line for line in order.lines if line.kind is LineKind.PRODUCT]


def _text(field: str) -> str:
    """A text of the form, with line breaks as we store them."""
    return request.form.get(field, "").replace("\r\n", "\n")
