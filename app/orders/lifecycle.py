"""The order statuses: their moves, their names, and why a move is not allowed."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.kit.lifecycle import Moves
from app.orders.models import OrderKind
from app.orders.models import OrderStatus as S

MOVES: Moves = {
    S.PENDING_PAYMENT: frozenset({S.PENDING_SHIPMENT, S.CLOSED}),
    S.PENDING_SHIPMENT: frozenset({S.SHIPPED, S.CLOSED}),
    S.SHIPPED: frozenset({S.DELIVERED, S.CLOSED}),
    S.DELIVERED: frozenset({S.COMPLETED, S.CLOSED}),
    S.COMPLETED: frozenset(),
    S.CLOSED: frozenset(),
}
"""Kuaishou's codes 10, 30, 40, 50, 70, 80 in the same order; the arrows are those of its order flow."""

LABELS = {
    S.PENDING_PAYMENT: _l("To be paid"),
    S.PENDING_SHIPMENT: _l("To be shipped"),
    S.SHIPPED: _l("Shipped"),
    S.DELIVERED: _l("Delivered"),
    S.COMPLETED: _l("Order completed"),
    S.CLOSED: _l("Order closed"),
}
KIND_LABELS = {
    OrderKind.SALE: _l("Sale"),
    OrderKind.CREDIT_NOTE: _l("Credit note"),
    OrderKind.ADJUSTMENT: _l("Adjustment"),
}

_WHY_NOT: dict[S, Any] = {
    S.PENDING_PAYMENT: _l("it has not been paid for yet."),
    S.PENDING_SHIPMENT: _l("it has been paid for and not been shipped yet."),
    S.SHIPPED: _l("it is on its way to the buyer."),
    S.DELIVERED: _l("the buyer has it already."),
    S.COMPLETED: _l("it is finished; money goes back by a credit note."),
    S.CLOSED: _l("it is closed, and nothing more can happen to it."),
}


def why_not(present: S) -> Any:
    """Why an order that stands at `present` cannot make the move that was asked for."""
    return _WHY_NOT[present]
