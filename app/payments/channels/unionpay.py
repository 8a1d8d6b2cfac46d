"""The UnionPay channel (gateway 5.1.0): domestic cards, entered on UnionPay's own page, never on ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l

from app.kit import clock
from app.kit.money import Money
from app.payments.channels import beijing, unionpay_files, verdicts
from app.payments.channels.unionpay_client import Told, UnionPayClient, notified
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

CNY = "156"
_DONE = frozenset({"00", "A6"})
_UNDER_WAY = frozenset({"03", "04", "05"})
_ABSENT = "34"
PAYMENT, REFUND = "01", "04"
_OPEN_FOR, _GRACE = timedelta(hours=24), timedelta(minutes=5)
"""A trade that UnionPay does not know some time after its payTimeout will never be paid."""


class UnionPayChannel:
    """One merchant's account with UnionPay. Raises BadKey when keys or certificates cannot be read."""

    def __init__(self, account: Account) -> None:
        self._client = UnionPayClient(account)

    def create(self, charge: Charge) -> Started:
        """The form that the buyer's browser posts to UnionPay; nothing is called yet."""
        if charge.amount.currency != "CNY":
            raise ValueError(f"UnionPay takes CNY, not {charge.amount.currency}")
        form = self._client.signed(
            {
                "txnType": PAYMENT,
                "txnSubType": "01",
                "bizType": "000201",
                "channelType": "08" if charge.is_phone else "07",
                "orderId": charge.number,
                "txnTime": beijing.compact(charge.started_at),
                "txnAmt": str(charge.amount.minor),
                "currencyCode": CNY,
                "frontUrl": charge.return_url,
                "backUrl": charge.notify_url,
                "payTimeout": beijing.compact(charge.expires_at),
            }
        )
        url = f"{self._client.api}/frontTransReq.do"
        return Started(CreateStatus.READY, Exchange("frontTransReq.do", url), scene=Scene.FORM, url=url, form=form)

    def query(self, trade: TradeRef) -> Trade:
        """The trade's state, by its number and time: both together are its key."""
        told = self._ask(trade.number, trade.started_at)
        exchange = told.answer.exchange
        if told.code == _ABSENT:
            return Trade(TradeStatus.ABSENT, trade.number, code=told.code, exchange=exchange)
        if told.code not in _DONE:
            return Trade(TradeStatus.UNKNOWN, trade.number, code=told.code, exchange=exchange)
        if not self._is_ours(told.data, trade.number, PAYMENT):
            return Trade(TradeStatus.UNKNOWN, trade.number, code="mismatch", exchange=exchange)
        return _trade(told.data, told.data.get("origRespCode", ""), exchange)

    def _ask(self, number: str, at: datetime) -> Told:
        key = {"orderId": number, "txnTime": beijing.compact(at)}
        return self._client.call("queryTrans.do", {"txnType": "00", "txnSubType": "00", "bizType": "000000", **key})

    def _is_ours(self, data: Mapping[str, str], number: str, kind: str) -> bool:
        return (data.get("merId"), data.get("orderId"), data.get("txnType")) == (self._client.mer_id, number, kind)

    def close(self, trade: TradeRef) -> Closed:
        """UnionPay knows no closing: payTimeout ends a trade. So: not paid and past its time is closed."""
        found = self.query(trade)
        exchange = found.exchange or Exchange("queryTrans.do")
        if found.status is TradeStatus.PAID:
            return Closed(CloseStatus.ALREADY_PAID, exchange, code=found.code)
        ends_at = trade.expires_at + _GRACE if trade.expires_at else trade.started_at + _OPEN_FOR
        is_over = clock.now() > ends_at
        if found.status is TradeStatus.FAILED or (found.status is TradeStatus.ABSENT and is_over):
            return Closed(CloseStatus.CLOSED, exchange, code=found.code)
        return Closed(CloseStatus.UNKNOWN, exchange, code=found.code)

    def refund(self, refund: RefundRef) -> RefundReport:
        """Ask for money back; "00" means taken in, not given back: notice and query say that."""
        fields = {
            "txnType": REFUND,
            "txnSubType": "00",
            "bizType": "000000",
            "channelType": "07",
            "orderId": refund.number,
            "txnTime": beijing.compact(refund.asked_at),
            "txnAmt": str(refund.amount.minor),
            "origQryId": refund.trade.channel_trade_no,
            "backUrl": refund.notify_url,
        }
        told = self._client.call("backTransReq.do", fields)
        exchange = told.answer.exchange
        if told.code in _DONE:
            if not self._is_ours(told.data, refund.number, REFUND):
                return RefundReport(RefundStatus.UNKNOWN, refund.number, code="mismatch", exchange=exchange)
            query_id = told.data.get("queryId", "")
            return RefundReport(RefundStatus.PROCESSING, refund.number, query_id, code=told.code, exchange=exchange)
        status = verdicts.refund_status(verdicts.of("unionpay", told.code))
        if status is RefundStatus.FAILED and (known := self.query_refund(refund)).status is not RefundStatus.ABSENT:
            return known
        return RefundReport(status, refund.number, code=told.code, exchange=exchange)

    def query_refund(self, refund: RefundRef) -> RefundReport:
        """Where the refund stands."""
        told = self._ask(refund.number, refund.asked_at)
        exchange = told.answer.exchange
        if told.code == _ABSENT:
            return RefundReport(RefundStatus.ABSENT, refund.number, code=told.code, exchange=exchange)
        if told.code not in _DONE:
            return RefundReport(RefundStatus.UNKNOWN, refund.number, code=told.code, exchange=exchange)
        if not self._is_ours(told.data, refund.number, REFUND):
            return RefundReport(RefundStatus.UNKNOWN, refund.number, code="mismatch", exchange=exchange)
        return _refund(told.data, told.data.get("origRespCode", ""), exchange)

    def parse_callback(self, request: CallbackRequest) -> Notice:
        """A notice, or the form that the buyer's browser brings back; both are signed alike. Raises Forged."""
        data = notified(request.body)
        self._client.prove(data, request.received_at)
        if data.get("merId") != self._client.mer_id:
            raise Forged("merchant_id")
        number, query_id, kind = data.get("orderId", ""), data.get("queryId", ""), data.get("txnType", "")
        if not number or not query_id:
            raise Forged("malformed")
        notice_id = f"{query_id}:{kind}:{data.get('respCode', '')}"
        if kind == PAYMENT:
            trade = _trade(data, data.get("respCode", ""), None)
            return Notice(notice_id, NoticeKind.PAYMENT, number, trade=trade)
        if kind == REFUND:
            report = _refund(data, data.get("respCode", ""), None)
            return Notice(notice_id, NoticeKind.REFUND, refund=report)
        return Notice(notice_id, NoticeKind.IGNORED, number)

    def bill(self, day: date) -> Bill:
        """The day's file of ordinary trades."""
        told = self._client.file(
            {
                "txnType": "76",
                "txnSubType": "01",
                "bizType": "000000",
                "fileType": "00",
                "settleDate": day.strftime("%m%d"),
                "txnTime": beijing.compact(clock.now()),
            }
        )
        if told.code == "98":
            status = BillStatus.READY if beijing.is_billed(day) else BillStatus.NOT_READY
            return Bill(status, told.answer.exchange, code=told.code)
        if told.code not in _DONE:
            is_final = verdicts.of("unionpay", told.code) in (verdicts.FINAL, verdicts.PERSON)
            status = BillStatus.FAILED if is_final else BillStatus.UNKNOWN
            return Bill(status, told.answer.exchange, code=told.code)
        try:
            text = unionpay_files.unpacked(told.data.get("fileContent", ""))
            return Bill(BillStatus.READY, told.answer.exchange, unionpay_files.trades(text, day), text=text)
        except ValueError:
            return Bill(BillStatus.UNKNOWN, told.answer.exchange, code="bad_answer")

    def check(self) -> Health:
        """Ask for a trade that cannot exist: "no such trade" proves merchant, keys, chain and connection."""
        told = self._ask("KUAIDAN0CHECK", clock.now())
        is_well = told.code == _ABSENT or told.code in _DONE
        return Health(is_well, told.answer.exchange, "" if is_well else told.code)


