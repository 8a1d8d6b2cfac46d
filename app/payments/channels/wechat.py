"""The WeChat Pay v3 channel: Native QR, H5 and JSAPI, in a direct merchant's name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from flask_babel import lazy_gettext as _l
from wechatpayv3 import WeChatPayType

from app.kit import clock
from app.payments.channels import beijing, verdicts, wechat_bills
from app.payments.channels import wechat_answers as answers
from app.payments.channels.wechat_client import Told, client
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

SCENES = {Scene.QR: WeChatPayType.NATIVE, Scene.REDIRECT: WeChatPayType.H5, Scene.SCRIPT: WeChatPayType.JSAPI}
_ABSENT = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_TITLE_BYTES = 120


class WeChatPayChannel:
    """One merchant's account with WeChat Pay. Raises BadKey when its keys cannot be read."""

    def __init__(self, account: Account) -> None:
        self._pay = client(account)
        self._core = self._pay._core
        self._appid = account.credentials["appid"]
        self._mchid = account.credentials["mchid"]

    def create(self, charge: Charge) -> Started:
        """A trade under the charge's number; sent again with the same facts it gives the same trade."""
        told: Told = self._pay.pay(
            description=_cut(charge.title, _TITLE_BYTES),
            out_trade_no=charge.number,
            amount={"total": charge.amount.minor, "currency": charge.amount.currency},
            time_expire=beijing.iso(charge.expires_at),
            notify_url=charge.notify_url,
            pay_type=SCENES[charge.scene],
            **_scene_facts(charge),
        )
        if told.code:
            status = verdicts.create_status(verdicts.of("wechat", told.code))
            return Started(status, told.answer.exchange, code=told.code)
        if charge.scene is Scene.SCRIPT:
            return self._script(charge, told)
        name = "code_url" if charge.scene is Scene.QR else "h5_url"
        address = str(told.data.get(name) or "")
        if not address:
            return Started(CreateStatus.UNKNOWN, told.answer.exchange, code="bad_answer")
        ready = Started(CreateStatus.READY, told.answer.exchange, scene=charge.scene, qr_text=address)
        if charge.scene is Scene.QR:
            return ready
        back = f"{address}&redirect_url={quote(charge.return_url, safe='')}"
        return Started(CreateStatus.READY, told.answer.exchange, scene=charge.scene, url=back)

    def _script(self, charge: Charge, told: Told) -> Started:
        package = f"prepay_id={told.data.get('prepay_id', '')}"
        stamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
        script = {
            "appId": self._appid,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._pay.sign([self._appid, stamp, nonce, package]),
        }
        return Started(CreateStatus.READY, told.answer.exchange, scene=Scene.SCRIPT, script=script)

    def query(self, trade: TradeRef) -> Trade:
        """The trade's state; an answer about another number or merchant is UNKNOWN."""
        told: Told = self._pay.query(out_trade_no=trade.number)
        if told.code in _ABSENT:
            return Trade(TradeStatus.ABSENT, trade.number, code=told.code, exchange=told.answer.exchange)
        if told.code:
            return Trade(TradeStatus.UNKNOWN, trade.number, code=told.code, exchange=told.answer.exchange)
        if not self._is_ours(told.data, trade.number):
            return Trade(TradeStatus.UNKNOWN, trade.number, code="mismatch", exchange=told.answer.exchange)
        return answers.trade(told.data, told)

    def _is_ours(self, data: Mapping[str, Any], number: str) -> bool:
        return (data.get("appid"), data.get("mchid"), data.get("out_trade_no")) == (self._appid, self._mchid, number)

    def close(self, trade: TradeRef) -> Closed:
        """No payment under this number any more, unless there is one already."""
        told: Told = self._pay.close(out_trade_no=trade.number)
        code = told.code
        if not code or code in _ABSENT or code == "ORDER_CLOSED":
            return Closed(CloseStatus.CLOSED, told.answer.exchange, code=code)
        if code == "ORDERPAID":
            return Closed(CloseStatus.ALREADY_PAID, told.answer.exchange, code=code)
        return Closed(verdicts.close_status(verdicts.of("wechat", code)), told.answer.exchange, code=code)

    def refund(self, refund: RefundRef) -> RefundReport:
        """Ask for money back; a refusal of a number that WeChat has taken already is not believed."""
        told: Told = self._pay.refund(
            out_refund_no=refund.number,
            out_trade_no=refund.trade.number,
            amount={
                "refund": refund.amount.minor,
                "total": refund.trade.amount.minor,
                "currency": refund.amount.currency,
            },
            reason=_cut(refund.reason, 80),
            notify_url=refund.notify_url,
        )
        if not told.code:
            return answers.refund_report(refund, told)
        status = verdicts.refund_status(verdicts.of("wechat", told.code))
        if status is RefundStatus.FAILED and (known := self.query_refund(refund)).status is not RefundStatus.ABSENT:
            return known
        return RefundReport(status, refund.number, code=told.code, exchange=told.answer.exchange)

    def query_refund(self, refund: RefundRef) -> RefundReport:
        """Where the refund stands."""
        told: Told = self._pay.query_refund(out_refund_no=refund.number)
        if told.code in _ABSENT:
            return RefundReport(RefundStatus.ABSENT, refund.number, code=told.code, exchange=told.answer.exchange)
        if told.code:
            return RefundReport(RefundStatus.UNKNOWN, refund.number, code=told.code, exchange=told.answer.exchange)
        return answers.refund_report(refund, told)

    def parse_callback(self, request: CallbackRequest) -> Notice:
        """A notification: signature, freshness, decryption, merchant and app. Raises Forged."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._core.prove(headers, request.body, request.received_at)
        try:
            event = json.loads(request.body)
            kind, resource = str(event["event_type"]), event["resource"]
            notice_id, resource_type = str(event["id"]), event["resource_type"]
        except (ValueError, KeyError, TypeError) as error:
            raise Forged("malformed") from error
        if resource_type != "encrypt-resource" or not isinstance(resource, dict) or not notice_id:
            raise Forged("malformed")
        data = self._core.opened(resource)
        if data.get("mchid") != self._mchid:
            raise Forged("merchant_id")
        sent_at = datetime.fromtimestamp(int(headers["wechatpay-timestamp"]), UTC)
        number = str(data.get("out_trade_no", ""))
        if kind.startswith("REFUND."):
            report = answers.notified_refund(data)
            return Notice(notice_id, NoticeKind.REFUND, number, sent_at, refund=report)
        if kind != "TRANSACTION.SUCCESS":
            return Notice(notice_id, NoticeKind.IGNORED, number, sent_at)
        if data.get("appid") != self._appid:
            raise Forged("app_id")
        return Notice(notice_id, NoticeKind.PAYMENT, number, sent_at, trade=answers.trade(data, None))

    def bill(self, day: date) -> Bill:
        """The trade bill of a day: payments and refunds with their fees."""
        text, told = self._file(self._pay.trade_bill(bill_date=day.isoformat(), tar_type="GZIP"))
        if text is None:
            return Bill(_bill_status(told.code), told.answer.exchange, code=told.code)
        try:
            rows = wechat_bills.trades(text)
        except ValueError:
            return Bill(BillStatus.UNKNOWN, told.answer.exchange, code="bad_answer", text=text)
        return Bill(BillStatus.READY, told.answer.exchange, rows, text=text)

    def fund_flow(self, day: date) -> tuple[wechat_bills.FundEntry, ...]:
        """Each movement of the merchant's balance on a day. Raises ValueError when the file cannot be had or read."""
        text, told = self._file(self._pay.fundflow_bill(bill_date=day.isoformat(), tar_type="GZIP"))
        if text is None:
            raise ValueError(told.code)
        return wechat_bills.fund_flow(text)

    def _file(self, offer: Told) -> tuple[str | None, Told]:
        if offer.code:
            return None, offer
        told: Told = self._pay.download_bill(self._core.path_of(str(offer.data.get("download_url", ""))))
        if told.code:
            return None, told
        text = wechat_bills.unpacked(told.answer.body, offer.data)
        return (text, told) if text is not None else (None, Told(told.answer, {}, "bad_answer"))

    def check(self) -> Health:
        """Ask for a trade that cannot exist: "no such order" proves keys, merchant and connection."""
        told: Told = self._pay.query(out_trade_no="KUAIDAN0CHECK")
        is_well = not told.code or told.code in _ABSENT
        return Health(is_well, told.answer.exchange, "" if is_well else told.code)


