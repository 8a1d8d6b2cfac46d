"""Alipay's open gateway, emulated: RSA2 over parameters, answers signed over their exact text, notices by form."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from tests.gateways import alipay_bills, signing
from tests.gateways.gateway import BEIJING, Fault, Gateway, Lie, Notice, Refused, Sale, yuan

_AMOUNT = re.compile(r"(0|[1-9]\d{0,8})\.\d{2}")
_OPERATIONS = {
    "alipay.trade.precreate": "create",
    "alipay.trade.wap.pay": "create",
    "alipay.trade.page.pay": "create",
    "alipay.trade.query": "query",
    "alipay.trade.close": "close",
    "alipay.trade.refund": "refund",
    "alipay.trade.fastpay.refund.query": "query_refund",
    "alipay.data.dataservice.bill.downloadurl.query": "bill",
}


@dataclass
class Trade:
    """A code that was made, and the trade that it becomes when somebody scans it."""

    facts: dict[str, Any]
    notify_url: str
    qr_code: str
    made_at: datetime
    state: str = ""
    """Empty: nobody has scanned it, the gateway knows no trade."""
    trade_no: str = ""
    paid_at: datetime | None = None
    paid: int = 0
    refunds: dict[str, Refund] = field(default_factory=dict)

    @property
    def number(self) -> str:
        return str(self.facts["out_trade_no"])

    @property
    def back(self) -> int:
        return sum(one.fen for one in self.refunds.values())


@dataclass
class Refund:
    """Money that went back, or is on its way."""

    number: str
    fen: int
    made_at: datetime
    is_done: bool = True


class AlipayGateway(Gateway):
    """One app of one seller at Alipay."""

    code = "alipay"
    books = ("trades", "offers")
    lies = frozenset({Lie.TAMPERED, Lie.STRANGER, Lie.TYPE, Lie.STALE, Lie.FUTURE})
    lies |= {Lie.AMOUNT, Lie.APP, Lie.MERCHANT, Lie.NUMBER}

    def __init__(self) -> None:
        super().__init__()
        self.app_id, self.seller_id = "2021000199990001", "2088102175050001"
        self.merchant_key, self.own_key = signing.key("alipay merchant"), signing.key("alipay")
        self.trades: dict[str, Trade] = {}
        self.offers: dict[str, tuple[bytes, datetime]] = {}
        self.refunds_wait = False
        """Refunds are taken in with fund_change N, and done when the test says so."""
        self.tells_of_refunds = True
        self.balance = 10**12
        self.spoiled: set[str] = set()
        self.odd_text = ""
        """Put into answers: a brace here breaks clients that count braces."""

    def credentials(self) -> dict[str, str]:
        """As the open platform shows them: bare base64, no armour."""
        return {
            "app_id": self.app_id,
            "seller_id": self.seller_id,
            "private_key": _bare(signing.private_pem(self.merchant_key)),
            "alipay_public_key": _bare(signing.public_pem(self.own_key)),
        }

    def operation_of(self, request: Request) -> str:
        if request.path.endswith("/bill"):
            return "download"
        return _OPERATIONS.get(request.values.get("method", ""), "unknown")

    def answer(self, request: Request, fault: Fault | None) -> Response:
        if self.operation_of(request) == "download":
            return self._download(request)
        params = dict(parse_qsl(request.query_string.decode(), keep_blank_values=True))
        params |= dict(parse_qsl(request.get_data(as_text=True), keep_blank_values=True))
        method = params.get("method", "")
        try:
            content = self._authorize(params)
            if method.endswith((".wap.pay", ".page.pay")):
                return redirect(request.script_root + self._page(params, content))
            data = self._act(method, params, content, request)
            return self._signed(method, {"code": "10000", "msg": "Success", **data}, fault)
        except Refused as no:
            code, name = ("40004", "Business Failed") if no.code.startswith("ACQ.") else ("40002", "Invalid Arguments")
            refusal = {"code": code, "msg": name, "sub_code": no.code, "sub_msg": no.text or no.code}
            return self._signed(method, refusal, None)

    def _authorize(self, params: dict[str, str]) -> dict[str, Any]:
        if params.get("app_id") != self.app_id:
            raise Refused(200, "isv.invalid-app-id")
        signed = {k: v for k, v in params.items() if k != "sign" and v}
        text = "&".join(f"{k}={signed[k]}" for k in sorted(signed))
        if params.get("sign_type") != "RSA2" or not signing.is_rsa_signature(
            self.merchant_key.public_key(), text, params.get("sign", "")
        ):
            raise Refused(200, "isv.invalid-signature", "验签出错")
        stamp = datetime.strptime(params["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
        if abs((self.now() - stamp).total_seconds()) > 900:
            raise Refused(200, "isv.invalid-timestamp")
        if params.get("version") != "1.0" or params.get("charset") != "utf-8":
            raise Refused(200, "isv.invalid-parameter")
        content = json.loads(params.get("biz_content") or "{}")
        if not isinstance(content, dict):
            raise Refused(200, "isv.invalid-parameter", "biz_content")
        return content

    def _act(self, method: str, params: dict[str, str], content: dict[str, Any], request: Request) -> dict[str, Any]:
        operation = _OPERATIONS.get(method)
        if operation == "create":
            return self._precreate(content, params.get("notify_url", ""))
        if operation == "bill":
            return alipay_bills.offer(self, content, request.root_url.rstrip("/"))
        if operation is None:
            raise Refused(200, "isv.invalid-method")
        trade = self.trades.get(str(content.get("out_trade_no", "")))
        if trade is None or not trade.state:
            raise Refused(200, "ACQ.TRADE_NOT_EXIST", "交易不存在")
        act = {"query": self._told, "close": self._close, "refund": self._refund, "query_refund": self._told_refund}
        return act[operation](trade, content)

    def _take(self, content: dict[str, Any], notify_url: str) -> Trade:
        number = str(content.get("out_trade_no", ""))
        if not re.fullmatch(r"\w{1,64}", number) or not content.get("subject"):
            raise Refused(200, "ACQ.INVALID_PARAMETER")
        if not isinstance(content.get("total_amount"), str) or not _AMOUNT.fullmatch(content["total_amount"]):
            raise Refused(200, "ACQ.INVALID_PARAMETER", "total_amount")
        known = self.trades.get(number)
        if known is None:
            known = Trade(content, notify_url, f"https://qr.alipay.com/bax{secrets.token_hex(8)}", self.now())
            self.trades[number] = known
            if self.pays_at_once:
                self.pay(number)
        elif known.facts["total_amount"] != content["total_amount"]:
            raise Refused(200, "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        elif known.state == "TRADE_CLOSED":
            raise Refused(200, "ACQ.TRADE_HAS_CLOSE")
        elif known.paid_at:
            raise Refused(200, "ACQ.TRADE_HAS_SUCCESS")
        return known

    def _precreate(self, content: dict[str, Any], notify_url: str) -> dict[str, Any]:
        trade = self._take(content, notify_url)
        return {"out_trade_no": trade.number, "qr_code": trade.qr_code}

    def _page(self, params: dict[str, str], content: dict[str, Any]) -> str:
        if content.get("product_code") not in ("QUICK_WAP_WAY", "FAST_INSTANT_TRADE_PAY"):
            raise Refused(200, "ACQ.INVALID_PARAMETER", "product_code")
        trade = self._take(content, params.get("notify_url", ""))
        trade.state = trade.state or "WAIT_BUYER_PAY"
        trade.trade_no = trade.trade_no or self.unique("20")
        return f"/pay/{trade.number}?{urlencode({'back': params.get('return_url', '')})}"

    def _told(self, trade: Trade, content: dict[str, Any]) -> dict[str, Any]:
        told = {
            "out_trade_no": trade.number,
            "trade_no": trade.trade_no,
            "trade_status": trade.state,
            "total_amount": yuan(trade.paid) if trade.paid_at else trade.facts["total_amount"],
            "buyer_logon_id": "abc***@example.com",
            "subject": trade.facts["subject"] + self.odd_text,
        }
        return told | ({"send_pay_date": _time(trade.paid_at)} if trade.paid_at else {})

    def _close(self, trade: Trade, content: dict[str, Any]) -> dict[str, Any]:
        if trade.state != "WAIT_BUYER_PAY":
            raise Refused(200, "ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        trade.state = "TRADE_CLOSED"
        return {"out_trade_no": trade.number, "trade_no": trade.trade_no}

    def _refund(self, trade: Trade, content: dict[str, Any]) -> dict[str, Any]:
        amount = content.get("refund_amount")
        if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount) or int(amount.replace(".", "")) < 1:
            raise Refused(200, "ACQ.INVALID_PARAMETER", "refund_amount")
        fen = int(amount.replace(".", ""))
        number = str(content.get("out_request_no") or trade.number)
        known = trade.refunds.get(number)
        if known is not None:
            if known.fen != fen:
                raise Refused(200, "ACQ.DISCORDANT_REPEAT_REQUEST")
            return self._refunded(trade, known, "N")
        self._check_refund(trade, fen)
        refund = trade.refunds[number] = Refund(number, fen, self.now(), not self.refunds_wait)
        if not refund.is_done:
            return self._refunded(trade, refund, "N")
        self.settle_refund(number)
        return self._refunded(trade, refund, "Y")

    def _check_refund(self, trade: Trade, fen: int) -> None:
        if trade.state == "TRADE_FINISHED":
            raise Refused(200, "ACQ.TRADE_HAS_FINISHED")
        if trade.state != "TRADE_SUCCESS" and not (trade.refunds and trade.state == "TRADE_CLOSED"):
            raise Refused(200, "ACQ.TRADE_STATUS_ERROR")
        if trade.back + fen > trade.paid:
            raise Refused(200, "ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
        if trade.refunds and self.now() - max(one.made_at for one in trade.refunds.values()) < timedelta(seconds=3):
            raise Refused(200, "isv.app-call-limited", "三秒内只能退款一次")
        if fen > self.balance:
            raise Refused(200, "ACQ.SELLER_BALANCE_NOT_ENOUGH")

    def _refunded(self, trade: Trade, refund: Refund, change: str) -> dict[str, Any]:
        return {
            "out_trade_no": trade.number,
            "trade_no": trade.trade_no,
            "refund_fee": yuan(trade.back),
            "fund_change": change,
            "gmt_refund_pay": _time(refund.made_at),
        }

    def _told_refund(self, trade: Trade, content: dict[str, Any]) -> dict[str, Any]:
        refund = trade.refunds.get(str(content.get("out_request_no", "")))
        if refund is None:
            return {}
        told = {
            "out_trade_no": trade.number,
            "trade_no": trade.trade_no,
            "out_request_no": refund.number,
            "total_amount": yuan(trade.paid),
            "refund_amount": yuan(refund.fen),
        }
        return told | ({"refund_status": "REFUND_SUCCESS"} if refund.is_done else {})

    def _download(self, request: Request) -> Response:
        content, until = self.offers.get(request.args.get("token", ""), (b"", self.now()))
        if not content or until < self.now():
            return Response("gone", 404)
        return Response(content, content_type="application/zip")

    def sales(self) -> list[Sale]:
        return [
            Sale(
                key=trade.number,
                number=trade.number,
                title=trade.facts["subject"],
                amount=f"CNY {trade.facts['total_amount']}",
                made_at=trade.made_at,
                is_open=trade.state in ("", "WAIT_BUYER_PAY"),
                is_paid=trade.paid_at is not None,
            )
            for trade in self.trades.values()
        ]

    def waiting_refunds(self) -> list[tuple[str, datetime]]:
        every = [one for trade in self.trades.values() for one in trade.refunds.values()]
        return [(one.number, one.made_at) for one in every if not one.is_done]

    # What happens away from the merchant

    def pay(self, number: str, amount: int | None = None) -> Notice:
        """The buyer scans and pays, and the merchant is told."""
        trade = self.trades[number]
        trade.trade_no = trade.trade_no or self.unique("20")
        trade.state, trade.paid_at = "TRADE_SUCCESS", self.now()
        trade.paid = amount if amount is not None else int(trade.facts["total_amount"].replace(".", ""))
        return self.tell(self.payment_notice(number))

    def scan(self, number: str) -> None:
        """The buyer scans and thinks about it."""
        trade = self.trades[number]
        trade.state, trade.trade_no = "WAIT_BUYER_PAY", self.unique("20")

    def settle_refund(self, number: str) -> Notice | None:
        """The refund is done; the payment's address is told, in words that look like another payment."""
        trade = next(one for one in self.trades.values() if number in one.refunds)
        trade.refunds[number].is_done = True
        if trade.back == trade.paid:
            trade.state = "TRADE_CLOSED"
        return self.tell(self.refund_notice(number)) if self.tells_of_refunds else None

    def age(self, number: str, seconds: int) -> None:
        """Let a trade's refunds be older than they are."""
        for refund in self.trades[number].refunds.values():
            refund.made_at -= timedelta(seconds=seconds)

    def payment_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The notice of a trade, or a false one."""
        return self._notice(self.trades[number], {}, lie)

    def refund_notice(self, number: str, lie: Lie | None = None) -> Notice:
        """The notice that follows a refund."""
        trade = next(one for one in self.trades.values() if number in one.refunds)
        more = {
            "refund_fee": yuan(trade.back),
            "gmt_refund": _time(trade.refunds[number].made_at),
            "out_biz_no": number,
        }
        return self._notice(trade, more, lie)

    def _notice(self, trade: Trade, more: dict[str, str], lie: Lie | None) -> Notice:
        late = {Lie.STALE: -100_000, Lie.FUTURE: 600}.get(lie, 0) if lie else 0
        amount = trade.paid or int(trade.facts["total_amount"].replace(".", ""))
        params = {
            "notify_time": _time(self.now() + timedelta(seconds=late)),
            "notify_type": "trade_status_sync",
            "notify_id": secrets.token_hex(17),
            "app_id": "2021000199999999" if lie is Lie.APP else self.app_id,
            "charset": "utf-8",
            "version": "1.0",
            "trade_no": trade.trade_no,
            "out_trade_no": "NOBODYKNOWSTHIS" if lie is Lie.NUMBER else trade.number,
            "seller_id": "2088000000000000" if lie is Lie.MERCHANT else self.seller_id,
            "trade_status": trade.state,
            "total_amount": yuan(amount + (lie is Lie.AMOUNT)),
            "buyer_logon_id": "",
            "subject": trade.facts["subject"],
            **({"gmt_payment": _time(trade.paid_at)} if trade.paid_at else {}),
            **more,
        }
        text = "&".join(f"{k}={params[k]}" for k in sorted(params) if params[k])
        key = signing.key("stranger") if lie is Lie.STRANGER else self.own_key
        params |= {"sign_type": "RSA" if lie is Lie.TYPE else "RSA2", "sign": signing.rsa_signature(key, text)}
        body = urlencode(params).encode()
        if lie is Lie.TAMPERED:
            body = body.replace(b"notify_id=", b"notify_id=0", 1)
        return Notice(trade.notify_url, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def _signed(self, method: str, data: dict[str, Any], fault: Fault | None) -> Response:
        exact = json.dumps(data, ensure_ascii=False)
        key = signing.key("stranger") if fault is Fault.UNSIGNED else self.own_key
        sign = json.dumps(signing.rsa_signature(key, exact))
        body = f'{{"{method.replace(".", "_")}_response": {exact}, "sign": {sign}}}'
        return Response(body, content_type="text/html;charset=utf-8")


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def _bare(pem: str) -> str:
    return "".join(line for line in pem.splitlines() if "-----" not in line)
