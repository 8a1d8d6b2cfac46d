"""One order in two: lines or units go into a second order with their share of discounts and of what was paid.

Both close to the fen, hold what they held, name each other, and can be put together again while neither has been sent.
See docs/decisions/0018-together-and-apart.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from app.kit import clock, context, journal, money
from app.kit.db import db, rehearsal
from app.kit.errors import NotFound, RuleViolation
from app.order_events import OrderSplitOff
from app.orders import handling, lifecycle, reserving, split_money
from app.orders.models import (
    AfterSaleState,
    FulfilmentState,
    LineKind,
    Order,
    OrderKind,
    OrderLine,
    OrderState,
    OrderStatus,
    PaymentState,
)
from app.orders.side_models import OrderSplit
from app.stock import hand_over

_SAME = ("placed_at", "currency", "country", "customer_id", "receiver", "address", "phone", "staff_note", "paid_at",
         "promise_hours", "due_at", "platform_code", "tags", "flag", "flag_text", "shop_id")  # fmt: skip
"""What the second order has from the first."""


@dataclass(frozen=True)
class Half:
    """What one of the two comes to, in minor units; `lines` as (code, units, amount less its share of discounts)."""

    number: str
    lines: list[tuple[str, int, int]]
    items: int
    discount: int
    charges: int
    total: int
    paid: int


def why_not(order: Order) -> str:
    """Why nothing can be split off or put back, as a code of `names`; empty when it can."""
    checks = (
        (order.kind is not OrderKind.SALE or order.order_state is not OrderState.OPEN, "not_open"),
        (order.fulfilment_state is not FulfilmentState.UNFULFILLED, "goods_have_moved"),
        (order.payment_state in (PaymentState.UNPAID, PaymentState.PARTLY_PAID), "not_paid"),
        (order.payment_state is not PaymentState.PAID or order.refunded_minor > 0, "money_has_gone_back"),
        (order.after_sale_state is not AfterSaleState.NONE, "after_sale"),
    )
    return next((code for applies, code in checks if applies), "")


def rehearse(order_id: int, units: Mapping[int, int]) -> tuple[Half, Half]:
    """What `split` would make of the two; everything is taken back. Raises what it raises."""
    with rehearsal():
        second = split(order_id, units)
        halves = half_of(handling.locked(order_id)), half_of(second)
    db.session.expire_all()
    return halves


def split(order_id: int, units: Mapping[int, int]) -> Order:
    """Put so many units of each line (line id → units) into a second order and give that one.

    Shipping and charges stay with the first. Raises RuleViolation("split_refused", "split_nothing", "split_everything",
    "split_below_zero"), NotFound.
    """
    order = handling.locked(order_id)
    if reason := why_not(order):
        raise refused("split_refused", order, reason)
    lines = product_lines(order.id)
    moving = _checked(lines, units)
    second = _second(order)
    told = [_move_line(line, moving[line.id], second) for line in lines if line.id in moving]
    db.session.flush()
    split_money.share(order, second)
    _hand_over(order, second)
    row = OrderSplit(
        shop_id=order.shop_id, from_id=order.id, into_id=second.id, paid_minor=second.paid_minor, lines=told
    )
    row.actor, row.created_at = str(context.actor()), clock.now()
    db.session.add(row)
    for subject, other in ((order, second), (second, order)):
        told_money = (second.units, second.total_minor, second.paid_minor)
        journal.record(OrderSplitOff(order.shop_id, subject.id, other.id, other.number, subject is order, *told_money))
    db.session.flush()
    return second


def half_of(order: Order) -> Half:
    """An order as one half of a split."""
    lines = [(one.code, one.quantity, one.amount_minor - one.discount_minor) for one in product_lines(order.id)]
    charges = order.charges_minor + order.discount_minor
    sums = (order.items_minor, order.discount_minor, charges, order.total_minor, order.paid_minor)
    return Half(order.number, lines, *sums)


def product_lines(order_id: int) -> list[OrderLine]:
    """The lines of goods, in order, as they are now."""
    query = select(OrderLine).where(OrderLine.order_id == order_id, OrderLine.kind == LineKind.PRODUCT)
    return list(db.session.scalars(query.order_by(OrderLine.position).execution_options(populate_existing=True)))


def of(order_id: int) -> list[tuple[OrderSplit, Order]]:
    """The splits that an order takes part in and that stand, each with the other order."""
    query = (
        select(OrderSplit, Order)
        .join(Order, Order.id == func.coalesce(func.nullif(OrderSplit.into_id, order_id), OrderSplit.from_id))
        .where((OrderSplit.from_id == order_id) | (OrderSplit.into_id == order_id), OrderSplit.undone_at.is_(None))
        .order_by(OrderSplit.id)
    )
    return [(row, other) for row, other in db.session.execute(query)]


def money_of(order_id: int) -> list[int]:
    """The orders whose payments are this one's money: itself, and those that it was split from; the oldest first."""
    ids = [order_id]
    while above := db.session.scalar(select(Order.split_from_id).where(Order.id == ids[0])):
        ids.insert(0, above)
    return ids


