"""API keys: make, find by their secret, revoke, and note their use."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from app.api_keys.models import ApiKey
from app.api_keys.scopes import Scope
from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation, Unauthorized
from app.kit.shop_wall import assert_in_scope
from app.program_events import ApiKeyMade, ApiKeyRevoked

BRAND = "kd_live_"
SECRET_BYTES = 32
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Wish:
    """What a form or a command says about a new key."""

    name: str
    scopes: frozenset[Scope]
    expires_at: datetime | None = None


def make(shop_id: int, owner_id: int, wish: Wish, grantable: Collection[Scope]) -> tuple[ApiKey, str]:
    """Make a key of a shop and give it with its token, which is kept nowhere.

    `grantable` holds the scopes that the maker's own role allows. Raises RuleViolation.
    """
    _refuse_bad(wish, grantable)
    prefix = BRAND + secrets.token_hex(5)
    token = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey(
        shop_id=assert_in_scope(shop_id),
        owner_id=owner_id,
        name=wish.name.strip(),
        prefix=prefix,
        secret_hash=_hash(token),
        scopes=sorted(scope.value for scope in wish.scopes),
        created_at=clock.now(),
        expires_at=wish.expires_at,
    )
    db.session.add(key)
    db.session.flush()
    journal.record(ApiKeyMade(shop_id=shop_id, api_key_id=key.id, scopes=key.scopes))
    return key, token


def _refuse_bad(wish: Wish, grantable: Collection[Scope]) -> None:
    if not wish.name.strip():
        raise RuleViolation("key_name_missing")
    if not wish.scopes:
        raise RuleViolation("key_scopes_missing")
    for scope in sorted(wish.scopes):
        if scope not in grantable:
            raise RuleViolation("key_scope_forbidden", scope=scope.value)
    if wish.expires_at is not None and wish.expires_at <= clock.now():
        raise RuleViolation("key_expiry_past")


def find(token: str) -> ApiKey:
    """The key of a token, found by its visible beginning in one indexed look-up; the rest is compared in constant time.

    Needs a scope over every shop, because the key says which shop is meant. Raises Unauthorized
    ("key_unknown", "key_revoked", "key_expired").
    """
    prefix = token[: len(BRAND) + 10]
    key = db.session.scalars(select(ApiKey).where(ApiKey.prefix == prefix)).first()
    known = key.secret_hash if key is not None else "-" * 64
    if not hmac.compare_digest(known, _hash(token)) or key is None:
        raise Unauthorized("key_unknown")
    if key.is_revoked:
        raise Unauthorized("key_revoked")
    if key.is_expired:
        raise Unauthorized("key_expired")
    return key


def use_is_due(key: ApiKey) -> bool:
    """Whether the use of now is worth a write: the last one noted is a minute old."""
    return key.last_used_at is None or clock.now() - key.last_used_at >= USE_NOTED_EVERY


def note_use(key: ApiKey) -> None:
    """Remember that the key is used now; of many at once, one writes."""
    moment = clock.now()
    due = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= moment - USE_NOTED_EVERY)
    db.session.execute(update(ApiKey).where(ApiKey.id == key.id, due).values(last_used_at=moment))


def revoke(key_id: int) -> ApiKey:
    """End a key for good; twice is once. Raises NotFound, also for another shop's."""
    key = db.session.scalars(select(ApiKey).where(ApiKey.id == key_id).with_for_update()).first()
    if key is None:
        raise NotFound("not_found")
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        db.session.flush()
        journal.record(ApiKeyRevoked(shop_id=key.shop_id, api_key_id=key.id))
    return key


def get(key_id: int) -> ApiKey:
    """The key of that id. Raises NotFound, also for another shop's."""
    key = db.session.scalars(select(ApiKey).where(ApiKey.id == key_id)).first()
    if key is None:
        raise NotFound("not_found")
    return key


def of_shop(shop_id: int) -> Sequence[ApiKey]:
    """The keys of a shop: those that work first, newest first."""
    rows = db.session.scalars(select(ApiKey).where(ApiKey.shop_id == shop_id).order_by(ApiKey.id.desc())).all()
    return sorted(rows, key=lambda key: key.is_revoked or key.is_expired)


def _hash(token: str) -> str:
    """SHA-256: enough for a secret of 256 random bits, and cheap on every request."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
