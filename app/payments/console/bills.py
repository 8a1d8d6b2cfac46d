"""Reconciliation in the console: the days, one day with its differences, and all differences as a list to take away."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.console import access, lists
from app.console.access import needs
from app.console.base import ListPage, expose
from app.kit import people
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb
from app.payments import accounts, bill_listing, differences, names, reading, reconciling, surplus
from app.shops.models import Shop


class ReconciliationView(ListPage):
    """`/payments/reconciliation`."""

    noun = Noun.PAYMENTS
    route_base = "/payments/reconciliation"
    title = _l("Reconciliation")
    subtitle = _l("Each channel's bill of a day of GMT+8, held against what we know.")
    actions = (
        lists.Action(_l("All differences"), "list-search", "BillDifferenceView.list", Noun.PAYMENTS, Verb.READ),
        lists.Action(_l("Payments"), "credit-card", "PaymentView.list", Noun.PAYMENTS, Verb.READ),
    )
    empty = lists.Empty(
        "scale",
        _l("Nothing reconciled yet"),
        _l("The day after a channel is set up, its bill is fetched and held against the payments, by itself."),
        lists.Action(
            _l("Payment channels"), "plug", "ChannelView.list", Noun.PAYMENT_CHANNELS, Verb.READ, primary=True
        ),
    )

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        return bill_listing.days(shop)

    @expose("/")
    @needs(Noun.PAYMENTS, Verb.READ)
    def list(self) -> Any:
        return self.render_list()

    @expose("/counts")
    @needs(Noun.PAYMENTS, Verb.READ)
    def counts(self) -> Any:
        return self.render_counts()

    @expose("/<int:pk>")
    @needs(Noun.PAYMENTS, Verb.READ)
    def show(self, pk: int) -> str:
        day = differences.get(pk)
        shop = access.shop_of(day.run)
        owners = people.names(f"staff:{one.owner_id}" for one in day.differences if one.owner_id)
        return self.page(
            "payments/day.html",
            run=day.run,
            account=day.account,
            differences=day.differences,
            owners=owners,
            members=reading.members(shop.id),
            zone=shop.time_zone,
            names=names,
            most=differences.LONGEST_REASON,
            too_much={
                one.id: (surplus.of_difference(one), surplus.refund_of_difference(one)) for one in day.differences
            },
        )

    @expose("/<int:pk>/again", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.RUN)
    def again(self, pk: int) -> Any:
        """Fetch the bill and compare anew; what people did to differences stays."""
        day = differences.get(pk)
        with transaction():
            reconciling.want(day.account, day.run.day)
        flash(gettext("The day is reconciled anew; reload the page in a moment."), "info")
        return redirect(url_for("ReconciliationView.show", pk=pk))

    @expose("/day", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.RUN)
    def day(self) -> Any:
        """Reconcile any day of an account."""
        asked = request.form.get("account", "")
        account = accounts.get(int(asked)) if asked.isdecimal() and len(asked) < 19 else abort(404)
        access.shop_of(account)
        try:
            day = date.fromisoformat(request.form.get("day", ""))
        except ValueError:
            abort(400)
        with transaction():
            reconciling.want(account, day)
        flash(gettext("%(day)s is being reconciled.", day=day.isoformat()), "info")
        return redirect(url_for("ReconciliationView.list"))


class BillDifferenceView(ListPage):
    """`/payments/reconciliation/differences`."""

    noun = Noun.PAYMENTS
    route_base = "/payments/reconciliation/differences"
    title = _l("Differences between bills and payments")
    actions = (lists.Action(_l("Days"), "calendar", "ReconciliationView.list", Noun.PAYMENTS, Verb.READ),)
    empty = lists.Empty(
        "circle-check", _l("No differences"), _l("Every row of every bill has its payment or refund here.")
    )

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        return bill_listing.differences(shop)

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
    def show(self, pk: int) -> Any:
        """A difference is shown on the page of its day."""
        run_id = differences.find(pk).reconciliation_id
        return redirect(url_for("ReconciliationView.show", pk=run_id, _anchor=f"d{pk}"))

    @expose("/<int:pk>/owner", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.WRITE)
    def owner(self, pk: int) -> Any:
        """Name who takes care of it."""
        asked = request.form.get("owner", "")
        owner_id = g.user.id if asked == "me" else int(asked) if asked.isdecimal() and len(asked) < 19 else None
        shop = access.shop_of(differences.find(pk))
        if owner_id not in (None, g.user.id, *reading.members(shop.id)):
            abort(404)
        with transaction():
            run_id = differences.assign(pk, owner_id).reconciliation_id
        return redirect(url_for("ReconciliationView.show", pk=run_id, _anchor=f"d{pk}"))

    @expose("/<int:pk>/resolve", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.WRITE)
    def resolve(self, pk: int) -> Any:
        """Say how it was settled."""
        with transaction():
            run_id = differences.resolve(pk, request.form.get("reason", "")).reconciliation_id
            flash(gettext("Resolved."), "success")
        return redirect(url_for("ReconciliationView.show", pk=run_id))

    @expose("/<int:pk>/give-back", methods=["POST"])
    @needs(Noun.REFUNDS, Verb.WRITE)
    def give_back(self, pk: int) -> Any:
        """Have what the bill shows too much given back; a person does it at the channel and records it."""
        access.shop_of(differences.find(pk))
        with transaction():
            refund_id = surplus.give_back(pk).id
        return redirect(url_for("RefundView.show", pk=refund_id))