def _scene_facts(charge: Charge) -> dict[str, Any]:
    if charge.scene is Scene.REDIRECT:
        return {"scene_info": {"payer_client_ip": charge.client_ip or "127.0.0.1", "h5_info": {"type": "Wap"}}}
    return {"payer": {"openid": charge.payer_id}} if charge.scene is Scene.SCRIPT else {}


def _bill_status(code: str) -> BillStatus:
    if code == "NO_STATEMENT_EXIST":
        return BillStatus.READY
    verdict = verdicts.of("wechat", code)
    if verdict is verdicts.RETRY:
        return BillStatus.NOT_READY
    return BillStatus.UNKNOWN if verdict is verdicts.ASK else BillStatus.FAILED


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode("utf-8", "ignore")


CHANNEL = Channel(
    code="wechat",
    name=_l("WeChat Pay"),
    icon="brand-wechat",
    build=WeChatPayChannel,
    fields=(
        CredentialField(
            "mchid",
            _l("Merchant number (mchid)"),
            secret=False,
            hint=_l("Merchant platform: account centre, merchant information."),
        ),
        CredentialField(
            "appid",
            _l("App ID (appid)"),
            secret=False,
            hint=_l("The app or official account that is bound to the merchant number."),
        ),
        CredentialField(
            "cert_serial_no",
            _l("Serial number of the merchant certificate"),
            secret=False,
            hint=_l("Merchant platform: account centre, API security, merchant API certificate."),
        ),
        CredentialField(
            "private_key",
            _l("Merchant private key (apiclient_key.pem)"),
            multiline=True,
            hint=_l("The file that was made together with the certificate; WeChat Pay has no copy of it."),
        ),
        CredentialField(
            "apiv3_key",
            _l("APIv3 key (32 characters)"),
            hint=_l("Merchant platform: account centre, API security. It decrypts notices and bills."),
        ),
        CredentialField(
            "public_key_id",
            _l("ID of the WeChat Pay public key (PUB_KEY_ID_…)"),
            secret=False,
            hint=_l("Merchant platform: account centre, API security, WeChat Pay public key."),
        ),
        CredentialField("public_key", _l("WeChat Pay public key"), secret=False, multiline=True),
        CredentialField(
            "second_key_id",
            _l("Serial of a second key, while changing over"),
            secret=False,
            required=False,
            hint=_l("Only while WeChat Pay still signs some notices with its platform certificate."),
        ),
        CredentialField(
            "second_key", _l("Second key or platform certificate"), secret=False, multiline=True, required=False
        ),
    ),
    scenes=(Scene.QR, Scene.REDIRECT, Scene.SCRIPT),
    refund_limits=RefundLimits(days=365, count=50, gap_seconds=60),
    accepted=Reply(200, '{"code":"SUCCESS"}', "application/json"),
    refused=Reply(401, '{"code":"FAIL","message":"refused"}', "application/json"),
    close_after_seconds=300,
    bill_hour=10,
)
