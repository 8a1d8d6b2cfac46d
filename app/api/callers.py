"""Who calls the API: the key, its shop, and what its owner may do today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, request

from app.api_keys import keys
from app.api_keys.models import ApiKey
from app.api_keys.scopes import SCOPES, Scope
from app.console import access, roles
from app.kit import context
from app.kit.db import transaction
from app.kit.errors import Forbidden, Unauthorized
from app.kit.permissions import permission
from app.shops.models import Shop


@dataclass(frozen=True)
class Caller:
    """A believed key with its owner and its shop."""

    key: ApiKey
    owner: Any
    shop: Shop


def authenticate() -> Caller:
    """The caller of this request, who acts as `key:ID` in one shop from now on. Raises Unauthorized.

    A cookie counts for nothing here.
    """
    token = _token()
    with context.every_shop("whose key is this"):
        key = keys.find(token)
        owner = access.security_manager().get_user_by_id(key.owner_id)
        if owner is None or not owner.is_active:
            raise Unauthorized("key_owner_gone")
        shop = next((shop for shop in access.load_shops(owner) if shop.id == key.shop_id), None)
    if shop is None:
        raise Unauthorized("key_owner_gone")
    context.enter_request(context.Actor("key", str(key.id)), [shop.id], g.request_id)
    if keys.use_is_due(key):
        with transaction():
            keys.note_use(key)
    return Caller(key, owner, shop)


def require(caller: Caller, scope: Scope) -> None:
    """Raise Forbidden unless the key has the scope and its owner has every permission behind it."""
    if scope.value not in caller.key.scopes:
        raise Forbidden("scope_missing", scope=scope.value)
    if scope not in grantable(caller.owner):
        raise Forbidden("owner_may_not")


def grantable(user: Any) -> frozenset[Scope]:
    """The scopes whose permissions the person has all, by the table of roles, or by FAB for roles outside it."""
    manager = access.security_manager()
    granted = roles.granted(frozenset(role.name for role in manager.get_user_roles(user)))

    def may(noun: Any, verb: Any) -> bool:
        if granted is not None:
            return (noun, verb) in granted
        return bool(manager._has_view_access(user, permission(verb), noun.value))

    return frozenset(scope for scope, meaning in SCOPES.items() if all(may(*one) for one in meaning.needs))


def _token() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthorized("key_missing")
    return token.strip()[:200]
