"""Signatures as Standard Webhooks has them (specification of 2023): HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A fresh secret as people copy it: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(message_id: str, sent_at: int, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The three headers; one signature for each secret, so that a receiver knows either while a secret is changed.

    `sent_at` is in whole seconds since 1970.
    """
    signatures = " ".join(f"v1,{_signature(key, message_id, sent_at, body)}" for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": str(sent_at), "webhook-signature": signatures}


def _signature(key: str, message_id: str, sent_at: int, body: bytes) -> str:
    signed = b".".join((message_id.encode(), str(sent_at).encode(), body))
    digest = hmac.new(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
