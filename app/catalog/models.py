"""Products (SPU), their SKUs, categories and images."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kit.bulk_keys import BY_STATEMENT
from app.kit.db import Model, StoredEnum
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned


class ProductStatus(StrEnum):
    """草稿 / 在售 / 已下架 / 已归档."""

    DRAFT = "draft"
    ON_SALE = "on_sale"
    OFF_SHELF = "off_shelf"
    ARCHIVED = "archived"


class Category(Identified, Versioned, ShopOwned, Model):
    """A node of the shop's category tree."""

    __tablename__ = "category"
    __table_args__ = (
        UniqueConstraint(
            "shop_id",
            "parent_id",
            "name",
            name="uq_category_name",
            postgresql_nulls_not_distinct=True,
        ),
    )

    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("category.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(Integer, default=0, server_default="0")

    parent: Mapped[Category | None] = relationship(remote_side="Category.id")

    def __str__(self) -> str:
        return self.name


class FreightTemplate(Identified, Versioned, ShopOwned, Model):
    """The postage of a parcel: for the first pieces, for each step more, nothing from an amount on."""

    __tablename__ = "freight_template"
    __table_args__ = (
        UniqueConstraint("shop_id", "name", name="uq_freight_template_name"),
        CheckConstraint("first_units >= 1 and further_units >= 1", name="ck_freight_template_units"),
        CheckConstraint("first_fee_minor >= 0 and further_fee_minor >= 0", name="ck_freight_template_fees"),
        CheckConstraint("free_above_minor >= 0", name="ck_freight_template_free_above"),
    )

    name: Mapped[str] = mapped_column(String(80))
    first_units: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    first_fee_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    further_units: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    further_fee_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    free_above_minor: Mapped[int | None] = mapped_column(BigInteger)

    def __str__(self) -> str:
        return self.name


class Product(Identified, Versioned, ShopOwned, Model):
    """What is sold (SPU); price and stock are on its SKUs."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("shop_id", "code", name="uq_product_code"),
        Index("ix_product_shop_status", "shop_id", "status", "id"),
        Index("ix_product_shop_updated", "shop_id", "updated_at", "id"),
        Index("ix_product_category", "category_id", postgresql_where="category_id is not null"),
        Index("ix_product_freight_template", "freight_template_id", postgresql_where="freight_template_id is not null"),
        Index("ix_product_tags", "tags", postgresql_using="gin"),
        Index("ix_product_shop_title", "shop_id", "title", "id"),
        Index(
            "ix_product_code_trgm",
            "code",
            postgresql_using="gin",
            postgresql_ops={"code": "gin_trgm_ops"},
        ),
        Index(
            "ix_product_title_trgm",
            "title",
            postgresql_using="gin",
            postgresql_ops={"title": "gin_trgm_ops"},
        ),
    )

    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shop.id", info=BY_STATEMENT))
    code: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    status: Mapped[ProductStatus] = mapped_column(StoredEnum(ProductStatus), default=ProductStatus.DRAFT)
    category_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("category.id"))
    tags: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default="[]")
    attributes: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict, server_default="{}")
    freight_template_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("freight_template.id"))

    freight_template: Mapped[FreightTemplate | None] = relationship(lazy="raise")
    category: Mapped[Category | None] = relationship(lazy="raise")
    skus: Mapped[list[Sku]] = relationship(lazy="raise", order_by="Sku.id", back_populates="product")
    images: Mapped[list[ProductImage]] = relationship(lazy="raise", order_by="ProductImage.position")

    def __str__(self) -> str:
        return self.title


class Sku(Identified, Versioned, ShopOwned, Model):
    """A sellable variant: option values, price, cost and stock."""

    __tablename__ = "sku"
    __table_args__ = (
        UniqueConstraint("shop_id", "code", name="uq_sku_code"),
        CheckConstraint("price_minor >= 0", name="ck_sku_price"),
        CheckConstraint("cost_minor >= 0", name="ck_sku_cost"),
        CheckConstraint("compare_at_minor >= 0", name="ck_sku_compare_at"),
        CheckConstraint("stock_on_hand >= 0", name="ck_sku_stock"),
        Index("ix_sku_product", "product_id", postgresql_include=["shop_id", "stock_on_hand"]),
        Index("ix_sku_shop_price", "shop_id", "price_minor", "id"),
        Index("ix_sku_low_stock", "shop_id", "id", postgresql_where="stock_on_hand <= low_stock_limit"),
        Index("ix_sku_high_limit", "shop_id", "low_stock_limit", "id", postgresql_where="low_stock_limit > 20"),
        Index(
            "ix_sku_code_trgm",
            "code",
            postgresql_using="gin",
            postgresql_ops={"code": "gin_trgm_ops"},
        ),
    )

    shop_id: Mapped[int] = mapped_column(BigInteger)  # that of the product, by one key
    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("product.id", ondelete="CASCADE", info=BY_STATEMENT))
    code: Mapped[str] = mapped_column(String(64))
    barcode: Mapped[str] = mapped_column(String(64), default="", server_default="")
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    price_minor: Mapped[int] = mapped_column(BigInteger)
    compare_at_minor: Mapped[int | None] = mapped_column(BigInteger)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    stock_on_hand: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    low_stock_limit: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    product: Mapped[Product] = relationship(lazy="raise", back_populates="skus")

    @property
    def is_low(self) -> bool:
        """At or under the limit that the shop has set; out of stock counts as low."""
        return self.stock_on_hand <= self.low_stock_limit

    def __str__(self) -> str:
        return self.code


class ProductImage(Identified, ShopOwned, Model):
    """A picture of a product; `file` is the content address of kit.files."""

    __tablename__ = "product_image"
    __table_args__ = (Index("ix_product_image_product", "product_id", "position"),)

    product_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("product.id", ondelete="CASCADE"))
    file: Mapped[str] = mapped_column(String(80))
    thumb: Mapped[str] = mapped_column(String(80), default="", server_default="")
    alt: Mapped[str] = mapped_column(String(200), default="", server_default="")
    position: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
