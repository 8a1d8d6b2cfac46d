"""What happens when a case gets somewhere: journal, time limit, money asked for, ledger let go, the order's axis."""

from __future__ import annotations

from sqlalchemy import select

from app.after_sale import access, lifecycle, refund_ledger, refunding, settings
from app.after_sale.access import By
from app.after_sale.lifecycle import Act
from app.after_sale.models import FINAL, AfterSaleCase, CaseState
from app.after_sale_events import CaseMoved
from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.money import Money
from app.orders import handling
from app.orders.lifecycle import Axis
from app.orders.models import AfterSaleState, Order


def go(case: AfterSaleCase, order: Order, act: Act, by: By, cause: str = "") -> AfterSaleCase:
    """Move a locked case one step on and do what belongs to it.

    Raises RuleViolation("case_move", "case_over_limit").
    """
    step = lifecycle.find(case, act, by.party)
    if step is not None and step.target is CaseState.REFUNDING:
        check_limit(case, by)
    before = lifecycle.move(case, act, by.party)
    arrived(case)
    facts = (act.value, before.value, case.state.value, by.party.value, cause)
    journal.record(CaseMoved(case.shop_id, case.order_id, case.id, case.number, *facts))
    db.session.flush()
    if case.state is CaseState.REFUNDING:
        refunding.ask(case)
    if case.state is CaseState.CLOSED:
        refund_ledger.release(access.lines_of(case.id))
        case.amount_minor = 0
    if case.state in FINAL:
        settle_axis(order)
    db.session.flush()
    return case


def arrived(case: AfterSaleCase) -> None:
    """Start the clock of the state it is in; at its end note when that was."""
    now = clock.now()
    case.reminded_at = None
    if case.state in FINAL:
        case.ended_at = case.due_at = now
    else:
        case.due_at = now + settings.of(case.shop_id).time_for(case.state)


def check_limit(case: AfterSaleCase, by: By) -> None:
    """Beyond the shop's limit only those who may approve. Raises RuleViolation("case_over_limit")."""
    limit = settings.of(case.shop_id).approve_limit_minor
    if not by.may_approve and case.amount_minor > limit:
        raise RuleViolation(
            "case_over_limit",
            number=case.number,
            amount=str(Money(case.amount_minor, case.currency)),
            limit=str(Money(limit, case.currency)),
        )


def settle_axis(order: Order) -> None:
    """After-sale of an order is open while one of its cases is."""
    live = select(AfterSaleCase.id).where(AfterSaleCase.order_id == order.id, AfterSaleCase.state.not_in(FINAL))
    if db.session.scalars(live.limit(1)).first() is not None:
        handling.move(order, Axis.AFTER_SALE, AfterSaleState.OPEN, "case")
    elif order.after_sale_state is AfterSaleState.OPEN:
        handling.move(order, Axis.AFTER_SALE, AfterSaleState.CLOSED, "case")
