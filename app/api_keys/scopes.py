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
    Scope.STOCK_READ: Meaning(
        _l("Read stock"), _l("Levels by warehouse, what is reserved, the ledger"), ((Noun.STOCK, Verb.READ),)
    ),
    Scope.STOCK_WRITE: Meaning(
        _l("Write stock"),
        _l("Count, receive, adjust, transfer; reserve for a checkout"),
        ((Noun.STOCK, Verb.READ), (Noun.STOCK, Verb.WRITE)),
    ),
}
