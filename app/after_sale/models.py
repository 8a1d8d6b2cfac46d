"""Tables of after-sale: cases, the ledger of what goes back (parts and lines), the thread, pictures, settings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.personal_data import not_personal, personal
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned
from app.orders.models import Order, OrderLine


class CaseKind(StrEnum):
    """What the buyer wants: 仅退款 10, 退货退款 1, 换货 3, 补寄 4, 维修 5."""

    REFUND_ONLY = "refund_only"
    RETURN_REFUND = "return_refund"
    EXCHANGE = "exchange"
    RESEND = "resend"
    REPAIR = "repair"


class CaseState(StrEnum):
    """Where a case stands; `lifecycle.CODES` has Kuaishou's number of each."""

    REFUND_ASKED = "refund_asked"
    RETURN_ASKED = "return_asked"
    REFUSED = "refused"
    DISPUTED = "disputed"
    PLATFORM_ASKS = "platform_asks"
    PLATFORM_RETURN = "platform_return"
    WAITS_FOR_RETURN = "waits_for_return"
    WAITS_FOR_CHECK = "waits_for_check"
    WAITS_FOR_BUYER = "waits_for_buyer"
    REFUNDING = "refunding"
    DONE = "done"
    CLOSED = "closed"


class Party(StrEnum):
    """Who acts in a case; staff may write down what the buyer or the platform has said."""

    BUYER = "buyer"
    SELLER = "seller"
    PLATFORM = "platform"
    SYSTEM = "system"


class OfferState(StrEnum):
    """What became of a word in the thread: nothing was offered, or it stands, was accepted, declined, overtaken."""

    SAID = "said"
    STANDS = "stands"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    OVERTAKEN = "overtaken"


FINAL = (CaseState.DONE, CaseState.CLOSED)


