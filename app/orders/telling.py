"""Orders as programs read them: a page of them, one, and what was paid; buyers' data masked unless it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, select, text, tuple_
from sqlalchemy.orm import joinedload, selectinload

from app.customers import masking
from app.kit import money
from app.kit.db import db
from app.kit.errors import NotFound
from app.kit.money import Money
from app.orders import paying
from app.orders.models import LineKind, Order, OrderDiscount, OrderKind, OrderLine, OrderPayment
from app.orders.names import PAYER_CODES
from app.shops.models import Shop


@dataclass(frozen=True)
class Wanted:
    """Which orders: `states` by column; newest first, or with `updated_since` those changed longest ago first.

    `after` is (moment, id) of the last row of the page before.
    """

    kind: OrderKind = OrderKind.SALE
    states: tuple[tuple[str, str], ...] = ()
    tag: str | None = None
    number: str | None = None
    placed_from: datetime | None = None
    placed_until: datetime | None = None
    updated_since: datetime | None = None
    after: tuple[datetime, int] | None = None
    limit: int = 50


def page(shop: Shop, wanted: Wanted) -> list[Order]:
    """`limit` + 1 orders with lines and buyer, by two statements."""
    query = select(Order).where(Order.shop_id == shop.id, Order.kind == wanted.kind, *_filters(wanted))
    query = _ordered(query, wanted).limit(wanted.limit + 1)
    return list(db.session.scalars(query.options(joinedload(Order.customer), selectinload(Order.lines))))


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [getattr(Order, column) == value for column, value in wanted.states]
    if wanted.tag is not None:
        found += [Order.tags.contains([wanted.tag]), text("tags <> '[]'")]  # type: ignore[list-item]
    if wanted.number is not None:
        found.append(Order.number == wanted.number)
    if wanted.placed_from is not None:
        found.append(Order.placed_at >= wanted.placed_from)
    if wanted.placed_until is not None:
        found.append(Order.placed_at < wanted.placed_until)
    return found


def _ordered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """Newest first; or by time of change, so that a program that reads to the end has missed nothing before."""
    if wanted.updated_since is not None:
        query = query.where(Order.updated_at >= wanted.updated_since)
        if wanted.after:
            query = query.where(tuple_(Order.updated_at, Order.id) > wanted.after)
        return query.order_by(Order.updated_at, Order.id)
    if wanted.after:
        query = query.where(tuple_(Order.placed_at, Order.id) < wanted.after)
    return query.order_by(Order.placed_at.desc(), Order.id.desc())


def get(order_id: int) -> Order:
    """The order with lines and buyer, as it is now. Raises NotFound."""
    query = select(Order).where(Order.id == order_id).execution_options(populate_existing=True)
    order = db.session.scalars(query.options(joinedload(Order.customer), selectinload(Order.lines))).first()
    if order is None:
        raise NotFound("not_found")
    return order


def all_of(orders: Sequence[Order], *, personal: bool = False) -> list[dict[str, Any]]:
    """Orders with lines and buyer loaded, as plain data; one more statement, for their discounts."""
    discounts: dict[int, list[OrderDiscount]] = {}
    ids = [order.id for order in orders if order.discount_minor]
    if ids:
        query = select(OrderDiscount).where(OrderDiscount.order_id.in_(ids)).order_by(OrderDiscount.id)
        for row in db.session.scalars(query):
            discounts.setdefault(row.order_id, []).append(row)
    return [_told(order, discounts.get(order.id, []), personal) for order in orders]


def one(order: Order, *, personal: bool = False) -> dict[str, Any]:
    """An order with its payments and links."""
    query = select(OrderPayment).where(OrderPayment.order_id == order.id).order_by(OrderPayment.id)
    payments = [_payment(row, order.currency, personal) for row in db.session.scalars(query)]
    base = f"/api/v1/orders/{order.id}"
    links = {"self": base, "page": f"/orders/{order.id}"}
    links |= {name: f"{base}/{name}" for name in ("timeline", "comments")}
    return {**all_of([order], personal=personal)[0], "payments": payments, "links": links}


def _told(order: Order, discounts: Sequence[OrderDiscount], personal: bool) -> dict[str, Any]:
    return {
        "id": order.id,
        "number": order.number,
        "version": order.version,
        **{name: getattr(order, name).value for name in _STATES},
        "close_cause": order.close_cause.value if order.close_cause else None,
        "platform_code": order.platform_code,
        **{name: getattr(order, name) for name in _MOMENTS},
        "promise_hours": order.promise_hours,
        "country": order.country,
        "currency": order.currency,
        "units": order.units,
        "money": _money(order),
        "discounts": [_discount(row, order.currency) for row in discounts],
        "lines": [_line(line, order.currency) for line in order.lines],
        "tags": list(order.tags),
        "flag": order.flag,
        **_personal(order, personal),
    }


_STATES = ("kind", "status", "order_state", "payment_state", "fulfilment_state", "after_sale_state")
_MOMENTS = ("placed_at", "paid_at", "due_at", "closed_at", "updated_at")


def _money(order: Order) -> dict[str, str]:
    other = order.charges_minor - order.shipping_minor + order.discount_minor
    minors = {
        "items": order.items_minor,
        "shipping": order.shipping_minor,
        "other_charges": other,
        "discount": order.discount_minor,
        "total": order.total_minor,
        "paid": order.paid_minor,
        "refunded": order.refunded_minor,
        "outstanding": paying.outstanding(order),
    }
    return {name: amount(minor, order.currency) for name, minor in minors.items()}


def _personal(order: Order, shown: bool) -> dict[str, Any]:
    """Masked, enough to tell orders apart; what staff wrote freely is left out altogether."""
    buyer = order.customer
    known = None if buyer is None else {"id": buyer.id, "number": buyer.number if shown else None}
    if shown:
        delivery = {name: getattr(order, name) for name in ("receiver", "phone", "address")}
        return {"personal": "shown", "customer": known, "delivery": delivery, **_words(order)}
    delivery = {
        "receiver": masking.name(order.receiver),
        "phone": masking.phone(order.phone) if order.phone else "",
        "address": masking.address(order.address),
    }
    return {"personal": "masked", "customer": known, "delivery": delivery, "staff_note": None, "flag_text": None}


def _words(order: Order) -> dict[str, str]:
    return {"staff_note": order.staff_note, "flag_text": order.flag_text}


def _line(line: OrderLine, currency: str) -> dict[str, Any]:
    return {
        "id": line.id,
        "position": line.position,
        "kind": line.kind.value,
        "code": line.code,
        "sku": line.code if line.kind is LineKind.PRODUCT else None,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": unit_price(line.unit_price_micros, currency),
        "list_price": None if line.list_price_micros is None else unit_price(line.list_price_micros, currency),
        "price_reason": line.price_reason,
        "amount": amount(line.amount_minor, currency),
        "discount": amount(line.discount_minor, currency),
        "net": amount(line.amount_minor - line.discount_minor, currency),
    }


def _discount(row: OrderDiscount, currency: str) -> dict[str, Any]:
    told = {"amount": amount(row.amount_minor, currency), "payer": row.payer.value}
    return {**told, "payer_code": PAYER_CODES[row.payer], "label": row.label}


def _payment(row: OrderPayment, currency: str, personal: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "method": row.method.value,
        "amount": amount(row.amount_minor, currency),
        "reference": row.reference if personal else None,
        "received_at": row.received_at,
        "actor": row.actor,
    }


def amount(minor: int, currency: str) -> str:
    """An amount as a decimal string in major units."""
    return str(Money(minor, currency))


def unit_price(micros: int, currency: str) -> str:
    """A unit price as a decimal string: with the currency's digits, or as many as it needs."""
    exact = Decimal(micros).scaleb(-6)
    digits = Decimal(1).scaleb(-money.exponent(currency))
    rounded = exact.quantize(digits)
    return str(rounded) if rounded == exact else f"{exact.normalize():f}"
