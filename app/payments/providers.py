"""What every payment channel can do, and the values that go in and out: the one seam between money and gateways.

Amounts are whole minor units with a currency. A provider keeps no state, opens no transaction and writes no row.
It never raises for what the network or the gateway does: a timeout, a cut connection, a 5xx or an answer that cannot
be read or verified is UNKNOWN, and the caller asks again later under the same number. Only `parse_callback` raises,
and only `Forged`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from app.kit.money import Money


class Scene(StrEnum):
    """How the buyer pays: scans a code, is sent to a page, posts a form there, or a script within an app asks."""

    QR = "qr"
    REDIRECT = "redirect"
    FORM = "form"
    SCRIPT = "script"
    NONE = "none"


class CreateStatus(StrEnum):
    """READY: the buyer can pay. FAILED: it will never be paid under this number."""

    READY = "ready"
    FAILED = "failed"
    UNKNOWN = "unknown"


class TradeStatus(StrEnum):
    """What a channel says about a trade. ABSENT: it does not know the number (also before a code is scanned)."""

    PAID = "paid"
    WAITING = "waiting"
    CLOSED = "closed"
    FAILED = "failed"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class CloseStatus(StrEnum):
    """ALREADY_PAID is the answer that must never be read as closed."""

    CLOSED = "closed"
    ALREADY_PAID = "already_paid"
    FAILED = "failed"
    UNKNOWN = "unknown"


class RefundStatus(StrEnum):
    """PROCESSING: accepted, the money has not moved. ABNORMAL: the channel wants a person. ABSENT: number not known."""

    SUCCEEDED = "succeeded"
    PROCESSING = "processing"
    ABNORMAL = "abnormal"
    FAILED = "failed"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class BillStatus(StrEnum):
    """NOT_READY: the channel has not made the day's bill yet. EMPTY bills are READY without rows."""

    READY = "ready"
    NOT_READY = "not_ready"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Exchange:
    """One call as it went over the wire, for people to read; the core masks secrets before it keeps it."""

    operation: str
    url: str = ""
    request: str = ""
    status: int = 0
    response: str = ""
    millis: int = 0


@dataclass(frozen=True)
class Charge:
    """What the buyer shall pay. `number` is ours, ≤ 32 characters of 0-9 A-Z, made and stored before the call."""

    number: str
    amount: Money
    title: str
    started_at: datetime
    """When the number was made; UnionPay's txnTime is derived from it, in GMT+8."""
    expires_at: datetime
    notify_url: str
    return_url: str
    scene: Scene
    client_ip: str = ""
    payer_id: str = ""
    """The buyer's openid where a script within an app asks."""
    locale: str = "zh"


@dataclass(frozen=True)
class Started:
    """The answer to `create`: what the buyer is shown, by its scene."""

    status: CreateStatus
    exchange: Exchange
    code: str = ""
    """The channel's own code when FAILED."""
    scene: Scene = Scene.NONE
    qr_text: str = ""
    url: str = ""
    """Where a REDIRECT leads, or where the FORM is posted to."""
    form: Mapping[str, str] = field(default_factory=dict)
    script: Mapping[str, str] = field(default_factory=dict)
    channel_trade_no: str = ""


@dataclass(frozen=True)
class TradeRef:
    """A payment of ours as a channel is asked about it."""

    number: str
    amount: Money
    started_at: datetime
    channel_trade_no: str = ""


@dataclass(frozen=True)
class Settlement:
    """What reaches the merchant's account: `rate` is settlement units per order unit, as decimal text."""

    amount: Money
    fee: Money | None = None
    rate: str = ""
    rate_source: str = ""
    rate_at: datetime | None = None


@dataclass(frozen=True)
class Trade:
    """What a channel says about one payment; `amount` is the total asked for, not less the buyer's coupons."""

    status: TradeStatus
    number: str = ""
    channel_trade_no: str = ""
    amount: Money | None = None
    paid_at: datetime | None = None
    code: str = ""
    settlement: Settlement | None = None
    exchange: Exchange | None = None


@dataclass(frozen=True)
class Closed:
    """The answer to `close`."""

    status: CloseStatus
    exchange: Exchange
    code: str = ""


@dataclass(frozen=True)
class RefundRef:
    """A refund of ours; the same value is sent again after an unclear answer, with the same number."""

    number: str
    trade: TradeRef
    amount: Money
    reason: str
    asked_at: datetime
    notify_url: str
    channel_refund_no: str = ""


@dataclass(frozen=True)
class RefundReport:
    """What a channel says about one refund, by answer, query or callback."""

    status: RefundStatus
    number: str = ""
    channel_refund_no: str = ""
    amount: Money | None = None
    done_at: datetime | None = None
    code: str = ""
    exchange: Exchange | None = None


