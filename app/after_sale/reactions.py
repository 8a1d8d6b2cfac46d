"""What follows in the same transaction: money that is back ends a case, a full refund closes an order."""

from __future__ import annotations

from app.after_sale import access, credit_notes, moving, refunding, unsent
from app.after_sale.access import SYSTEM
from app.after_sale.lifecycle import Act
from app.after_sale.models import CaseState
from app.after_sale_events import CaseRefundFailed
from app.kit import journal
from app.kit.db import db
from app.order_events import OrderMoved
from app.orders import handling
from app.orders.lifecycle import Axis
from app.orders.models import CloseCause, Order, OrderState, PaymentState
from app.payment_events import RefundFailed, RefundSucceeded


@journal.on(RefundSucceeded)
def money_is_back(event: RefundSucceeded) -> None:
    """Count it; when all of a case is back, the case is done and in the books."""
    case_id = refunding.case_of(event.refund_subject)
    if case_id is None:
        return
    case, order = access.locked(case_id)
    case.refunded_minor = min(case.refunded_minor + event.amount_minor, case.amount_minor)
    if case.state is CaseState.REFUNDING and case.refunded_minor == case.amount_minor:
        credit_notes.write(case, order)
        unsent.let_go(case, order)
        moving.go(case, order, Act.SUCCEED, SYSTEM)
        if case.closes_order:
            _close(order)
    db.session.flush()


@journal.on(RefundFailed)
def money_is_not_back(event: RefundFailed) -> None:
    """The case stays where it is, and says so in red."""
    case_id = refunding.case_of(event.refund_subject)
    if case_id is None:
        return
    case, _ = access.locked(case_id)
    case.refund_error = event.code[:64] or "failed"
    facts = (case.order_id, case.id, case.number, case.refund_error)
    journal.record(CaseRefundFailed(case.shop_id, *facts))
    db.session.flush()


@journal.on(OrderMoved)
def all_money_is_back(event: OrderMoved) -> None:
    """An order of which everything went back is closed; one that is completed stays so."""
    if event.axis == Axis.PAYMENT.value and event.to_state == PaymentState.REFUNDED.value:
        _close(handling.locked(event.order_id))


def _close(order: Order) -> None:
    if order.order_state is OrderState.OPEN:
        handling.close(order.id, CloseCause.REFUNDED)
