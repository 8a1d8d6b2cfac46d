"""Killed in the middle of refunding: what was not committed is not there, what is done again is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from app.after_sale import access, cases, opening, refund_ledger, returns
from app.after_sale.access import By
from app.after_sale.models import AfterSaleCase, CaseKind, CaseState, Party
from app.after_sale.opening import Wanted, Wish
from app.after_sale.returns import Came
from app.kit import clock, context, job_runs
from app.kit.db import db, transaction
from app.kit.jobs import LEASE_SECONDS, Job, JobState
from app.orders import handling, reading
from app.orders.models import Order, OrderKind
from app.payments import refund_sending, refunds
from app.payments.models import Refund, RefundState
from app.shops import shops
from app.stock.models import StockLevel
from tests import factories as make
from tests.after_sale.conftest import a6_order, through_simulator

pytestmark = pytest.mark.commits
SHOP, BUYER = By(Party.SELLER, may_approve=True), By(Party.BUYER)


class Killed(BaseException):
    """The process is gone: nothing after it runs."""


def cut_after(deed) -> None:
    """Do it, and lose the connection before the commit."""
    with pytest.raises(OperationalError), transaction() as session:
        deed()
        own = session.scalar(text("select pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("select pg_terminate_backend(:pid)"), {"pid": own})
        session.execute(text("select 1"))
    db.session.remove()


def work(moment=None) -> None:
    """What a worker does with every job that is wanted."""
    free = select(Job.id).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING))).order_by(Job.id)
    for job_id in db.session.scalars(free).all():
        db.session.rollback()
        with clock.frozen(moment or clock.now()):
            job_runs.perform(job_id)
    db.session.expire_all()


def test_web_and_worker_killed_while_refunding_lose_and_double_nothing(app, monkeypatch) -> None:
    with app.app_context(), context.every_shop("test"):
        make.shop("live")
        order_id = a6_order(shops.by_code("live"), pay=False).id
        through_simulator(db.session.get_one(Order, order_id))
        with transaction():
            handling.ship(order_id)
        first = reading.get(order_id).lines[0]
        line_id, sku_id = first.id, first.sku_id

        def open_it() -> AfterSaleCase:
            wish = Wish(CaseKind.RETURN_REFUND, "quality", (Wanted(line_id, 2),))
            return opening.open_case(order_id, wish, BUYER, key="form:1")

        cut_after(open_it)
        assert db.session.scalar(select(func.count(AfterSaleCase.id))) == 0
        for _ in range(2):
            with transaction():
                case_id = open_it().id
        with transaction():
            cases.agree(case_id, SHOP)

        def book() -> None:
            (line,) = access.lines_of(case_id)
            returns.receive(case_id, {line.id: Came(restocked=1, damaged=1)}, SHOP)

        cut_after(book)
        assert access.get(case_id).state is CaseState.WAITS_FOR_RETURN
        assert on_hand(sku_id) == (97, 0)
        with transaction():
            book()
        assert on_hand(sku_id) == (99, 1)

        die_after_the_call(monkeypatch)
        assert db.session.scalars(select(Refund.state)).one() is not RefundState.SUCCEEDED
        assert access.get(case_id).state is CaseState.REFUNDING
        later = clock.now()
        for _ in range(4):  # the lease runs out, the next worker asks by the same number
            later += timedelta(seconds=LEASE_SECONDS + 60)
            with clock.frozen(later), transaction():
                refunds.want_sending(db.session.get_one(Order, order_id).shop_id)
            work(later)

        case, order = access.get(case_id), db.session.get_one(Order, order_id)
        assert (case.state, case.refunded_minor, order.refunded_minor) == (CaseState.DONE, 6221, 6221)
        assert [one.amount_minor for one in db.session.scalars(select(Refund))] == [6221]
        notes = select(func.count(Order.id)).where(Order.kind == OrderKind.CREDIT_NOTE)
        assert db.session.scalar(notes) == 1
        assert sum(one.standing.taken_minor for one in refund_ledger.of(order)) == 6221


def on_hand(sku_id: int) -> tuple[int, int]:
    level = db.session.scalars(select(StockLevel).where(StockLevel.sku_id == sku_id)).one()
    db.session.refresh(level)
    found = level.on_hand, level.unavailable
    db.session.rollback()
    return found


def die_after_the_call(monkeypatch) -> None:
    """The channel has done it, and the worker dies before it can write that down."""

    def die(*args, **kwargs) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(refund_sending.refund_course, "apply", die)
        with pytest.raises(Killed):
            work()
    db.session.remove()
