"""Orders that nobody pays for: closed when their time is over, so that others can buy what they hold."""

from __future__ import annotations

from sqlalchemy import literal_column, select

from app.kit import clock
from app.kit.db import db
from app.orders import handling
from app.orders.models import CloseCause, Order

SWEEP_ROWS = 100
"""Orders of one sweep, that is of one transaction: about a second."""


def close_due() -> int:
    """Close what nobody has paid anything for in time, of every shop; gives how many. For the ticker.

    An order that somebody pays or changes at this moment is locked and passed over; a payment that comes after finds
    a closed order. One that is partly paid stays: people decide about it.
    """
    query = (
        select(Order.id)
        .where(
            literal_column("status = 'pending_payment' and payment_state = 'unpaid'"),  # as the partial index says
            Order.pay_by <= clock.now(),
        )
        .order_by(Order.pay_by, Order.id)
        .limit(SWEEP_ROWS)
        .with_for_update(skip_locked=True)
    )
    due = sorted(db.session.scalars(query))
    for order_id in due:
        handling.close(order_id, CloseCause.UNPAID)
    return len(due)
