"""`/plans`: planned changes taken back; they are listed and shown among the changes."""

from __future__ import annotations

from flask import redirect, url_for
from werkzeug.wrappers import Response

from app.catalog import change_plans, change_sets
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb


class PlanView(ConsoleBase):
    """`/plans`."""

    noun = Noun.PRODUCTS
    route_base = "/plans"

    @expose("/<int:pk>/cancel", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def cancel(self, pk: int) -> Response:
        """Take a plan back before it is due."""
        with transaction():
            change_plans.cancel(change_sets.get(pk))
        return redirect(url_for("ChangeView.show", pk=pk))
