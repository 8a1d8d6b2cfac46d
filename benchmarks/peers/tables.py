"""The tables that every SQLAlchemy peer reads: plain models, as its documentation would have them."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, String
from sqlalchemy.orm import declarative_mixin, declared_attr, relationship


@declarative_mixin
class CustomerColumns:
    __tablename__ = "customer"
    id = Column(BigInteger, primary_key=True)
    number = Column(String(60))
    name = Column(String(120))

    def __str__(self):
        return self.name


@declarative_mixin
class OrderColumns:
    __tablename__ = "orders"
    id = Column(BigInteger, primary_key=True)
    number = Column(String(64))
    kind = Column(String(32))
    status = Column(String(32))
    placed_at = Column(DateTime(timezone=True))
    country = Column(String(60))
    units = Column(BigInteger)
    total_minor = Column(BigInteger)
    receiver = Column(String(120))
    address = Column(String(300))
    staff_note = Column(String(500))

    @declared_attr
    def customer_id(cls):  # noqa: N805
        return Column(BigInteger, ForeignKey("customer.id"))

    @declared_attr
    def customer(cls):  # noqa: N805
        return relationship("Customer")


LIST = ["number", "placed_at", "customer", "country", "units", "total_minor", "status", "kind"]
FORM = ["status", "receiver", "address", "staff_note"]
