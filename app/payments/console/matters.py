"""Money that needs a person, in the console: the queue, taking one on, resolving it with a reason."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.console import access, lists
from app.console.access import needs
from app.console.base import ListPage, expose
from app.kit import clock, formats, people
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb
from app.payments import listing, matters, names, reading, surplus
from app.payments.matter_models import MatterKind, MoneyMatter
from app.shops.models import Shop


class MatterView(ListPage):
    """`/payments/attention`."""

    noun = Noun.PAYMENTS
    route_base = "/payments/attention"
    title = _l("Money that needs a person")
    actions = (lists.Action(_l("Payments"), "credit-card", "PaymentView.list", Noun.PAYMENTS, Verb.READ),)
    empty = lists.Empty(
        "circle-check",
        _l("Nothing needs a person"),
        _l("Wrong amounts, unknown numbers, late money and failed refunds come here, each with a deadline."),
    )

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        return listing.matters(shop)

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
        matter = matters.get(pk)
        shop = access.shop_of(matter)
        return self.page(
            "payments/matter.html",
            matter=matter,
            zone=shop.time_zone,
            label=names.MATTER_LABELS[matter.kind],
            next=names.MATTER_NEXT[matter.kind],
            facts=_facts(matter),
            members=reading.members(shop.id),
            owner=people.name_of(f"staff:{matter.owner_id}") if matter.owner_id else "",
            resolved_by=people.name_of(matter.resolved_by) if matter.resolved_by else "",
            overdue=matter.resolved_at is None and matter.due_at <= clock.now(),
            names=names,
            resolutions={**names.RESOLUTIONS, **names.BY_ITSELF} if matter.resolved_at else names.RESOLUTIONS,
            most=matters.LONGEST_REASON,
            given_back=surplus.refund_of_matter(matter),
        )

    @expose("/<int:pk>/owner", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.WRITE)
    def owner(self, pk: int) -> Any:
        """Name who takes care of it; `me` is the person at the screen."""
        asked = request.form.get("owner", "")
        owner_id = g.user.id if asked == "me" else int(asked) if asked.isdecimal() else None
        shop = access.shop_of(matters.get(pk))
        if owner_id is not None and owner_id != g.user.id and owner_id not in reading.members(shop.id):
            abort(404)
        with transaction():
            matters.assign(pk, owner_id)
            flash(gettext("Saved."), "success")
        return redirect(url_for("MatterView.show", pk=pk))

    @expose("/<int:pk>/resolve", methods=["POST"])
    @needs(Noun.PAYMENTS, Verb.WRITE)
    def resolve(self, pk: int) -> Any:
        """Say how it was settled."""
        resolution = request.form.get("resolution", "")
        if resolution not in names.RESOLUTIONS:
            abort(400)
        with transaction():
            matters.resolve(pk, resolution, request.form.get("reason", ""))
            flash(gettext("Resolved."), "success")
        return redirect(url_for("MatterView.list"))

    @expose("/<int:pk>/refund", methods=["POST"])
    @needs(Noun.REFUNDS, Verb.WRITE)
    def refund(self, pk: int) -> Any:
        """Give back money of a closed order, or what an order was paid too much."""
        with transaction():
            if matters.get(pk).kind is MatterKind.OVERPAID:
                surplus.refund_over(pk)
            else:
                matters.refund_late(pk)
            flash(gettext("The refund is on its way."), "success")
        return redirect(url_for("MatterView.show", pk=pk))


def _facts(matter: MoneyMatter) -> dict[Any, str]:
    """What is known, in words."""
    facts = matter.facts
    currency = facts.get("their_currency") or facts.get("currency") or ""
    told: dict[Any, str] = {}
    for key, label in _FACTS.items():
        value = facts.get(key)
        if value in (None, ""):
            continue
        ours = key in ("ours_minor", "amount_minor", "over_minor")
        named = facts.get("currency", currency) if ours else currency
        told[label] = formats.money(value, named) if key.endswith("_minor") and named else str(value)
    return told


_FACTS = {
    "ours_minor": _l("We asked for"),
    "theirs_minor": _l("The channel says"),
    "amount_minor": _l("Amount"),
    "over_minor": _l("Too much"),
    "number": _l("Number"),
    "channel_trade_no": _l("Channel's number"),
    "ours": _l("First trade"),
    "theirs": _l("Second trade"),
    "code": _l("Code"),
}
