"""UnionPay's online gateway 5.1.0 on the wire: certificates signed into every message, and believed only by chain.

The certificate that proves a message arrives with the message. It counts only when a root and middle authority that
the merchant gave us signed it, it is in date, and its common name is UnionPay's: otherwise anybody could say "paid".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from app.kit import clock
from app.payments.channels import keys, wire
from app.payments.providers import Account, Forged

OFFICIAL_URL = "https://gateway.95516.com"
TEST_URL = "https://gateway.test.95516.com"
FILE_HOSTS = {OFFICIAL_URL: "https://filedownload.95516.com", TEST_URL: "https://filedownload.test.95516.com"}
COMMON_NAME = "中国银联股份有限公司"
TEST_COMMON_NAME = "00040000:SIGN"


@dataclass(frozen=True)
class Told:
    """An answer whose signature holds; `problem` is a code of the wire or bad_signature."""

    answer: wire.Answer
    data: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def code(self) -> str:
        """`respCode`, or why there is none."""
        return self.problem or self.data.get("respCode", "bad_answer")


class UnionPayClient:
    """Signs, sends and verifies for one account. Raises BadKey when keys or certificates cannot be read."""

    def __init__(self, account: Account) -> None:
        facts = account.credentials
        self.mer_id = facts["mer_id"]
        self._key = keys.private_key(facts["private_key"])
        self._cert_id = str(keys.certificate(facts["certificate"]).serial_number)
        self._root = keys.certificate(facts["root_certificate"])
        self._middle = keys.certificate(facts["middle_certificate"])
        self._names = {COMMON_NAME, TEST_COMMON_NAME} if account.is_test else {COMMON_NAME}
        base = account.gateway_url.rstrip("/") or (TEST_URL if account.is_test else OFFICIAL_URL)
        self.api, self._files = f"{base}/gateway/api", FILE_HOSTS.get(base, base)

    def call(self, endpoint: str, fields: Mapping[str, str]) -> Told:
        """One call to `backTransReq.do` or `queryTrans.do`."""
        return self._send(f"{self.api}/{endpoint}", fields)

    def file(self, fields: Mapping[str, str]) -> Told:
        """The call that answers with a day's file."""
        return self._send(f"{self._files}/", fields, most_bytes=wire.MOST_BILL_BYTES)

    def signed(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The fields of a request, complete and with their signature."""
        whole = {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "accessType": "0",
            "merId": self.mer_id,
            "certId": self._cert_id,
            **{name: value for name, value in fields.items() if value != ""},
        }
        return {**whole, "signature": keys.sign(self._key, digest(whole))}

    def prove(self, fields: Mapping[str, str], at: datetime) -> None:
        """Nothing, for a message that UnionPay signed with a certificate in force at that time. Raises Forged."""
        if fields.get("signMethod") != "01" or fields.get("version") != "5.1.0":
            raise Forged("signature", "method")
        key = self._signer(fields.get("signPubKeyCert", ""), at)
        if not keys.is_signed(key, digest(fields), fields.get("signature", "")):
            raise Forged("signature")

    def _signer(self, text: str, at: datetime) -> rsa.RSAPublicKey:
        try:
            leaf = keys.certificate(text)
            if not _is_chain(leaf, self._middle, self._root, at):
                raise Forged("key_unknown", "chain")
            if _owner(leaf) not in self._names:
                raise Forged("key_unknown", "name")
            return keys.public_key(text)
        except (keys.BadKey, *keys.ODD) as error:
            raise Forged("key_unknown", "certificate") from error

    def _send(self, url: str, fields: Mapping[str, str], most_bytes: int = wire.MOST_BYTES) -> Told:
        answer = wire.send(
            wire.Call(
                operation=f"{url.rpartition('/')[2] or 'file'} {fields['txnType']}/{fields['txnSubType']}",
                method="POST",
                url=url,
                headers={"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
                body=urlencode(self.signed(fields)).encode(),
                most_bytes=most_bytes,
            )
        )
        if answer.problem:
            return Told(answer, problem=answer.problem)
        if answer.status != 200:
            return Told(answer, problem="06" if answer.status == 429 else "bad_answer")
        try:
            data = answered(answer.body)
            self.prove(data, clock.now())
        except Forged as error:
            return Told(answer, problem="bad_answer" if error.code == "malformed" else "bad_signature")
        return Told(answer, data)


def digest(fields: Mapping[str, str]) -> bytes:
    """What is signed: the hex SHA-256 of all fields but the signature, in order of their names."""
    text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if name != "signature")
    return hashlib.sha256(text.encode()).hexdigest().encode()


def answered(body: bytes) -> dict[str, str]:
    """The fields of an answer: `k=v&…` as they are, nothing URL-encoded; braces may hold an `&`. Raises Forged."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Forged("malformed") from error
    fields: dict[str, str] = {}
    depth, start = 0, 0
    for at, mark in enumerate(text + "&"):
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if mark != "&" or depth > 0:
            continue
        name, equals, value = text[start:at].partition("=")
        if not equals or name in fields:
            raise Forged("malformed")
        fields[name], start = value, at + 1
    return fields


def notified(body: bytes) -> dict[str, str]:
    """The fields of a notification or of a browser's return: a form. Raises Forged."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as error:
        raise Forged("malformed") from error
    if len(dict(pairs)) != len(pairs):
        raise Forged("malformed", "a field twice")
    return dict(pairs)


def _is_chain(leaf: x509.Certificate, middle: x509.Certificate, root: x509.Certificate, at: datetime) -> bool:
    for issued, issuer in ((leaf, middle), (middle, root), (root, root)):
        if not _may_issue(issuer) or not issued.not_valid_before_utc <= at <= issued.not_valid_after_utc:
            return False
        try:
            issued.verify_directly_issued_by(issuer)
        except (InvalidSignature, *keys.ODD):
            return False
    return True


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False


def _owner(leaf: x509.Certificate) -> str:
    """The third part of a common name such as `041@Z12@中国银联股份有限公司@00000062`."""
    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    parts = str(names[0].value).split("@") if len(names) == 1 else []
    return parts[2] if len(parts) > 2 else ""
