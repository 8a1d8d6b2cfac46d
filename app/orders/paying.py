"""Money that staff record by hand: cash or a transfer with its reference; in full or in part."""

from __future__ import annotations

from dataclasses import dataclass

from app.kit import clock, context, journal
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.money import Money
from app.order_events import OrderPaid
from app.orders import handling
from app.orders.edits import check_lengths
from app.orders.lifecycle import Axis
from app.orders.models import Order, OrderPayment, PaymentMethod, PaymentState


@dataclass(frozen=True)
class Received:
    """An amount in minor units, how it came, and the number on its receipt."""

    amount_minor: int
    method: PaymentMethod
    reference: str = ""


def outstanding(order: Order) -> int:
    """What the buyer still owes, in minor units; negative when they have paid too much."""
    return order.total_minor - order.paid_minor


def record(order_id: int, received: Received) -> Order:
    """Write down money that came in; when nothing is owed any more the order waits for shipment.

    Raises RuleViolation("payment_amount") beyond what is owed, IllegalMove when the order takes no money, NotFound.
    """
    check_lengths({"reference": received.reference})
    order = handling.locked(order_id)
    owed = outstanding(order)
    if not 0 < received.amount_minor <= owed:
        raise RuleViolation("payment_amount", wanted=str(Money(owed, order.currency)))
    in_full = received.amount_minor == owed
    handling.move(order, Axis.PAYMENT, PaymentState.PAID if in_full else PaymentState.PARTLY_PAID, "received")
    _keep(order, received)
    if in_full:
        handling.settle_times(order)
    db.session.flush()
    return order


def record_rest(order_id: int) -> Order:
    """The button "mark as paid": all that is still owed has come in, in a way that nobody has said.

    Raises IllegalMove, NotFound.
    """
    order = handling.pay(order_id, keep_sum=True)
    if (owed := outstanding(order)) > 0:
        _keep(order, Received(owed, PaymentMethod.OTHER))
    return order


def _keep(order: Order, received: Received) -> None:
    order.paid_minor += received.amount_minor
    db.session.add(
        OrderPayment(
            shop_id=order.shop_id,
            order_id=order.id,
            **vars(received),
            received_at=clock.now(),
            actor=str(context.actor()),
        )
    )
    journal.record(OrderPaid(order.shop_id, order.id, received.method.value, received.amount_minor))
    db.session.flush()


def settle(order: Order) -> None:
    """After a change of the total: say whether what was paid is still enough."""
    if order.payment_state is PaymentState.PAID and outstanding(order) > 0:
        handling.move(order, Axis.PAYMENT, PaymentState.PARTLY_PAID, "price_changed")
    elif order.payment_state is PaymentState.PARTLY_PAID and outstanding(order) <= 0:
        handling.move(order, Axis.PAYMENT, PaymentState.PAID, "price_changed")
        handling.settle_times(order)
