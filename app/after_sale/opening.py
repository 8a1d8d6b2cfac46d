"""Opening a case: what it is about, taken of the ledger at once, so that two cases never want the same fen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text

from app.after_sale import lifecycle, moving, reasons, refund_ledger
from app.after_sale.access import By
from app.after_sale.lifecycle import REFUNDING, Act
from app.after_sale.models import AfterSaleCase, CaseKind, Party, RefundLine
from app.after_sale_events import CaseOpened
from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.orders import handling
from app.orders.models import FulfilmentState, Order, OrderKind, OrderState, PaymentState
from app.shops.models import Shop


@dataclass(frozen=True)
class Wanted:
    """Units of an order line with the money for them, or with `amount_minor` an amount for no unit."""

    order_line_id: int | None
    units: int = 0
    amount_minor: int = 0


@dataclass(frozen=True)
class Wish:
    """What somebody wants: the kind, why (a code of `reasons.WISHES`), what of the order, in which words."""

    kind: CaseKind
    reason: str
    wanted: tuple[Wanted, ...]
    words: str = ""


def open_case(order_id: int, wish: Wish, by: By, *, key: str | None = None) -> AfterSaleCase:
    """Open a case on a paid sale; the same key again gives the same case.

    Raises RuleViolation("not_a_sale", "case_not_paid", "case_order_closed", "case_not_shipped", "case_empty",
    "case_money", "refund_units", "refund_beyond", "reason_unknown", "message_long"), NotFound.
    """
    order = handling.locked(order_id)
    if found := _of_key(order.shop_id, key):
        return found
    _check(order, wish)
    case = _new(order, wish, by, key)
    case.amount_minor = fill(case, order, wish.wanted)
    moving.arrived(case)
    moving.settle_axis(order)
    facts = (case.kind.value, by.party.value, wish.reason, case.amount_minor)
    journal.record(CaseOpened(case.shop_id, order.id, case.id, case.number, case.currency, *facts))
    db.session.flush()
    return case


def cancel_paid(order_id: int, reason: str, by: By, *, key: str | None = None) -> AfterSaleCase:
    """Cancel a paid order that has not left the house: all of its money goes back; then it is closed.

    A case that the shop opens and agrees to at once. Raises RuleViolation("case_shipped", "case_over_limit") and what
    `open_case` raises.
    """
    order = handling.locked(order_id)
    if found := _of_key(order.shop_id, key):
        return found
    if order.fulfilment_state is not FulfilmentState.UNFULFILLED:
        raise RuleViolation("case_shipped", number=order.number)
    case = open_case(order_id, Wish(CaseKind.REFUND_ONLY, reason, everything(order)), by, key=key)
    case.closes_order = True
    return moving.go(case, order, Act.AGREE, by, "cancelled")


def everything(order: Order) -> tuple[Wanted, ...]:
    """All that can still go back of an order."""
    wanted: list[Wanted] = []
    for left in refund_ledger.of(order):
        part = left.standing.part
        if left.standing.units_left:
            wanted.append(Wanted(part.order_line_id, left.standing.units_left))
        elif left.standing.minor_left:
            wanted.append(Wanted(part.order_line_id, 0, left.standing.minor_left))
    return tuple(wanted)


def fill(case: AfterSaleCase, order: Order, wanted: Sequence[Wanted]) -> int:
    """Write what a case is about and take it of the ledger; gives the money in all."""
    if not wanted:
        raise RuleViolation("case_empty")
    if case.kind not in REFUNDING:
        _note_units(case, order, wanted)
        return 0
    busy = {left.standing.part.order_line_id: left.busy_units for left in refund_ledger.of(order)}
    parts = refund_ledger.open_for(order)
    total = 0
    for one in wanted:
        if one.order_line_id not in parts:
            raise RuleViolation("case_line_unknown")
        part = parts[one.order_line_id]
        free = max(part.units - part.taken_units - busy[one.order_line_id], 0)
        if one.units > free:
            raise RuleViolation("refund_units", wanted=one.units, left=free)
        if one.units:
            take = refund_ledger.take_units(part, one.units)
        else:
            take = refund_ledger.take_amount(part, one.amount_minor)
        db.session.add(
            RefundLine(
                shop_id=case.shop_id,
                case_id=case.id,
                part_id=part.id,
                order_line_id=one.order_line_id,
                asked_units=take.units,
                **vars(take),
            )
        )
        total += take.amount_minor
    if not total:
        raise RuleViolation("case_empty")
    db.session.flush()
    return total


def _note_units(case: AfterSaleCase, order: Order, wanted: Sequence[Wanted]) -> None:
    """Units without money: an exchange, a re-send or a repair."""
    free = {left.standing.part.order_line_id: left.free_units for left in refund_ledger.of(order)}
    for one in wanted:
        if one.order_line_id not in free:
            raise RuleViolation("case_line_unknown")
        if one.units <= 0 or one.amount_minor:
            raise RuleViolation("case_money")
        if one.units > free[one.order_line_id]:
            raise RuleViolation("refund_units", wanted=one.units, left=free[one.order_line_id])
        free[one.order_line_id] -= one.units
        db.session.add(
            RefundLine(
                shop_id=case.shop_id,
                case_id=case.id,
                order_line_id=one.order_line_id,
                asked_units=one.units,
                units=one.units,
            )
        )
    db.session.flush()


def _check(order: Order, wish: Wish) -> None:
    reasons.check_wish(wish.reason, wish.kind)
    if len(wish.words) > reasons.MOST_TEXT:
        raise RuleViolation("message_long", limit=reasons.MOST_TEXT)
    if order.kind is not OrderKind.SALE:
        raise RuleViolation("not_a_sale", number=order.number)
    if order.order_state is OrderState.CLOSED:
        raise RuleViolation("case_order_closed", number=order.number)
    if order.payment_state is PaymentState.UNPAID:
        raise RuleViolation("case_not_paid", number=order.number)
    if wish.kind is not CaseKind.REFUND_ONLY and order.fulfilment_state is FulfilmentState.UNFULFILLED:
        raise RuleViolation("case_not_shipped", number=order.number)


def _new(order: Order, wish: Wish, by: By, key: str | None) -> AfterSaleCase:
    case_id = db.session.scalar(text("select nextval(pg_get_serial_sequence('after_sale_case', 'id'))"))
    zone = db.session.scalars(select(Shop.time_zone).where(Shop.id == order.shop_id)).one()
    now = clock.now()
    case = AfterSaleCase(
        id=case_id,
        shop_id=order.shop_id,
        order_id=order.id,
        customer_id=order.customer_id,
        number=f"A{clock.day_of(now, zone):%Y%m%d}-{case_id}",
        kind=wish.kind,
        state=lifecycle.first_state(wish.kind),
        opened_by=Party.SELLER if by.party is Party.SYSTEM else by.party,
        opened_at=now,
        due_at=now,
        reason=wish.reason,
        wish=wish.words,
        currency=order.currency,
        key=key,
    )
    db.session.add(case)
    db.session.flush()
    return case


def _of_key(shop_id: int, key: str | None) -> AfterSaleCase | None:
    if key is None:
        return None
    mine = (AfterSaleCase.shop_id == shop_id, AfterSaleCase.key == key)
    return db.session.scalars(select(AfterSaleCase).where(*mine)).first()
