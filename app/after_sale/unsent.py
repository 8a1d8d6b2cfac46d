"""Goods that were refunded before they left the house: they are not sent, not held, and nobody waits for them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from app.after_sale import access
from app.after_sale.models import AfterSaleCase, CaseKind, CaseState, RefundLine
from app.fulfilment import knowing
from app.kit.db import db
from app.orders import handling, reserving
from app.orders.lifecycle import Axis
from app.orders.models import FulfilmentState, Order
from app.stock import holds


def live_cancelling(order_ids: Sequence[int]) -> dict[int, str]:
    """Which of these orders are being cancelled, their money on the way back: why nothing of them is sent."""
    query = select(AfterSaleCase.order_id).where(
        AfterSaleCase.order_id.in_(order_ids), AfterSaleCase.closes_order, AfterSaleCase.state == CaseState.REFUNDING
    )
    return dict.fromkeys(db.session.scalars(query), "case_refunding")


def called_off(order_ids: Sequence[int]) -> dict[int, int]:
    """Units by order line whose money went back, or is on its way, without the goods being asked for.

    Orders that are cancelled as a whole are held back by `live_cancelling`.
    """
    query = (
        select(RefundLine.order_line_id, func.sum(RefundLine.units))
        .join(AfterSaleCase, AfterSaleCase.id == RefundLine.case_id)
        .where(
            AfterSaleCase.order_id.in_(order_ids),
            AfterSaleCase.kind == CaseKind.REFUND_ONLY,
            ~AfterSaleCase.closes_order,
            AfterSaleCase.state.in_((CaseState.REFUNDING, CaseState.DONE)),
            RefundLine.units > 0,
        )
        .group_by(RefundLine.order_line_id)
    )
    return {line_id: int(units) for line_id, units in db.session.execute(query) if line_id is not None}


def let_go(case: AfterSaleCase, order: Order) -> None:
    """A case's money is back: its units that never left are held no more.

    When no unit is left to send, all has left; or, where nothing had left, there is nothing that could be late.
    """
    if case.kind is not CaseKind.REFUND_ONLY:
        return
    _release(case, order)
    if order.fulfilment_state not in (FulfilmentState.UNFULFILLED, FulfilmentState.PARTLY_FULFILLED):
        return
    lines = knowing.lines_of([order.id]).get(order.id, [])
    if not lines or any(line.left for line in lines):
        return
    if order.fulfilment_state is FulfilmentState.PARTLY_FULFILLED:
        handling.move(order, Axis.FULFILMENT, FulfilmentState.FULFILLED, "rest_refunded")
    else:
        order.due_at = None


def _release(case: AfterSaleCase, order: Order) -> None:
    held: dict[int, int] = {}
    for row in holds.lock_held(order.shop_id, reserving.holder(order)):
        held[row.sku_id] = held.get(row.sku_id, 0) + row.quantity
    wanted: dict[int, int] = {}
    for line in access.lines_of(case.id):
        sku_id = line.line.sku_id if line.line else None
        if sku_id in held and line.units:
            wanted[sku_id] = min(wanted.get(sku_id, 0) + line.units, held[sku_id])
    if wanted:
        holds.release(order.shop_id, reserving.holder(order), wanted)


knowing.held_back.append(live_cancelling)
knowing.called_off.append(called_off)
