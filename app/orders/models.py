"""Orders and credit notes with their lines, discounts and payments; the four axes on which an order stands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.customers.models import Customer
from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.personal_data import not_personal, personal
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned
from app.orders.states import (
    AfterSaleState,
    CloseCause,
    DiscountPayer,
    FulfilmentState,
    LineKind,
    OrderKind,
    OrderState,
    OrderStatus,
    PaymentMethod,
    PaymentState,
)

__all__ = [
    "HEADLINE_SQL",
    "AfterSaleState",
    "CloseCause",
    "DiscountPayer",
    "FulfilmentState",
    "LineKind",
    "Order",
    "OrderDiscount",
    "OrderKind",
    "OrderLine",
    "OrderPayment",
    "OrderState",
    "OrderStatus",
    "PaymentMethod",
    "PaymentState",
]

HEADLINE_SQL = """(case
    when order_state = 'closed' then 'closed'
    when order_state = 'completed' then 'completed'
    when fulfilment_state = 'delivered' then 'delivered'
    when fulfilment_state = 'fulfilled' then 'shipped'
    when payment_state in ('unpaid', 'partly_paid') then 'pending_payment'
    else 'pending_shipment' end)"""
"""`lifecycle.headline` as SQL, for the constraint; a test compares both over all standings."""


class Order(Identified, Versioned, ShopOwned, Model):
    """One order (or credit note); amounts in minor units of `currency`, negative on credit notes.

    `charges_minor` is all that is no goods: shipping plus other charges less discounts; total = items + charges.
    `status` is the headline of the four axes (`lifecycle.headline`); the database refuses any other value.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("shop_id", "number", name="uq_order_number"),
        Index("ix_order_shop_all", "shop_id", "placed_at", "id", postgresql_include=["number"]),
        Index("ix_order_shop_updated", "shop_id", "updated_at", "id"),
        Index("ix_order_shop_placed", "shop_id", "kind", "placed_at", "id"),
        Index("ix_order_shop_status", "shop_id", "kind", "status", "placed_at", "id"),
        Index("ix_order_shop_total", "shop_id", "total_minor", "id"),
        Index("ix_order_shop_country", "shop_id", "country", "placed_at", "id"),
        Index("ix_order_customer", "customer_id", "placed_at"),
        CheckConstraint(f"status = {HEADLINE_SQL}", name="ck_order_headline"),
        CheckConstraint("(order_state = 'closed') = (close_cause is not null)", name="ck_order_close_cause"),
        CheckConstraint("refunded_minor between 0 and greatest(paid_minor, 0)", name="ck_order_refunded"),
        Index(
            "ix_order_due",
            "shop_id",
            "due_at",
            "paid_at",
            "id",
            postgresql_where="status = 'pending_shipment' and due_at is not null",
            postgresql_include=["after_sale_state", "kind", "placed_at", "number", "total_minor"],
        ),
        Index("ix_order_tags", "tags", postgresql_using="gin", postgresql_where="tags <> '[]'"),
        Index("ix_order_flag", "shop_id", "flag", "placed_at", "id", postgresql_where="flag <> ''"),
        Index("ix_order_reverses", "reverses_id", postgresql_where="reverses_id is not null"),
        Index(
            "ix_order_pay_by",
            "pay_by",
            postgresql_where="status = 'pending_payment' and payment_state = 'unpaid' and pay_by is not null",
        ),
        Index("ix_order_group", "ship_group_id", postgresql_where="ship_group_id is not null"),
        Index("ix_order_split", "split_from_id", postgresql_where="split_from_id is not null"),
        Index(
            "ix_order_address",
            "shop_id",
            "address",
            "phone",
            "receiver",
            postgresql_where="status = 'pending_shipment' and fulfilment_state = 'unfulfilled' and address <> ''",
        ),
        Index(
            "ix_order_after_sale",
            "shop_id",
            "after_sale_state",
            "placed_at",
            "id",
            postgresql_where="after_sale_state <> 'none'",
        ),
        Index(
            "ix_order_partly_sent",
            "shop_id",
            "placed_at",
            "id",
            postgresql_where="fulfilment_state = 'partly_fulfilled'",
        ),
        Index(
            "ix_order_money_moved",
            "shop_id",
            "payment_state",
            "placed_at",
            "id",
            postgresql_where="payment_state in ('partly_paid', 'partly_refunded', 'refunded')",
        ),
        Index(
            "ix_order_number_trgm",
            "number",
            postgresql_using="gin",
            postgresql_ops={"number": "gin_trgm_ops"},
        ),
        Index(
            "ix_order_receiver_trgm",
            "receiver",
            postgresql_using="gin",
            postgresql_ops={"receiver": "gin_trgm_ops"},
        ),
        Index("ix_order_phone_trgm", "phone", postgresql_using="gin", postgresql_ops={"phone": "gin_trgm_ops"}),
    )

    number: Mapped[str] = mapped_column(String(64), info=not_personal("a document number of the shop"))
    kind: Mapped[OrderKind] = mapped_column(StoredEnum(OrderKind))
    status: Mapped[OrderStatus] = mapped_column(StoredEnum(OrderStatus))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    currency: Mapped[str] = mapped_column(String(3), info=not_personal("a currency code"))
    country: Mapped[str] = mapped_column(
        String(60), default="", server_default="", info=not_personal("a country alone names nobody")
    )
    customer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customer.id"))
    reverses_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    units: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    items_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    charges_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    total_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    receiver: Mapped[str] = mapped_column(String(120), default="", server_default="", info=personal("name"))
    address: Mapped[str] = mapped_column(String(300), default="", server_default="", info=personal("address"))
    phone: Mapped[str] = mapped_column(String(40), default="", server_default="", info=personal("phone"))
    staff_note: Mapped[str] = mapped_column(String(500), default="", server_default="", info=personal("note"))
    order_state: Mapped[OrderState] = mapped_column(
        StoredEnum(OrderState), default=OrderState.OPEN, server_default="open"
    )
    close_cause: Mapped[CloseCause | None] = mapped_column(StoredEnum(CloseCause))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    payment_state: Mapped[PaymentState] = mapped_column(
        StoredEnum(PaymentState), default=PaymentState.UNPAID, server_default="unpaid"
    )
    fulfilment_state: Mapped[FulfilmentState] = mapped_column(
        StoredEnum(FulfilmentState), default=FulfilmentState.UNFULFILLED, server_default="unfulfilled"
    )
    after_sale_state: Mapped[AfterSaleState] = mapped_column(
        StoredEnum(AfterSaleState), default=AfterSaleState.NONE, server_default="none"
    )
    platform_code: Mapped[int | None] = mapped_column(Integer)
    """Kuaishou's own status (10, 30, 40, 50, 70, 80) as it last told us; None for orders of other origin."""
    shipping_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    paid_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    promise_hours: Mapped[int | None] = mapped_column(Integer)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it must have left the house: `paid_at` + `promise_hours`."""
    pay_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it is closed unless some of it has been paid; None: never by itself."""
    ship_group_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ship_group.id"))
    """Orders of one group are packed and sent together; each keeps its money."""
    split_from_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    tags: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    flag: Mapped[str] = mapped_column(
        String(16), default="", server_default="", info=not_personal("the name of a colour")
    )
    flag_text: Mapped[str] = mapped_column(String(60), default="", server_default="", info=personal("note"))

    customer: Mapped[Customer | None] = relationship(lazy="raise")
    lines: Mapped[list[OrderLine]] = relationship(lazy="raise", order_by="OrderLine.position", back_populates="order")
    reverses: Mapped[Order | None] = relationship(
        lazy="raise", remote_side="Order.id", foreign_keys="Order.reverses_id"
    )

    def __str__(self) -> str:
        return self.number


