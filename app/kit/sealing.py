"""Secrets at rest: AES-256-GCM under a key with a name, so that keys can be changed without losing what they sealed.

Also values signed for an address, such as a payment link. Keys come from KUAIDAN_SEALING_KEYS, the first one seals and
all of them open; without any, one is derived from SECRET_KEY.
"""

from __future__ import annotations

import base64
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from app.kit.errors import DomainError, NotFound

DERIVED = "app"
_FORM = "s1"


class SealBroken(DomainError):
    """What was sealed cannot be opened: its key is gone, it was altered, or it belongs elsewhere."""

    status = 500


class LinkExpired(NotFound):
    """A signed address was genuine and is too old."""

    status = 410


def seal(plain: str, purpose: str) -> str:
    """Encrypt a text. It opens only under the same `purpose`, such as `channel_account:12`."""
    key_id = next(iter(_keys()))
    nonce = os.urandom(12)
    sealed = AESGCM(_keys()[key_id]).encrypt(nonce, plain.encode(), _bound(key_id, purpose))
    return f"{_FORM}:{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, purpose: str) -> str:
    """The text. Raises SealBroken("seal_key_gone", "seal_broken")."""
    form, _, rest = sealed.partition(":")
    key_id, _, packed = rest.partition(":")
    if form != _FORM or key_id not in _keys():
        raise SealBroken("seal_key_gone", key=key_id)
    raw = base64.b64decode(packed)
    try:
        return AESGCM(_keys()[key_id]).decrypt(raw[:12], raw[12:], _bound(key_id, purpose)).decode()
    except InvalidTag as error:
        raise SealBroken("seal_broken") from error


def is_current(sealed: str) -> bool:
    """Whether the first key has sealed it; otherwise it is time to seal it anew."""
    return sealed.split(":")[1:2] == [next(iter(_keys()))]


def sign(value: list[int], purpose: str) -> str:
    """Numbers as a text for an address that nobody else can make."""
    return _serializer(purpose).dumps(value)


def signed(token: str, purpose: str, max_age_seconds: int) -> list[int]:
    """The numbers of a signed text. Raises NotFound when it is not ours, LinkExpired("link_expired") when too old."""
    try:
        return list(_serializer(purpose).loads(token, max_age=max_age_seconds))
    except SignatureExpired as error:
        raise LinkExpired("link_expired") from error
    except BadSignature as error:
        raise NotFound("not_found") from error


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"kuaidan:{purpose}")


def _bound(key_id: str, purpose: str) -> bytes:
    return f"{_FORM}:{key_id}:{purpose}".encode()


def _keys() -> dict[str, bytes]:
    return _derived(current_app.config.get("KUAIDAN_SEALING_KEYS", ""), current_app.config["SECRET_KEY"])


@lru_cache(maxsize=8)
def _derived(named: str, fallback: str) -> dict[str, bytes]:
    pairs = [one.strip().partition(":") for one in named.split(",") if one.strip()]
    secrets = {key_id: secret for key_id, _, secret in pairs} or {DERIVED: fallback}
    return {key_id: _stretch(secret) for key_id, secret in secrets.items()}


def _stretch(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"kuaidan sealing").derive(secret.encode())