class AfterSaleCase(Identified, Versioned, ShopOwned, Model):
    """One wish of a buyer to have something put right; amounts in minor units of the order's currency.

    `version` is what Kuaishou calls refundVersion: an act says which one it was made from. `amount_minor` is the
    sum of the case's refund lines; `refunded_minor` what the channels have said is back. `due_at` of a case that
    has ended is the moment of its end.
    """

    __tablename__ = "after_sale_case"
    __table_args__ = (
        UniqueConstraint("shop_id", "number", name="uq_after_sale_case_number"),
        UniqueConstraint("credit_note_id", name="uq_after_sale_case_credit_note"),
        Index("ix_after_sale_case_order", "order_id"),
        Index("ix_after_sale_case_state", "shop_id", "state", "due_at", "id"),
        Index("ix_after_sale_case_due", "shop_id", "due_at", "id"),
        Index("ix_after_sale_case_opened", "shop_id", "opened_at", "id"),
        Index(
            "ix_after_sale_case_live",
            "shop_id",
            "due_at",
            "id",
            postgresql_where="state not in ('done', 'closed')",
            postgresql_include=["state", "refund_error", "opened_at"],
        ),
        Index("ix_after_sale_case_customer", "customer_id"),
        *(
            Index(
                f"ix_after_sale_case_{column}_trgm",
                column,
                postgresql_using="gin",
                postgresql_ops={column: "gin_trgm_ops"},
            )
            for column in ("number", "tracking_no", "sent_tracking")
        ),
        Index(
            "ix_after_sale_case_live_due",
            "due_at",
            "id",
            postgresql_where="state not in ('done', 'closed') and reminded_at is null",
        ),
        Index("uq_after_sale_case_key", "shop_id", "key", unique=True, postgresql_where="key is not null"),
        CheckConstraint("amount_minor >= 0", name="ck_after_sale_case_amount"),
        CheckConstraint("refunded_minor between 0 and amount_minor", name="ck_after_sale_case_refunded"),
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    customer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customer.id"))
    number: Mapped[str] = mapped_column(String(40), info=not_personal("a number of the shop"))
    kind: Mapped[CaseKind] = mapped_column(StoredEnum(CaseKind), info=not_personal("a kind"))
    state: Mapped[CaseState] = mapped_column(StoredEnum(CaseState), info=not_personal("a state"))
    opened_by: Mapped[Party] = mapped_column(StoredEnum(Party), info=not_personal("a role"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(32), info=not_personal("a code of ours"))
    wish: Mapped[str] = mapped_column(String(500), default="", server_default="", info=personal("note"))
    """What the buyer said, in their words."""
    currency: Mapped[str] = mapped_column(String(3), info=not_personal("a currency code"))
    amount_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    closes_order: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Whether the order is cancelled by it: all of a paid order that has not left the house."""
    refusal: Mapped[str] = mapped_column(String(32), default="", server_default="", info=not_personal("a code of ours"))
    refund_attempt: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    refund_error: Mapped[str] = mapped_column(
        String(64), default="", server_default="", info=not_personal("a code of the channel")
    )
    carrier_code: Mapped[str] = mapped_column(String(32), default="", server_default="", info=not_personal("a carrier"))
    tracking_no: Mapped[str] = mapped_column(
        String(64), default="", server_default="", info=not_personal("the number of a parcel")
    )
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_parcel_id: Mapped[int | None] = mapped_column(BigInteger)
    sent_carrier: Mapped[str] = mapped_column(String(32), default="", server_default="", info=not_personal("a carrier"))
    sent_tracking: Mapped[str] = mapped_column(
        String(64), default="", server_default="", info=not_personal("the number of a parcel")
    )
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    credit_note_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    key: Mapped[str | None] = mapped_column(String(120), info=not_personal("a key of the sender"))

    order: Mapped[Order] = relationship(lazy="raise", foreign_keys=[order_id])

    def __str__(self) -> str:
        return self.number


class RefundPart(Identified, ShopOwned, Model):
    """What can go back of one line of an order, and the counters of what is taken; see `refund_amounts`.

    `elsewhere_*` is the share of the taken that went back without a case: old credit notes, refunds made directly.
    """

    __tablename__ = "refund_part"
    __table_args__ = (
        UniqueConstraint("order_id", "order_line_id", name="uq_refund_part_line", postgresql_nulls_not_distinct=True),
        CheckConstraint("taken_units between 0 and units", name="ck_refund_part_units"),
        CheckConstraint("taken_minor between 0 and payable_minor", name="ck_refund_part_minor"),
        CheckConstraint("elsewhere_units between 0 and taken_units", name="ck_refund_part_elsewhere_units"),
        CheckConstraint("elsewhere_minor between 0 and taken_minor", name="ck_refund_part_elsewhere_minor"),
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    order_line_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("order_line.id", ondelete="CASCADE"))
    units: Mapped[int] = mapped_column(BigInteger)
    payable_minor: Mapped[int] = mapped_column(BigInteger)
    taken_units: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    taken_worth_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    taken_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    elsewhere_units: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    elsewhere_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class RefundLine(Identified, ShopOwned, Model):
    """What one case takes of one part: units, what they are worth, the money for them; and what became of the units.

    An exchange, a re-send and a repair take no money; their units are noted with `part_id` empty, so that the same
    unit may be refunded later.
    """

    __tablename__ = "refund_line"
    __table_args__ = (
        Index("ix_refund_line_case", "case_id"),
        Index("ix_refund_line_order_line", "order_line_id"),
        CheckConstraint("units >= 0 and worth_minor >= 0 and amount_minor >= 0", name="ck_refund_line_amounts"),
        CheckConstraint(
            "restocked >= 0 and damaged >= 0 and written_off >= 0 and missing >= 0"
            " and restocked + damaged + written_off + missing <= asked_units",
            name="ck_refund_line_received",
        ),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("after_sale_case.id", ondelete="CASCADE"))
    part_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("refund_part.id", ondelete="CASCADE"))
    order_line_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("order_line.id", ondelete="CASCADE"))
    asked_units: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Units as first asked for; `units` is fewer when less came back."""
    units: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    worth_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    amount_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    restocked: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    damaged: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    written_off: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    missing: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    line: Mapped[OrderLine | None] = relationship(lazy="raise", foreign_keys=[order_line_id])


class CaseMessage(Identified, ShopOwned, Model):
    """One word in the thread between buyer, shop and platform; perhaps with an offer of a kind and an amount."""

    __tablename__ = "after_sale_message"
    __table_args__ = (Index("ix_after_sale_message_case", "case_id", "id"),)

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("after_sale_case.id", ondelete="CASCADE"))
    party: Mapped[Party] = mapped_column(StoredEnum(Party))
    actor: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(String(500), default="", server_default="", info=personal("note"))
    offer: Mapped[OfferState] = mapped_column(StoredEnum(OfferState))
    kind: Mapped[CaseKind | None] = mapped_column(StoredEnum(CaseKind))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CasePicture(Identified, ShopOwned, Model):
    """A picture that proves something; re-encoded, its files by content address."""

    __tablename__ = "after_sale_picture"
    __table_args__ = (Index("ix_after_sale_picture_case", "case_id"),)

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("after_sale_case.id", ondelete="CASCADE"))
    message_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("after_sale_message.id", ondelete="CASCADE"))
    party: Mapped[Party] = mapped_column(StoredEnum(Party))
    file: Mapped[str] = mapped_column(String(80))
    thumb: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AfterSaleSetting(Identified, Versioned, ShopOwned, Model):
    """How a shop handles after-sale; a shop without a row has the defaults of `settings`."""

    __tablename__ = "after_sale_setting"
    __table_args__ = (
        UniqueConstraint("shop_id", name="uq_after_sale_setting_shop"),
        CheckConstraint("approve_limit_minor >= 0", name="ck_after_sale_setting_limit"),
    )

    limits: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    """State → [hours, act]: how long somebody has, and what happens then."""
    approve_limit_minor: Mapped[int] = mapped_column(BigInteger, default=20_000, server_default="20000")
    """What goes back beyond it needs somebody who may approve."""
