"""Text search over orders: number, buyer, receiver, phone, SKU code; each part keeps to an index."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select

from app.catalog.models import Sku
from app.customers.models import Customer
from app.kit.db import db
from app.orders.models import Order, OrderLine

FEW = 2_000
"""So many ids go into the statement as a list, which an index serves; more stay a subquery, where matches
are so dense that a page fills at once."""


_PHONE = re.compile(r"[0-9+ ()-]{4,}")


def matching(text: str, shop_id: int) -> ColumnElement[bool]:
    """The condition "number, buyer or receiver contains the text, or a line has this SKU code".

    Four digits and more, as they stand in a phone, are looked for in phones too: its end is what buyers say.
    Two short statements find the buyers and the SKU. Texts of one or two characters, which a trigram
    index cannot find inside a word, match from the beginning.
    """
    pattern = like(text)
    called = _PHONE.fullmatch(text) is not None
    person = (Customer.phone, Order.phone) if called else (Customer.name, Order.receiver)
    buyers = select(Customer.id).where(
        Customer.shop_id == shop_id, or_(Customer.number.ilike(pattern), person[0].ilike(pattern))
    )
    return or_(
        Order.number.ilike(pattern),
        person[1].ilike(pattern),
        among(Order.customer_id, buyers),
        _holding(text, shop_id),
    )


def like(text: str) -> str:
    """The ILIKE pattern of a text: inside for three characters and more, else from the beginning."""
    plain = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{plain}%" if len(text) > 2 else f"{plain}%"


def _holding(code: str, shop_id: int) -> ColumnElement[bool]:
    """Orders with a line of exactly this SKU, written as typed or in capitals."""
    skus = select(Sku.id).where(Sku.shop_id == shop_id, Sku.code.in_({code, code.upper()}))
    found = list(db.session.scalars(skus))
    if not found:
        return false()
    return among(Order.id, select(OrderLine.order_id).where(OrderLine.sku_id.in_(found)))


def among(column: Any, ids: Select[int]) -> ColumnElement[bool]:
    """The condition "is one of these": few are asked for now and stand in the statement as a list."""
    few = list(db.session.scalars(ids.limit(FEW + 1)))
    if not few:
        return false()
    return column.in_(ids if len(few) > FEW else few)


def of_buyers(numbers: list[str], shop_id: int) -> ColumnElement[bool]:
    """The condition "bought by a customer with one of these numbers"."""
    wanted = select(Customer.id).where(Customer.shop_id == shop_id, Customer.number.in_(numbers))
    return among(Order.customer_id, wanted)
