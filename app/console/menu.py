"""The sidebar: entries by job of work; a person sees only what their role may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_babel import lazy_gettext as _l

from app.console.access import can
from app.kit.permissions import Noun, Verb


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar; `endpoint` is a Flask endpoint without arguments."""

    label: Any
    icon: str
    endpoint: str
    noun: Noun
    verb: Verb = Verb.READ


MENU = (
    Entry(_l("Home"), "home", "HomeView.index", Noun.HOME),
    Entry(_l("Products"), "package", "ProductView.list", Noun.PRODUCTS),
    Entry(_l("Categories"), "category", "CategoryView.list", Noun.CATEGORIES, Verb.WRITE),
    Entry(_l("Imports"), "file-import", "ImportView.list", Noun.IMPORTS),
    Entry(_l("Changes"), "history", "ChangeView.list", Noun.CHANGES),
    Entry(_l("Orders"), "shopping-cart", "OrderView.list", Noun.ORDERS),
    Entry(_l("Customers"), "users", "CustomerView.list", Noun.CUSTOMERS),
    Entry(_l("Reports"), "chart-bar", "ReportView.list", Noun.REPORTS),
    Entry(_l("Jobs"), "progress", "JobView.list", Noun.JOBS),
    Entry(_l("Shops"), "building-store", "ShopView.list", Noun.SHOPS, Verb.ADMIN),
    Entry(_l("Staff"), "id-badge-2", "StaffView.list", Noun.STAFF, Verb.ADMIN),
)


def entries() -> list[tuple[Entry, bool]]:
    """What this person sees, and whether it is where they are."""
    here = (request.endpoint or "").partition(".")[0]
    known = current_app.view_functions
    return [(e, e.endpoint.partition(".")[0] == here) for e in MENU if e.endpoint in known and can(e.noun, e.verb)]
