"""Whatever happens in whatever order: nothing counts twice, success stays, and the sums end as the gateway's."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from app.kit import clock
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.orders import handling
from app.payments import asking, callbacks, lifecycle, refund_sending, refunds, simulate, starting
from app.payments.models import Payment, PaymentStatus, Refund, RefundState, SimulatedRecord
from app.payments.providers import Scene
from tests.lengths import often
from tests.payments.conftest import BUYER, fresh, gateway

MINOR = 10_000
DEEDS = ("start", "start_other", "pay", "decline", "hear", "ask", "close", "close_order", "refund", "send")
_keys = itertools.count(1)


class Story:
    """One order, its payments, and every notice that the gateway has sent so far."""

    def __init__(self, order, account) -> None:
        self.order, self.account, self.truth = order, account, gateway(account)
        self.payments: list[Payment] = []
        self.notices: list = []
        self.captured: set[int] = set()

    def do(self, deed: str, pick: int) -> None:
        """One deed; what the rules refuse is refused and changes nothing."""
        with contextlib.suppress(RuleViolation):
            getattr(self, f"_{deed}")(pick)
        self.check()

    def _start(self, pick: int) -> None:
        self._begin(BUYER)

    def _start_other(self, pick: int) -> None:
        self._begin(starting.Ask(Scene.REDIRECT, ""))

    def _begin(self, ask: starting.Ask) -> None:
        payment = starting.get(starting.begin(self.order.id, self.account.id, ask, transaction))
        if payment not in self.payments:
            self.payments.append(payment)

    def _pay(self, pick: int) -> None:
        self._decide(pick, "paid")

    def _decline(self, pick: int) -> None:
        self._decide(pick, "failed")

    def _decide(self, pick: int, state: str) -> None:
        if self.payments:
            with transaction():  # on the connection of the test: a later refusal takes nothing of it back
                facts = self.truth.pay(self.payments[pick % len(self.payments)].number, state)
            self.notices.append(simulate.notice_of(self.account, facts))

    def _hear(self, pick: int) -> None:
        if self.notices:
            callbacks.receive(self.account.id, self.notices[pick % len(self.notices)])

    def _ask(self, pick: int) -> None:
        if self.payments:
            asking.ask_one(self.payments[pick % len(self.payments)].id, transaction)

    def _close(self, pick: int) -> None:
        if self.payments:
            asking.ask_one(self.payments[pick % len(self.payments)].id, transaction, closes=True)

    def _close_order(self, pick: int) -> None:
        with transaction():
            handling.close(self.order.id)

    def _refund(self, pick: int) -> None:
        with transaction():
            refunds.ask(self.order.id, 1 + pick * 997 % MINOR, subject="test:1", key=f"story-{next(_keys)}")

    def _send(self, pick: int) -> None:
        refund_sending.send_due(self.account.shop_id, transaction)

    def check(self) -> None:
        """What holds at every moment."""
        db.session.expire_all()
        rows = db.session.query(Payment).filter_by(order_id=self.order.id).all()
        captured = {one.id for one in rows if one.state in lifecycle.CAPTURED}
        assert self.captured <= captured, "success is absorbing"
        self.captured = captured
        order = fresh(self.order)
        assert order.paid_minor == sum(one.amount_minor for one in rows if one.counted) <= MINOR
        asked = select(func.sum(Refund.amount_minor)).where(
            Refund.order_id == order.id, Refund.counted, Refund.state != RefundState.FAILED
        )
        assert order.refunded_minor <= (db.session.scalar(asked) or 0) <= order.paid_minor

    def come_to_rest(self) -> tuple[int, int]:
        """Everything is heard and asked; what we and the gateway have of the buyer's money then."""
        for _ in range(2):
            for payment in self.payments:
                asking.ask_one(payment.id, transaction)
            with transaction() as session:
                session.execute(update(Refund).where(Refund.next_try_at.is_not(None)).values(next_try_at=clock.now()))
            self._send(0)
        self.check()
        mine = SimulatedRecord.account_id == self.account.id
        own = SimulatedRecord.trade_number.in_([one.number for one in self.payments])
        paid = (SimulatedRecord.number.in_([one.number for one in self.payments]), SimulatedRecord.state == "paid")
        there = self._sum(mine, *paid) - self._sum(mine, own, SimulatedRecord.state == "succeeded")
        order = fresh(self.order)
        return order.paid_minor - order.refunded_minor, there

    def _sum(self, *where) -> int:
        return int(db.session.scalar(select(func.sum(SimulatedRecord.amount_minor)).where(*where)) or 0)


@pytest.mark.soak
@how(max_examples=often(25, 6), deadline=None, suppress_health_check=list(HealthCheck))
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 20)), min_size=3, max_size=10))
def test_at_rest_we_have_what_the_gateway_has(unpaid, account, deeds) -> None:
    story = Story(unpaid(MINOR), account)
    story.do("start", 0)

    for deed, pick in deeds:
        story.do(deed, pick)

    ours, theirs = story.come_to_rest()
    assert ours == theirs
    stuck = {PaymentStatus.LATE_SUCCEEDED, PaymentStatus.SUCCEEDED}
    assert not [one for one in map(fresh, story.payments) if one.state in stuck and not one.counted], "it goes back"
