"""The product's signatures and the emulators', against those of other people's code (tools/payment_vectors.py)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from werkzeug.test import Client

from app.kit import clock
from app.payments.channels import alipay_client, keys, stripe_client, unionpay_client, wechat, wire
from app.payments.providers import Account, CallbackRequest, Exchange, NoticeKind
from tests.gateways import signing, stripe, unionpay
from tests.gateways.alipay import AlipayGateway
from tests.gateways.wechat import WeChatGateway

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
KEY, PUBLIC = VECTORS["private_key"], VECTORS["public_key"]
MOMENT = datetime.fromtimestamp(VECTORS["stamp"], UTC)
OURS = serialization.load_pem_private_key(KEY.encode(), None)


def _wechat_account() -> Account:
    return Account(
        1,
        {
            "mchid": "1900000109",
            "appid": "wx0123456789abcdef",
            "cert_serial_no": "5157F09E",
            "private_key": KEY,
            "apiv3_key": VECTORS["wechat"]["apiv3_key"],
            "public_key_id": "PUB_KEY_ID_1",
            "public_key": PUBLIC,
        },
    )


def test_the_request_to_wechat_is_signed_as_wechatpayv3_and_openssl_sign_it(monkeypatch: pytest.MonkeyPatch) -> None:
    known, seen = VECTORS["wechat"], []
    monkeypatch.setattr("wechatpayv3.utils.time.time", lambda: VECTORS["stamp"])
    monkeypatch.setattr("wechatpayv3.utils.uuid.uuid4", lambda: UUID(known["nonce"]))
    monkeypatch.setattr(wire, "send", lambda call: seen.append(call) or wire.Answer(Exchange(""), problem="cut"))
    provider = wechat.WeChatPayChannel(_wechat_account())
    from wechatpayv3.type import RequestType

    provider._core.request(known["path"], RequestType.POST, json.loads(known["body"]))
    assert seen[0].body.decode() == known["body"]
    assert seen[0].headers["Authorization"] == known["authorization"]
    assert provider._pay.sign(known["script"]) == known["script_signature"]


def test_the_emulated_wechat_takes_that_request() -> None:
    known, gateway = VECTORS["wechat"], WeChatGateway()
    gateway.merchant_key, gateway.serial = OURS, "5157F09E"
    gateway.skew_seconds = VECTORS["stamp"] - datetime.now(UTC).timestamp()  # noqa: TID251
    headers = {"Authorization": known["authorization"], "Content-Type": "application/json"}
    answer = Client(gateway).post(known["path"], data=known["body"].encode(), headers=headers)
    assert answer.status_code == 200 and answer.json and answer.json["code_url"]
    assert Client(gateway).post(known["path"], data=known["body"].encode(), headers=headers).status_code == 401


def test_a_notice_made_by_other_code_is_read() -> None:
    known = VECTORS["wechat"]
    headers = {
        "wechatpay-timestamp": str(VECTORS["stamp"]),
        "wechatpay-nonce": known["notice_nonce"],
        "wechatpay-signature": known["notice_signature"],
        "wechatpay-serial": "PUB_KEY_ID_1",
        "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
    }
    request = CallbackRequest("POST", headers, "", known["notice"].encode(), MOMENT)
    notice = wechat.WeChatPayChannel(_wechat_account()).parse_callback(request)
    assert (notice.kind, notice.number, notice.notice_id) == (
        NoticeKind.PAYMENT,
        "P000000001",
        "EV-2018022511223320873",
    )
    assert notice.trade and notice.trade.amount and notice.trade.amount.minor == 12_345


def _alipay() -> alipay_client.AlipayClient:
    facts = {"app_id": "2021000199990001", "private_key": KEY, "alipay_public_key": PUBLIC}
    return alipay_client.AlipayClient(Account(1, facts))


def test_the_request_to_alipay_is_signed_as_python_alipay_sdk_signs_it() -> None:
    known = VECTORS["alipay"]
    with clock.frozen(MOMENT):
        signed = _alipay().signed("alipay.trade.precreate", known["content"], notify_url=known["params"]["notify_url"])
    assert signed == {**known["params"], "sign": known["sign"]}


def test_the_emulated_alipay_takes_that_request() -> None:
    known, gateway = VECTORS["alipay"], AlipayGateway()
    gateway.merchant_key = OURS
    gateway.skew_seconds = VECTORS["stamp"] - datetime.now(UTC).timestamp()  # noqa: TID251
    answer = Client(gateway).post("/gateway.do", data={**known["params"], "sign": known["sign"]})
    assert '"code": "10000"' in answer.get_data(as_text=True)


def test_an_answer_and_a_notice_of_alipay_made_by_other_code_are_believed() -> None:
    known = VECTORS["alipay"]
    answer = wire.Answer(Exchange(""), 200, {}, known["answer"].encode())
    told = _alipay()._told("alipay.trade.precreate", answer)
    assert (told.code, told.data["qr_code"]) == ("", "https://qr.alipay.com/bax }")
    assert _alipay().proved(urlencode(known["notice"]).encode())["total_amount"] == "123.45"


def test_unionpays_digest_and_signature_are_those_of_openssl() -> None:
    known = VECTORS["unionpay"]
    assert unionpay_client.digest(known["fields"]).decode() == known["digest"] == unionpay._text(known["fields"])
    assert keys.sign(keys.private_key(KEY), known["digest"].encode()) == known["signature"]
    assert signing.rsa_signature(OURS, known["digest"]) == known["signature"]
    assert keys.is_signed(keys.public_key(PUBLIC), known["digest"].encode(), known["signature"])


def test_stripes_parameters_and_webhooks_are_those_of_its_own_package() -> None:
    known = VECTORS["stripe"]
    assert dict(stripe_client.flat(known["params"])) == dict(known["encoded"])
    facts = {"secret_key": "sk_test_x", "webhook_secret": known["secret"]}
    client = stripe_client.StripeClient(Account(1, facts))
    assert client.prove(known["header"], known["body"].encode(), MOMENT) == VECTORS["stamp"]
    mac = stripe._mac(known["secret"], VECTORS["stamp"], known["body"].encode())
    assert known["header"] == f"t={VECTORS['stamp']},v1={mac}"


@pytest.mark.parametrize("spelling", ["pkcs8", "pkcs1", "bare"])
def test_a_private_key_is_read_however_it_is_pasted(spelling: str) -> None:
    kinds = {"pkcs1": serialization.PrivateFormat.TraditionalOpenSSL, "pkcs8": serialization.PrivateFormat.PKCS8}
    kind = kinds.get(spelling, serialization.PrivateFormat.PKCS8)
    text = OURS.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()
    if spelling == "bare":
        text = "".join(line for line in text.splitlines() if "-----" not in line)
    assert keys.sign(keys.private_key(text), b"x") == keys.sign(keys.private_key(KEY), b"x")


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", PUBLIC])
def test_what_is_no_private_key_is_said_to_be_none(text: str) -> None:
    with pytest.raises(keys.BadKey):
        keys.private_key(text)
