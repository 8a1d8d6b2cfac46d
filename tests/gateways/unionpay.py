"""UnionPay's online gateway 5.1.0, emulated: a form from the browser, certificates within messages."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from tests.gateways import signing, unionpay_files
from tests.gateways.gateway import BEIJING, Fault, Gateway, Lie, Notice, Refused, Sale, yuan

_ORDER_ID = re.compile(r"[0-9A-Za-z]{8,40}")
_OPERATIONS = {
    "/gateway/api/frontTransReq.do": "create",
    "/gateway/api/backTransReq.do": "refund",
    "/gateway/api/queryTrans.do": "query",
    "/": "bill",
}
UNIONPAY = "041@Z12@中国银联股份有限公司@00000062"


@dataclass
class Trade:
    """A payment (01) or a refund (04), by its number and its time."""

    facts: dict[str, str]
    query_id: str
    made_at: datetime
    code: str = "05"
    done_at: datetime | None = None
    amount: int = 0

    @property
    def number(self) -> str:
        return self.facts["orderId"]

    @property
    def is_refund(self) -> bool:
        return self.facts["txnType"] == "04"


class UnionPayGateway(Gateway):
    """One merchant at UnionPay, with a chain of certificates of its own."""

    code = "unionpay"
    books = ("trades",)
    lies = frozenset({Lie.TAMPERED, Lie.STRANGER, Lie.TYPE, Lie.CHAIN, Lie.NAME})
    lies |= {Lie.AMOUNT, Lie.CURRENCY, Lie.MERCHANT, Lie.NUMBER}

    def __init__(self) -> None:
        super().__init__()
        self.mer_id = "777290058110048"
        self.merchant_key, self.own_key = signing.key("unionpay merchant"), signing.key("unionpay")
        root_key, middle_key, other = signing.key("root"), signing.key("middle"), signing.key("stranger")
        self.root = signing.certificate("CFCA TEST CS CA", root_key, None, root_key, ca=True)
        self.middle = signing.certificate("CFCA TEST OCA1", middle_key, self.root, root_key, ca=True)
        self.leaf = signing.certificate(UNIONPAY, self.own_key, self.middle, middle_key, ca=False)
        self.neighbour = signing.certificate("041@Z12@某商户@00000099", other, self.middle, middle_key, ca=False)
        self.self_made = signing.certificate(UNIONPAY, other, None, other, ca=False)
        self.merchant = signing.certificate("merchant", self.merchant_key, self.middle, middle_key, ca=False)
        self.trades: dict[tuple[str, str], Trade] = {}
        self.balance = 10**12
        self.spoiled: set[str] = set()

    def credentials(self) -> dict[str, str]:
        """As the merchant downloads them."""
        return {
            "mer_id": self.mer_id,
            "private_key": signing.private_pem(self.merchant_key),
            "certificate": signing.certificate_pem(self.merchant),
            "root_certificate": signing.certificate_pem(self.root),
            "middle_certificate": signing.certificate_pem(self.middle),
        }

    def operation_of(self, request: Request) -> str:
        operation = _OPERATIONS.get(request.path, "unknown")
        is_refund = operation == "query" and request.form.get("orderId", "").startswith("R")
        return "query_refund" if is_refund else operation

    def answer(self, request: Request, fault: Fault | None) -> Response:
        fields = dict(parse_qsl(request.get_data(as_text=True), keep_blank_values=True))
        operation = self.operation_of(request)
        try:
            self._authorize(fields)
            if operation == "create":
                return redirect(request.script_root + self._front(fields), 303)
            data = self._act(operation, fields)
        except Refused as no:
            data = {**_echo(fields), "respCode": no.code, "respMsg": no.text or no.code}
        return self._signed(data, fault)

    def _authorize(self, fields: dict[str, str]) -> None:
        for name, value in (("version", "5.1.0"), ("encoding", "UTF-8"), ("signMethod", "01"), ("accessType", "0")):
            if fields.get(name) != value:
                raise Refused(200, "10", name)
        if fields.get("merId") != self.mer_id or fields.get("certId") != str(self.merchant.serial_number):
            raise Refused(200, "11", "merchant or certificate")
        if not signing.is_rsa_signature(self.merchant_key.public_key(), _text(fields), fields.get("signature", "")):
            raise Refused(200, "11", "验证签名失败")
        if not re.fullmatch(r"\d{14}", fields.get("txnTime", "")):
            raise Refused(200, "10", "txnTime")

    def _act(self, operation: str, fields: dict[str, str]) -> dict[str, str]:
        if operation in ("query", "query_refund"):
            return self._told(fields)
        if operation == "refund":
            return self._refund(fields)
        if operation == "bill":
            return unionpay_files.answer(self, fields)
        raise Refused(200, "10", "txnType")

    def _front(self, fields: dict[str, str]) -> str:
        key = self._take(fields, "01", "01", "000201")
        if key not in self.trades:
            self.trades[key] = Trade(fields, self.unique("4"), self.now())
            if self.pays_at_once:
                self.pay(fields["orderId"])
        return f"/pay/{fields['orderId']}?{urlencode({'back': fields.get('frontUrl', '')})}"

    def _take(self, fields: dict[str, str], kind: str, sub_kind: str, business: str) -> tuple[str, str]:
        if (fields.get("txnType"), fields.get("txnSubType"), fields.get("bizType")) != (kind, sub_kind, business):
            raise Refused(200, "10", "txnType")
        if not _ORDER_ID.fullmatch(fields.get("orderId", "")):
            raise Refused(200, "10", "orderId")
        if not fields.get("txnAmt", "").isdecimal() or int(fields["txnAmt"]) < 1:
            raise Refused(200, "10", "txnAmt")
        if kind == "01" and (fields.get("currencyCode") != "156" or fields.get("channelType") not in ("07", "08")):
            raise Refused(200, "10", "currencyCode")
        key = (fields["orderId"], fields["txnTime"])
        known = self.trades.get(key)
        if known is not None and known.facts["txnAmt"] != fields["txnAmt"]:
            raise Refused(200, "12", "重复交易")
        return key

    def _told(self, fields: dict[str, str]) -> dict[str, str]:
        if (fields.get("txnType"), fields.get("txnSubType")) != ("00", "00"):
            raise Refused(200, "10", "txnType")
        trade = self.trades.get((fields.get("orderId", ""), fields["txnTime"]))
        if trade is None:
            raise Refused(200, "34", "查无此交易")
        told = {
            **_echo(fields),
            **{name: trade.facts[name] for name in ("txnType", "txnSubType", "bizType")},
            "respCode": "00",
            "respMsg": "成功[0000000]",
            "origRespCode": trade.code,
            "origRespMsg": "{done & dusted}",
            "queryId": trade.query_id,
            "txnAmt": str(trade.amount or trade.facts["txnAmt"]),
            "currencyCode": "156",
        }
        return told | ({"traceTime": _trace(trade.done_at), "settleAmt": told["txnAmt"]} if trade.done_at else {})

    def _refund(self, fields: dict[str, str]) -> dict[str, str]:
        key = self._take(fields, "04", "00", "000000")
        known = self.trades.get(key)
        if known is None:
            self._check_refund(fields)
            known = self.trades[key] = Trade(fields, self.unique("4"), self.now())
            if self.refunds_at_once:
                self.settle_refund(fields["orderId"])
        done = {"respCode": "00", "respMsg": "成功[0000000]", "queryId": known.query_id}
        return {**_echo(fields), **done, "txnAmt": fields["txnAmt"], "origQryId": fields["origQryId"]}

    def _check_refund(self, fields: dict[str, str]) -> None:
        query_id = fields.get("origQryId", "")
        paid = next((one for one in self.trades.values() if one.query_id == query_id and one.code == "00"), None)
        if paid is None or paid.is_refund:
            raise Refused(200, "35", "原交易不存在或状态不正确")
        before = sum(
            int(one.facts["txnAmt"])
            for one in self.trades.values()
            if one.facts.get("origQryId") == query_id and one.code in ("00", "05")
        )
        if before + int(fields["txnAmt"]) > paid.amount:
            raise Refused(200, "36", "与原交易信息不符")
        if int(fields["txnAmt"]) > self.balance:
            raise Refused(200, "77", "余额不足")

    def sales(self) -> list[Sale]:
        return [
            Sale(
                key=trade.number,
                number=trade.number,
                title=trade.number,
                amount=f"CNY {yuan(int(trade.facts['txnAmt']))}",
                made_at=trade.made_at,
                is_open=trade.code == "05",
                is_paid=trade.code == "00",
            )
            for trade in self.trades.values()
            if not trade.is_refund
        ]

    def waiting_refunds(self) -> list[tuple[str, datetime]]:
        return [(one.number, one.made_at) for one in self.trades.values() if one.is_refund and one.code == "05"]

    # What happens away from the merchant

    def trade(self, number: str) -> Trade:
        """A trade by its number alone."""
        return next(one for (order_id, _), one in self.trades.items() if order_id == number)

    def pay(self, number: str, amount: int | None = None) -> Notice:
        """The buyer pays on UnionPay's page, and the merchant is told."""
        trade = self.trade(number)
        trade.code, trade.done_at = "00", self.now()
        trade.amount = amount if amount is not None else int(trade.facts["txnAmt"])
        return self.tell(self.payment_notice(number))

    def settle_refund(self, number: str, code: str = "00") -> Notice:
        """The refund ends, and the merchant is told."""
        trade = self.trade(number)
        trade.code, trade.amount = code, int(trade.facts["txnAmt"])
        trade.done_at = self.now() if code == "00" else None
        return self.tell(self.payment_notice(number))

    def age(self, number: str, seconds: int) -> None:
        """Let a trade be older than it is."""
        self.trade(number).made_at -= timedelta(seconds=seconds)

    def refund_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The notice that a refund ended; it looks like a payment's."""
        return self.payment_notice(number, lie)

    def payment_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The notice of a trade, or a false one."""
        trade = self.trade(number)
        fields = {
            **_echo(trade.facts),
            "merId": "777290058119999" if lie is Lie.MERCHANT else self.mer_id,
            "orderId": "NOBODYKNOWSTHIS" if lie is Lie.NUMBER else number,
            "respCode": trade.code,
            "respMsg": "Success!",
            "queryId": trade.query_id,
            "txnAmt": str((trade.amount or int(trade.facts["txnAmt"])) + (lie is Lie.AMOUNT)),
            "currencyCode": "344" if lie is Lie.CURRENCY else "156",
            "traceTime": _trace(trade.done_at or self.now()),
            "signMethod": "11" if lie is Lie.TYPE else "01",
            "accNo": "6216***********0018",
        }
        body = urlencode(self._with_signature(fields, lie)).encode()
        if lie is Lie.TAMPERED:
            body = body.replace(b"respMsg=Success", b"respMsg=success", 1)
        return Notice(trade.facts["backUrl"], body, {"Content-Type": "application/x-www-form-urlencoded"})

    def _with_signature(self, fields: dict[str, str], lie: Lie | None) -> dict[str, str]:
        key, leaf = self.own_key, self.leaf
        if lie in (Lie.STRANGER, Lie.CHAIN, Lie.NAME):
            key = signing.key("stranger")
        if lie in (Lie.CHAIN, Lie.NAME):
            leaf = self.self_made if lie is Lie.CHAIN else self.neighbour
        whole = {**fields, "version": "5.1.0", "encoding": "UTF-8", "signPubKeyCert": signing.certificate_pem(leaf)}
        return {**whole, "signature": signing.rsa_signature(key, _text(whole))}

    def _signed(self, data: dict[str, str], fault: Fault | None) -> Response:
        lie = Lie.STRANGER if fault is Fault.UNSIGNED else None
        fields = self._with_signature({"signMethod": "01", **data}, lie)
        return Response("&".join(f"{k}={v}" for k, v in fields.items()), content_type="text/html;charset=UTF-8")


def _text(fields: dict[str, Any]) -> str:
    """The hexadecimal digest that is then signed."""
    ordered = sorted((k, v) for k, v in fields.items() if k != "signature")
    return hashlib.sha256("&".join("=".join(pair) for pair in ordered).encode()).hexdigest()


def _echo(fields: dict[str, str]) -> dict[str, str]:
    names = ("merId", "orderId", "txnTime", "txnType", "txnSubType", "bizType", "accessType")
    return {name: fields[name] for name in names if name in fields}


def _trace(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%m%d%H%M%S}"
