"""Accounts with channels, payments, refunds, what went over the wire, and the inbox of callbacks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.personal_data import not_personal, personal
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned
from app.payments.providers import Scene

_A_CODE = not_personal("a code of ours or of a channel")
_A_NUMBER = not_personal("a number of a payment or refund")


class PaymentStatus(StrEnum):
    """Where a payment stands. CREATED: we have the number, the channel may not. EXPIRED and CLOSED take no money."""

    CREATED = "created"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    LATE_SUCCEEDED = "late_succeeded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    CLOSED = "closed"
    EXPIRED = "expired"


class RefundState(StrEnum):
    """Where a refund stands. SUBMITTING and UNKNOWN: it may have been done; ABNORMAL: a person must act."""

    ASKED = "asked"
    SUBMITTING = "submitting"
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    ABNORMAL = "abnormal"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class CallbackState(StrEnum):
    """What became of a genuine callback. RECEIVED ones are taken up again until something becomes of them."""

    RECEIVED = "received"
    DONE = "done"
    IGNORED = "ignored"
    PERSON = "person"
    GIVEN_UP = "given_up"


class ChannelAccount(Identified, Versioned, ShopOwned, Model):
    """A shop's account with a channel; `sealed` holds its credentials, encrypted (see app/kit/sealing.py)."""

    __tablename__ = "channel_account"
    __table_args__ = (Index("ix_channel_account_shop", "shop_id", "position", "id"),)

    channel: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(80))
    sealed: Mapped[str] = mapped_column(Text, default="", server_default="")
    is_test: Mapped[bool] = mapped_column(default=False, server_default="false")
    enabled: Mapped[bool] = mapped_column(default=False, server_default="false")
    gateway_url: Mapped[str] = mapped_column(String(200), default="", server_default="")
    callback_token: Mapped[str] = mapped_column(String(40), unique=True)
    position: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    healthy_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failing_code: Mapped[str] = mapped_column(String(60), default="", server_default="")

    def __str__(self) -> str:
        return self.label


class Payment(Identified, Versioned, ShopOwned, Model):
    """Money that a buyer shall pay, or has paid, through a channel. The row is older than the call to the channel.

    `counted`: whether it is part of `orders.paid_minor`; a second payment of an order and a late one are not.
    """

    __tablename__ = "payment"
    __table_args__ = (
        Unique("number", name="uq_payment_number"),
        Index("ix_payment_shop", "shop_id", "id"),
        Index("ix_payment_state", "shop_id", "state", "id"),
        Index("ix_payment_order", "order_id", "id"),
        Index("ix_payment_trade", "account_id", "channel_trade_no"),
        Index("ix_payment_due", "next_query_at", postgresql_where=text("next_query_at is not null")),
        Index("ix_payment_paid", "account_id", "paid_at", postgresql_where=text("paid_at is not null")),
        CheckConstraint("amount_minor > 0", name="ck_payment_amount"),
        CheckConstraint("refunded_minor between 0 and amount_minor", name="ck_payment_refunded"),
    )

    number: Mapped[str] = mapped_column(String(32), info=_A_NUMBER)
    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("channel_account.id"))
    channel: Mapped[str] = mapped_column(String(20), info=_A_CODE)
    scene: Mapped[Scene] = mapped_column(StoredEnum(Scene))
    state: Mapped[PaymentStatus] = mapped_column(StoredEnum(PaymentStatus), default=PaymentStatus.CREATED)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), info=not_personal("a currency code"))
    counted: Mapped[bool] = mapped_column(default=False, server_default="false")
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    channel_trade_no: Mapped[str] = mapped_column(String(64), default="", server_default="", info=_A_NUMBER)
    failure_code: Mapped[str] = mapped_column(String(60), default="", server_default="", info=_A_CODE)
    shown: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    """What the buyer is shown: qr_text, url, form or script."""
    asked_for: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    """The facts of the charge that the row does not hold otherwise: the same call can be made again."""
    is_test: Mapped[bool] = mapped_column(default=False, server_default="false")
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    next_query_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fee_minor: Mapped[int | None] = mapped_column(BigInteger)
    settled_minor: Mapped[int | None] = mapped_column(BigInteger)
    settled_currency: Mapped[str] = mapped_column(
        String(3), default="", server_default="", info=not_personal("a currency code")
    )
    rate: Mapped[str] = mapped_column(
        String(32), default="", server_default="", info=not_personal("an exchange rate as decimal text")
    )
    rate_source: Mapped[str] = mapped_column(String(60), default="", server_default="", info=_A_CODE)
    rate_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.number


