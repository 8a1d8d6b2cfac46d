"""The sums of two orders that were one: discounts by payer, what is owed and what was paid, conserved to the fen."""

from __future__ import annotations

from sqlalchemy import select

from app.kit import money
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.orders import creating, drafts
from app.orders.models import LineKind, Order, OrderDiscount, OrderLine


def share(order: Order, second: Order) -> None:
    """Give the second order, which has its lines already, its part of the discounts and of the money.

    It is paid in full; whatever was paid beyond both totals stays with the first. Raises
    RuleViolation("split_below_zero") when the first would come to less than nothing.
    """
    items, discount, units = _sums(second.id)
    _share_discounts(order, second, discount)
    _add(second, items, discount, units)
    _add(order, -items, -discount, -units)
    if order.total_minor < 0 or second.total_minor > order.paid_minor:
        raise RuleViolation("split_below_zero", number=order.number)
    second.paid_minor, order.paid_minor = second.total_minor, order.paid_minor - second.total_minor
    db.session.flush()


def put_back(order: Order, second: Order) -> None:
    """Give the first order all of the second's discounts and money; the second is left with nothing."""
    for row in discounts_of(second.id):
        _change(order, row, row.amount_minor)
        db.session.delete(row)
    for line in _own_charges(second.id):
        db.session.delete(line)
    _add(order, second.items_minor, second.discount_minor, second.units)
    order.paid_minor += second.paid_minor
    second.paid_minor = 0
    _add(second, -second.items_minor, -second.discount_minor, -second.units)
    db.session.flush()


def discounts_of(order_id: int) -> list[OrderDiscount]:
    """The discounts of an order, in the order in which they were given."""
    query = select(OrderDiscount).where(OrderDiscount.order_id == order_id).order_by(OrderDiscount.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _sums(order_id: int) -> tuple[int, int, int]:
    query = select(OrderLine).where(OrderLine.order_id == order_id, OrderLine.kind == LineKind.PRODUCT)
    lines = list(db.session.scalars(query))
    return (
        sum(line.amount_minor for line in lines),
        sum(line.discount_minor for line in lines),
        sum(line.quantity for line in lines),
    )


def _add(order: Order, items: int, discount: int, units: int) -> None:
    order.units += units
    order.items_minor += items
    order.discount_minor = (order.discount_minor or 0) + discount
    order.total_minor += items - discount
    order.charges_minor = order.total_minor - order.items_minor


def _share_discounts(order: Order, second: Order, minor: int) -> None:
    """`minor` of the first order's discounts become the second's, each payer bearing its part."""
    rows = discounts_of(order.id)
    if not minor:
        return
    if sum(row.amount_minor for row in rows) < minor:  # shares without the discounts that they are shares of
        raise RuleViolation("split_below_zero", number=order.number)
    for row, part in zip(rows, money.split(minor, [row.amount_minor for row in rows]), strict=True):
        if part:
            _change(second, row, part)
            _change(order, row, -part)


def _change(order: Order, like: OrderDiscount, minor: int) -> None:
    """So much more, or less, of a discount like this one, with the line of kind "charge" that shows it."""
    same = [one for one in discounts_of(order.id) if (one.payer, one.label) == (like.payer, like.label)]
    line = next((one for one in _own_charges(order.id) if one.title == like.label), None)
    if not same:
        values = {"shop_id": order.shop_id, "order_id": order.id, "payer": like.payer, "label": like.label}
        db.session.add(OrderDiscount(**values, amount_minor=minor))
        db.session.add(_charge(order, like.label, -minor))
    elif same[0].amount_minor + minor == 0:
        db.session.delete(same[0])
    else:
        same[0].amount_minor += minor
    if same and line is not None:
        line.amount_minor -= minor
        line.unit_price_micros = abs(line.amount_minor) * drafts.micros_per_minor(order.currency)
        if line.amount_minor == 0:
            db.session.delete(line)
    db.session.flush()


def _own_charges(order_id: int) -> list[OrderLine]:
    where = (OrderLine.order_id == order_id, OrderLine.kind == LineKind.CHARGE, OrderLine.code == creating.DISCOUNT)
    return list(db.session.scalars(select(OrderLine).where(*where).order_by(OrderLine.position)))


def _charge(order: Order, label: str, minor: int) -> OrderLine:
    return OrderLine(
        shop_id=order.shop_id,
        order_id=order.id,
        position=drafts.MOST_LINES + 1,
        kind=LineKind.CHARGE,
        code=creating.DISCOUNT,
        title=label,
        quantity=-1,
        unit_price_micros=abs(minor) * drafts.micros_per_minor(order.currency),
        amount_minor=minor,
    )
