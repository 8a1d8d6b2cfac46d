"""The course of an order: pay, ship, deliver, complete, close; each a move in the one table."""

from __future__ import annotations

from sqlalchemy import select

from app.events import OrderMoved
from app.kit import journal, lifecycle
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.orders.lifecycle import LABELS, MOVES, why_not
from app.orders.models import Order, OrderKind, OrderStatus


class IllegalMove(RuleViolation):
    """The order cannot go there from where it stands; facts hold the codes, the message the names."""

    def __init__(self, order: Order, target: OrderStatus) -> None:
        super().__init__("order_move", number=order.number, from_state=order.status.value, to_state=target.value)
        self.present, self.target = order.status, target

    def message(self) -> str:
        """The sentence for people: where it stands, where it cannot go, and why."""
        shown = RuleViolation(
            self.code,
            number=self.facts["number"],
            from_state=LABELS[self.present],
            to_state=LABELS[self.target],
            reason=why_not(self.present),
        )
        return shown.message()


def pay(order_id: int) -> Order:
    """The buyer has paid; it waits for shipment. Raises IllegalMove, NotFound."""
    return _move(order_id, OrderStatus.PENDING_SHIPMENT)


def ship(order_id: int) -> Order:
    """It has left the house. Raises IllegalMove, NotFound."""
    return _move(order_id, OrderStatus.SHIPPED)


def deliver(order_id: int) -> Order:
    """The buyer has it. Raises IllegalMove, NotFound."""
    return _move(order_id, OrderStatus.DELIVERED)


def complete(order_id: int) -> Order:
    """The buyer is content, or the time to complain is over. Raises IllegalMove, NotFound."""
    return _move(order_id, OrderStatus.COMPLETED)


def close(order_id: int) -> Order:
    """The trade is off. Raises IllegalMove, NotFound."""
    return _move(order_id, OrderStatus.CLOSED)


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
    """The order as it is now, locked until the transaction ends. Raises NotFound."""
    query = select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    order = db.session.scalars(query).first()
    if order is None:
        raise NotFound("not_found")
    return order


def _move(order_id: int, target: OrderStatus) -> Order:
    order = locked(order_id)
    if order.kind is not OrderKind.SALE:
        raise RuleViolation("not_a_sale", number=order.number)
    before = order.status
    try:
        lifecycle.move(order, target, MOVES)
    except RuleViolation as refused:
        raise IllegalMove(order, target) from refused
    if order.status is not before:
        journal.record(OrderMoved(order.shop_id, order.id, before.value, target.value))
    return order