def refused(code: str, order: Order, reason: str) -> RuleViolation:
    """A split or a putting together that cannot be, with its reason in words."""
    from app.orders import names

    return RuleViolation(code, number=order.number, reason=str(names.why_not(order.status, reason)))


def _checked(lines: list[OrderLine], units: Mapping[int, int]) -> dict[int, int]:
    by_id = {line.id: line for line in lines}
    moving = {line_id: count for line_id, count in units.items() if count}
    if moving.keys() - by_id.keys():
        raise NotFound("not_found")
    if not moving or any(not 0 < count <= by_id[line_id].quantity for line_id, count in moving.items()):
        raise RuleViolation("split_nothing")
    if all(moving.get(line.id) == line.quantity for line in lines):
        raise RuleViolation("split_everything")
    return moving


def _second(order: Order) -> Order:
    count = db.session.scalar(select(func.count()).where(OrderSplit.from_id == order.id)) or 0
    second = Order(
        number=f"{order.number[:58]}-{count + 2}",
        kind=OrderKind.SALE,
        **lifecycle.at(OrderStatus.PENDING_SHIPMENT),
        split_from_id=order.id,
        **{name: getattr(order, name) for name in _SAME},
    )
    second.items_minor = second.total_minor = 0
    db.session.add(second)
    db.session.flush()
    return second


def _move_line(line: OrderLine, count: int, second: Order) -> dict[str, Any]:
    """Move a line or units of it; gives what was done, for the way back."""
    told = {"line": line.id, "units": count, "position": line.position, "left": line.quantity - count}
    if count == line.quantity:
        line.order_id = second.id
        return {**told, "into": line.id, "amount": line.amount_minor, "discount": line.discount_minor}
    stay, go = money.split(line.amount_minor, [line.quantity - count, count])
    cut_stay, cut_go = money.split(line.discount_minor, [stay, go]) if stay + go > 0 else (line.discount_minor, 0)
    same = ("shop_id", "position", "kind", "sku_id", "code", "title", "unit_price_micros", "list_price_micros",
            "price_reason")  # fmt: skip
    part = OrderLine(
        order_id=second.id,
        quantity=count,
        amount_minor=go,
        discount_minor=cut_go,
        **{name: getattr(line, name) for name in same},
    )
    line.quantity, line.amount_minor, line.discount_minor = line.quantity - count, stay, cut_stay
    db.session.add(part)
    db.session.flush()
    return {**told, "into": part.id, "amount": go, "discount": cut_go, "stay": [stay, cut_stay]}


def _hand_over(order: Order, second: Order) -> None:
    hand_over.hand_over(order.shop_id, reserving.holder(order), reserving.holder(second), reserving.needed(second))