class Refund(Identified, Versioned, ShopOwned, Model):
    """Money that goes back to the buyer. Accepted is not done: only SUCCEEDED moves `orders.refunded_minor`.

    Without a payment it is money that staff pay back by hand. `subject` says what it is for, such as `after_sale:12`.
    """

    __tablename__ = "refund"
    __table_args__ = (
        Unique("number", name="uq_refund_number"),
        Unique("order_id", "key", "part", name="uq_refund_key"),
        Index("ix_refund_shop", "shop_id", "id"),
        Index("ix_refund_state", "shop_id", "state", "id"),
        Index("ix_refund_payment", "payment_id"),
        Index("ix_refund_due", "shop_id", "next_try_at", postgresql_where=text("next_try_at is not null")),
        CheckConstraint("amount_minor > 0", name="ck_refund_amount"),
    )

    number: Mapped[str] = mapped_column(String(32), info=_A_NUMBER)
    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id"))
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payment.id"))
    channel: Mapped[str] = mapped_column(String(20), info=_A_CODE)
    state: Mapped[RefundState] = mapped_column(StoredEnum(RefundState), default=RefundState.ASKED)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), info=not_personal("a currency code"))
    counted: Mapped[bool] = mapped_column(default=True, server_default="true")
    """Whether it is part of `orders.refunded_minor`, as its payment is of `paid_minor`."""
    subject: Mapped[str] = mapped_column(String(60), info=not_personal("what it is for, by kind and number"))
    key: Mapped[str] = mapped_column(String(100), info=not_personal("an idempotency key"))
    part: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    reason: Mapped[str] = mapped_column(String(80), default="", server_default="", info=personal("note"))
    asked_by: Mapped[str] = mapped_column(String(80), info=not_personal("a member of staff, by number"))
    channel_refund_no: Mapped[str] = mapped_column(String(64), default="", server_default="", info=_A_NUMBER)
    failure_code: Mapped[str] = mapped_column(String(60), default="", server_default="", info=_A_CODE)
    reference: Mapped[str] = mapped_column(String(120), default="", server_default="", info=personal("note"))
    """What a person wrote down who paid it back by hand: the number of the transfer."""
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.number


class ChannelExchange(Identified, ShopOwned, Model):
    """One call to a channel as it went over the wire, secrets masked; append-only until its shop forgets it."""

    __tablename__ = "channel_exchange"
    __table_args__ = (
        Index("ix_channel_exchange_payment", "payment_id", "id"),
        Index("ix_channel_exchange_refund", "refund_id", "id"),
        Index("ix_channel_exchange_account", "account_id", "id"),
        Index("ix_channel_exchange_old", "shop_id", "at"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("channel_account.id"))
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payment.id"))
    refund_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("refund.id"))
    operation: Mapped[str] = mapped_column(String(30))
    outcome: Mapped[str] = mapped_column(String(30))
    code: Mapped[str] = mapped_column(String(60), default="", server_default="")
    url: Mapped[str] = mapped_column(String(300), default="", server_default="")
    request: Mapped[str] = mapped_column(Text, default="", server_default="", info=personal("note", erase="delete"))
    status: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    response: Mapped[str] = mapped_column(Text, default="", server_default="", info=personal("note", erase="delete"))
    millis: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Callback(Identified, ShopOwned, Model):
    """The inbox: a genuine callback as it came. `notice_id` is the channel's own: a second one is the same one.

    Its raw text goes in time (`forgetting.py`), the row stays: a notice that comes again is still known.
    """

    __tablename__ = "callback"
    __table_args__ = (
        Unique("account_id", "notice_id", name="uq_callback_notice"),
        Index("ix_callback_due", "next_try_at", postgresql_where=text("next_try_at is not null")),
        Index("ix_callback_payment", "payment_id"),
        Index("ix_callback_received", "received_at"),
        Index("ix_callback_raw", "shop_id", "received_at", postgresql_where=text("body <> ''::bytea")),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("channel_account.id"))
    notice_id: Mapped[str] = mapped_column(String(120))
    state: Mapped[CallbackState] = mapped_column(StoredEnum(CallbackState), default=CallbackState.RECEIVED)
    code: Mapped[str] = mapped_column(String(60), default="", server_default="")
    number: Mapped[str] = mapped_column(String(64), default="", server_default="")
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payment.id"))
    refund_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("refund.id"))
    method: Mapped[str] = mapped_column(String(8))
    query: Mapped[str] = mapped_column(Text, default="", server_default="")
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[bytes] = mapped_column(LargeBinary, info=personal("note", erase="delete"))
    deliveries: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SimulatedRecord(Identified, ShopOwned, Model):
    """What the simulator's gateway knows of a trade or refund: its own truth, written by its own connection."""

    __tablename__ = "simulated_record"
    __table_args__ = (
        Unique("account_id", "number", name="uq_simulated_record"),
        Index("ix_simulated_record_trade", "account_id", "trade_number", postgresql_where=text("kind = 'refund'")),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("channel_account.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    number: Mapped[str] = mapped_column(String(32))
    trade_number: Mapped[str] = mapped_column(String(32), default="", server_default="")
    channel_no: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