class NoticeKind(StrEnum):
    """HINT: genuine, but the channel must be asked what happened. IGNORED: genuine and of no interest."""

    PAYMENT = "payment"
    REFUND = "refund"
    HINT = "hint"
    IGNORED = "ignored"


@dataclass(frozen=True)
class CallbackRequest:
    """A callback as it arrived; header names in lower case, `body` the raw bytes."""

    method: str
    headers: Mapping[str, str]
    query: str
    body: bytes
    received_at: datetime


@dataclass(frozen=True)
class Notice:
    """A callback whose signature, app id and merchant id hold. The core checks freshness, replay, number and amount."""

    notice_id: str
    """The channel's own id, the same over its retries; unique within an account."""
    kind: NoticeKind
    number: str = ""
    """Our number of the payment; of a refund's payment, too, where it is told."""
    sent_at: datetime | None = None
    """When this delivery was signed; None where the protocol signs no such time. Held against five minutes."""
    trade: Trade | None = None
    refund: RefundReport | None = None


class Forged(Exception):
    """A callback that must be refused. `code`: signature, stale, key_unknown, malformed, app_id, merchant_id, probe."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Reply:
    """What a channel wants to hear."""

    status: int
    body: str = ""
    content_type: str = "text/plain"


class BillKind(StrEnum):
    """A row of a bill: money in or money back."""

    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True)
class BillRow:
    """One row of a daily bill; amounts > 0 for both kinds, `fee` as the channel took it (negative when given back)."""

    kind: BillKind
    number: str
    """Our number of the payment or the refund; empty when the channel does not tell it."""
    channel_no: str
    amount: Money
    at: datetime
    succeeded: bool = True
    fee: Money | None = None
    settlement: Settlement | None = None
    line: int = 0


@dataclass(frozen=True)
class Bill:
    """The answer to `bill`; `text` is the file as it came, for the record."""

    status: BillStatus
    exchange: Exchange
    rows: tuple[BillRow, ...] = ()
    code: str = ""
    text: str = ""


@dataclass(frozen=True)
class Health:
    """The answer to "test the connection": `code` says what is wrong, empty when nothing is."""

    ok: bool
    exchange: Exchange
    code: str = ""


class Provider(Protocol):
    """One channel with one merchant's credentials; safe to use from several threads."""

    def create(self, charge: Charge) -> Started:
        """Ask the channel to take the money. The same number with the same facts asks for the same trade."""

    def query(self, trade: TradeRef) -> Trade:
        """Where the trade stands."""

    def close(self, trade: TradeRef) -> Closed:
        """Take no money under this number any more."""

    def refund(self, refund: RefundRef) -> RefundReport:
        """Give money back. The same number is the same refund, however often it is sent."""

    def query_refund(self, refund: RefundRef) -> RefundReport:
        """Where the refund stands."""

    def parse_callback(self, request: CallbackRequest) -> Notice:
        """A genuine callback as a value. Raises Forged for any other, whatever it looks like."""

    def bill(self, day: date) -> Bill:
        """All that the channel booked on a day of GMT+8."""

    def check(self) -> Health:
        """A call that proves credentials and connection, and changes nothing."""


@dataclass(frozen=True)
class CredentialField:
    """One thing that an account of the channel needs; secrets are write-only in the console."""

    key: str
    label: Any
    secret: bool = True
    multiline: bool = False
    required: bool = True
    hint: Any = ""


@dataclass(frozen=True)
class Account:
    """A merchant's account as a provider gets it. `gateway_url` replaces the real host (emulator, sandbox)."""

    account_id: int
    credentials: Mapping[str, str]
    is_test: bool = False
    gateway_url: str = ""


@dataclass(frozen=True)
class RefundLimits:
    """What the channel allows: days after payment, refunds a payment, seconds between two; 0 means no limit."""

    days: int = 0
    count: int = 0
    gap_seconds: int = 0


@dataclass(frozen=True)
class Channel:
    """A kind of channel: how it is named and configured, what it can do, and how to talk through it."""

    code: str
    name: Any
    icon: str
    build: Callable[[Account], Provider]
    fields: tuple[CredentialField, ...] = ()
    scenes: tuple[Scene, ...] = (Scene.QR,)
    currencies: frozenset[str] | None = frozenset({"CNY"})
    """None: any."""
    refund_limits: RefundLimits = RefundLimits()
    accepted: Reply = Reply(200, "success")
    refused: Reply = Reply(400, "fail")
    close_after_seconds: int = 0
    """A trade may be closed only so long after it was made (WeChat: 300)."""
    bill_hour: int = 10
    """The hour of GMT+8 after which yesterday's bill can be had; 24 when the channel has none."""
    is_simulated: bool = False
    for_buyers: bool = True
    """Whether a buyer may choose it on the checkout page."""
