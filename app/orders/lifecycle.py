"""The order statuses and their moves, and where each is shown."""

from __future__ import annotations

from app.kit.lifecycle import Moves
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
