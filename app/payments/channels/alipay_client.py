"""Alipay's open gateway on the wire: RSA2 over the parameters, answers verified over their exact characters.

An own client: the two packages for it cannot stand side by side, stamp with the machine's zone, and verify answers
by counting braces (decision 0022).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from app.kit import clock
from app.payments.channels import beijing, keys, wire
from app.payments.providers import Account, Forged

OFFICIAL_URL = "https://openapi.alipay.com/gateway.do"
TEST_URL = "https://openapi-sandbox.dl.alipaydev.com/gateway.do"
SUCCESS = "10000"
UNATTRIBUTED = frozenset({"20000", "20001", "40001", "40002", "40003", "40006"})


@dataclass(frozen=True)
class Told:
    """An answer; `code` is empty for success, else sub_code, code or a code of the wire."""

    answer: wire.Answer
    code: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class AlipayClient:
    """Signs, sends and verifies for one account. Raises BadKey when its keys cannot be read."""

    def __init__(self, account: Account) -> None:
        facts = account.credentials
        self.app_id = facts["app_id"]
        self._key = keys.private_key(facts["private_key"])
        self._alipay_key = keys.public_key(facts["alipay_public_key"])
        self.url = account.gateway_url or (TEST_URL if account.is_test else OFFICIAL_URL)

    def call(self, method: str, content: Mapping[str, Any], notify_url: str = "") -> Told:
        """One call; only an answer whose signature holds is believed."""
        common = self.signed(method, content, notify_url=notify_url)
        business = common.pop("biz_content")
        answer = wire.send(
            wire.Call(
                operation=method.removeprefix("alipay."),
                method="POST",
                url=f"{self.url}?{urlencode(common)}",
                headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
                body=urlencode({"biz_content": business}).encode(),
            )
        )
        return self._told(method, answer)

    def page(self, method: str, content: Mapping[str, Any], notify_url: str, return_url: str) -> str:
        """The address that a buyer's browser is sent to; nothing is called."""
        return f"{self.url}?{urlencode(self.signed(method, content, notify_url=notify_url, return_url=return_url))}"

    def signed(self, method: str, content: Mapping[str, Any], **urls: str) -> dict[str, str]:
        """All parameters of a request, with their signature."""
        params = {
            "app_id": self.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": beijing.written(clock.now()),
            "version": "1.0",
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            **{name: url for name, url in urls.items() if url},
        }
        return {**params, "sign": keys.sign(self._key, signed_text(params, leave_out=("sign",)))}

    def _told(self, method: str, answer: wire.Answer) -> Told:
        if answer.problem:
            return Told(answer, answer.problem)
        if answer.status != 200:
            return Told(answer, "isv.app-call-limited" if answer.status == 429 else "20000")
        try:
            text, members = answer.body.decode("utf-8"), {}
            members = dict(_members(text))
        except (UnicodeDecodeError, ValueError):
            return Told(answer, "bad_answer")
        name = f"{method.replace('.', '_')}_response"
        exact = members.get(name) or members.get("error_response")
        if exact is None:
            return Told(answer, "bad_answer")
        data = json.loads(exact)
        if not isinstance(data, dict):
            return Told(answer, "bad_answer")
        return self._believed(answer, exact, data, json.loads(members.get("sign", '""')))

    def _believed(self, answer: wire.Answer, exact: str, data: dict[str, Any], sign: Any) -> Told:
        code = str(data.get("code", ""))
        if not isinstance(sign, str) or not keys.is_signed(self._alipay_key, exact.encode(), sign):
            # A request that Alipay could not attribute is answered without a signature; one about a trade never is.
            is_unattributed = not sign and code in UNATTRIBUTED and _reason(data).startswith(("isv.", "isp."))
            return Told(answer, _reason(data) if is_unattributed else "bad_signature")
        return Told(answer, "" if code == SUCCESS else _reason(data), data)

    def proved(self, body: bytes) -> dict[str, str]:
        """The parameters of a notification that Alipay signed for this app. Raises Forged."""
        try:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, errors="strict")
        except ValueError as error:
            raise Forged("malformed") from error
        params = dict(pairs)
        if len(params) != len(pairs):
            raise Forged("malformed", "a parameter twice")
        if params.get("sign_type") != "RSA2":
            raise Forged("signature", "type")
        text = signed_text(params, leave_out=("sign", "sign_type"))
        if not keys.is_signed(self._alipay_key, text, params.get("sign", "")):
            raise Forged("signature")
        if params.get("app_id") != self.app_id:
            raise Forged("app_id")
        return params


def signed_text(params: Mapping[str, str], leave_out: tuple[str, ...]) -> bytes:
    """What is signed: non-empty parameters in order of their names, not URL-encoded."""
    chosen = sorted((name, value) for name, value in params.items() if value != "" and name not in leave_out)
    return "&".join(f"{name}={value}" for name, value in chosen).encode()


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Each member of a JSON object with its value exactly as it stands there. Raises ValueError."""
    decoder, at = json.JSONDecoder(), _past(text, 0, "{")
    while True:
        name, end = decoder.raw_decode(text, _skipped(text, at))
        start = _skipped(text, _past(text, end, ":"))
        _, end = decoder.raw_decode(text, start)
        yield str(name), text[start:end]
        at = _skipped(text, end)
        if text[at : at + 1] == "}":
            return
        at = _past(text, at, ",")


def _past(text: str, at: int, mark: str) -> int:
    at = _skipped(text, at)
    if text[at : at + 1] != mark:
        raise ValueError(f"no {mark!r} at {at}")
    return at + 1


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _reason(data: Mapping[str, Any]) -> str:
    code = str(data.get("code", ""))
    return "10003" if code == "10003" else str(data.get("sub_code") or code or "bad_answer")
