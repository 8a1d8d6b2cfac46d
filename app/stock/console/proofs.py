"""`/stock/proof`: what the proof has found, proving now, and the one click that sets a counter right."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb
from app.stock import proof, stock_list, words


class StockProofView(ConsoleBase):
    """`/stock/proof`."""

    noun = Noun.STOCK
    route_base = "/stock/proof"

    @expose("/")
    @needs(Noun.STOCK, Verb.READ)
    def index(self) -> str:
        """The findings that are open, and when the last proof ran."""
        shop = access.current_shop()
        return self.page(
            "stock/proof.html",
            shop=shop,
            findings=proof.open_findings(shop.id),
            job=proof.last_job(shop.id),
            warehouses=dict(stock_list.warehouses(shop.id)),
            counters=words.COUNTERS,
        )

    @expose("/", methods=["POST"])
    @needs(Noun.STOCK, Verb.WRITE)
    def prove(self) -> Response:
        """Prove now, in a job."""
        with transaction():
            proof.want(access.current_shop().id)
        return redirect(url_for("StockProofView.index"))

    @expose("/<int:pk>/fix", methods=["POST"])
    @needs(Noun.STOCK, Verb.WRITE)
    def fix(self, pk: int) -> Any:
        """Set one counter to what its rows add up to."""
        with transaction():
            proof.fix(pk)
        flash(gettext("The counter was set right."), "success")
        return redirect(url_for("StockProofView.index"))

    @expose("/fix-all", methods=["POST"])
    @needs(Noun.STOCK, Verb.WRITE)
    def fix_all(self) -> Any:
        """Set every open counter right."""
        with transaction():
            fixed = proof.fix_all(access.current_shop().id)
        flash(ngettext("%(num)s counter was set right.", "%(num)s counters were set right.", fixed), "success")
        return redirect(url_for("StockProofView.index"))
