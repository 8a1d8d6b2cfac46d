"""Cases by the time that is left; and what happens by itself when it is over, as the shop has set it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from app.after_sale import access, cases, moving, settings
from app.after_sale.access import SYSTEM
from app.after_sale.lifecycle import Act
from app.after_sale.models import FINAL, AfterSaleCase, CaseState
from app.after_sale.settings import Late
from app.after_sale_events import CaseOverdue
from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import DomainError
from app.kit.shop_wall import assert_in_scope
from app.orders.board import SOON, tone_of
from app.orders.models import Order

BATCH = 200
"""Cases of one tick."""
PAGE = 100
COUNT_CAP = 10_000
OURS = (
    CaseState.REFUND_ASKED,
    CaseState.RETURN_ASKED,
    CaseState.PLATFORM_ASKS,
    CaseState.WAITS_FOR_CHECK,
    CaseState.REFUNDING,
)
"""States in which the shop has to do something, or its money is on the way."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Row:
    """A case and the whole seconds left; below zero it is overdue."""

    case: AfterSaleCase
    left_seconds: int

    @property
    def tone(self) -> str:
        """As for orders."""
        return tone_of(self.left_seconds)


@dataclass(frozen=True)
class Counts:
    """How many of the shop's own are overdue, run out within two hours, and wait in all; capped."""

    overdue: int
    soon: int
    all: int


def rows(shop_id: int, limit: int = PAGE) -> list[Row]:
    """The cases that the shop has to act on, the least time left first."""
    query = select(AfterSaleCase).where(*_waiting(shop_id)).order_by(AfterSaleCase.due_at, AfterSaleCase.id)
    loads = joinedload(AfterSaleCase.order).joinedload(Order.customer)
    now = clock.now()
    return [Row(case, left(case, now)) for case in db.session.scalars(query.limit(limit).options(loads))]


def left(case: AfterSaleCase, now: datetime | None = None) -> int:
    """Whole seconds that a case has left."""
    return (case.due_at - (now or clock.now())) // timedelta(seconds=1)


def counts(shop_id: int) -> Counts:
    """The figures above the board, in one statement."""
    now = clock.now()
    late, soon = AfterSaleCase.due_at < now, AfterSaleCase.due_at < now + SOON
    found = db.session.execute(
        select(func.count().filter(late), func.count().filter(~late & soon), func.count()).where(*_waiting(shop_id))
    ).one()
    return Counts(found[0], found[1], found[2])


def act_on_overdue() -> int:
    """Do to every case whose time is over what its shop has set, as the system; gives how many. For the ticker.

    What a rule refuses, and what is only to be reminded of, is noted once and left to people.
    """
    due = (AfterSaleCase.due_at <= clock.now(), AfterSaleCase.state.not_in(FINAL), AfterSaleCase.reminded_at.is_(None))
    ids = db.session.scalars(select(AfterSaleCase.id).where(*due).order_by(AfterSaleCase.due_at).limit(BATCH)).all()
    for case_id in ids:
        try:
            with db.session.begin_nested():
                _act(case_id)
        except DomainError as refused:
            log.warning("an overdue case could not go on by itself", extra={"case_id": case_id, "code": refused.code})
            _remind(case_id, refused.code)
    return len(ids)


def _act(case_id: int) -> None:
    case, order = access.locked(case_id)
    if case.state in FINAL or case.reminded_at is not None or case.due_at > clock.now():
        return
    late = settings.of(case.shop_id).limits[case.state].late
    if late is Late.REMIND:
        _remind(case_id, "")
    elif late is Late.CLOSE:
        moving.go(case, order, Act.CLOSE, SYSTEM, "time_over")
    elif late is Late.CONFIRM:
        moving.go(case, order, Act.CONFIRM, SYSTEM, "time_over")
    elif case.state is CaseState.WAITS_FOR_CHECK:
        moving.go(case, order, Act.RECEIVE, SYSTEM, "time_over")
    else:
        cases.agree(case_id, SYSTEM, cause="time_over")


def _remind(case_id: int, code: str) -> None:
    case, _ = access.locked(case_id)
    case.reminded_at = clock.now()
    facts = (case.order_id, case.id, case.number, case.state.value, code)
    journal.record(CaseOverdue(case.shop_id, *facts))
    db.session.flush()


def _waiting(shop_id: int) -> list[ColumnElement[bool]]:
    return [AfterSaleCase.shop_id == assert_in_scope(shop_id), AfterSaleCase.state.in_(OURS)]
