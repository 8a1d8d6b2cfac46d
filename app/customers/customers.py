"""Customers: find one for an order written by hand, or make one."""

from __future__ import annotations

from sqlalchemy import or_, select, text

from app.customers.models import Customer
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.shops.models import Shop

LENGTHS = {"name": 120, "phone": 40}


def make(shop: Shop, name: str, phone: str) -> Customer:
    """A new customer with a number of ours. Raises RuleViolation("too_long")."""
    for field, value in (("name", name), ("phone", phone)):
        if len(value) > LENGTHS[field]:
            raise RuleViolation("too_long", field=field, limit=LENGTHS[field])
    customer_id = db.session.scalar(text("select nextval(pg_get_serial_sequence('customer', 'id'))"))
    row = Customer(
        id=customer_id, shop_id=shop.id, number=f"M{customer_id}", name=name, phone=phone, country=shop.country
    )
    db.session.add(row)
    db.session.flush()
    return row


def of(shop: Shop, customer_id: int) -> Customer | None:
    """A customer of the shop by id; None for one of another shop, or none at all."""
    return db.session.scalars(select(Customer).where(Customer.shop_id == shop.id, Customer.id == customer_id)).first()


def known(shop: Shop, name: str, phone: str) -> Customer | None:
    """The newest customer of just this name and phone; None without a phone, which alone makes a name one's own."""
    if not phone:
        return None
    same = (Customer.shop_id == shop.id, Customer.phone == phone, Customer.name == name)
    return db.session.scalars(select(Customer).where(*same).order_by(Customer.id.desc()).limit(1)).first()


def find(shop: Shop, words: str, limit: int = 8) -> list[Customer]:
    """Customers whose number or phone begins so, or whose name contains it."""
    if not words:
        return []
    near = or_(
        Customer.number.istartswith(words, autoescape=True),
        Customer.phone.startswith(words, autoescape=True),
        Customer.name.icontains(words, autoescape=True),
    )
    query = select(Customer).where(Customer.shop_id == shop.id, near).order_by(Customer.id.desc()).limit(limit)
    return list(db.session.scalars(query))
