"""How a receiver checks a message: shown in the console and in docs/webhooks.md, and run by the tests as it stands."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any


def read_webhook(headers: Mapping[str, str], body: bytes, secret: str) -> Any:
    """The message. Raises ValueError when it is not signed with the secret, was changed, or is five minutes old."""
    sent_at = int(headers["webhook-timestamp"])
    if abs(time.time() - sent_at) > 300:
        raise ValueError("too old")
    signed = b".".join([headers["webhook-id"].encode(), str(sent_at).encode(), body])
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(wanted, one) for one in headers["webhook-signature"].split()):
        raise ValueError("not signed with this secret")
    return json.loads(body)
