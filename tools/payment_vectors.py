"""Write tests/payments/channels/vectors.json: messages of payment channels, signed by other people's code alone.

Needs an environment of its own (`make vectors`): python-alipay-sdk signs for Alipay, stripe for Stripe, wechatpayv3 and
PyCryptodome for WeChat Pay, PyCryptodome and the openssl program for UnionPay. Nothing of `app` is imported.
PKCS#1 v1.5 signatures are deterministic, so whoever signs the same text with the same key gets the same letters.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Any
from unittest import mock

TARGET = Path(__file__).resolve().parents[1] / "tests/payments/channels/vectors.json"
STAMP = 1_790_000_000
NOTIFY_URL = "https://shop.example/pay/callback/token"


def main() -> None:
    """Write the file; the key in it is kept from run to run."""
    known = json.loads(TARGET.read_text("utf-8")) if TARGET.exists() else {}
    key = known.get("private_key") or _new_key()
    vectors = {
        "private_key": key,
        "public_key": _public(key),
        "stamp": STAMP,
        "wechat": _wechat(key),
        "alipay": _alipay(key),
        "unionpay": _unionpay(key),
        "stripe": _stripe(),
    }
    TARGET.write_text(json.dumps(vectors, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _new_key() -> str:
    from Cryptodome.PublicKey import RSA

    return RSA.generate(2048).export_key(pkcs=8).decode()


def _public(key: str) -> str:
    from Cryptodome.PublicKey import RSA

    return RSA.import_key(key).public_key().export_key().decode()


def _signed(key: str, text: str) -> str:
    """PyCryptodome's signature, when openssl's is the same."""
    from Cryptodome.Hash import SHA256
    from Cryptodome.PublicKey import RSA
    from Cryptodome.Signature import pkcs1_15

    found = b64encode(pkcs1_15.new(RSA.import_key(key)).sign(SHA256.new(text.encode()))).decode()
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(key)
        file.flush()
        command = ["openssl", "dgst", "-sha256", "-sign", file.name]
        other = subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout  # noqa: S603
    if b64encode(other).decode() != found:
        sys.exit("PyCryptodome and openssl do not agree")
    return found


def _wechat(key: str) -> dict[str, Any]:
    from Cryptodome.Cipher import AES
    from wechatpayv3.utils import build_authorization, load_private_key

    body = json.dumps(
        {
            "notify_url": NOTIFY_URL,
            "description": "快单 tea",
            "out_trade_no": "P000000001",
            "amount": {"total": 12_345, "currency": "CNY"},
            "time_expire": "2026-09-21T22:43:20+08:00",
            "appid": "wx0123456789abcdef",
            "mchid": "1900000109",
        },
        ensure_ascii=False,
    )
    path, nonce = "/v3/pay/transactions/native", "593BEC0C930BF1AFEB40B4A08C8FB242"
    with mock.patch("wechatpayv3.utils.time.time", return_value=STAMP):
        header = build_authorization(path, "POST", "1900000109", "5157F09E", load_private_key(key), body, nonce)
    text = f"POST\n{path}\n{STAMP}\n{nonce}\n{body}\n"
    if f'signature="{_signed(key, text)}"' not in header:
        sys.exit("wechatpayv3 and PyCryptodome do not agree")
    api_key, plain = "0123456789abcdef0123456789abcdef", json.dumps(_wechat_trade(), ensure_ascii=False)
    cipher = AES.new(api_key.encode(), AES.MODE_GCM, nonce=b"0123456789ab")
    cipher.update(b"transaction")
    hidden, tag = cipher.encrypt_and_digest(plain.encode())
    notice = _wechat_notice(b64encode(hidden + tag).decode())
    script = ["wx0123456789abcdef", str(STAMP), nonce, "prepay_id=wx201410272009395522657"]
    return {
        "path": path,
        "nonce": nonce,
        "body": body,
        "authorization": header,
        "apiv3_key": api_key,
        "plain": plain,
        "notice": notice,
        "notice_nonce": "c5ac7061fccab6bf3e254dcf98995b8c",
        "notice_signature": _signed(key, f"{STAMP}\nc5ac7061fccab6bf3e254dcf98995b8c\n{notice}\n"),
        "script": script,
        "script_signature": _signed(key, "".join(f"{part}\n" for part in script)),
    }


def _wechat_trade() -> dict[str, Any]:
    return {
        "mchid": "1900000109",
        "appid": "wx0123456789abcdef",
        "out_trade_no": "P000000001",
        "transaction_id": "4200000001",
        "trade_state": "SUCCESS",
        "success_time": "2026-09-21T22:13:20+08:00",
        "amount": {"total": 12_345, "payer_total": 12_000, "currency": "CNY"},
    }


def _wechat_notice(ciphertext: str) -> str:
    resource = {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": ciphertext,
        "associated_data": "transaction",
        "nonce": "0123456789ab",
    }
    notice = {
        "id": "EV-2018022511223320873",
        "create_time": "2026-09-21T22:13:20+08:00",
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS",
        "summary": "支付成功",
        "resource": resource,
    }
    return json.dumps(notice, ensure_ascii=False)


def _alipay(key: str) -> dict[str, Any]:
    from alipay import AliPay

    client = AliPay("2021000199990001", NOTIFY_URL, key, _public(key))
    content = {"out_trade_no": "P000000001", "total_amount": "123.45", "subject": "快单 tea }{ & 1+1=2"}
    params = {
        "app_id": "2021000199990001",
        "method": "alipay.trade.precreate",
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": "2026-09-21 22:13:20",
        "version": "1.0",
        "notify_url": NOTIFY_URL,
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
    }
    exact = '{"code":"10000","msg":"Success","out_trade_no":"P000000001","qr_code":"https:\\/\\/qr.alipay.com\\/bax }"}'
    notice = {
        "app_id": "2021000199990001",
        "notify_id": "ac05099524730693a8b330c5ecf72da9786",
        "notify_time": "2026-09-21 22:13:20",
        "out_trade_no": "P000000001",
        "seller_id": "2088102175050001",
        "subject": "快单 tea & 1+1=2",
        "total_amount": "123.45",
        "trade_no": "2026092122001400001",
        "trade_status": "TRADE_SUCCESS",
    }
    return {
        "content": content,
        "params": params,
        "sign": client._sign("&".join(f"{k}={v}" for k, v in sorted(params.items()))),
        "answer": f'{{"alipay_trade_precreate_response":{exact},"sign":"{client._sign(exact)}"}}',
        "notice": {
            **notice,
            "sign_type": "RSA2",
            "sign": client._sign("&".join(f"{k}={v}" for k, v in sorted(notice.items()))),
        },
    }


def _unionpay(key: str) -> dict[str, Any]:
    fields = {
        "version": "5.1.0",
        "encoding": "UTF-8",
        "signMethod": "01",
        "accessType": "0",
        "merId": "777290058110048",
        "certId": "68759663125",
        "txnType": "01",
        "txnSubType": "01",
        "bizType": "000201",
        "orderId": "P000000001",
        "txnTime": "20260921221320",
        "txnAmt": "12345",
        "reqReserved": "{a=1&b=快单}",
    }
    text = "&".join(f"{k}={v}" for k, v in sorted(fields.items()))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"fields": fields, "digest": digest, "signature": _signed(key, digest)}


def _stripe() -> dict[str, Any]:
    from stripe import WebhookSignature
    from stripe._encode import _api_encode

    params = {
        "mode": "payment",
        "metadata": {"number": "P000000001"},
        "line_items": [{"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 12_345}}],
    }
    body = json.dumps({"id": "evt_1", "object": "event", "note": "快单"}, ensure_ascii=False)
    signature = WebhookSignature._compute_signature(f"{STAMP}.{body}", "whsec_test")
    return {
        "params": params,
        "encoded": [[name, str(value)] for name, value in _api_encode(params)],
        "secret": "whsec_test",
        "body": body,
        "header": f"t={STAMP},v1={signature}",
    }


if __name__ == "__main__":
    main()
