"""What payments do when something happens to an order: nobody pays what needs no money any more."""

from __future__ import annotations

from app.kit import journal
from app.order_events import OrderMoved
from app.orders.models import OrderState, PaymentState
from app.payment_events import RefundSucceeded
from app.payments import refunds, starting, surplus

_NO_MONEY = frozenset({OrderState.CLOSED.value, PaymentState.PAID.value})


@journal.on(OrderMoved)
def close_open_payments(event: OrderMoved) -> None:
    """A paid or closed order takes no more money: its open payments are closed, each asked about first."""
    if event.to_state in _NO_MONEY and event.axis in ("order_state", "payment_state"):
        starting.drop_open(event.order_id)


@journal.on(RefundSucceeded)
def settle_what_was_too_much(event: RefundSucceeded) -> None:
    """Money that was too much is back: the matter or difference that it was for is settled."""
    surplus.settle(refunds.get(event.refund_id))
