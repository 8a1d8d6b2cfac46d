"""The simulator: a channel for demos and tests that moves no money and says so; its gateway keeps its own truth.

Without an address it talks to a table; with one, to a server of the same kind over HTTP. Its callbacks are signed.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from flask_babel import lazy_gettext as _l

from app.kit import clock
from app.kit.money import Money
from app.payments.channels.simulated import Facts, Gateway
from app.payments.providers import (
    Account,
    Bill,
    BillKind,
    BillRow,
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
    Provider,
    RefundRef,
    RefundReport,
    RefundStatus,
    Scene,
    Started,
    Trade,
    TradeRef,
    TradeStatus,
)

CODE = "simulator"
SECONDS = 5
TIME_HEADER, SIGNATURE_HEADER = "x-simulator-time", "x-simulator-signature"
_TRADES = {
    "waiting": TradeStatus.WAITING,
    "paid": TradeStatus.PAID,
    "closed": TradeStatus.CLOSED,
    "failed": TradeStatus.FAILED,
}
_REFUNDS = {
    "succeeded": RefundStatus.SUCCEEDED,
    "processing": RefundStatus.PROCESSING,
    "abnormal": RefundStatus.ABNORMAL,
    "failed": RefundStatus.FAILED,
}
Send = Callable[[str, Facts], Facts]


def signature(key: str, moment: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over `time.body`."""
    return hmac.new(key.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()


class Simulator:
    """The provider of one account."""

    def __init__(self, account: Account) -> None:
        self.account_id = account.account_id
        self.key = account.credentials.get("key", "")
        self._send: Send = _wire(account.gateway_url, self.key) if account.gateway_url else _table(account.account_id)

    def create(self, charge: Charge) -> Started:
        """Open a trade; the code leads to the simulator's own page."""
        facts, exchange = self._ask("create", _trade_facts(charge.number, charge.amount))
        if error := facts.get("error"):
            status = CreateStatus.UNKNOWN if error == "unknown" else CreateStatus.FAILED
            return Started(status, exchange, error)
        return Started(
            CreateStatus.READY,
            exchange,
            scene=charge.scene,
            qr_text=f"kuaidan-simulator://pay/{charge.number}",
            url=charge.return_url,
            channel_trade_no=facts["channel_no"],
        )

    def query(self, trade: TradeRef) -> Trade:
        """Where the trade stands."""
        facts, exchange = self._ask("query", _trade_facts(trade.number, trade.amount))
        return _trade(facts, exchange)

    def close(self, trade: TradeRef) -> Closed:
        """Close it unless it is paid."""
        facts, exchange = self._ask("close", _trade_facts(trade.number, trade.amount))
        statuses = {"paid": CloseStatus.ALREADY_PAID, "unknown": CloseStatus.UNKNOWN, "": CloseStatus.CLOSED}
        error = facts.get("error", "")
        return Closed(statuses.get(error, CloseStatus.FAILED), exchange, error)

    def refund(self, refund: RefundRef) -> RefundReport:
        """Give money back."""
        return self._refund("refund", refund)

    def query_refund(self, refund: RefundRef) -> RefundReport:
        """Where the refund stands."""
        return self._refund("query_refund", refund)

    def parse_callback(self, request: CallbackRequest) -> Notice:
        """Check signature, time and account. Raises Forged."""
        moment, sent = request.headers.get(TIME_HEADER, ""), request.headers.get(SIGNATURE_HEADER, "")
        if not moment.isascii() or not moment.isdigit() or len(moment) > 12:
            raise Forged("malformed")
        if not hmac.compare_digest(signature(self.key, moment, request.body).encode(), sent.encode()):
            raise Forged("signature")
        try:
            return self._notice(json.loads(request.body), datetime.fromtimestamp(int(moment), UTC))
        except (ValueError, KeyError, TypeError) as error:
            raise Forged("malformed") from error

    def bill(self, day: date) -> Bill:
        """What the gateway booked that day of GMT+8."""
        facts, exchange = self._ask("bill", {"day": day.isoformat()})
        if "error" in facts:
            return Bill(BillStatus.UNKNOWN, exchange, code=facts["error"])
        rows = tuple(_bill_row(line, row) for line, row in enumerate(facts["rows"], 1))
        return Bill(BillStatus.READY, exchange, rows, text=json.dumps(facts, default=str))

    def check(self) -> Health:
        """Ask for a trade that cannot exist."""
        facts, exchange = self._ask("query", _trade_facts("0", Money(0, "CNY")))
        good = facts.get("error") == "absent"
        return Health(good, exchange, "" if good else str(facts.get("error", "")))

    def _refund(self, operation: str, refund: RefundRef) -> RefundReport:
        facts = {**_trade_facts(refund.number, refund.amount), "trade_number": refund.trade.number}
        answer, exchange = self._ask(operation, facts)
        return _report(answer, exchange)

    def _notice(self, told: Facts, sent_at: datetime) -> Notice:
        if told["account"] != self.account_id:
            raise Forged("merchant_id")
        kind = NoticeKind(told["kind"])
        if kind is NoticeKind.REFUND:
            return Notice(told["id"], kind, told["trade_number"], sent_at, refund=_report(told, None))
        return Notice(told["id"], kind, told["number"], sent_at, trade=_trade(told, None))

    def _ask(self, operation: str, facts: Facts) -> tuple[Facts, Exchange]:
        began = time.perf_counter()
        answer = self._send(operation, facts)
        millis = round((time.perf_counter() - began) * 1000)
        shown = json.dumps(answer, default=str)
        status = 0 if answer.get("error") == "unknown" else 200
        return answer, Exchange(operation, f"simulator:{operation}", json.dumps(facts), status, shown, millis)


def _trade_facts(number: str, amount: Money) -> Facts:
    return {"number": number, "amount_minor": amount.minor, "currency": amount.currency}


def _trade(facts: Facts, exchange: Exchange | None) -> Trade:
    if error := facts.get("error"):
        status = TradeStatus.ABSENT if error == "absent" else TradeStatus.UNKNOWN
        return Trade(status, code=error, exchange=exchange)
    return Trade(
        _TRADES[facts["state"]],
        facts["number"],
        facts["channel_no"],
        Money(facts["amount_minor"], facts["currency"]),
        _moment(facts.get("done_at")),
        code="declined" if facts["state"] == "failed" else "",
        exchange=exchange,
    )


def _report(facts: Facts, exchange: Exchange | None) -> RefundReport:
    if error := facts.get("error"):
        known = {"absent": RefundStatus.ABSENT, "unknown": RefundStatus.UNKNOWN}
        return RefundReport(known.get(error, RefundStatus.FAILED), code=error, exchange=exchange)
    return RefundReport(
        _REFUNDS[facts["state"]],
        facts["number"],
        facts["channel_no"],
        Money(facts["amount_minor"], facts["currency"]),
        _moment(facts.get("done_at")),
        exchange=exchange,
    )


def _bill_row(line: int, row: Facts) -> BillRow:
    kind = BillKind.REFUND if row["kind"] == "refund" else BillKind.PAYMENT
    amount = Money(row["amount_minor"], row["currency"])
    at = _moment(row["done_at"]) or clock.now()
    return BillRow(kind, row["number"], row["channel_no"], amount, at, fee=Money(0, row["currency"]), line=line)


def _moment(told: Any) -> datetime | None:
    return datetime.fromisoformat(told) if isinstance(told, str) else told


def _table(account_id: int) -> Send:
    gateway = Gateway(account_id)

    def send(operation: str, facts: Facts) -> Facts:
        if operation == "bill":
            start, end = clock.bounds(
                date.fromisoformat(facts["day"]), date.fromisoformat(facts["day"]), "Asia/Shanghai"
            )
            return {"rows": gateway.booked(start, end)}
        return getattr(gateway, operation)(facts)

    return send


def _wire(url: str, key: str) -> Send:
    where = urlsplit(url)

    def send(operation: str, facts: Facts) -> Facts:
        body = json.dumps(facts).encode()
        moment = str(int(clock.now().timestamp()))
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=SECONDS)
        try:
            headers = {TIME_HEADER: moment, SIGNATURE_HEADER: signature(key, moment, body)}
            connection.request("POST", f"/{operation}", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            told = json.loads(text) if answer.status == http.client.OK else None
        except (OSError, http.client.HTTPException, ValueError):
            told = None
        finally:
            connection.close()
        return told if isinstance(told, dict) else {"error": "unknown"}

    return send


def build(account: Account) -> Provider:
    """The provider of an account."""
    return Simulator(account)


CHANNEL = Channel(
    code=CODE,
    name=_l("Simulator"),
    icon="flask",
    build=build,
    fields=(CredentialField("key", _l("Signing key"), hint=_l("Any text; it signs the simulator's notices.")),),
    scenes=(Scene.QR, Scene.REDIRECT),
    currencies=None,
    bill_hour=0,
    is_simulated=True,
)
