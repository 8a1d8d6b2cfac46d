"""Other people's clients against our emulated gateways; tests/payments/channels/test_peers.py runs it apart.

Reads {"wechat": {"url", …credentials, "notice"}, …} from standard input and writes what each client found.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import parse_qsl

NOTIFY_URL = "https://shop.example/pay/callback/token"


def wechat(facts: dict[str, Any]) -> dict[str, Any]:
    """wechatpayv3: create, query, refund, refund query, notice."""
    from wechatpayv3 import WeChatPay, WeChatPayType

    names = ("mchid", "appid", "cert_serial_no", "private_key", "apiv3_key", "public_key", "public_key_id")
    pay = WeChatPay(WeChatPayType.NATIVE, notify_url=NOTIFY_URL, **{name: facts[name] for name in names})
    pay._core._gate_way = facts["url"]
    created = pay.pay(description="tea", out_trade_no="PEER000001", amount={"total": 100})
    paid = pay.query(out_trade_no=facts["paid"])
    amount = {"refund": 40, "total": 12_345, "currency": "CNY"}
    refunded = pay.refund(out_refund_no="PEERREFUND1", amount=amount, out_trade_no=facts["paid"])
    asked = pay.query_refund("PEERREFUND1")
    heard = pay.callback(facts["notice"]["headers"], facts["notice"]["body"])
    return {
        "created": created[0],
        "paid": json.loads(paid[1])["trade_state"],
        "refunded": json.loads(refunded[1])["status"],
        "asked": json.loads(asked[1])["amount"]["refund"],
        "heard": heard["resource"]["out_trade_no"],
    }


def alipay(facts: dict[str, Any]) -> dict[str, Any]:
    """python-alipay-sdk: precreate, query, refund, refund query, notice."""
    from alipay import AliPay

    armour = "-----BEGIN {0}-----\n{1}\n-----END {0}-----"
    private = armour.format("PRIVATE KEY", facts["private_key"])
    public = armour.format("PUBLIC KEY", facts["alipay_public_key"])
    client = AliPay(facts["app_id"], NOTIFY_URL, private, public)
    client._gateway = facts["url"]
    created = client.api_alipay_trade_precreate(subject="tea", out_trade_no="PEER000001", total_amount="1.00")
    paid = client.api_alipay_trade_query(out_trade_no=facts["paid"])
    refunded = client.api_alipay_trade_refund("0.40", out_trade_no=facts["paid"], out_request_no="PEERREFUND1")
    asked = client.api_alipay_trade_fastpay_refund_query("PEERREFUND1", out_trade_no=facts["paid"])
    notice = dict(parse_qsl(facts["notice"]["body"], keep_blank_values=True))
    signature = notice.pop("sign")
    return {
        "created": created["code"],
        "paid": paid["trade_status"],
        "refunded": refunded["fund_change"],
        "asked": asked["refund_status"],
        "heard": client.verify({name: value for name, value in notice.items() if value}, signature),
    }


def stripe(facts: dict[str, Any]) -> dict[str, Any]:
    """stripe: create, retrieve, refund, idempotent repetition, balance transactions, webhook."""
    from stripe import StripeClient, Webhook

    client = StripeClient(facts["secret_key"], base_addresses={"api": facts["url"]}, max_network_retries=0)
    paid = client.v1.checkout.sessions.retrieve(facts["session"])
    params = {"payment_intent": paid.payment_intent, "amount": 40, "metadata": {"number": "PEERREFUND1"}}
    refunds = [client.v1.refunds.create(params, {"idempotency_key": "PEERREFUND1"}) for _ in range(2)]
    booked = client.v1.balance_transactions.list({"limit": 10})
    event = Webhook.construct_event(
        facts["notice"]["body"], facts["notice"]["headers"]["Stripe-Signature"], facts["webhook_secret"]
    )
    return {
        "paid": paid.payment_status,
        "refunded": refunds[0].status,
        "same": refunds[0].id == refunds[1].id,
        "booked": [row.type for row in booked.data],
        "heard": event["data"]["object"]["client_reference_id"],
    }


def main() -> None:
    """Every client that there is something for."""
    asked = json.load(sys.stdin)
    found = {name: globals()[name](facts) for name, facts in asked.items()}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
