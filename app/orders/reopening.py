"""A closed order that was closed too soon: unpaid, the same day, and only if its stock can be held again."""

from __future__ import annotations

from app.kit import clock
from app.kit.errors import RuleViolation
from app.orders import handling, lifecycle, names, reserving, settings
from app.orders.lifecycle import Axis
from app.orders.models import Order, OrderKind, OrderState
from app.shops.models import Shop


def why_not(order: Order, shop: Shop) -> str:
    """Why it cannot be opened again, as a code; empty when it can, but for the stock."""
    if order.kind is not OrderKind.SALE or order.order_state is not OrderState.CLOSED:
        return "not_open"
    if reason := lifecycle.refusal(lifecycle.standing_of(order), Axis.ORDER, OrderState.OPEN):
        return reason
    today = clock.day_of(clock.now(), shop.time_zone)
    closed = order.closed_at and clock.day_of(order.closed_at, shop.time_zone)
    return "" if closed == today else "another_day"


def reopen(order_id: int, shop: Shop) -> Order:
    """Open it again and hold its stock. Raises RuleViolation("reopen_refused", "insufficient_stock"), NotFound."""
    order = handling.locked(order_id)
    if reason := why_not(order, shop):
        told = names.why_not(order.status, reason)
        raise RuleViolation("reopen_refused", number=order.number, reason=str(told))
    pay_by = settings.pay_by(settings.of(shop.id), by_hand=True)  # a person has opened it and watches over it
    order.pay_by, order.close_cause, order.closed_at = pay_by, None, None
    handling.move(order, Axis.ORDER, OrderState.OPEN, "reopened")
    reserving.place(order)
    return order
