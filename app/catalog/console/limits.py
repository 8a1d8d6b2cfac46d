"""`/changes/limits`: from where on a shop's changes need a second person; everybody reads, administrators set."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.catalog import amounts, change_limits, change_words, formulas
from app.catalog.change_limits import Limits
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import transaction
from app.kit.errors import DomainError
from app.kit.permissions import Noun, Verb


class LimitsView(ConsoleBase):
    """`/changes/limits`."""

    noun = Noun.CHANGES
    route_base = "/changes/limits"

    @expose("/")
    @needs(Noun.CHANGES, Verb.READ)
    def show(self) -> str:
        """The limits of the shop on screen."""
        limits = change_limits.of(access.current_shop().id)
        typed = {
            "cut": change_words.percent(limits.cut_ppm).removeprefix("+").removesuffix(" %"),
            "rows": str(limits.most_rows),
            "below_cost": "1" if limits.below_cost else "",
        }
        return self._page(typed, {})

    @expose("/", methods=["POST"])
    @needs(Noun.CHANGES, Verb.ADMIN)
    def save(self) -> Any:
        """Set them; who could lift the limits could skip the second person, so only administrators may."""
        typed = {name: request.form.get(name, "").strip() for name in ("cut", "rows", "below_cost")}
        faults: dict[str, str] = {}
        limits = _read(typed, faults)
        if limits is None:
            return self._page(typed, faults), 422
        with transaction():
            change_limits.set_limits(access.current_shop().id, limits)
        flash(gettext("The limits were saved."), "success")
        return redirect(url_for("LimitsView.show"))

    def _page(self, typed: dict[str, str], faults: dict[str, str]) -> str:
        return self.page("catalog/change_limits.html", typed=typed, faults=faults)


def _read(typed: dict[str, str], faults: dict[str, str]) -> Limits | None:
    cut = rows = 0
    try:
        cut = formulas.parts_per_million(typed["cut"])
    except DomainError as error:
        faults["cut"] = error.message()
    try:
        rows = amounts.count(typed["rows"])
    except amounts.BadAmount as error:
        faults["rows"] = str(error)
    if not faults and not 1 <= cut <= change_limits.MILLION:
        faults["cut"] = gettext("Give a cut between 0.0001 % and 100 %.")
    if not faults and not 1 <= rows <= change_limits.MILLION:
        faults["rows"] = gettext("Give between 1 and 1,000,000 rows.")
    return None if faults else Limits(cut, rows, bool(typed["below_cost"]))
