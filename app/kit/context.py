"""Who acts, for which request, and which shops they may touch: carried by context variables."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts: `staff:7`, `system:ticker`, `cli:import`."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True)
class ShopScope:
    """The shops that queries may touch; `everything` is for system work and says why."""

    shop_ids: frozenset[int] = frozenset()
    everything: bool = False
    reason: str = ""


NOBODY = Actor("system", "unknown")
_actor: ContextVar[Actor] = ContextVar("actor", default=NOBODY)
_request_id: ContextVar[str] = ContextVar("request_id", default="-")
_scope: ContextVar[ShopScope | None] = ContextVar("shop_scope", default=None)


def actor() -> Actor:
    """Who acts now."""
    return _actor.get()


def request_id() -> str:
    """The id that one request carries through web, job and SQL."""
    return _request_id.get()


def scope() -> ShopScope | None:
    """The shops that queries may touch now; None means nobody has said, and queries fail."""
    return _scope.get()


def new_request_id(offered: str | None = None) -> str:
    """The id offered by a caller when it is well-formed, else a fresh one."""
    if offered and _REQUEST_ID.fullmatch(offered):
        return offered
    return secrets.token_hex(8)


@contextmanager
def acting(who: Actor, request: str | None = None) -> Iterator[None]:
    """Act as `who` within the block."""
    actor_token = _actor.set(who)
    request_token = _request_id.set(request or _request_id.get())
    try:
        yield
    finally:
        _actor.reset(actor_token)
        _request_id.reset(request_token)


@contextmanager
def shops(ids: Iterable[int]) -> Iterator[None]:
    """Limit every query within the block to these shops."""
    with _scoped(ShopScope(frozenset(ids))):
        yield


@contextmanager
def every_shop(reason: str) -> Iterator[None]:
    """Lift the shop wall within the block, for system work; `reason` is for the reader."""
    with _scoped(ShopScope(everything=True, reason=reason)):
        yield


@contextmanager
def _scoped(value: ShopScope) -> Iterator[None]:
    token = _scope.set(value)
    try:
        yield
    finally:
        _scope.reset(token)


def enter_request(who: Actor, shop_ids: Iterable[int], request: str) -> None:
    """Set all three for the rest of a web request; the server gives each request a fresh context."""
    _actor.set(who)
    _request_id.set(request)
    _scope.set(ShopScope(frozenset(shop_ids)))


def leave_request() -> None:
    """Forget the request's actor, id and shops; worker threads are used again."""
    _actor.set(NOBODY)
    _request_id.set("-")
    _scope.set(None)
