"""Stripe on the wire: form-encoded calls under one fixed API version, and webhook signatures.

An own client for ten calls instead of the package: it would bring a second HTTP stack and accepts webhooks whose
time lies in the future (decision 0022).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from app.payments.channels import wire
from app.payments.providers import Account, Forged

OFFICIAL_URL = "https://api.stripe.com"
API_VERSION = "2025-09-30.clover"
FRESH_SECONDS = 300
PAGE = 100


@dataclass(frozen=True)
class Told:
    """An answer; `code` is empty for success, else error.code, error.type or a code of the wire."""

    answer: wire.Answer
    code: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class StripeClient:
    """Sends for one account, and proves what Stripe sends to it."""

    def __init__(self, account: Account) -> None:
        self._key = account.credentials["secret_key"]
        self._secrets = [
            account.credentials[name]
            for name in ("webhook_secret", "second_webhook_secret")
            if account.credentials.get(name)
        ]
        self._url = (account.gateway_url or OFFICIAL_URL).rstrip("/")
        self.is_live = self._key.startswith(("sk_live_", "rk_live_"))

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Told:
        """Read; a GET changes nothing and may be repeated."""
        query = f"?{urlencode(params)}" if params else ""
        return self._send(wire.Call(f"GET {path}", "GET", f"{self._url}{path}{query}", self._headers()))

    def post(self, path: str, params: Mapping[str, Any], key: str = "") -> Told:
        """Write; `key` makes repeating safe for 24 hours: same key and same facts give the same object."""
        headers = {**self._headers(), "Content-Type": "application/x-www-form-urlencoded"}
        if key:
            headers["Idempotency-Key"] = key
        body = urlencode(list(flat(params))).encode()
        return self._send(wire.Call(f"POST {path}", "POST", f"{self._url}{path}", headers, body))

    def pages(self, path: str, params: Mapping[str, str]) -> Iterator[Told]:
        """Each page of a list, until one fails or says there is no more."""
        after: dict[str, str] = {}
        while True:
            told = self.get(path, {**params, "limit": str(PAGE), **after})
            yield told
            items = told.data.get("data") or []
            if told.code or not told.data.get("has_more") or not items:
                return
            after = {"starting_after": str(items[-1]["id"])}

    def prove(self, header: str, body: bytes, at: datetime) -> int:
        """When a webhook was signed with our secret, as Unix time: within five minutes of `at`. Raises Forged."""
        stamps, signatures = [], []
        for part in header.split(","):
            name, _, value = part.strip().partition("=")
            if name == "t":
                stamps.append(value)
            elif name == "v1":
                signatures.append(value)
        if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit()) or not signatures:
            raise Forged("signature", "header")
        expected = [_hmac(secret, stamps[0], body) for secret in self._secrets]
        if not any(_same(one, other) for one in expected for other in signatures):
            raise Forged("signature")
        if abs(at.timestamp() - int(stamps[0])) > FRESH_SECONDS:
            raise Forged("stale")
        return int(stamps[0])

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}", "Stripe-Version": API_VERSION}

    def _send(self, call: wire.Call) -> Told:
        answer = wire.send(call)
        if answer.problem:
            return Told(answer, answer.problem)
        try:
            data = json.loads(answer.body)
        except ValueError:
            return Told(answer, "bad_answer" if answer.status < 500 else "api_error")
        if not isinstance(data, dict):
            return Told(answer, "bad_answer")
        if answer.status == 200:
            return Told(answer, "", data)
        return Told(answer, _reason(answer.status, data.get("error")))


def flat(params: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested parameters as Stripe spells them: `a[b][0][c]=…`; None is left out."""
    for name, value in params.items():
        key = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, Mapping):
            yield from flat(value, key)
        elif isinstance(value, list):
            yield from flat({str(index): one for index, one in enumerate(value)}, key)
        elif value is not None:
            yield key, str(value)


def _reason(status: int, error: Any) -> str:
    known = {401: "authentication_error", 403: "permission_error", 409: "lock_timeout", 429: "rate_limit"}
    if status >= 500:
        return "api_error"
    facts = error if isinstance(error, dict) else {}
    return str(facts.get("code") or known.get(status) or facts.get("type") or "bad_answer")


def _hmac(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
