"""Tables of stock: warehouses, levels (counters), the ledger, holds, and what the proof has found."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.bulk_keys import BY_STATEMENT
from app.kit.clock import UtcDateTime
from app.kit.db import Model, StoredEnum
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned


class MovementKind(StrEnum):
    """What moved the numbers of a level; reserved has rows of its own, the holds."""

    OPENING = "opening"
    RECEIVED = "received"
    EXPECTED = "expected"
    ADJUSTED = "adjusted"
    SHIPPED = "shipped"
    RETURNED = "returned"
    DAMAGED = "damaged"
    REPAIRED = "repaired"
    WRITTEN_OFF = "written_off"
    TRANSFERRED = "transferred"
    PROVED = "proved"


class HoldState(StrEnum):
    """A hold counts as reserved while it is live (it may expire) or confirmed (it does not)."""

    LIVE = "live"
    CONFIRMED = "confirmed"
    CONSUMED = "consumed"
    RELEASED = "released"
    EXPIRED = "expired"


HELD = (HoldState.LIVE, HoldState.CONFIRMED)


class Counter(StrEnum):
    """A number that the proof recounts."""

    ON_HAND = "on_hand"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    INCOMING = "incoming"
    TOTAL = "total"


class Warehouse(Identified, Versioned, ShopOwned, Model):
    """A place where stock lies; a shop's default one takes what names no other."""

    __tablename__ = "warehouse"
    __table_args__ = (
        UniqueConstraint("shop_id", "code", name="uq_warehouse_code"),
        UniqueConstraint("id", "shop_id", name="uq_warehouse_shop"),
        Index("uq_warehouse_default", "shop_id", unique=True, postgresql_where=text("is_default")),
    )

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    is_default: Mapped[bool] = mapped_column(default=False, server_default="false")

    def __str__(self) -> str:
        return self.name


class StockLevel(ShopOwned, Model):
    """A SKU in a warehouse. Narrow, because orders change it all day; its history is the ledger."""

    __tablename__ = "stock_level"
    __table_args__ = (
        ForeignKeyConstraint(
            ["warehouse_id", "shop_id"],
            ["warehouse.id", "warehouse.shop_id"],
            name="fk_stock_level_warehouse",
            info=BY_STATEMENT,
        ),
        CheckConstraint(
            "on_hand >= 0 and reserved >= 0 and unavailable >= 0 and incoming >= 0", name="ck_stock_level_counters"
        ),
        Index(
            "ix_stock_level_taken",  # of pages, not of rows, so that a hold still changes its row in place
            text("(on_hand - reserved - unavailable)"),
            text("(reserved + unavailable)"),
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 8, "autosummarize": "on"},
        ),
        {"postgresql_with": {"fillfactor": 70}},
    )

    sku_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("sku.id", ondelete="CASCADE", info=BY_STATEMENT), primary_key=True
    )
    warehouse_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger)  # that of the SKU and of the warehouse, by their keys
    on_hand: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    reserved: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    unavailable: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    incoming: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    @property
    def available(self) -> int:
        """What can still be sold; below zero when a count has found less than is reserved."""
        return self.on_hand - self.reserved - self.unavailable


class StockMovement(ShopOwned, Model):
    """One row of the ledger: what changed a level's counters, by how much, who and why; append-only.

    It has no keys to other tables: it outlives what it tells of, and is written by the hundred thousand.
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        Index(
            "uq_stock_movement_key",
            "shop_id",
            "key",
            "kind",
            "id_in_key",
            unique=True,
            postgresql_where=text("key is not null"),
        ),
        Index("ix_stock_movement_order", "order_id", postgresql_where=text("order_id is not null")),
    )

    sku_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    warehouse_id: Mapped[int] = mapped_column(BigInteger)
    shop_id: Mapped[int] = mapped_column(BigInteger)  # that of the level
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[MovementKind] = mapped_column(StoredEnum(MovementKind))
    on_hand_delta: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    unavailable_delta: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    incoming_delta: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    reason: Mapped[str] = mapped_column(String(40), default="", server_default="")
    note: Mapped[str] = mapped_column(String(500), default="", server_default="")
    actor: Mapped[str] = mapped_column(String(80))
    request_id: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    change_set_id: Mapped[int | None] = mapped_column(BigInteger)
    key: Mapped[str | None] = mapped_column(String(120))
    id_in_key: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")


class StockHold(Identified, ShopOwned, Model):
    """So many of a SKU in a warehouse are kept for a holder, such as `order:7`."""

    __tablename__ = "stock_hold"
    __table_args__ = (
        ForeignKeyConstraint(
            ["sku_id", "warehouse_id"],
            ["stock_level.sku_id", "stock_level.warehouse_id"],
            name="fk_stock_hold_level",
            ondelete="CASCADE",
        ),
        CheckConstraint("quantity > 0", name="ck_stock_hold_quantity"),
        Index("uq_stock_hold_key", "shop_id", "key", "position", unique=True, postgresql_where=text("key is not null")),
        Index("ix_stock_hold_holder", "shop_id", "holder"),
        Index("ix_stock_hold_live", "sku_id", "warehouse_id", postgresql_where=text("state in ('live', 'confirmed')")),
        Index("ix_stock_hold_expiry", "expires_at", postgresql_where=text("state = 'live'")),
    )

    shop_id: Mapped[int] = mapped_column(BigInteger)  # that of the level
    sku_id: Mapped[int] = mapped_column(BigInteger)
    warehouse_id: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int] = mapped_column(BigInteger)
    holder: Mapped[str] = mapped_column(String(80))
    state: Mapped[HoldState] = mapped_column(StoredEnum(HoldState))
    key: Mapped[str | None] = mapped_column(String(120))
    position: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StockFinding(Identified, ShopOwned, Model):
    """A counter that was not what its rows add up to; `warehouse_id` is empty for the total of the SKU."""

    __tablename__ = "stock_finding"
    __table_args__ = (Index("ix_stock_finding_open", "shop_id", "id", postgresql_where=text("fixed_at is null")),)

    sku_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sku.id", ondelete="CASCADE"))
    warehouse_id: Mapped[int | None] = mapped_column(BigInteger)
    counter: Mapped[Counter] = mapped_column(StoredEnum(Counter))
    expected: Mapped[int] = mapped_column(BigInteger)
    found: Mapped[int] = mapped_column(BigInteger)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fixed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fixed_by: Mapped[str | None] = mapped_column(String(80))

    @property
    def difference(self) -> int:
        """By how much the counter was too high (or, below zero, too low)."""
        return self.found - self.expected
