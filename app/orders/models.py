"""Orders and credit notes with their lines."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.customers.models import Customer
from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.personal_data import not_personal, personal
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned


class OrderKind(StrEnum):
    """A sale, a credit note that reverses one, or an adjustment without a buyer (bad debt, stock note)."""

    SALE = "sale"
    CREDIT_NOTE = "credit_note"
    ADJUSTMENT = "adjustment"


class OrderStatus(StrEnum):
    """待付款 / 待发货 / 已发货 / 已签收 / 交易成功 / 交易关闭."""

    PENDING_PAYMENT = "pending_payment"
    PENDING_SHIPMENT = "pending_shipment"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CLOSED = "closed"


class LineKind(StrEnum):
    """A product, or a charge such as postage, a manual entry or a bank fee."""

    PRODUCT = "product"
    CHARGE = "charge"


class Order(Identified, Versioned, ShopOwned, Model):
    """One order (or credit note); amounts in minor units of `currency`, negative on credit notes."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("shop_id", "number", name="uq_order_number"),
        Index("ix_order_shop_all", "shop_id", "placed_at", "id"),
        Index("ix_order_shop_placed", "shop_id", "kind", "placed_at", "id"),
        Index("ix_order_shop_status", "shop_id", "kind", "status", "placed_at", "id"),
        Index("ix_order_shop_total", "shop_id", "total_minor", "id"),
        Index("ix_order_shop_country", "shop_id", "country", "placed_at", "id"),
        Index("ix_order_customer", "customer_id", "placed_at"),
        Index("ix_order_reverses", "reverses_id", postgresql_where="reverses_id is not null"),
        Index(
            "ix_order_number_trgm",
            "number",
            postgresql_using="gin",
            postgresql_ops={"number": "gin_trgm_ops"},
        ),
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
    staff_note: Mapped[str] = mapped_column(String(500), default="", server_default="", info=personal("note"))

    customer: Mapped[Customer | None] = relationship(lazy="raise")
    lines: Mapped[list[OrderLine]] = relationship(lazy="raise", order_by="OrderLine.position", back_populates="order")
    reverses: Mapped[Order | None] = relationship(lazy="raise", remote_side="Order.id")

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

    order: Mapped[Order] = relationship(lazy="raise", back_populates="lines")
