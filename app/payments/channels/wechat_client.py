"""WeChat Pay v3 on the wire: the `wechatpayv3` library in public-key mode, with our transport and checks around it.

What the library leaves open and this module closes: it fixes the host, has no time limit, believes a notification of
any age, asks the gateway for certificates when a stranger names an unknown serial, accepts sloppy base64 and raises
bare exceptions on odd headers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import aes_decrypt, build_authorization, rsa_verify

from app.kit import clock
from app.payments.channels import keys, wire
from app.payments.providers import Account, Forged

OFFICIAL_URL = "https://api.mch.weixin.qq.com"
FRESH_SECONDS = 300
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"


@dataclass(frozen=True)
class Told:
    """An answer whose signature holds, or `problem`: a code of the wire, bad_signature or bad_answer."""

    answer: wire.Answer
    data: Mapping[str, Any]
    problem: str = ""

    @property
    def code(self) -> str:
        """Why it is no success; empty for success."""
        if self.problem:
            return self.problem
        if self.answer.status in (200, 204):
            return ""
        fallback = {429: "RATELIMIT_EXCEEDED", 401: "SIGN_ERROR"}.get(self.answer.status, "SYSTEM_ERROR")
        return str(self.data.get("code") or fallback)


class WiredCore(Core):
    """The library's core: its request signing, our transport, and verification with every key of the account."""

    def __init__(self, account: Account) -> None:
        facts = account.credentials
        super().__init__(
            mchid=facts["mchid"],
            cert_serial_no=facts["cert_serial_no"],
            private_key="",  # read below, once a process
            apiv3_key=facts["apiv3_key"],
            public_key=facts["public_key"],
            public_key_id=facts["public_key_id"],
        )
        self._private_key = keys.private_key(facts["private_key"])
        self._gate_way = (account.gateway_url or OFFICIAL_URL).rstrip("/")
        self._verifiers = verifiers(facts)

    def request(self, path: str, method: RequestType = RequestType.GET, data: Any = None, **kind: Any) -> Told:
        """One signed call; `skip_verify` is for bill files, whose answers carry no signature."""
        body = json.dumps(data, ensure_ascii=False) if data else ""
        authorization = build_authorization(
            path, method.value, self._mchid, self._cert_serial_no, self._private_key, data=body
        )
        answer = wire.send(
            wire.Call(
                operation=f"{method.value} {path.partition('?')[0].removeprefix('/v3/')}",
                method=method.value,
                url=self._gate_way + path,
                headers={
                    "Accept": "application/json",
                    "Content-Type": "application/json",
                    "Wechatpay-Serial": self._public_key_id,
                    "Authorization": authorization,
                },
                body=body.encode(),
                most_bytes=wire.MOST_BILL_BYTES if kind.get("skip_verify") else wire.MOST_BYTES,
            )
        )
        return self._told(answer, is_signed=not kind.get("skip_verify"))

    def _told(self, answer: wire.Answer, *, is_signed: bool) -> Told:
        if answer.problem:
            return Told(answer, {}, answer.problem)
        if answer.status in (200, 204) and is_signed:
            try:
                self.prove(answer.headers, answer.body, clock.now())
            except Forged:
                return Told(answer, {}, "bad_signature")
        if not is_signed and answer.status == 200:
            return Told(answer, {})
        return _read(answer)

    def prove(self, headers: Mapping[str, str], body: bytes, at: datetime) -> None:
        """Nothing, for a message that WeChat Pay signed within five minutes of its arrival. Raises Forged."""
        signature = headers.get("wechatpay-signature", "")
        if signature.startswith("WECHATPAY/SIGNTEST/"):
            raise Forged("probe")
        if headers.get("wechatpay-signature-type") != SIGNATURE_TYPE:
            raise Forged("signature", "type")
        key = self._verifiers.get(headers.get("wechatpay-serial", ""))
        if key is None:
            raise Forged("key_unknown")
        stamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        text = _utf8(body)
        if text is None or keys.strict_base64(signature) is None:
            raise Forged("signature")
        if not (stamp.isascii() and stamp.isdigit() and rsa_verify(stamp, nonce, text, signature, key)):
            raise Forged("signature")
        if abs(at.timestamp() - int(stamp)) > FRESH_SECONDS:
            raise Forged("stale")

    def opened(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """The decrypted part of a notification. Raises Forged."""
        if resource.get("algorithm") != "AEAD_AES_256_GCM":
            raise Forged("malformed", "algorithm")
        try:
            text = aes_decrypt(
                nonce=str(resource["nonce"]),
                ciphertext=str(resource["ciphertext"]),
                associated_data=str(resource.get("associated_data") or ""),
                apiv3_key=self._apiv3_key,
            )
            inner = json.loads(text or "")
        except (KeyError, ValueError) as error:
            raise Forged("malformed", "resource") from error
        if not isinstance(inner, dict):
            raise Forged("malformed", "resource")
        return inner

    def path_of(self, url: str) -> str:
        """The path of a download address, to be asked of our own host: the token in it is what counts."""
        if url.startswith(self._gate_way):
            return url[len(self._gate_way) :]
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}"

    def _update_certificates(self) -> None:
        """Never: an unknown serial must not make us call anybody."""


def client(account: Account) -> WeChatPay:
    """The library's client for an account; each call of it answers with a `Told`. Raises BadKey."""
    facts = account.credentials
    made = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=facts["mchid"],
        private_key="",
        cert_serial_no=facts["cert_serial_no"],
        appid=facts["appid"],
        apiv3_key=facts["apiv3_key"],
        public_key=facts["public_key"],
        public_key_id=facts["public_key_id"],
    )
    made._core = WiredCore(account)
    return made


def verifiers(facts: Mapping[str, str]) -> dict[str, Any]:
    """The keys that may sign to us, by serial: the public key, and a second one while WeChat changes over."""
    found = {facts["public_key_id"]: keys.public_key(facts["public_key"])}
    if facts.get("second_key"):
        found[facts["second_key_id"]] = keys.public_key(facts["second_key"])
    return found


def _read(answer: wire.Answer) -> Told:
    if answer.status == 204:
        return Told(answer, {})
    try:
        data = json.loads(answer.body)
    except ValueError:
        return Told(answer, {}, "bad_answer" if answer.status == 200 else "")
    if not isinstance(data, dict):
        return Told(answer, {}, "bad_answer")
    return Told(answer, data)


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
