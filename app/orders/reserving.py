"""What an order holds of the stock: the one seam between orders and stock."""

from __future__ import annotations

from app.orders.models import Order


def holder(order: Order) -> str:
    """The name under which an order holds stock."""
    return f"order:{order.id}"


def place(order: Order) -> None:
    """Hold what the lines of an open order need."""


def confirm(order: Order) -> None:
    """The order is paid: its holds do not run out any more."""


def release(order: Order) -> None:
    """Let go of everything that the order holds."""
