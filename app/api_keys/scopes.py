"""Scopes of API keys: one table that says which permission of the owner each of them needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from app.kit.permissions import Noun, Verb


class Scope(StrEnum):
    """What a key may do; every route of the API names one."""

    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    CHANGES_READ = "changes:read"
    CHANGES_UNDO = "changes:undo"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    PERSONAL_READ = "personal:read"
    PARCELS_READ = "parcels:read"
    PARCELS_WRITE = "parcels:write"
    PARCELS_BULK = "parcels:bulk"
    AFTER_SALE_READ = "after_sale:read"
    AFTER_SALE_WRITE = "after_sale:write"
    AFTER_SALE_APPROVE = "after_sale:approve"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_LINK = "payments:link"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"


@dataclass(frozen=True)
class Meaning:
    """A scope for people, and the permissions its use needs, all of them."""

    label: Any
    hint: Any
    needs: tuple[tuple[Noun, Verb], ...]


SCOPES = {
    Scope.PRODUCTS_READ: Meaning(
        _l("Read products"), _l("SKUs with price, cost and stock"), ((Noun.PRODUCTS, Verb.READ),)
    ),
    Scope.PRODUCTS_WRITE: Meaning(
        _l("Write products"),
        _l("Create and change SKUs and products, up to 10,000 a call"),
        ((Noun.PRODUCTS, Verb.WRITE), (Noun.PRODUCTS, Verb.BULK)),
    ),
    Scope.CHANGES_READ: Meaning(
        _l("Read changes"), _l("What became of each line of a change"), ((Noun.CHANGES, Verb.READ),)
    ),
    Scope.CHANGES_UNDO: Meaning(_l("Undo changes"), _l("Take a change back"), ((Noun.CHANGES, Verb.UNDO),)),
    Scope.ORDERS_READ: Meaning(
        _l("Read orders"),
        _l("Orders with lines, amounts and history; buyers' data is masked"),
        ((Noun.ORDERS, Verb.READ),),
    ),
    Scope.ORDERS_WRITE: Meaning(
        _l("Write orders"),
        _l("Create, change, cancel and complete orders, record payments"),
        ((Noun.ORDERS, Verb.READ), (Noun.ORDERS, Verb.WRITE)),
    ),
    Scope.PERSONAL_READ: Meaning(
        _l("Read buyers' data"),
        _l("Receiver, phone, address and notes in full; every reading is written down"),
        ((Noun.ORDERS, Verb.READ), (Noun.CUSTOMERS, Verb.READ)),
    ),
    Scope.PARCELS_READ: Meaning(
        _l("Read parcels"), _l("Parcels, their units and what was heard of them"), ((Noun.PARCELS, Verb.READ),)
    ),
    Scope.PARCELS_WRITE: Meaning(
        _l("Send parcels"),
        _l("Send an order, correct a number, note that a parcel was signed for"),
        ((Noun.PARCELS, Verb.READ), (Noun.PARCELS, Verb.WRITE)),
    ),
    Scope.PARCELS_BULK: Meaning(
        _l("Send many parcels"),
        _l("Up to 500 tracking numbers a call, with a result for each"),
        ((Noun.PARCELS, Verb.WRITE), (Noun.PARCELS, Verb.BULK)),
    ),
    Scope.AFTER_SALE_READ: Meaning(
        _l("Read after-sale"), _l("Cases, what they are about and what went back"), ((Noun.AFTER_SALE, Verb.READ),)
    ),
    Scope.AFTER_SALE_WRITE: Meaning(
        _l("Write after-sale"),
        _l("Open cases, agree, refuse, receive returns, up to the shop's limit for refunds"),
        ((Noun.AFTER_SALE, Verb.READ), (Noun.AFTER_SALE, Verb.WRITE)),
    ),
    Scope.AFTER_SALE_APPROVE: Meaning(
        _l("Approve refunds"),
        _l("Agree to refunds beyond the shop's limit; needs “Write after-sale” beside it"),
        ((Noun.AFTER_SALE, Verb.APPROVE),),
    ),
    Scope.PAYMENTS_READ: Meaning(
        _l("Read payments"), _l("What channels say of an order's money, refunds too"), ((Noun.PAYMENTS, Verb.READ),)
    ),
    Scope.PAYMENTS_LINK: Meaning(
        _l("Make payment links"),
        _l("An address by which whoever holds it sees and pays one order"),
        ((Noun.PAYMENTS, Verb.READ), (Noun.PAYMENTS, Verb.RUN)),
    ),
    Scope.STOCK_READ: Meaning(
        _l("Read stock"), _l("Levels by warehouse, what is reserved, the ledger"), ((Noun.STOCK, Verb.READ),)
    ),
    Scope.STOCK_WRITE: Meaning(
        _l("Write stock"),
        _l("Count, receive, adjust, transfer; reserve for a checkout"),
        ((Noun.STOCK, Verb.READ), (Noun.STOCK, Verb.WRITE)),
    ),
}
