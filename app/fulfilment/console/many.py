"""`/picking/ship`: the orders ticked in the list leave, each with the number that is typed or scanned for it."""

from __future__ import annotations

import secrets
from typing import Any

from flask import redirect, request, url_for

from app.console import access, selection
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.fulfilment import batch_acts, beside, carriers, jobs, picking, ship_form
from app.kit.db import transaction
from app.kit.errors import RuleViolation
from app.kit.permissions import Noun, Verb
from app.orders import batches

ON_SCREEN = 100
"""Orders whose numbers are typed on one page; more are filled in as a workbook."""


class ShipManyView(ConsoleBase):
    """Below `/picking`."""

    noun = Noun.PARCELS
    route_base = "/picking"

    @expose("/ship", methods=["GET", "POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def form(self) -> Any:
        """A row for each chosen order that can leave, with a place for its carrier and number."""
        shop = access.current_shop()
        which = jobs.chosen(shop, selection.asked())
        return selection.moved("ShipManyView.form", shop) or self._form(picking.work(shop.id, which))

    @expose("/ship/send", methods=["POST"])
    @needs(Noun.PARCELS, Verb.WRITE)
    def send(self) -> Any:
        """Send those that were given a number; the others stay. Each has its result on the page of the bulk act."""
        shop = access.current_shop()
        work = picking.work(shop.id, jobs.chosen(shop, request.form))
        orders = [(slip.order.id, slip.order.number) for slip in work.slips[:ON_SCREEN]]
        try:
            rows = ship_form.read_many(request.form, orders)
        except RuleViolation as refused:
            return self._form(work, refused.message()), refused.status
        key = request.form.get("key") or None
        with transaction():
            batch = batches.propose(shop.id, batch_acts.SHIP_TYPED, rows, {}, key=key)
        return redirect(url_for("BatchView.show", pk=batch.id))

    def _form(self, work: picking.Work, error: str = "") -> str:
        form = selection.asked()
        return self.page(
            "fulfilment/ship_many.html",
            work=work,
            many=len(work.slips) > ON_SCREEN,
            form=form,
            carriers=carriers.CARRIERS,
            carrier=form.get("carrier") or beside.last_carrier(access.current_shop().id),
            key=secrets.token_urlsafe(16),
            error=error,
        )