def _money(data: Mapping[str, str]) -> Money | None:
    text = data.get("txnAmt", "")
    # Another currency must show up as another amount, not as no amount: the core compares both.
    return Money(int(text), "CNY" if data.get("currencyCode", CNY) == CNY else "XXX") if text.isdecimal() else None


def _trade(data: Mapping[str, str], code: str, exchange: Exchange | None) -> Trade:
    status = TradeStatus.PAID if code in _DONE else TradeStatus.WAITING if code in _UNDER_WAY else TradeStatus.FAILED
    return Trade(
        status=status,
        number=data.get("orderId", ""),
        channel_trade_no=data.get("queryId", ""),
        amount=_money(data),
        paid_at=_traced(data),
        code=code,
        exchange=exchange,
    )


def _refund(data: Mapping[str, str], code: str, exchange: Exchange | None) -> RefundReport:
    done, waiting = code in _DONE, code in _UNDER_WAY
    verdict = verdicts.refund_status(verdicts.of("unionpay", code))
    status = RefundStatus.SUCCEEDED if done else RefundStatus.PROCESSING if waiting else verdict
    return RefundReport(
        status=status,
        number=data.get("orderId", ""),
        channel_refund_no=data.get("queryId", ""),
        amount=_money(data),
        done_at=_traced(data) if done else None,
        code=code,
        exchange=exchange,
    )


def _traced(data: Mapping[str, str]) -> datetime | None:
    """`traceTime` (MMDDhhmmss) with the year of `txnTime`."""
    return beijing.read(data.get("txnTime", "")[:4] + data.get("traceTime", "")) or beijing.read(
        data.get("txnTime", "")
    )


CHANNEL = Channel(
    code="unionpay",
    name=_l("UnionPay card"),
    icon="credit-card",
    build=UnionPayChannel,
    fields=(
        CredentialField("mer_id", _l("Merchant number (merId)"), secret=False),
        CredentialField(
            "private_key",
            _l("Private key of the merchant certificate"),
            multiline=True,
            hint=_l("From the .pfx file: openssl pkcs12 -in merchant.pfx -nocerts -nodes"),
        ),
        CredentialField(
            "certificate",
            _l("Merchant certificate"),
            secret=False,
            multiline=True,
            hint=_l("From the .pfx file: openssl pkcs12 -in merchant.pfx -clcerts -nokeys"),
        ),
        CredentialField(
            "root_certificate",
            _l("UnionPay root certificate"),
            secret=False,
            multiline=True,
            hint=_l("acp_prod_root.cer of the download centre; acp_test_root.cer in test mode."),
        ),
        CredentialField(
            "middle_certificate",
            _l("UnionPay middle certificate"),
            secret=False,
            multiline=True,
            hint=_l("acp_prod_middle.cer of the download centre; acp_test_middle.cer in test mode."),
        ),
    ),
    scenes=(Scene.FORM,),
    accepted=Reply(200, "ok"),
    refused=Reply(400, "fail"),
    bill_hour=9,
)
