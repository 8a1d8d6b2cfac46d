"""What a group of orders does when one of them stops going with the others."""

from __future__ import annotations

from app.kit import journal
from app.kit.db import db
from app.order_events import OrderEdited, OrderMoved
from app.orders import merging
from app.orders.models import Order, OrderState

_PLACE = frozenset({"receiver", "phone", "address"})


@journal.on(OrderMoved)
def leave_when_closed(event: OrderMoved) -> None:
    """A closed order is not sent."""
    if event.axis == "order_state" and event.to_state == OrderState.CLOSED.value and _is_grouped(event.order_id):
        merging.leave(event.order_id, "closed")


@journal.on(OrderEdited)
def leave_when_it_goes_elsewhere(event: OrderEdited) -> None:
    """An order to another person or address is not sent with the others."""
    if _PLACE & set(event.fields) and _is_grouped(event.order_id):
        merging.leave(event.order_id, "moved_away")


def _is_grouped(order_id: int) -> bool:
    order = db.session.get(Order, order_id)  # who records the fact has it at hand
    return order is not None and order.ship_group_id is not None
