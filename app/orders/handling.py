"""The course of an order: pay, ship, deliver, complete, close; each moves one axis and is written down once."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from app.kit import clock, journal, together
from app.kit.errors import NotFound, RuleViolation
from app.order_events import OrderMoved
from app.orders import lifecycle, names, reserving, settings
from app.orders.lifecycle import MOVES, Axis
from app.orders.models import (
    CloseCause,
    FulfilmentState,
    Order,
    OrderKind,
    OrderState,
    OrderStatus,
    PaymentState,
)


class IllegalMove(RuleViolation):
    """The order cannot go there from where it stands; facts hold the codes, the message the names."""

    def __init__(self, order: Order, target: StrEnum, reason: str = "", axis: str = "") -> None:
        present = getattr(order, axis) if axis else order.status
        super().__init__(
            "order_move",
            number=order.number,
            from_state=present.value,
            to_state=target.value,
            headline=order.status.value,
            reason=reason,
            axis=axis,
        )

    def message(self) -> str:
        """The sentence for people: where it stands, where it cannot go, and why."""
        return names.refused_move(self.facts)


def move(order: Order, axis: Axis, target: Any, cause: str = "") -> bool:
    """Move one axis of a locked sale and write it to the journal; False when it stood there already.

    `cause` is a code of ours: what made it move. Raises IllegalMove, RuleViolation("not_a_sale").
    """
    if order.kind is not OrderKind.SALE:
        raise RuleViolation("not_a_sale", number=order.number)
    present, before = getattr(order, axis.value), order.status
    if present is target:
        return False
    try:
        lifecycle.move(order, axis, target)
    except RuleViolation as refused:
        raise IllegalMove(order, target, refused.facts["reason"], axis.value) from refused
    journal.record(
        OrderMoved(
            order.shop_id, order.id, before.value, order.status.value, axis.value, present.value, target.value, cause
        )
    )
    return True


def pay(order_id: int, *, keep_sum: bool = False) -> Order:
    """The buyer has paid in full; it waits for shipment; with `keep_sum` the caller adds what came in.

    Raises IllegalMove, NotFound.
    """
    order = _ready(order_id, OrderStatus.PENDING_SHIPMENT)
    if move(order, Axis.PAYMENT, PaymentState.PAID, "staff"):
        order.paid_minor = order.paid_minor if keep_sum else order.total_minor
        settle_times(order)
    return order


def settle_times(order: Order) -> None:
    """Note when a paid order was paid and, by its promise, when it is due; what stands there already stays."""
    order.paid_at = order.paid_at or clock.now()
    order.promise_hours = order.promise_hours or settings.of(order.shop_id).promise_hours
    order.due_at = order.paid_at + timedelta(hours=order.promise_hours)
    reserving.confirm(order)


def ship(order_id: int) -> Order:
    """It has left the house. Raises IllegalMove, NotFound."""
    order = _ready(order_id, OrderStatus.SHIPPED)
    if move(order, Axis.FULFILMENT, FulfilmentState.FULFILLED, "staff"):
        reserving.consume(order)
    return order


def deliver(order_id: int) -> Order:
    """The buyer has it. Raises IllegalMove, NotFound."""
    order = _ready(order_id, OrderStatus.DELIVERED)
    move(order, Axis.FULFILMENT, FulfilmentState.DELIVERED, "staff")
    return order


def complete(order_id: int) -> Order:
    """The buyer is content, or the time to complain is over. Raises IllegalMove, NotFound."""
    order = _ready(order_id, OrderStatus.COMPLETED)
    move(order, Axis.ORDER, OrderState.COMPLETED, "staff")
    return order


def close(order_id: int, cause: CloseCause = CloseCause.STAFF) -> Order:
    """The trade is off; what was held for it is let go. Raises IllegalMove, NotFound."""
    order = _ready(order_id, OrderStatus.CLOSED)
    if order.order_state is not OrderState.CLOSED:
        order.close_cause, order.closed_at = cause, clock.now()
        move(order, Axis.ORDER, OrderState.CLOSED, cause.value)
        reserving.release(order)
    return order


def cancel(order_id: int, cause: CloseCause = CloseCause.STAFF) -> Order:
    """Close an order of which the shop holds no money.

    Raises RuleViolation("cancel_paid") when it does: after-sale gives the money back first; and as `close`.
    """
    order = locked(order_id)
    if order.order_state is OrderState.OPEN and order.paid_minor > order.refunded_minor:
        raise RuleViolation("cancel_paid", number=order.number)
    return close(order_id, cause)


STEPS = {"pay": pay, "ship": ship, "deliver": deliver, "complete": complete, "close": close}
"""The moves by the name that addresses use."""

TARGETS = {
    "pay": OrderStatus.PENDING_SHIPMENT,
    "ship": OrderStatus.SHIPPED,
    "deliver": OrderStatus.DELIVERED,
    "complete": OrderStatus.COMPLETED,
    "close": OrderStatus.CLOSED,
}


def steps_from(order: Order) -> list[str]:
    """The steps open to an order, the usual next one first; none for credit notes and adjustments."""
    if order.kind is not OrderKind.SALE:
        return []
    return [step for step, target in TARGETS.items() if target in MOVES[order.status]]


def locked(order_id: int) -> Order:
    """The order as it is now, locked until the transaction ends; rows may name it meanwhile. Raises NotFound."""
    order = together.kept(Order, order_id) or together.lock(Order, [order_id]).get(order_id)
    if order is None:
        raise NotFound("not_found")
    return order


def _ready(order_id: int, target: OrderStatus) -> Order:
    """The sale, locked, if its headline may become `target` or is it."""
    order = locked(order_id)
    if order.kind is not OrderKind.SALE:
        raise RuleViolation("not_a_sale", number=order.number)
    if order.status is not target and target not in MOVES[order.status]:
        raise IllegalMove(order, target)
    return order
