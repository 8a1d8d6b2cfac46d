"""Two orders that were one put together again, exactly as it was, while neither has been sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.order_events import OrderPutTogether
from app.orders import handling, reserving, split_money, splitting
from app.orders.lifecycle import Axis
from app.orders.models import CloseCause, Order, OrderLine, OrderState
from app.orders.side_models import OrderSplit
from app.stock import hand_over


def put_together(order_id: int) -> Order:
    """Take the split back by which this order came to be; gives the first order, the second one is closed.

    Raises RuleViolation("split_refused", "split_changed", "not_split"), NotFound.
    """
    split = db.session.scalars(
        select(OrderSplit).where(OrderSplit.into_id == order_id, OrderSplit.undone_at.is_(None))
    ).first()
    if split is None:
        handling.locked(order_id)
        raise RuleViolation("not_split")
    order, second = handling.locked(split.from_id), handling.locked(order_id)
    for one in (order, second):
        if reason := splitting.why_not(one):
            raise splitting.refused("split_refused", one, reason)
    _check_unchanged(split, order, second)
    units = reserving.needed(second)
    for told in split.lines:
        _put_line_back(told, order)
    db.session.flush()
    total, paid = second.total_minor, second.paid_minor
    split_money.put_back(order, second)
    hand_over.hand_over(order.shop_id, reserving.holder(second), reserving.holder(order), units)
    split.undone_at = clock.now()
    for one, other in ((order, second), (second, order)):
        journal.record(OrderPutTogether(one.shop_id, one.id, other.id, other.number, one is order, total, paid))
    second.close_cause, second.closed_at = CloseCause.PUT_TOGETHER, clock.now()
    handling.move(second, Axis.ORDER, OrderState.CLOSED, CloseCause.PUT_TOGETHER.value)
    db.session.flush()
    return order


def can(order: Order, split: OrderSplit | None) -> bool:
    """Whether to offer it for an order that came to be by `split`; the act itself looks closer."""
    return split is not None and split.into_id == order.id and not splitting.why_not(order)


def _check_unchanged(split: OrderSplit, order: Order, second: Order) -> None:
    """The lines that were split must be as the split left them."""
    theirs = {one.id: one for one in splitting.product_lines(second.id)}
    ours = {one.id: one for one in splitting.product_lines(order.id)}
    wanted = {told["into"]: (told["units"], told["amount"], told["discount"]) for told in split.lines}
    if {key: (one.quantity, one.amount_minor, one.discount_minor) for key, one in theirs.items()} != wanted:
        raise RuleViolation("split_changed", number=second.number)
    for told in split.lines:
        if told["left"] and not _is_left(ours.get(told["line"]), told):
            raise RuleViolation("split_changed", number=order.number)


def _is_left(line: OrderLine | None, told: dict[str, Any]) -> bool:
    """Later splits may have taken more of the line; they are put back first."""
    return line is not None and [line.quantity, line.amount_minor, line.discount_minor] == [told["left"], *told["stay"]]


def _put_line_back(told: dict[str, Any], order: Order) -> None:
    part = db.session.get(OrderLine, told["into"])
    assert part is not None  # noqa: S101 - `_check_unchanged` has seen it
    if told["into"] == told["line"]:
        part.order_id, part.position = order.id, told["position"]
        return
    line = db.session.get(OrderLine, told["line"])
    assert line is not None  # noqa: S101 - the same
    line.quantity += part.quantity
    line.amount_minor += part.amount_minor
    line.discount_minor += part.discount_minor
    db.session.delete(part)
