"""Orders that count as received some days after their last unit left, unless the buyer wants something put right.

The day is fixed when the order leaves whole, by the shop's setting of that moment; each order has its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.fulfilment.models import AutoConfirm
from app.kit import clock
from app.kit.db import db
from app.kit.errors import DomainError
from app.orders import handling, settings
from app.orders.lifecycle import Axis
from app.orders.models import AfterSaleState, FulfilmentState, Order, OrderState

CAUSE = "auto_confirm"
MOST = 200
"""Orders in one go of the ticker; what is left comes with the next."""
LOOK_AGAIN = timedelta(hours=1)
"""So long an order waits whose buyer wants something put right."""


def plan(shop_id: int, order_ids: Sequence[int]) -> None:
    """Note when orders that have just left whole will count as received; nothing where the shop wants none of it."""
    days = settings.of(shop_id).auto_confirm_days
    if not days or not order_ids:
        return
    due_at = clock.now() + timedelta(days=days)
    rows = [{"shop_id": shop_id, "order_id": order_id, "due_at": due_at} for order_id in order_ids]
    db.session.execute(insert(AutoConfirm).on_conflict_do_nothing(), rows)


def confirm_due() -> int:
    """Deliver and complete what is due, of every shop, the longest overdue first; how many. For the ticker.

    An order that somebody is working on is left for the next time.
    """
    due = select(AutoConfirm.order_id).where(AutoConfirm.due_at <= clock.now())
    ids = list(db.session.scalars(due.order_by(AutoConfirm.due_at, AutoConfirm.order_id).limit(MOST)))
    query = select(Order).where(Order.id.in_(ids)).order_by(Order.id).with_for_update(skip_locked=True)
    done = 0
    for order in db.session.scalars(query.execution_options(populate_existing=True)).all():
        if order.order_state is OrderState.OPEN and order.after_sale_state is AfterSaleState.OPEN:
            _postpone(order.id)
        else:
            done += _confirm(order)
    return done


def _confirm(order: Order) -> bool:
    """Whether it was confirmed; one that stands elsewhere by now is forgotten, one that is refused waits."""
    gone = (FulfilmentState.FULFILLED, FulfilmentState.DELIVERED)
    is_due = order.order_state is OrderState.OPEN and order.fulfilment_state in gone
    if is_due:
        try:
            with db.session.begin_nested():
                handling.move(order, Axis.FULFILMENT, FulfilmentState.DELIVERED, CAUSE)
                handling.move(order, Axis.ORDER, OrderState.COMPLETED, CAUSE)
        except DomainError:
            _postpone(order.id)
            return False
    db.session.execute(delete(AutoConfirm).where(AutoConfirm.order_id == order.id))
    return is_due


def _postpone(order_id: int) -> None:
    row = db.session.scalars(select(AutoConfirm).where(AutoConfirm.order_id == order_id)).one()
    row.due_at = clock.now() + LOOK_AGAIN
    db.session.flush()
