"""WeChat Pay v3, emulated: what it checks, what it answers, and how it tells."""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from werkzeug.wrappers import Request, Response

from tests.gateways import signing, wechat_bills, wechat_checks
from tests.gateways.gateway import BEIJING, Fault, Gateway, Lie, Notice, Refused, Sale, yuan

_AUTHORIZATION = re.compile(r'(\w+)="([^"]*)"')


@dataclass
class Order:
    """A trade in the gateway's books."""

    facts: dict[str, Any]
    made_at: datetime
    code_url: str
    state: str = "NOTPAY"
    transaction_id: str = ""
    paid_at: datetime | None = None
    paid: int = 0

    @property
    def number(self) -> str:
        return str(self.facts["out_trade_no"])


@dataclass
class Refund:
    """A refund in the gateway's books."""

    facts: dict[str, Any]
    order: Order
    refund_id: str
    made_at: datetime
    state: str = "PROCESSING"
    done_at: datetime | None = None

    @property
    def fen(self) -> int:
        return int(self.facts["amount"]["refund"])


class WeChatGateway(Gateway):
    """One merchant at WeChat Pay."""

    code = "wechat"
    books = ("orders", "refunds", "offers", "apiv3_key")
    lies = frozenset(
        {Lie.TAMPERED, Lie.STRANGER, Lie.SERIAL, Lie.TYPE, Lie.PROBE, Lie.STALE, Lie.FUTURE}
        | {Lie.AMOUNT, Lie.CURRENCY, Lie.APP, Lie.MERCHANT, Lie.NUMBER}
    )

    def __init__(self) -> None:
        super().__init__()
        self.appid, self.mchid = "wx0123456789abcdef", "1900000109"
        self.merchant_key, self.own_key = signing.key("wechat merchant"), signing.key("wechat")
        self.serial, self.own_serial = "5157F09EFDC096DE15EBE81A47057A7200000001", "PUB_KEY_ID_0119000001092026"
        self.apiv3_key = secrets.token_hex(16)
        self.old_key = signing.key("wechat certificate")
        self.old_certificate = signing.certificate("Tenpay", self.old_key, None, self.old_key, ca=False)
        self.signs_by_certificate = False
        """WeChat changes over bit by bit: some notices are still signed by the platform certificate."""
        self.orders: dict[str, Order] = {}
        self.refunds: dict[str, Refund] = {}
        self.offers: dict[str, wechat_bills.Offer] = {}
        self.balance = 10**12
        self.spoiled: set[str] = set()
        self._nonces: set[str] = set()

    def credentials(self) -> dict[str, str]:
        """As the merchant platform shows them."""
        return {
            "mchid": self.mchid,
            "appid": self.appid,
            "cert_serial_no": self.serial,
            "private_key": signing.private_pem(self.merchant_key),
            "apiv3_key": self.apiv3_key,
            "public_key_id": self.own_serial,
            "public_key": signing.public_pem(self.own_key),
            "second_key_id": self.old_serial,
            "second_key": signing.certificate_pem(self.old_certificate),
        }

    @property
    def old_serial(self) -> str:
        return f"{self.old_certificate.serial_number:X}"

    def operation_of(self, request: Request) -> str:
        path = request.path
        if path.endswith("/close"):
            return "close"
        if "/refunds" in path:
            return "refund" if request.method == "POST" else "query_refund"
        if "/billdownload/" in path:
            return "download"
        if "/bill/" in path:
            return "bill"
        return "create" if request.method == "POST" else "query"

    def answer(self, request: Request, fault: Fault | None) -> Response:
        try:
            self._authorize(request)
            status, data = self._act(request)
        except Refused as no:
            return self._signed(no.status, {"code": no.code, "message": no.text or no.code}, None)
        if isinstance(data, bytes):
            return Response(data, 200, content_type="application/octet-stream")
        return self._signed(status, data, fault)

    def _authorize(self, request: Request) -> None:
        kind, _, rest = request.headers.get("Authorization", "").partition(" ")
        parts = dict(_AUTHORIZATION.findall(rest))
        if kind != "WECHATPAY2-SHA256-RSA2048" or len(parts) != 5:
            raise Refused(401, "SIGN_ERROR", "no authorization")
        if parts.get("mchid") != self.mchid or parts.get("serial_no") != self.serial:
            raise Refused(401, "SIGN_ERROR", "unknown merchant or certificate")
        if abs(self.now().timestamp() - int(parts["timestamp"])) > 300:
            raise Refused(401, "SIGN_ERROR", "the timestamp is too far off")
        path = request.path + (f"?{request.query_string.decode()}" if request.query_string else "")
        text = (
            f"{request.method}\n{path}\n{parts['timestamp']}\n{parts['nonce_str']}\n{request.get_data(as_text=True)}\n"
        )
        if not signing.is_rsa_signature(self.merchant_key.public_key(), text, parts["signature"]):
            raise Refused(401, "SIGN_ERROR", "the signature does not fit")
        if parts["nonce_str"] in self._nonces:
            raise Refused(401, "SIGN_ERROR", "the request was sent before")
        self._nonces.add(parts["nonce_str"])

    def _act(self, request: Request) -> tuple[int, Any]:
        operation, last = self.operation_of(request), request.path.rstrip("/").rpartition("/")[2]
        if operation == "create":
            return 200, self._create(last, _json(request))
        if operation == "query":
            return 200, self._told(self._order(last, request.args.get("mchid")))
        if operation == "close":
            return self._close(request.path.split("/")[-2], _json(request))
        if operation == "refund":
            return 200, self._refund(_json(request))
        if operation == "query_refund":
            return 200, self._told_refund(self._known_refund(last))
        if operation == "bill":
            return 200, wechat_bills.offer(self, request)
        return 200, wechat_bills.download(self, request)

    def _create(self, kind: str, facts: dict[str, Any]) -> dict[str, str]:
        wechat_checks.trade(self, kind, facts)
        number = facts["out_trade_no"]
        order = self.orders.get(number)
        if order is None:
            order = self.orders[number] = Order(
                facts, self.now(), f"weixin://wxpay/bizpayurl?pr={secrets.token_hex(5)}"
            )
            if self.pays_at_once:
                self.pay(number)
        elif order.facts != facts:
            raise Refused(400, "OUT_TRADE_NO_USED", "the number belongs to another trade")
        elif order.state == "CLOSED":
            raise Refused(400, "ORDER_CLOSED")
        elif order.state != "NOTPAY":
            raise Refused(400, "ORDERPAID")
        if kind == "native":
            return {"code_url": order.code_url}
        if kind == "h5":
            return {"h5_url": f"{self.url}/pay/{number}?prepay_id=wx{order.code_url[-10:]}"}
        return {"prepay_id": f"wx{order.code_url[-10:]}"}

    def _order(self, number: str, mchid: str | None) -> Order:
        if mchid != self.mchid:
            raise Refused(400, "PARAM_ERROR", "mchid")
        if number not in self.orders:
            raise Refused(404, "ORDER_NOT_EXIST")
        return self.orders[number]

    def _told(self, order: Order) -> dict[str, Any]:
        told: dict[str, Any] = {
            "appid": self.appid,
            "mchid": self.mchid,
            "out_trade_no": order.number,
            "trade_state": order.state,
            "trade_state_desc": order.state,
            "amount": {"total": order.paid or order.facts["amount"]["total"], "currency": "CNY"},
        }
        if order.paid_at is not None:
            told |= {
                "transaction_id": order.transaction_id,
                "trade_type": "NATIVE",
                "bank_type": "OTHERS",
                "success_time": _rfc3339(order.paid_at),
                "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
            }
            told["amount"] |= {"payer_total": order.paid, "payer_currency": "CNY"}
        return told

    def _close(self, number: str, facts: dict[str, Any]) -> tuple[int, Any]:
        order = self._order(number, facts.get("mchid"))
        if order.state in ("SUCCESS", "REFUND"):
            raise Refused(400, "ORDERPAID")
        if order.state != "CLOSED" and self.now() - order.made_at < timedelta(minutes=5):
            raise Refused(400, "INVALID_REQUEST", "a trade can be closed five minutes after it was made")
        order.state = "CLOSED"
        return 204, None

    def _refund(self, facts: dict[str, Any]) -> dict[str, Any]:
        order = self.orders.get(str(facts.get("out_trade_no", "")))
        if order is None:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "no such trade")
        known = self.refunds.get(str(facts.get("out_refund_no", "")))
        if known is not None:
            if known.facts != facts:
                raise Refused(400, "INVALID_REQUEST", "the refund number belongs to another refund")
            return self._told_refund(known)
        wechat_checks.refund(self, order, facts)
        refund = Refund(facts, order, self.unique("50"), self.now())
        self.refunds[facts["out_refund_no"]] = refund
        order.state = "REFUND"
        if self.refunds_at_once:
            self.settle_refund(facts["out_refund_no"])
            return self._told_refund(replace(refund, state="PROCESSING"))
        return self._told_refund(refund)

    def _known_refund(self, number: str) -> Refund:
        if number not in self.refunds:
            raise Refused(404, "RESOURCE_NOT_EXISTS")
        return self.refunds[number]

    def _told_refund(self, refund: Refund) -> dict[str, Any]:
        told = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.facts["out_refund_no"],
            "transaction_id": refund.order.transaction_id,
            "out_trade_no": refund.order.number,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": _rfc3339(refund.made_at),
            "status": refund.state,
            "amount": {"total": refund.order.paid, "refund": refund.fen, "currency": "CNY"},
        }
        return told | ({"success_time": _rfc3339(refund.done_at)} if refund.done_at else {})

    def sales(self) -> list[Sale]:
        return [
            Sale(
                key=order.number,
                number=order.number,
                title=order.facts["description"],
                amount=f"CNY {yuan(order.facts['amount']['total'])}",
                made_at=order.made_at,
                is_open=order.state == "NOTPAY",
                is_paid=order.paid_at is not None,
            )
            for order in self.orders.values()
        ]

    def waiting_refunds(self) -> list[tuple[str, datetime]]:
        return [(number, one.made_at) for number, one in self.refunds.items() if one.state == "PROCESSING"]

    # What happens away from the merchant

    def pay(self, number: str, amount: int | None = None) -> Notice:
        """The buyer pays, and the merchant is told; also after a close that lost the race."""
        order = self.orders[number]
        order.state, order.paid_at = "SUCCESS", self.now()
        order.paid = amount if amount is not None else order.facts["amount"]["total"]
        order.transaction_id = order.transaction_id or self.unique("42000")
        return self.tell(self.payment_notice(number))

    def settle_refund(self, number: str, state: str = "SUCCESS") -> Notice:
        """SUCCESS, ABNORMAL or CLOSED: the refund ends, and the merchant is told."""
        refund = self.refunds[number]
        refund.state, refund.done_at = state, self.now() if state == "SUCCESS" else None
        return self.tell(self.refund_notice(number))

    def age(self, number: str, seconds: int) -> None:
        """Let a trade and its refunds be older than they are."""
        order, past = self.orders[number], timedelta(seconds=seconds)
        order.made_at -= past
        order.paid_at = order.paid_at - past if order.paid_at else None
        for refund in self.refunds.values():
            if refund.order is order:
                refund.made_at -= past

    def payment_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The notice that a trade was paid, or a false one."""
        order = self.orders[number]
        told = self._told(order)
        told["amount"]["total"] += lie is Lie.AMOUNT
        told["amount"]["currency"] = "HKD" if lie is Lie.CURRENCY else "CNY"
        told |= {"appid": "wx9999999999999999"} if lie is Lie.APP else {}
        told |= {"mchid": "1999999999"} if lie is Lie.MERCHANT else {}
        told |= {"out_trade_no": "NOBODYKNOWSTHIS"} if lie is Lie.NUMBER else {}
        return self._notice(order.facts["notify_url"], "TRANSACTION.SUCCESS", told, lie)

    def refund_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The notice that a refund ended, or a false one."""
        refund = self.refunds[number]
        told = self._told_refund(refund)
        told["refund_status"] = told.pop("status")
        told["mchid"] = "1999999999" if lie is Lie.MERCHANT else self.mchid
        told["amount"].pop("currency")
        told["amount"]["refund"] += lie is Lie.AMOUNT
        told |= {"out_refund_no": "NOBODYKNOWSTHIS"} if lie is Lie.NUMBER else {}
        return self._notice(refund.facts["notify_url"], f"REFUND.{refund.state}", told, lie)

    def _notice(self, url: str, kind: str, told: dict[str, Any], lie: Lie | None) -> Notice:
        nonce, about = secrets.token_hex(6), kind.partition(".")[0].lower()
        plain = json.dumps(told, ensure_ascii=False).encode()
        hidden = AESGCM(self.apiv3_key.encode()).encrypt(nonce.encode(), plain, about.encode())
        resource = {
            "original_type": about,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(hidden).decode(),
            "associated_data": about,
            "nonce": nonce,
        }
        body = json.dumps(
            {
                "id": secrets.token_hex(16),
                "create_time": _rfc3339(self.now()),
                "resource_type": "encrypt-resource",
                "event_type": kind,
                "summary": "支付成功",
                "resource": resource,
            },
            ensure_ascii=False,
        ).encode()
        headers = self._headers(body.decode(), lie)
        if lie is Lie.TAMPERED:
            body = body.replace(b'"id": "', b'"id": "0', 1)
        return Notice(url, body, {**headers, "Content-Type": "application/json"})

    def _headers(self, body: str, lie: Lie | None) -> dict[str, str]:
        late = {Lie.STALE: -600, Lie.FUTURE: 600}.get(lie, 0) if lie else 0
        stamp, nonce = str(int(self.now().timestamp()) + late), secrets.token_hex(16)
        key, serial = self.own_key, self.own_serial
        if self.signs_by_certificate:
            key, serial = self.old_key, self.old_serial
        if lie is Lie.STRANGER:
            key = signing.key("stranger")
        signature = signing.rsa_signature(key, f"{stamp}\n{nonce}\n{body}\n")
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + signature if lie is Lie.PROBE else signature,
            "Wechatpay-Serial": "7132D72A03E93CDDF8C03BBD1F37EEDF" if lie is Lie.SERIAL else serial,
            "Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3" if lie is Lie.TYPE else "WECHATPAY2-SHA256-RSA2048",
        }

    def _signed(self, status: int, data: Any, fault: Fault | None) -> Response:
        body = "" if data is None else json.dumps(data, ensure_ascii=False)
        lie = {Fault.UNSIGNED: Lie.STRANGER, Fault.STALE: Lie.STALE}.get(fault) if fault else None
        return Response(body, status, self._headers(body, lie), content_type="application/json; charset=utf-8")


def _json(request: Request) -> dict[str, Any]:
    try:
        data = json.loads(request.get_data())
    except ValueError:
        raise Refused(400, "PARAM_ERROR", "no JSON") from None
    if not isinstance(data, dict):
        raise Refused(400, "PARAM_ERROR", "no object")
    return data


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(BEIJING).replace(microsecond=0).isoformat()
