"""The deadline board: paid sales that wait for shipment, by the time left of their promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import joinedload

from app.kit import clock
from app.kit.db import db, planned_anew
from app.kit.shop_wall import assert_in_scope
from app.orders import shortages
from app.orders.models import AfterSaleState, Order
from app.orders.side_models import OrderSetting

SOON = timedelta(hours=2)
PAGE = 50
COUNT_CAP = 10_000


def tone_of(left_seconds: int) -> str:
    """How pressing a deadline is: overdue, soon (less than two hours left) or later."""
    if left_seconds < 0:
        return "overdue"
    return "soon" if left_seconds < SOON.total_seconds() else "later"


@dataclass(frozen=True)
class Row:
    """An order and the seconds left; below zero it is overdue by so many."""

    order: Order
    left_seconds: int

    @property
    def tone(self) -> str:
        """As `tone_of`."""
        return tone_of(self.left_seconds)


@dataclass(frozen=True)
class Counts:
    """How many are overdue, breach within two hours, wait in all, and wait for oversold goods; capped."""

    overdue: int
    soon: int
    all: int
    oversold: int = 0


@dataclass(frozen=True)
class After:
    """The last row of the page before."""

    due_at: datetime
    paid_at: datetime
    order_id: int


def rows(shop_id: int, after: After | None = None) -> list[Row]:
    """A page of the board, the least time left first; of two the one paid earlier, then the older order."""
    query = select(Order).where(*_waiting(shop_id))
    if after is not None:
        key = (after.due_at, after.paid_at, after.order_id)
        query = query.where(tuple_(Order.due_at, Order.paid_at, Order.id) > key)
    query = query.order_by(Order.due_at, Order.paid_at, Order.id).limit(PAGE).options(joinedload(Order.customer))
    now, orders = clock.now(), list(db.session.scalars(query))
    shortages.attach(orders)
    return [Row(order, _left(order, now)) for order in orders]


def _left(order: Order, now: datetime) -> int:
    """Whole seconds, so that an order counts as overdue from the first second after its promise."""
    left = (order.due_at or now) - now
    return left // timedelta(seconds=1)


def counts(shop_id: int) -> Counts:
    """The figures above the board, in one statement."""
    now = clock.now()
    places = [
        (Order.due_at < now,),
        (Order.due_at >= now, Order.due_at < now + SOON),
        (),
        (shortages.waiting_for_oversold(shop_id),),
    ]
    capped = [_capped(shop_id, *extra) for extra in places]
    with planned_anew() as session:
        row = session.execute(select(*capped)).one()
    return Counts(row[0], row[1], row[2], row[3])


def _capped(shop_id: int, *extra: ColumnElement[bool]) -> ColumnElement[int]:
    some = select(Order.id).where(*_waiting(shop_id), *extra).limit(COUNT_CAP + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _waiting(shop_id: int) -> list[ColumnElement[bool]]:
    pauses = select(OrderSetting.id).where(OrderSetting.shop_id == shop_id, OrderSetting.after_sale_pauses).exists()
    return [
        Order.shop_id == assert_in_scope(shop_id),
        Order.status == literal_column("'pending_shipment'"),  # a constant, so that the partial index serves
        Order.due_at.is_not(None),
        or_(Order.after_sale_state != AfterSaleState.OPEN, ~pauses),
    ]
