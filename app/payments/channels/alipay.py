"""The Alipay channel: a QR code on our page, or a page of Alipay's for phones and computers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from app.kit.money import Money, to_minor
from app.payments.channels import alipay_bills, beijing, verdicts, wire
from app.payments.channels.alipay_client import AlipayClient, Told
from app.payments.providers import (
    Account,
    Bill,
    BillStatus,
    CallbackRequest,
    Channel,
    Charge,
    Closed,
    CloseStatus,
    CreateStatus,
    CredentialField,
    Exchange,
    Forged,
    Health,
    Notice,
    NoticeKind,
    RefundLimits,
    RefundRef,
    RefundReport,
    RefundStatus,
    Reply,
    Scene,
    Started,
    Trade,
    TradeRef,
    TradeStatus,
)

TRADE_STATES = {
    "WAIT_BUYER_PAY": TradeStatus.WAITING,
    "TRADE_SUCCESS": TradeStatus.PAID,
    "TRADE_FINISHED": TradeStatus.PAID,
    "TRADE_CLOSED": TradeStatus.CLOSED,
}
_ABSENT = "ACQ.TRADE_NOT_EXIST"
_PAID = frozenset({"ACQ.TRADE_HAS_SUCCESS", "ACQ.TRADE_HAS_FINISHED"})
_NO_BILL = frozenset({"isp.bill_not_exist", "isv.bill-not-exist"})
OLDEST_NOTICE = timedelta(hours=26)
"""Alipay repeats a notification for 25 hours; an older one is a replay."""


class AlipayChannel:
    """One merchant's app with Alipay. Raises BadKey when its keys cannot be read."""

    def __init__(self, account: Account) -> None:
        self._client = AlipayClient(account)
        self._seller_id = account.credentials["seller_id"]

    def create(self, charge: Charge) -> Started:
        """A code to scan, or the address of Alipay's page; for the page nothing is called yet."""
        content = {
            "out_trade_no": charge.number,
            "total_amount": yuan(charge.amount),
            "subject": charge.title[:200],
            "time_expire": beijing.written(charge.expires_at),
        }
        if charge.scene is Scene.REDIRECT:
            return self._page(charge, content)
        told = self._client.call("alipay.trade.precreate", content, notify_url=charge.notify_url)
        if told.code:
            status = verdicts.create_status(verdicts.of("alipay", told.code))
            return Started(status, told.answer.exchange, code=told.code)
        code = str(told.data.get("qr_code", ""))
        if told.data.get("out_trade_no") != charge.number or not code:
            return Started(CreateStatus.UNKNOWN, told.answer.exchange, code="mismatch")
        return Started(CreateStatus.READY, told.answer.exchange, scene=Scene.QR, qr_text=code)

    def _page(self, charge: Charge, content: dict[str, str]) -> Started:
        method = "alipay.trade.wap.pay" if charge.is_phone else "alipay.trade.page.pay"
        product = "QUICK_WAP_WAY" if charge.is_phone else "FAST_INSTANT_TRADE_PAY"
        content = {**content, "product_code": product}
        url = self._client.page(method, content, charge.notify_url, charge.return_url)
        return Started(CreateStatus.READY, Exchange(method.removeprefix("alipay."), url), scene=Scene.REDIRECT, url=url)

    def query(self, trade: TradeRef) -> Trade:
        """The trade's state; absent until the buyer has scanned the code."""
        told = self._client.call("alipay.trade.query", {"out_trade_no": trade.number})
        if told.code == _ABSENT:
            return Trade(TradeStatus.ABSENT, trade.number, code=told.code, exchange=told.answer.exchange)
        if told.code:
            return Trade(TradeStatus.UNKNOWN, trade.number, code=told.code, exchange=told.answer.exchange)
        if told.data.get("out_trade_no") != trade.number:
            return Trade(TradeStatus.UNKNOWN, trade.number, code="mismatch", exchange=told.answer.exchange)
        return _trade(told.data, str(told.data.get("send_pay_date", "")), told)

    def close(self, trade: TradeRef) -> Closed:
        """Closed, also when nobody scanned the code: Alipay then knows no trade, and the code has run out."""
        told = self._client.call("alipay.trade.close", {"out_trade_no": trade.number})
        if not told.code or told.code in (_ABSENT, "ACQ.TRADE_HAS_CLOSE"):
            return Closed(CloseStatus.CLOSED, told.answer.exchange, code=told.code)
        if told.code in _PAID:
            return Closed(CloseStatus.ALREADY_PAID, told.answer.exchange, code=told.code)
        if told.code in ("ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID"):
            return self._closed_by_state(trade, told)
        status = verdicts.close_status(verdicts.of("alipay", told.code))
        return Closed(status, told.answer.exchange, code=told.code)

    def _closed_by_state(self, trade: TradeRef, told: Told) -> Closed:
        state = self.query(trade).status
        known = {TradeStatus.PAID: CloseStatus.ALREADY_PAID, TradeStatus.CLOSED: CloseStatus.CLOSED}
        return Closed(known.get(state, CloseStatus.UNKNOWN), told.answer.exchange, code=told.code)

    def refund(self, refund: RefundRef) -> RefundReport:
        """Ask for money back. "10000" is not "refunded": only fund_change Y is, else the query decides."""
        told = self._client.call(
            "alipay.trade.refund",
            {
                "out_trade_no": refund.trade.number,
                "refund_amount": yuan(refund.amount),
                "out_request_no": refund.number,
                "refund_reason": refund.reason[:80],
            },
        )
        exchange = told.answer.exchange
        if told.code:
            status = verdicts.refund_status(verdicts.of("alipay", told.code))
            if status is RefundStatus.FAILED and (known := self.query_refund(refund)).status is not RefundStatus.ABSENT:
                return known
            return RefundReport(status, refund.number, code=told.code, exchange=exchange)
        if told.data.get("out_trade_no") != refund.trade.number:
            return RefundReport(RefundStatus.UNKNOWN, refund.number, code="mismatch", exchange=exchange)
        if told.data.get("fund_change") != "Y":
            return RefundReport(RefundStatus.PROCESSING, refund.number, code="fund_change:N", exchange=exchange)
        return RefundReport(
            RefundStatus.SUCCEEDED,
            refund.number,
            channel_refund_no=refund.number,
            amount=refund.amount,  # Alipay answers with the sum of all refunds of the trade, not with this one
            done_at=beijing.read(str(told.data.get("gmt_refund_pay", ""))),
            exchange=exchange,
        )

    def query_refund(self, refund: RefundRef) -> RefundReport:
        """Where the refund stands; an answer without a status means that Alipay knows no such refund."""
        told = self._client.call(
            "alipay.trade.fastpay.refund.query",
            {
                "out_trade_no": refund.trade.number,
                "out_request_no": refund.number,
                "query_options": ["gmt_refund_pay"],
            },
        )
        exchange, data = told.answer.exchange, told.data
        if told.code == _ABSENT or (not told.code and not data.get("out_request_no")):
            return RefundReport(RefundStatus.ABSENT, refund.number, code=told.code, exchange=exchange)
        if told.code:
            return RefundReport(RefundStatus.UNKNOWN, refund.number, code=told.code, exchange=exchange)
        if (data.get("out_request_no"), data.get("out_trade_no")) != (refund.number, refund.trade.number):
            return RefundReport(RefundStatus.UNKNOWN, refund.number, code="mismatch", exchange=exchange)
        done = data.get("refund_status") == "REFUND_SUCCESS"
        return RefundReport(
            RefundStatus.SUCCEEDED if done else RefundStatus.PROCESSING,
            refund.number,
            channel_refund_no=refund.number,
            amount=_money(data.get("refund_amount")),
            done_at=beijing.read(str(data.get("gmt_refund_pay", ""))),
            exchange=exchange,
        )

    def parse_callback(self, request: CallbackRequest) -> Notice:
        """A notification: signature, app, seller, age. One about a refund is a hint: ask. Raises Forged."""
        params = self._client.proved(request.body)
        if params.get("seller_id") != self._seller_id:
            raise Forged("merchant_id")
        sent_at = beijing.read(params.get("notify_time", ""))
        if sent_at is None or not params.get("notify_id"):
            raise Forged("malformed")
        if not -timedelta(minutes=5) <= request.received_at - sent_at <= OLDEST_NOTICE:
            raise Forged("stale")
        number = params.get("out_trade_no", "")
        if params.get("refund_fee") or params.get("gmt_refund") or params.get("out_biz_no"):
            # A partial refund sends TRADE_SUCCESS again, a full one TRADE_CLOSED: neither says that it is done.
            report = RefundReport(RefundStatus.UNKNOWN, params.get("out_biz_no", ""))
            return Notice(params["notify_id"], NoticeKind.HINT, number, refund=report)
        trade = _trade(params, params.get("gmt_payment", ""), None)
        kind = NoticeKind.PAYMENT if trade.status is not TradeStatus.WAITING else NoticeKind.IGNORED
        return Notice(params["notify_id"], kind, number, trade=trade)

    def bill(self, day: date) -> Bill:
        """The trade bill of a day; its address lives 30 seconds, so it is fetched at once."""
        told = self._client.call(
            "alipay.data.dataservice.bill.downloadurl.query", {"bill_type": "trade", "bill_date": day.isoformat()}
        )
        if told.code:
            return _no_bill(told, day)
        url = str(told.data.get("bill_download_url", "")).replace("http://dwbill", "https://dwbill")
        answer = wire.send(wire.Call("bill download", "GET", url, most_bytes=wire.MOST_BILL_BYTES))
        if answer.problem or answer.status != 200:
            return Bill(BillStatus.UNKNOWN, answer.exchange, code=answer.problem or str(answer.status))
        try:
            text = alipay_bills.unpacked(answer.body)
            return Bill(BillStatus.READY, answer.exchange, alipay_bills.trades(text), text=text)
        except ValueError as error:
            return Bill(BillStatus.UNKNOWN, answer.exchange, code="bad_answer", text=str(error))

    def check(self) -> Health:
        """Ask for a trade that cannot exist: "no such trade" proves app, keys and connection."""
        told = self._client.call("alipay.trade.query", {"out_trade_no": "KUAIDAN0CHECK"})
        is_well = told.code in ("", _ABSENT)
        return Health(is_well, told.answer.exchange, "" if is_well else told.code)