class OrderLine(Identified, ShopOwned, Model):
    """One line: what, how many, at which price; `amount_minor` is rounded half away from zero."""

    __tablename__ = "order_line"
    __table_args__ = (
        Index("ix_order_line_order", "order_id", "position"),
        Index("ix_order_line_sku", "sku_id"),
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[LineKind] = mapped_column(StoredEnum(LineKind))
    sku_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("sku.id", ondelete="SET NULL"))
    code: Mapped[str] = mapped_column(String(64), info=not_personal("a SKU or charge code"))
    title: Mapped[str] = mapped_column(String(200), default="", server_default="", info=not_personal("a product title"))
    quantity: Mapped[int] = mapped_column(BigInteger)
    unit_price_micros: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """This line's share of the order's discounts, ≥ 0; `amount_minor` is before it."""
    list_price_micros: Mapped[int | None] = mapped_column(BigInteger)
    """What the price was when somebody set another one; None when nobody did."""
    price_reason: Mapped[str] = mapped_column(
        String(200), default="", server_default="", info=not_personal("why a price was set by hand")
    )

    order: Mapped[Order] = relationship(lazy="raise", back_populates="lines")


class OrderDiscount(Identified, ShopOwned, Model):
    """One discount on a whole order and who bears it; `amount_minor` > 0."""

    __tablename__ = "order_discount"
    __table_args__ = (
        Index("ix_order_discount_order", "order_id"),
        CheckConstraint("amount_minor > 0", name="ck_order_discount_amount"),
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    payer: Mapped[DiscountPayer] = mapped_column(StoredEnum(DiscountPayer))
    label: Mapped[str] = mapped_column(
        String(120), default="", server_default="", info=not_personal("the name of a discount")
    )
    amount_minor: Mapped[int] = mapped_column(BigInteger)


class OrderPayment(Identified, ShopOwned, Model):
    """Money that came in for an order and was recorded by staff; append-only."""

    __tablename__ = "order_payment"
    __table_args__ = (
        Index("ix_order_payment_order", "order_id"),
        CheckConstraint("amount_minor > 0", name="ck_order_payment_amount"),
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    method: Mapped[PaymentMethod] = mapped_column(StoredEnum(PaymentMethod))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str] = mapped_column(String(120), default="", server_default="", info=personal("note"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80), info=not_personal("a member of staff, by number"))
