"""Where an order stands: four axes with a table of moves each, the headline derived from them, and why a move is not
allowed. The only code that assigns an axis or the headline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from app.kit import lifecycle
from app.kit.errors import RuleViolation
from app.kit.lifecycle import Moves
from app.orders.models import AfterSaleState, FulfilmentState, Order, OrderState, PaymentState
from app.orders.models import OrderStatus as S

O, P, F, A = OrderState, PaymentState, FulfilmentState, AfterSaleState  # noqa: E741 - the tables read better so


class Axis(StrEnum):
    """The four axes by the column that holds them."""

    ORDER = "order_state"
    PAYMENT = "payment_state"
    FULFILMENT = "fulfilment_state"
    AFTER_SALE = "after_sale_state"


@dataclass(frozen=True)
class Standing:
    """One value on each axis."""

    order_state: OrderState = O.OPEN
    payment_state: PaymentState = P.UNPAID
    fulfilment_state: FulfilmentState = F.UNFULFILLED
    after_sale_state: AfterSaleState = A.NONE


AXIS_MOVES: dict[Axis, Moves] = {
    Axis.ORDER: {
        O.OPEN: frozenset({O.COMPLETED, O.CLOSED}),
        O.COMPLETED: frozenset(),
        O.CLOSED: frozenset({O.OPEN}),
    },
    Axis.PAYMENT: {
        P.UNPAID: frozenset({P.PARTLY_PAID, P.PAID}),
        P.PARTLY_PAID: frozenset({P.PAID, P.REFUNDED}),
        P.PAID: frozenset({P.PARTLY_PAID, P.PARTLY_REFUNDED, P.REFUNDED}),
        P.PARTLY_REFUNDED: frozenset({P.REFUNDED}),
        P.REFUNDED: frozenset(),
    },
    Axis.FULFILMENT: {
        F.UNFULFILLED: frozenset({F.PARTLY_FULFILLED, F.FULFILLED}),
        F.PARTLY_FULFILLED: frozenset({F.FULFILLED}),
        F.FULFILLED: frozenset({F.DELIVERED}),
        F.DELIVERED: frozenset(),
    },
    Axis.AFTER_SALE: {
        A.NONE: frozenset({A.OPEN}),
        A.OPEN: frozenset({A.CLOSED}),
        A.CLOSED: frozenset({A.OPEN}),
    },
}
"""Closed goes back to open only as `reopening.reopen` allows: unpaid, within the shop's day."""

_BY_STATUS: dict[S, Standing] = {
    S.PENDING_PAYMENT: Standing(),
    S.PENDING_SHIPMENT: Standing(payment_state=P.PAID),
    S.SHIPPED: Standing(payment_state=P.PAID, fulfilment_state=F.FULFILLED),
    S.DELIVERED: Standing(payment_state=P.PAID, fulfilment_state=F.DELIVERED),
    S.COMPLETED: Standing(O.COMPLETED, P.PAID, F.DELIVERED),
    S.CLOSED: Standing(order_state=O.CLOSED),
}
MOVES: Moves = {
    S.PENDING_PAYMENT: frozenset({S.PENDING_SHIPMENT, S.CLOSED}),
    S.PENDING_SHIPMENT: frozenset({S.SHIPPED, S.CLOSED}),
    S.SHIPPED: frozenset({S.DELIVERED, S.CLOSED}),
    S.DELIVERED: frozenset({S.COMPLETED, S.CLOSED}),
    S.COMPLETED: frozenset(),
    S.CLOSED: frozenset(),
}
"""The steps of the headline as the console offers them; the arrows are those of Kuaishou's order flow."""
PLATFORM_CODES = {
    S.PENDING_PAYMENT: 10,
    S.PENDING_SHIPMENT: 30,
    S.SHIPPED: 40,
    S.DELIVERED: 50,
    S.COMPLETED: 70,
    S.CLOSED: 80,
}
"""Kuaishou's codes."""


def headline(standing: Standing) -> S:
    """The one word for people: closed and completed first, then the goods, then the money.

    An order that left the house only in part still waits for shipment; one paid only in part waits for payment.
    """
    if standing.order_state is O.CLOSED:
        return S.CLOSED
    if standing.order_state is O.COMPLETED:
        return S.COMPLETED
    if standing.fulfilment_state is F.DELIVERED:
        return S.DELIVERED
    if standing.fulfilment_state is F.FULFILLED:
        return S.SHIPPED
    unpaid = standing.payment_state in (P.UNPAID, P.PARTLY_PAID)
    return S.PENDING_PAYMENT if unpaid else S.PENDING_SHIPMENT


def standing_of(order: Order) -> Standing:
    """Where an order stands."""
    return Standing(order.order_state, order.payment_state, order.fulfilment_state, order.after_sale_state)


def at(status: S) -> dict[str, StrEnum]:
    """The columns of an order that usually has this headline: for orders that come from elsewhere."""
    return {**vars(_BY_STATUS[status]), "status": status}


def refusal(standing: Standing, axis: Axis, target: Any) -> str:
    """Why an axis may not move to `target`, as a code; empty when it may, or is there already."""
    present = getattr(standing, axis.value)
    if present is target:
        return ""
    if target not in AXIS_MOVES[axis][present]:
        return "no_such_move"
    return next((code for applies, code in _GUARDS[axis] if applies(standing, target)), "")


Guard = tuple[Callable[[Standing, Any], bool], str]
_PAYING = (P.PARTLY_PAID, P.PAID)
_GUARDS: dict[Axis, tuple[Guard, ...]] = {
    Axis.ORDER: (
        (lambda s, t: t is O.OPEN and s.payment_state is not P.UNPAID, "money_has_moved"),
        (lambda s, t: t is O.OPEN and s.fulfilment_state is not F.UNFULFILLED, "goods_have_moved"),
        (lambda s, t: t is O.COMPLETED and s.fulfilment_state is not F.DELIVERED, "not_delivered"),
        (lambda s, t: t is O.COMPLETED and s.after_sale_state is A.OPEN, "after_sale_open"),
    ),
    Axis.PAYMENT: ((lambda s, t: t in _PAYING and s.order_state is not O.OPEN, "not_open"),),
    Axis.FULFILMENT: (
        (lambda s, t: s.order_state is not O.OPEN, "not_open"),
        (lambda s, t: s.payment_state in (P.UNPAID, P.PARTLY_PAID), "not_paid"),
        (lambda s, t: s.payment_state is P.REFUNDED, "money_has_moved"),
    ),
    Axis.AFTER_SALE: (
        (lambda s, t: t is A.OPEN and s.order_state is O.CLOSED, "not_open"),
        (lambda s, t: t is A.OPEN and s.payment_state is P.UNPAID, "not_paid"),
    ),
}


def move(order: Order, axis: Axis, target: Any) -> None:
    """Move one axis and derive the headline anew; a move to where it stands is a no-op.

    Raises RuleViolation("illegal_move", reason=code).
    """
    standing = standing_of(order)
    if reason := refusal(standing, axis, target):
        present = getattr(standing, axis.value)
        raise RuleViolation("illegal_move", noun="Order", from_state=present, to_state=target, reason=reason)
    lifecycle.move(order, target, AXIS_MOVES[axis], axis.value)
    order.status = headline(replace(standing, **{axis.value: target}))
