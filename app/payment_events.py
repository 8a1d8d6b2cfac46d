"""What the business records about payments and refunds: a part of `app/events.py`, the page of all facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.kit.journal import Event


@dataclass(frozen=True)
class PaymentStarted(Event):
    """A buyer was offered a way to pay an order."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    payment_id: int
    channel: str
    amount_minor: int


@dataclass(frozen=True)
class PaymentSucceeded(Event):
    """A channel says that the money is there; `counted` is false for a second or a late payment."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    payment_id: int
    channel: str
    amount_minor: int
    counted: bool


@dataclass(frozen=True)
class PaymentEnded(Event):
    """A payment takes no money any more: failed, closed or expired."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    payment_id: int
    channel: str
    state: str
    code: str = ""


@dataclass(frozen=True)
class RefundAsked(Event):
    """Money shall go back to the buyer; nothing has moved yet."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    refund_id: int
    amount_minor: int
    refund_subject: str
    channel: str


@dataclass(frozen=True)
class RefundSucceeded(Event):
    """Money is back with the buyer. `refund_subject` is what the refund was asked for, such as `after_sale:12`."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    refund_id: int
    amount_minor: int
    refund_subject: str


@dataclass(frozen=True)
class RefundFailed(Event):
    """Money did not go back and will not by itself; `code` is the channel's or ours."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    refund_id: int
    amount_minor: int
    refund_subject: str
    code: str


@dataclass(frozen=True)
class MoneyMatterOpened(Event):
    """Something about money needs a person."""

    subject_type: ClassVar[str] = "money_matter"
    subject: ClassVar[str] = "matter_id"
    matter_id: int
    kind: str


@dataclass(frozen=True)
class MoneyMatterResolved(Event):
    """A person settled it; the words are in the row."""

    subject_type: ClassVar[str] = "money_matter"
    subject: ClassVar[str] = "matter_id"
    matter_id: int
    kind: str
    resolution: str


@dataclass(frozen=True)
class ChannelAccountSaved(Event):
    """An account with a channel was made or changed; no credential is ever in here, only the names of those set."""

    subject_type: ClassVar[str] = "channel_account"
    subject: ClassVar[str] = "account_id"
    account_id: int
    channel: str
    enabled: bool
    credentials: list[str]


@dataclass(frozen=True)
class DayReconciled(Event):
    """A channel's bill of one day was held against the ledger."""

    subject_type: ClassVar[str] = "reconciliation"
    subject: ClassVar[str] = "reconciliation_id"
    reconciliation_id: int
    rows: int
    different: int
