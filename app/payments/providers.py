"""What every payment channel can do, and the values that go in and out: the one seam between money and gateways.

Amounts are whole minor units with a currency. A provider keeps no state, opens no transaction and writes no row.
It never raises for what the network or the gateway does: a timeout, a cut connection, a 5xx or an answer that cannot
be read or verified is UNKNOWN, and the caller asks again later under the same number. Only `parse_callback` raises,
and only `Forged`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from app.payments.statuses import BillStatus, CloseStatus, CreateStatus, RefundStatus, Scene, TradeStatus
from app.payments.values import (
    Bill,
    BillKind,
    BillRow,
    CallbackRequest,
    Charge,
    Closed,
    Exchange,
    Forged,
    Health,
    Notice,
    NoticeKind,
    RefundRef,
    RefundReport,
    Reply,
    Settlement,
    Started,
    Trade,
    TradeRef,
)

__all__ = [
    "Account",
    "Bill",
    "BillKind",
    "BillRow",
    "BillStatus",
    "CallbackRequest",
    "Channel",
    "Charge",
    "CloseStatus",
    "Closed",
    "CreateStatus",
    "CredentialField",
    "Exchange",
    "Forged",
    "Health",
    "Notice",
    "NoticeKind",
    "Provider",
    "RefundLimits",
    "RefundRef",
    "RefundReport",
    "RefundStatus",
    "Reply",
    "Scene",
    "Settlement",
    "Started",
    "Trade",
    "TradeRef",
    "TradeStatus",
]


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


ACCEPTED, REFUSED = Reply(200, "success"), Reply(400, "fail")


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
    accepted: Reply = ACCEPTED
    refused: Reply = REFUSED
    close_after_seconds: int = 0
    """A trade may be closed only so long after it was made (WeChat: 300)."""
    bill_hour: int = 10
    """The hour of GMT+8 after which yesterday's bill can be had; 24 when the channel has none."""
    is_simulated: bool = False
    for_buyers: bool = True
    """Whether a buyer may choose it on the checkout page."""
