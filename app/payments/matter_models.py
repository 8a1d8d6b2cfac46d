"""Money that needs a person, the daily proof against a channel's bill, and how a shop wants both handled."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.personal_data import not_personal, personal
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned
from app.payments.providers import BillKind


class MatterKind(StrEnum):
    """Why a person must look at money."""

    AMOUNT_MISMATCH = "amount_mismatch"
    TRADE_MISMATCH = "trade_mismatch"
    UNKNOWN_NUMBER = "unknown_number"
    LATE_SUCCESS = "late_success"
    OVERPAID = "overpaid"
    REFUND_FAILED = "refund_failed"
    REFUND_ABNORMAL = "refund_abnormal"
    OUTCOME_UNKNOWN = "outcome_unknown"
    UNREADABLE = "unreadable"


class MoneyMatter(Identified, Versioned, ShopOwned, Model):
    """One thing about money that a person must settle, with an owner and a deadline."""

    __tablename__ = "money_matter"
    __table_args__ = (
        Index("ix_money_matter_shop", "shop_id", "id"),
        Index("ix_money_matter_open", "shop_id", "due_at", postgresql_where=text("resolved_at is null")),
        Index("uq_money_matter_live", "key", unique=True, postgresql_where=text("resolved_at is null")),
        Index("ix_money_matter_order", "order_id"),
    )

    kind: Mapped[MatterKind] = mapped_column(StoredEnum(MatterKind))
    key: Mapped[str] = mapped_column(String(80), info=not_personal("an idempotency key"))
    order_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payment.id"))
    refund_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("refund.id"))
    callback_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("callback.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by: Mapped[str] = mapped_column(
        String(80), default="", server_default="", info=not_personal("a member of staff, by number")
    )
    resolution: Mapped[str] = mapped_column(String(40), default="", server_default="", info=not_personal("a code"))
    reason: Mapped[str] = mapped_column(String(300), default="", server_default="", info=personal("note"))


class ReconcileState(StrEnum):
    """WAITING: the channel has no bill yet. DIFFERENT: something is open. SETTLED: every difference is resolved."""

    WAITING = "waiting"
    MATCHED = "matched"
    DIFFERENT = "different"
    SETTLED = "settled"
    FAILED = "failed"


class Reconciliation(Identified, Versioned, ShopOwned, Model):
    """One account's day of GMT+8 against the channel's bill; made anew as often as wanted."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        Unique("account_id", "day", name="uq_reconciliation_day"),
        Index("ix_reconciliation_shop", "shop_id", "day"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("channel_account.id"))
    day: Mapped[date] = mapped_column(Date)
    state: Mapped[ReconcileState] = mapped_column(StoredEnum(ReconcileState))
    code: Mapped[str] = mapped_column(String(60), default="", server_default="")
    rows: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    matched: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    different: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    sums: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    """By currency: paid, refunded, fee in minor units, ours and theirs."""
    text: Mapped[str] = mapped_column(Text, default="", server_default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BillLine(Identified, ShopOwned, Model):
    """One row of a channel's bill with its fee and settlement; replaced when the day is made anew."""

    __tablename__ = "bill_line"
    __table_args__ = (
        Index("ix_bill_line_day", "reconciliation_id", "line"),
        Index("ix_bill_line_shop", "shop_id", "at"),
    )

    reconciliation_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("reconciliation.id", ondelete="CASCADE"))
    line: Mapped[int] = mapped_column(Integer)
    kind: Mapped[BillKind] = mapped_column(StoredEnum(BillKind))
    number: Mapped[str] = mapped_column(String(64))
    channel_no: Mapped[str] = mapped_column(String(64))
    succeeded: Mapped[bool] = mapped_column(default=True, server_default="true")
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    fee_minor: Mapped[int | None] = mapped_column(BigInteger)
    settled_minor: Mapped[int | None] = mapped_column(BigInteger)
    settled_currency: Mapped[str] = mapped_column(String(3), default="", server_default="")
    rate: Mapped[str] = mapped_column(String(32), default="", server_default="")
    rate_source: Mapped[str] = mapped_column(String(60), default="", server_default="")
    rate_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payment.id"))
    refund_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("refund.id"))


class DifferenceKind(StrEnum):
    """How bill and ledger differ. CARRIED: so near to midnight that the next bill is awaited."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    STATUS = "status"
    FEE = "fee"
    DOUBLED = "doubled"
    CARRIED = "carried"


class BillDifference(Identified, Versioned, ShopOwned, Model):
    """One difference; it keeps its owner and resolution when the day is made anew and it is still there."""

    __tablename__ = "bill_difference"
    __table_args__ = (
        Unique("reconciliation_id", "key", name="uq_bill_difference"),
        Index("ix_bill_difference_shop", "shop_id", "id"),
    )

    reconciliation_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("reconciliation.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(100))
    kind: Mapped[DifferenceKind] = mapped_column(StoredEnum(DifferenceKind))
    bill_kind: Mapped[BillKind] = mapped_column(StoredEnum(BillKind))
    number: Mapped[str] = mapped_column(String(64))
    channel_no: Mapped[str] = mapped_column(String(64), default="", server_default="")
    ours_minor: Mapped[int | None] = mapped_column(BigInteger)
    theirs_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payment.id"))
    refund_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("refund.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"))
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a later run of the day did not find it any more."""
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_by: Mapped[str] = mapped_column(String(80), default="", server_default="")
    reason: Mapped[str] = mapped_column(String(300), default="", server_default="")


class PaymentSetting(Identified, Versioned, ShopOwned, Model):
    """How a shop handles money; a shop without a row has the defaults."""

    __tablename__ = "payment_setting"
    __table_args__ = (Unique("shop_id", name="uq_payment_setting_shop"),)

    refunds_late: Mapped[bool] = mapped_column(default=True, server_default="true")
    """Money that comes after the trade is off goes back by itself; otherwise a person decides."""
    minutes_to_pay: Mapped[int] = mapped_column(Integer, default=30, server_default="30")
    link_days: Mapped[int] = mapped_column(Integer, default=7, server_default="7")
    matter_hours: Mapped[int] = mapped_column(Integer, default=24, server_default="24")
    exchange_days: Mapped[int] = mapped_column(Integer, default=180, server_default="180")
    """After so many days the raw text of exchanges with channels is forgotten."""
