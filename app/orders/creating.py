"""An order written by hand or by a program: number, lines, discounts, buyer, stock held."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, text

from app.customers import customers
from app.customers.models import Customer
from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.order_events import OrderCreated
from app.orders import drafts, lifecycle, reserving, settings
from app.orders.drafts import Basket, Priced, PricedLine
from app.orders.edits import check_lengths, check_phone
from app.orders.models import LineKind, Order, OrderDiscount, OrderKind, OrderLine, OrderStatus
from app.shops.models import Shop

BY_HAND = "console"
"""The `source` of orders that staff write."""
SHIPPING, DISCOUNT = "SHIPPING", "DISCOUNT"
"""Codes of the lines of kind "charge" that hold them."""


@dataclass(frozen=True)
class Buyer:
    """A known customer by id, else the one of this name and phone, else a new one; all empty: nobody known."""

    customer_id: int | None = None
    name: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Delivery:
    """Where it goes; `receiver`, `phone`, `address`, `staff_note` as texts."""

    receiver: str = ""
    phone: str = ""
    address: str = ""
    staff_note: str = ""


def create(shop: Shop, basket: Basket, buyer: Buyer, delivery: Delivery, source: str = BY_HAND) -> Order:
    """Write an order that waits for payment and hold its stock; all or nothing.

    Raises what `drafts.price` raises, RuleViolation("insufficient_stock", "too_long"), NotFound for the customer.
    """
    check_lengths(vars(delivery))
    check_phone(delivery.phone)
    check_phone(buyer.phone)
    priced = drafts.price(shop, basket)
    customer, rules = _buyer(shop, buyer), settings.of(shop.id)
    order_id = db.session.scalar(text("select nextval(pg_get_serial_sequence('orders', 'id'))"))
    order = Order(
        id=order_id,
        shop_id=shop.id,
        number=f"M{clock.day_of(clock.now(), shop.time_zone):%Y%m%d}-{order_id}",
        kind=OrderKind.SALE,
        **lifecycle.at(OrderStatus.PENDING_PAYMENT),
        placed_at=clock.now(),
        currency=shop.currency,
        country=customer.country if customer else shop.country,
        customer_id=customer.id if customer else None,
        promise_hours=rules.promise_hours,
        pay_by=settings.pay_by(rules, by_hand=source == BY_HAND),
        **vars(delivery),
    )
    db.session.add(order)
    write_lines(order, priced)
    db.session.flush()
    reserving.place(order)
    journal.record(OrderCreated(shop.id, order.id, source, order.total_minor))
    db.session.flush()
    return order


def write_lines(order: Order, priced: Priced) -> None:
    """Give an order without lines those of a priced basket, and its sums; charges of other kinds stay the caller's."""
    goods = [
        _line(order, place, line, *amounts)
        for place, (line, *amounts) in enumerate(
            zip(priced.lines, priced.bill.lines, priced.bill.shares, strict=True), 1
        )
    ]
    charges = _charges(order, priced, len(goods))
    db.session.add_all([*goods, *charges])
    basket = priced.basket
    db.session.add_all(
        OrderDiscount(
            shop_id=order.shop_id, order_id=order.id, payer=one.payer, label=one.label, amount_minor=one.amount_minor
        )
        for one in basket.discounts
    )
    order.units = sum(line.wanted.quantity for line in priced.lines)
    order.items_minor, order.total_minor = priced.bill.items, priced.bill.total
    order.charges_minor = order.total_minor - order.items_minor
    order.shipping_minor, order.discount_minor = priced.bill.shipping, priced.bill.discount


def _line(order: Order, place: int, line: PricedLine, amount: int, share: int) -> OrderLine:
    return OrderLine(
        shop_id=order.shop_id,
        order_id=order.id,
        position=place,
        kind=LineKind.PRODUCT,
        sku_id=line.wanted.sku_id,
        code=line.code,
        title=line.title,
        quantity=line.wanted.quantity,
        unit_price_micros=line.unit_micros,
        amount_minor=amount,
        discount_minor=share,
        list_price_micros=line.list_micros if line.is_overridden else None,
        price_reason=line.wanted.reason if line.is_overridden else "",
    )


def _charges(order: Order, priced: Priced, after: int) -> list[OrderLine]:
    """Shipping and discounts as lines, so that the lines alone make the total."""
    amounts = [(SHIPPING, "", priced.bill.shipping)] if priced.bill.shipping else []
    amounts += [(DISCOUNT, one.label, -one.amount_minor) for one in priced.basket.discounts]
    scale = drafts.micros_per_minor(order.currency)
    return [
        OrderLine(
            shop_id=order.shop_id,
            order_id=order.id,
            position=place,
            kind=LineKind.CHARGE,
            code=code,
            title=label,
            quantity=1 if minor > 0 else -1,
            unit_price_micros=abs(minor) * scale,
            amount_minor=minor,
        )
        for place, (code, label, minor) in enumerate(amounts, after + 1)
    ]


def _buyer(shop: Shop, buyer: Buyer) -> Customer | None:
    if buyer.customer_id is not None:
        found = db.session.scalars(
            select(Customer).where(Customer.shop_id == shop.id, Customer.id == buyer.customer_id)
        ).first()
        if found is None:
            raise NotFound("not_found")
        return found
    if not buyer.name and not buyer.phone:
        return None
    if not buyer.name:
        raise RuleViolation("name_missing")
    return customers.known(shop, buyer.name, buyer.phone) or customers.make(shop, buyer.name, buyer.phone)
