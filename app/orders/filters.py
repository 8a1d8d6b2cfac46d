"""The filters of the order list: by headline and axis, marks, time left, groups, stock, buyer, day and total."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, false, or_, true

from app.console.lists import Filter, any_of, day_range, number_range
from app.kit import clock, money
from app.orders import search, shortages
from app.orders.lifecycle import Axis
from app.orders.models import (
    AfterSaleState,
    FulfilmentState,
    Order,
    OrderKind,
    OrderState,
    OrderStatus,
    PaymentState,
)
from app.orders.names import AXIS_LABELS, FLAG_LABELS, KIND_LABELS, LABELS, STATE_LABELS

SOON = timedelta(hours=2)
_AXES: dict[Axis, tuple[Any, Any]] = {
    Axis.ORDER: (Order.order_state, OrderState),
    Axis.PAYMENT: (Order.payment_state, PaymentState),
    Axis.FULFILMENT: (Order.fulfilment_state, FulfilmentState),
    Axis.AFTER_SALE: (Order.after_sale_state, AfterSaleState),
}
DUE = {"overdue": _l("Overdue"), "soon": _l("In the next 2 hours"), "later": _l("Later")}
TOGETHER = {"yes": _l("Sent together"), "split": _l("Split off")}
STOCK = {"oversold": _l("Waits for oversold goods")}


def of(shop_id: int, zone: str, currency: str) -> tuple[Filter, ...]:
    """All of them, for one shop."""

    def countries() -> list[tuple[str, Any]]:
        from app.orders import reading

        return [(name, name) for name in reading.countries(shop_id)]

    return (
        Filter("status", _l("Status"), any_of(Order.status, OrderStatus), lambda: list(LABELS.items()), rare=True),
        *(_of_axis(axis) for axis in Axis),
        Filter("due", _l("Time left"), _due, lambda: list(DUE.items())),
        Filter("stock", _l("Stock"), lambda values: _stock(values, shop_id), lambda: list(STOCK.items()), rare=True),
        Filter("tag", _l("Tag"), _tagged, kind="text"),
        Filter("flag", _l("Flag"), any_of(Order.flag), lambda: list(FLAG_LABELS.items()), rare=True),
        Filter("together", _l("Together and apart"), _together, lambda: list(TOGETHER.items()), rare=True),
        Filter("kind", _l("Kind"), any_of(Order.kind, OrderKind), lambda: list(KIND_LABELS.items()), rare=True),
        Filter("country", _l("Country"), any_of(Order.country), countries, rare=True),
        Filter("customer", _l("Customer number"), lambda v: search.of_buyers(v, shop_id), kind="text", rare=True),
        Filter("placed", _l("Placed"), day_range(Order.placed_at, lambda: zone), kind="days"),
        Filter(
            "total",
            _l("Total"),
            number_range(Order.total_minor, lambda text: money.to_minor(text, currency)),
            kind="number",
            rare=True,
        ),
    )


def _of_axis(axis: Axis) -> Filter:
    column, kind = _AXES[axis]
    only_sales = any_of(column, kind)
    labels = STATE_LABELS[axis]
    return Filter(
        axis.value.removesuffix("_state"),
        AXIS_LABELS[axis],
        lambda values: and_(Order.kind == OrderKind.SALE, only_sales(values)),
        lambda: list(labels.items()),
        rare=axis is Axis.ORDER,
    )


def _due(values: list[str]) -> ColumnElement[bool]:
    now = clock.now()
    places = {
        "overdue": Order.due_at < now,
        "soon": and_(Order.due_at >= now, Order.due_at < now + SOON),
        "later": Order.due_at >= now + SOON,
    }
    return and_(
        shortages.WAITS,
        Order.due_at.is_not(None),
        or_(false(), *(places[value] for value in values if value in places)),
    )


def _tagged(values: list[str]) -> ColumnElement[bool]:
    """Any of the tags; the partial index serves it."""
    return and_(Order.tags != [], or_(false(), *(Order.tags.contains([value.strip()]) for value in values)))


def _together(values: list[str]) -> ColumnElement[bool]:
    places = {"yes": Order.ship_group_id.is_not(None), "split": Order.split_from_id.is_not(None)}
    return or_(false(), *(places[value] for value in values if value in places))


def _stock(values: list[str], shop_id: int) -> ColumnElement[bool]:
    return shortages.waiting_for_oversold(shop_id) if "oversold" in values else and_(true(), false())
