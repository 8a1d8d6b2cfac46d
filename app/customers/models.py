"""Customers of a shop; personal data is marked on its column."""

from __future__ import annotations

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, query_expression

from app.kit.db import Model
from app.kit.personal_data import not_personal, personal
from app.kit.rows import Identified, Versioned
from app.kit.shop_wall import ShopOwned


class Customer(Identified, Versioned, ShopOwned, Model):
    """A buyer that the shop knows by number; a buyer without one stays anonymous on the order."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("shop_id", "number", name="uq_customer_number"),
        Index(
            "ix_customer_number_trgm",
            "number",
            postgresql_using="gin",
            postgresql_ops={"number": "gin_trgm_ops"},
        ),
        Index(
            "ix_customer_name_trgm",
            "name",
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        ),
        Index(
            "ix_customer_phone_trgm",
            "phone",
            postgresql_using="gin",
            postgresql_ops={"phone": "gin_trgm_ops"},
        ),
    )

    number: Mapped[str] = mapped_column(String(60), info=personal("account", erase="keep"))
    name: Mapped[str] = mapped_column(String(120), default="", server_default="", info=personal("name"))
    phone: Mapped[str] = mapped_column(String(40), default="", server_default="", info=personal("phone"))
    email: Mapped[str] = mapped_column(String(254), default="", server_default="", info=personal("email"))
    country: Mapped[str] = mapped_column(
        String(60), default="", server_default="", info=not_personal("a country alone names nobody")
    )

    order_count: Mapped[int | None] = query_expression()
    """Sales of this buyer; only the list asks for it."""
    net_minor: Mapped[int | None] = query_expression()
    """Their value less credit notes; only the list asks for it."""

    @property
    def label(self) -> str:
        """What staff call this customer."""
        return self.name or self.number

    def __str__(self) -> str:
        return self.label
