"""Who may do what: one table, fed to FAB as roles in code; regexes end in `$` because FAB matches prefixes."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from app.kit.permissions import Noun, Verb, permission

READ, WRITE, BULK, IMPORT, EXPORT, UNDO, APPROVE, RUN, ADMIN = (
    Verb.READ,
    Verb.WRITE,
    Verb.BULK,
    Verb.IMPORT,
    Verb.EXPORT,
    Verb.UNDO,
    Verb.APPROVE,
    Verb.RUN,
    Verb.ADMIN,
)


class Role(StrEnum):
    """The five roles; `Administrator` alone sees every shop."""

    ADMINISTRATOR = "Administrator"
    MANAGER = "Manager"
    MERCHANT = "Merchant staff"
    AGENT = "Customer service"
    AUDITOR = "Auditor"


Grants = dict[Noun, tuple[Verb, ...]]

EVERYBODY: Grants = {Noun.HOME: (READ,), Noun.VIEWS: (READ, WRITE), Noun.JOBS: (READ,)}

ROLES: dict[Role, Grants] = {
    Role.ADMINISTRATOR: {noun: tuple(Verb) for noun in Noun},
    Role.MANAGER: {
        **EVERYBODY,
        Noun.PRODUCTS: (READ, WRITE, BULK, EXPORT),
        Noun.CATEGORIES: (READ, WRITE),
        Noun.FREIGHT: (READ, WRITE),
        Noun.STOCK: (READ, WRITE, EXPORT),
        Noun.ORDERS: (READ, WRITE, EXPORT),
        Noun.AFTER_SALE: (READ, WRITE, APPROVE),
        Noun.PARCELS: (READ, WRITE, BULK, EXPORT),
        Noun.CUSTOMERS: (READ,),
        Noun.IMPORTS: (READ, IMPORT),
        Noun.CHANGES: (READ, UNDO, APPROVE),
        Noun.PRICE_WINDOWS: (READ, WRITE, APPROVE),
        Noun.REPORTS: (READ, RUN, EXPORT),
        Noun.JOBS: (READ, RUN),
        Noun.JOURNAL: (READ,),
        Noun.API_KEYS: (READ, WRITE),
        Noun.WEBHOOKS: (READ, WRITE),
        Noun.PAYMENTS: (READ, WRITE, RUN, EXPORT),
        Noun.REFUNDS: (WRITE,),
        Noun.PAYMENT_CHANNELS: (READ, WRITE),
    },
    Role.MERCHANT: {
        **EVERYBODY,
        Noun.PRODUCTS: (READ, WRITE, BULK, EXPORT),
        Noun.CATEGORIES: (READ, WRITE),
        Noun.FREIGHT: (READ, WRITE),
        Noun.STOCK: (READ, WRITE, EXPORT),
        Noun.ORDERS: (READ,),
        Noun.AFTER_SALE: (READ,),
        Noun.PARCELS: (READ, WRITE, BULK),
        Noun.IMPORTS: (READ, IMPORT),
        Noun.CHANGES: (READ, UNDO),
        Noun.PRICE_WINDOWS: (READ, WRITE),
        Noun.JOBS: (READ, RUN),
    },
    Role.AGENT: {
        **EVERYBODY,
        Noun.PRODUCTS: (READ,),
        Noun.STOCK: (READ,),
        Noun.ORDERS: (READ, WRITE),
        Noun.AFTER_SALE: (READ, WRITE),
        Noun.PARCELS: (READ, WRITE),
        Noun.CUSTOMERS: (READ,),
        Noun.PAYMENTS: (READ, RUN),
    },
    Role.AUDITOR: {noun: (READ,) for noun in Noun if noun not in (Noun.STAFF, Noun.SHOPS)},
}


def fab_roles() -> dict[str, list[list[str]]]:
    """The table in FAB_ROLES' form: {role: [[view regex, permission regex], …]}."""
    roles = {role.value: _pairs(grants) for role, grants in ROLES.items()}
    roles[Role.ADMINISTRATOR.value] = [[".*", ".*"]]
    return roles


@lru_cache(maxsize=64)
def granted(names: frozenset[str]) -> frozenset[tuple[Noun, Verb]] | None:
    """What these roles may do together; None when one of them is not of this table and FAB must be asked."""
    if not names <= {role.value for role in Role}:
        return None
    return frozenset((noun, verb) for name in names for noun, verbs in ROLES[Role(name)].items() for verb in verbs)


def _pairs(grants: Grants) -> list[list[str]]:
    return [[f"{noun.value}$", f"({'|'.join(permission(verb) for verb in verbs)})$"] for noun, verbs in grants.items()]
