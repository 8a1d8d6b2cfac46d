"""Names of what people may do: nouns (FAB's view names) and verbs (FAB's permission names)."""

from __future__ import annotations

from enum import StrEnum


class Verb(StrEnum):
    """What may be done with a noun; FAB stores them as `can_<verb>`."""

    READ = "read"
    WRITE = "write"
    BULK = "bulk"
    IMPORT = "import"
    EXPORT = "export"
    UNDO = "undo"
    APPROVE = "approve"
    RUN = "run"
    ADMIN = "admin"


class Noun(StrEnum):
    """What the console shows; one a menu entry or a job of work."""

    HOME = "Home"
    PRODUCTS = "Products"
    CATEGORIES = "Categories"
    FREIGHT = "FreightTemplates"
    STOCK = "Stock"
    ORDERS = "Orders"
    AFTER_SALE = "AfterSale"
    PARCELS = "Parcels"
    CUSTOMERS = "Customers"
    IMPORTS = "Imports"
    CHANGES = "Changes"
    PRICE_WINDOWS = "PriceWindows"
    REPORTS = "Reports"
    JOBS = "Jobs"
    VIEWS = "SavedViews"
    SHOPS = "Shops"
    STAFF = "Staff"
    JOURNAL = "Journal"
    API_KEYS = "ApiKeys"
    WEBHOOKS = "Webhooks"
    PAYMENTS = "Payments"
    REFUNDS = "Refunds"
    PAYMENT_CHANNELS = "PaymentChannels"


def permission(verb: Verb) -> str:
    """The name under which FAB knows a verb."""
    return f"can_{verb.value}"