def yuan(amount: Money) -> str:
    """The amount as Alipay wants it: yuan with two decimals, never a float."""
    if amount.currency != "CNY":
        raise ValueError(f"Alipay takes CNY, not {amount.currency}")
    return f"{Decimal(amount.minor).scaleb(-2):.2f}"


def _money(text: Any) -> Money | None:
    try:
        return Money(to_minor(str(text), "CNY"), "CNY")
    except ValueError:
        return None


def _trade(data: Mapping[str, Any], paid_at: str, told: Told | None) -> Trade:
    return Trade(
        status=TRADE_STATES.get(str(data.get("trade_status")), TradeStatus.UNKNOWN),
        number=str(data.get("out_trade_no", "")),
        channel_trade_no=str(data.get("trade_no", "")),
        amount=_money(data.get("total_amount")),
        paid_at=beijing.read(paid_at),
        code=str(data.get("trade_status", "")),
        exchange=told.answer.exchange if told else None,
    )


def _no_bill(told: Told, day: date) -> Bill:
    exchange = told.answer.exchange
    if told.code in _NO_BILL:
        return Bill(BillStatus.READY if beijing.is_billed(day) else BillStatus.NOT_READY, exchange, code=told.code)
    verdict = verdicts.of("alipay", told.code)
    status = {verdicts.ASK: BillStatus.UNKNOWN, verdicts.RETRY: BillStatus.UNKNOWN}.get(verdict, BillStatus.FAILED)
    return Bill(status, exchange, code=told.code)


CHANNEL = Channel(
    code="alipay",
    name=_l("Alipay"),
    icon="brand-alipay",
    build=AlipayChannel,
    fields=(
        CredentialField(
            "app_id", _l("App ID"), secret=False, hint=_l("Open platform: the app that has signed up for payments.")
        ),
        CredentialField(
            "seller_id",
            _l("Seller ID (2088…)"),
            secret=False,
            hint=_l("The sixteen digits of the account that gets the money."),
        ),
        CredentialField(
            "private_key",
            _l("App private key (RSA2)"),
            multiline=True,
            hint=_l("As the key tool writes it, PKCS#1 or PKCS#8, with or without BEGIN and END."),
        ),
        CredentialField(
            "alipay_public_key",
            _l("Alipay public key"),
            secret=False,
            multiline=True,
            hint=_l("Open platform: the app, interface signing. Not the public key of the app."),
        ),
    ),
    scenes=(Scene.QR, Scene.REDIRECT),
    refund_limits=RefundLimits(days=365, gap_seconds=3),
    accepted=Reply(200, "success"),
    refused=Reply(400, "fail"),
    bill_hour=10,
)
