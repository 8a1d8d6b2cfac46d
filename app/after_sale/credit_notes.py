"""A refund in the books: the credit note that a case writes when its money is back, so that reports show it."""

from __future__ import annotations

from app.after_sale import access
from app.after_sale.models import AfterSaleCase, RefundLine
from app.kit import clock, money
from app.kit.db import db
from app.orders import lifecycle
from app.orders.models import LineKind, Order, OrderKind, OrderLine, OrderStatus

GOODWILL, OVERPAID = "GOODWILL", "OVERPAID"
"""Codes of the charges that stand for money that goes back for no unit, and beyond the order's total."""


def write(case: AfterSaleCase, sale: Order) -> Order:
    """Write the note of a case whose money is back, once; its day is the day of the refund.

    Units are credited at what went back for them, after discounts; money for no unit is a charge.
    """
    lines = [line for line in access.lines_of(case.id) if line.amount_minor or line.units]
    goods = [line for line in lines if line.units]
    note = Order(
        shop_id=sale.shop_id,
        number=f"R-{case.number}",
        kind=OrderKind.CREDIT_NOTE,
        **lifecycle.at(OrderStatus.COMPLETED),
        placed_at=clock.now(),
        currency=sale.currency,
        country=sale.country,
        customer_id=sale.customer_id,
        reverses_id=sale.id,
        receiver=sale.receiver,
        units=-sum(line.units for line in goods),
        items_minor=-sum(line.amount_minor for line in goods),
        total_minor=-case.amount_minor,
        charges_minor=sum(line.amount_minor for line in goods) - case.amount_minor,
    )
    db.session.add(note)
    db.session.flush()
    db.session.add_all(_line(note, place, line) for place, line in enumerate(lines, 1))
    case.credit_note_id = note.id
    db.session.flush()
    return note


def _line(note: Order, place: int, line: RefundLine) -> OrderLine:
    sold = line.line
    is_goods = line.units > 0
    is_charge = sold is not None and sold.kind is LineKind.CHARGE
    scale = 10 ** (6 - money.exponent(note.currency))
    code = sold.code if sold and (is_goods or is_charge) else GOODWILL if sold else OVERPAID
    return OrderLine(
        shop_id=note.shop_id,
        order_id=note.id,
        position=place,
        kind=LineKind.PRODUCT if is_goods else LineKind.CHARGE,
        sku_id=sold.sku_id if sold and is_goods else None,
        code=code,
        title=sold.title if sold else "",
        quantity=-(line.units or 1),
        unit_price_micros=money.divide_half_up(line.amount_minor * scale, line.units or 1),
        amount_minor=-line.amount_minor,
    )
