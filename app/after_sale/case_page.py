"""What the page of a case shows beside the case itself: refunds, pictures, the order's ledger, the buyer's history."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.after_sale import lifecycle, negotiation
from app.after_sale.lifecycle import Act
from app.after_sale.models import AfterSaleCase, CaseKind, CaseState, Party
from app.kit import history
from app.kit.db import db
from app.kit.errors import NotFound
from app.kit.history import Entry
from app.orders.models import Order, OrderKind


@dataclass(frozen=True)
class BuyerHistory:
    """One buyer's sales and cases: how many, how much went back, the newest other cases."""

    orders: int
    cases: int
    refunded_minor: int
    newest: list[AfterSaleCase]

    @property
    def per_hundred(self) -> int:
        """Cases for a hundred orders."""
        return 100 * self.cases // self.orders if self.orders else 0


def get(case_id: int) -> AfterSaleCase:
    """A case with its order and buyer. Raises NotFound."""
    query = select(AfterSaleCase).where(AfterSaleCase.id == case_id)
    loads = joinedload(AfterSaleCase.order).joinedload(Order.customer)
    case = db.session.scalars(query.options(loads).execution_options(populate_existing=True)).first()
    if case is None:
        raise NotFound("not_found")
    return case


def of_order(order_id: int) -> list[AfterSaleCase]:
    """The cases of an order, newest first."""
    query = select(AfterSaleCase).where(AfterSaleCase.order_id == order_id)
    return list(db.session.scalars(query.order_by(AfterSaleCase.id.desc())))


def entries(case: AfterSaleCase) -> list[Entry]:
    """What happened to a case, newest first, out of the order's history."""
    of_order = history.of("order", "orders", case.order_id)
    return [one for one in of_order if one.facts.get("case_id") == case.id]


def acts(case: AfterSaleCase) -> list[Act]:
    """What the shop can do now, as buttons; offers and returns have forms of their own."""
    found = lifecycle.open_to(case, Party.SELLER)
    if case.opened_by is not Party.SELLER:
        found = [one for one in found if one is not Act.CLOSE]
    checks = case.kind in (CaseKind.EXCHANGE, CaseKind.REPAIR)
    if checks and case.state is CaseState.WAITS_FOR_CHECK:
        dropped = Act.RECEIVE if case.received_at else Act.SEND
        found = [one for one in found if one is not dropped]
    return [one for one in found if one is not Act.CHANGE]


def said_by(case: AfterSaleCase, party: Party) -> list[Act]:
    """What somebody else may have done that staff can write down."""
    plain = (Act.APPLY_AGAIN, Act.ESCALATE, Act.ASK_PROOF, Act.CONFIRM_RETURN, Act.CONFIRM, Act.CLOSE)
    wanted = (*plain, Act.AGREE) if party is Party.PLATFORM else plain
    decides = case.state in (CaseState.DISPUTED, CaseState.PLATFORM_ASKS, CaseState.PLATFORM_RETURN)
    found = [one for one in lifecycle.open_to(case, party) if one in wanted]
    if party is Party.PLATFORM and not decides:
        return []
    return found


def is_negotiable(case: AfterSaleCase) -> bool:
    """Whether terms can still be offered."""
    return case.state in negotiation.NEGOTIABLE


def buyer_history(case: AfterSaleCase, limit: int = 5) -> BuyerHistory | None:
    """What is known of the buyer; None for an anonymous one."""
    if case.customer_id is None:
        return None
    theirs = AfterSaleCase.customer_id == case.customer_id
    sales = (Order.customer_id == case.customer_id, Order.kind == OrderKind.SALE)
    orders = db.session.scalar(select(func.count(Order.id)).where(*sales)) or 0
    sums = select(func.count(AfterSaleCase.id), func.coalesce(func.sum(AfterSaleCase.refunded_minor), 0)).where(theirs)
    count, refunded = db.session.execute(sums).one()
    others = select(AfterSaleCase).where(theirs, AfterSaleCase.id != case.id)
    newest = list(db.session.scalars(others.order_by(AfterSaleCase.id.desc()).limit(limit)))
    return BuyerHistory(orders, count, int(refunded), newest)
