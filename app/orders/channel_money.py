"""What payments tell an order: money came in through a channel, or went back; the payment axis follows the sums."""

from __future__ import annotations

from app.orders import handling
from app.orders.lifecycle import Axis
from app.orders.models import Order, OrderKind, OrderState, PaymentState
from app.orders.paying import outstanding


def takes_money(order: Order) -> bool:
    """Whether money that comes in now is for this order: an open sale of which something is still owed."""
    return order.kind is OrderKind.SALE and order.order_state is OrderState.OPEN and outstanding(order) > 0


def came_in(order: Order, amount_minor: int) -> None:
    """Add money to a locked order that `takes_money`; when nothing is owed any more it waits for shipment."""
    in_full = amount_minor >= outstanding(order)
    handling.move(order, Axis.PAYMENT, PaymentState.PAID if in_full else PaymentState.PARTLY_PAID, "channel")
    order.paid_minor += amount_minor
    if in_full:
        handling.settle_times(order)


def went_back(order_id: int, amount_minor: int) -> Order:
    """Money is back with the buyer: add it to what was refunded and move the payment axis.

    An order stays paid while the shop keeps its whole price, as when only what was paid too much goes back.
    """
    order = handling.locked(order_id)
    order.refunded_minor += amount_minor
    if order.refunded_minor >= order.paid_minor:
        handling.move(order, Axis.PAYMENT, PaymentState.REFUNDED, "refund")
    elif order.payment_state is PaymentState.PAID and order.paid_minor - order.refunded_minor < order.total_minor:
        handling.move(order, Axis.PAYMENT, PaymentState.PARTLY_REFUNDED, "refund")
    return order
