"""Parcels: which orders and units are in them, what happened to them on their way; orders that must not leave."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.personal_data import not_personal, personal
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned


class ParcelKind(StrEnum):
    """Why goods travel: sold, sent in exchange, sent once more, or on their way back to us."""

    SALE = "sale"
    EXCHANGE = "exchange"
    RESEND = "resend"
    RETURN = "return"


class ParcelState(StrEnum):
    """Created: it has a number and is still in the house. Returned: it came back to the sender."""

    CREATED = "created"
    SENT = "sent"
    SIGNED = "signed"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class EventKind(StrEnum):
    """What happens to a parcel on its way."""

    CREATED = "created"
    SENT = "sent"
    CORRECTED = "corrected"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    DELIVERING = "delivering"
    PROBLEM = "problem"
    SIGNED = "signed"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Source(StrEnum):
    """Who told us."""

    STAFF = "staff"
    CARRIER = "carrier"
    IMPORT = "import"
    API = "api"
    SYSTEM = "system"


class BlockReason(StrEnum):
    """Why an order must not leave: 拼团未成团 1 and 风控 2 at Kuaishou, or what the shop says."""

    GROUP_BUY = "group_buy"
    RISK = "risk"
    SHOP = "shop"


NOT_OF_SALES = "parcel.kind <> 'sale'"
"""As the partial index of them has it."""


class Parcel(Identified, Versioned, ShopOwned, Model):
    """One parcel. `tracking_no` is empty where no carrier is; `address_key` stands for the address it went to.

    In one shop a number belongs to one outgoing parcel for ever: further orders to its address join it.
    """

    __tablename__ = "parcel"
    __table_args__ = (
        Index("ix_parcel_shop_moved", "shop_id", "moved_at", "id"),
        Index("ix_parcel_shop_state", "shop_id", "state", "moved_at", "id"),
        Index("ix_parcel_not_of_sales", "shop_id", "moved_at", "id", postgresql_where=text(NOT_OF_SALES)),
        Index("ix_parcel_carrier", "shop_id", "carrier_code", "moved_at", "id"),
        Index("ix_parcel_number", "tracking_no", postgresql_ops={"tracking_no": "text_pattern_ops"}),
        Index("ix_parcel_subject", "shop_id", "subject", postgresql_where=text("subject <> ''")),
        Index(
            "uq_parcel_number",
            "shop_id",
            "tracking_no",
            unique=True,
            postgresql_where=text("tracking_no <> '' and state <> 'cancelled' and kind <> 'return'"),
        ),
        Index("uq_parcel_key", "shop_id", "key", unique=True, postgresql_where=text("key is not null")),
        CheckConstraint("(state in ('created', 'cancelled')) = (sent_at is null)", name="ck_parcel_sent"),
    )

    kind: Mapped[ParcelKind] = mapped_column(StoredEnum(ParcelKind))
    state: Mapped[ParcelState] = mapped_column(StoredEnum(ParcelState))
    carrier_code: Mapped[str] = mapped_column(String(24))
    tracking_no: Mapped[str] = mapped_column(String(40), default="", server_default="")
    address_key: Mapped[str] = mapped_column(String(40), default="", server_default="", info=personal("address"))
    units: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    subject: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """What it is for beside the sale, such as `after_sale:12`."""
    key: Mapped[str | None] = mapped_column(String(120))
    source: Mapped[Source] = mapped_column(StoredEnum(Source))
    last_event: Mapped[EventKind] = mapped_column(StoredEnum(EventKind))
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When anything was last heard of it."""
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.tracking_no or f"#{self.id}"


class ParcelOrder(ShopOwned, Model):
    """A parcel carries goods of an order; most parcels are of one, merged ones of several."""

    __tablename__ = "parcel_order"
    __table_args__ = (Index("ix_parcel_order_order", "order_id", "parcel_id"),)

    parcel_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("parcel.id", ondelete="CASCADE"), primary_key=True)
    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)


class ParcelLine(Identified, ShopOwned, Model):
    """So many units are in a parcel; `serials` holds the serial or IMEI numbers that are known.

    `order_line_id` is there for the units of the sale itself alone: what is sent in exchange or once more, or comes
    back, does not count as having left of a line.
    """

    __tablename__ = "parcel_line"
    __table_args__ = (
        Index("ix_parcel_line_parcel", "parcel_id"),
        Index("ix_parcel_line_order", "order_id"),
        Index("ix_parcel_line_order_line", "order_line_id"),
        Index("ix_parcel_line_serials", "serials", postgresql_using="gin", postgresql_where=text("serials <> '[]'")),
        CheckConstraint("quantity > 0", name="ck_parcel_line_quantity"),
    )

    parcel_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("parcel.id", ondelete="CASCADE"))
    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    order_line_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("order_line.id", ondelete="SET NULL"))
    sku_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("sku.id", ondelete="SET NULL"))
    code: Mapped[str] = mapped_column(String(64), info=not_personal("a SKU code"))
    title: Mapped[str] = mapped_column(String(200), default="", server_default="", info=not_personal("a product title"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    serials: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")


class ParcelEvent(Identified, ShopOwned, Model):
    """One thing that happened to a parcel on its way; append-only."""

    __tablename__ = "parcel_event"
    __table_args__ = (Index("ix_parcel_event_parcel", "parcel_id", "at", "id"),)

    parcel_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("parcel.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[EventKind] = mapped_column(StoredEnum(EventKind))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="", info=personal("note"))
    source: Mapped[Source] = mapped_column(StoredEnum(Source))
    actor: Mapped[str] = mapped_column(String(80), info=not_personal("a member of staff or a program"))


class AutoConfirm(ShopOwned, Model):
    """An order that left whole is delivered and completed at `due_at`, unless the buyer wants something put right."""

    __tablename__ = "auto_confirm"
    __table_args__ = (Index("ix_auto_confirm_due", "due_at", "order_id"),)

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ShippingBlock(Identified, ShopOwned, Model):
    """An order that must not leave while this row is there."""

    __tablename__ = "shipping_block"
    __table_args__ = (UniqueConstraint("order_id", name="uq_shipping_block_order"),)

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    reason: Mapped[BlockReason] = mapped_column(StoredEnum(BlockReason), info=not_personal("a code of ours"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80), info=not_personal("a member of staff or a program"))


class SerialProduct(Identified, ShopOwned, Model):
    """A product whose units leave only with their serial or IMEI numbers."""

    __tablename__ = "serial_product"
    __table_args__ = (UniqueConstraint("product_id", name="uq_serial_product"),)

    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("product.id", ondelete="CASCADE"))
