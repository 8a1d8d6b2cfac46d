"""The sidebar: entries by job of work; a person sees only what their role may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, request
from flask_babel import lazy_gettext as _l

from app.console.access import can
from app.kit.permissions import Noun, Verb


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar; `endpoint` is a Flask endpoint without arguments, `group` the heading above it."""

    label: Any
    icon: str
    endpoint: str
    noun: Noun
    verb: Verb = Verb.READ
    group: Any = ""


_GOODS, _SALES, _SETTINGS = _l("Goods"), _l("Sales"), _l("Settings")

MENU = (
    Entry(_l("Home"), "home", "HomeView.index", Noun.HOME),
    Entry(_l("Products"), "package", "ProductView.list", Noun.PRODUCTS, group=_GOODS),
    Entry(_l("Categories"), "category", "CategoryView.list", Noun.CATEGORIES, Verb.READ, _GOODS),
    Entry(_l("Freight templates"), "truck", "FreightTemplateView.list", Noun.FREIGHT, Verb.READ, _GOODS),
    Entry(_l("Stock"), "stack-2", "StockView.list", Noun.STOCK, group=_GOODS),
    Entry(_l("Warehouses"), "building-warehouse", "WarehouseView.list", Noun.STOCK, Verb.WRITE, _GOODS),
    Entry(_l("Imports"), "file-import", "ImportView.list", Noun.IMPORTS, group=_GOODS),
    Entry(_l("Price windows"), "calendar-dollar", "PriceWindowView.list", Noun.PRICE_WINDOWS, group=_GOODS),
    Entry(_l("Changes"), "history", "ChangeView.list", Noun.CHANGES, group=_GOODS),
    Entry(_l("Orders"), "shopping-cart", "OrderView.list", Noun.ORDERS, group=_SALES),
    Entry(_l("Deadlines"), "alarm", "OrderBoardView.show", Noun.ORDERS, group=_SALES),
    Entry(_l("Parcels"), "truck-delivery", "ParcelView.list", Noun.PARCELS, group=_SALES),
    Entry(_l("After-sale"), "message-report", "CaseView.list", Noun.AFTER_SALE, group=_SALES),
    Entry(_l("Payments"), "credit-card", "PaymentView.list", Noun.PAYMENTS, group=_SALES),
    Entry(_l("Reconciliation"), "scale", "ReconciliationView.list", Noun.PAYMENTS, group=_SALES),
    Entry(_l("Customers"), "users", "CustomerView.list", Noun.CUSTOMERS, group=_SALES),
    Entry(_l("Reports"), "chart-bar", "ReportView.list", Noun.REPORTS, group=_SALES),
    Entry(_l("Jobs"), "progress", "JobView.list", Noun.JOBS, group=_SETTINGS),
    Entry(_l("Payment channels"), "plug", "ChannelView.list", Noun.PAYMENT_CHANNELS, group=_SETTINGS),
    Entry(_l("API keys"), "key", "ApiKeyView.list", Noun.API_KEYS, group=_SETTINGS),
    Entry(_l("Webhooks"), "webhook", "WebhookView.list", Noun.WEBHOOKS, group=_SETTINGS),
    Entry(_l("Shops"), "building-store", "ShopView.list", Noun.SHOPS, Verb.ADMIN, _SETTINGS),
    Entry(_l("Staff"), "id-badge-2", "StaffView.list", Noun.STAFF, Verb.ADMIN, _SETTINGS),
)


SHOPLESS = (Noun.SHOPS, Noun.STAFF)
"""What can be done before there is any shop."""


def entries() -> list[tuple[Entry, bool]]:
    """What this person sees, and whether it is where they are."""
    here = (request.endpoint or "").partition(".")[0]
    open_now = [entry for entry in MENU if g.get("shop") is not None or entry.noun in SHOPLESS]
    return [(entry, entry.endpoint.partition(".")[0] == here) for entry in open_now if can(entry.noun, entry.verb)]


def key_of(shown: list[tuple[Entry, bool]]) -> tuple[tuple[str, bool], ...]:
    """What a drawn menu depends on, but for the language."""
    return tuple((entry.endpoint, here) for entry, here in shown)
