"""The values that go to a channel and come back from it; all frozen, amounts in minor units with a currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.kit.money import Money
from app.payments.statuses import (
    BillStatus,
    CloseStatus,
    CreateStatus,
    RefundStatus,
    Scene,
    TradeStatus,
)


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
    is_phone: bool = True
    """Which of its pages a channel shows: the one for phones, or the one for computers."""


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
    expires_at: datetime | None = None
    """When the buyer may no longer pay; UnionPay, which closes nothing, is closed by it."""


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
