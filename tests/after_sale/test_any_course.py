"""Any sequence of acts on the cases of an order, by anybody: the ledger, the money and the states always agree."""

from __future__ import annotations

import collections

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import func, select, text

from app.after_sale import access, cases, lifecycle, negotiation, opening, refund_ledger, returns, sending
from app.after_sale.access import By
from app.after_sale.lifecycle import Act
from app.after_sale.models import FINAL, AfterSaleCase, CaseKind, CaseState, Party, RefundPart
from app.after_sale.negotiation import Terms
from app.after_sale.opening import Wanted, Wish
from app.after_sale.returns import Came
from app.kit import context
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.orders import handling, reading
from app.orders.models import AfterSaleState, Order
from app.payments import refund_course, simulate
from app.payments.models import Refund, RefundState
from app.payments.providers import RefundReport, RefundStatus
from tests import factories as make
from tests.after_sale.conftest import a6_order
from tests.lengths import often
from tests.lives import OwnLife, live

STATS = collections.Counter()
REACHED: set[tuple[CaseKind, CaseState]] = set()
"""What the runs have come to: they are worth nothing when no refund is ever done."""
PARTIES = {one: By(one, may_approve=True) for one in Party}


class AnyCourse(OwnLife):
    """One order; cases are opened, argued about, received, refunded, failed and retried in any order."""

    @initialize(sent=st.booleans())
    def begin(self, sent: bool) -> None:
        self.begin_life()
        self.order_id = a6_order(make.shop(), pay=False).id
        simulate.pay(self.order_id)
        self.ended: dict[int, CaseState] = {}
        self.line_ids = [line.id for line in reading.get(self.order_id).lines[:4]]
        if sent:
            self.attempt(handling.ship, self.order_id)

    def attempt(self, deed, *values, **named) -> None:
        """A rule may refuse; then nothing of it stays."""
        try:
            with transaction(), db.session.begin_nested():
                deed(*values, **named)
        except DomainError:
            db.session.expire_all()

    def of_order(self) -> list[AfterSaleCase]:
        query = select(AfterSaleCase).where(AfterSaleCase.order_id == self.order_id).order_by(AfterSaleCase.id)
        return list(db.session.scalars(query.execution_options(populate_existing=True)))

    def some(self, data) -> AfterSaleCase | None:
        live = [case for case in self.of_order() if lifecycle.is_live(case)]
        return data.draw(st.sampled_from(live)) if live else None

    @rule(data=st.data(), kind=st.sampled_from(CaseKind), seller=st.booleans())
    def open(self, data, kind, seller) -> None:
        """About units or an amount that may be had; now and then about one too many."""
        left = data.draw(st.sampled_from(refund_ledger.of(db.session.get_one(Order, self.order_id))))
        line_id, more = left.standing.part.order_line_id, data.draw(st.integers(0, 9)) == 9
        units = data.draw(st.integers(0, left.free_units)) + more
        minor = 0 if units else data.draw(st.integers(0, left.standing.minor_left)) + more
        by = PARTIES[Party.SELLER if seller else Party.BUYER]
        wish = Wish(kind, "quality", (Wanted(line_id, units, minor),))
        self.attempt(opening.open_case, self.order_id, wish, by)

    @rule(data=st.data(), times=st.integers(1, 3))
    def go_on(self, data, times) -> None:
        """Some things that the table allows."""
        for _ in range(times):
            case = self.some(data)
            if case is None:
                return
            rarely = data.draw(st.integers(0, 9)) == 9
            ends = () if rarely else (Act.CLOSE, Act.ESCALATE, Act.REFUSE)
            allowed = [(act, p) for p in Party for act in lifecycle.open_to(case, p) if act not in ends]
            if allowed:
                act, party = data.draw(st.sampled_from(allowed))
                self.act(data, case, act, PARTIES[party])

    @rule(data=st.data(), act=st.sampled_from(Act), party=st.sampled_from(Party))
    def try_anything(self, data, act, party) -> None:
        """Something that the table need not allow."""
        found = self.of_order()
        if found:
            self.act(data, data.draw(st.sampled_from(found)), act, PARTIES[party])

    def act(self, data, case, act, by) -> None:
        deeds = {
            Act.AGREE: lambda: cases.agree(case.id, by),
            Act.REFUND_NOW: lambda: cases.refund_now(case.id, by),
            Act.REFUSE: lambda: cases.refuse(case.id, by, "other", "No."),
            Act.SEND_BACK: lambda: sending.send_back(case.id, by, "sf", f"SF1{case.id:012d}"),
            Act.SEND: lambda: sending.send(case.id, by, "sf", f"SF2{case.id:012d}"),
            Act.RECEIVE: lambda: returns.receive(case.id, self.came(data, case), by),
        }
        self.attempt(deeds.get(act, lambda: cases.step(case.id, act, by)))

    def came(self, data, case) -> dict[int, Came]:
        told = {}
        for line in access.lines_of(case.id):
            fates = [data.draw(st.sampled_from(list(vars(Came())))) for _ in range(line.asked_units)]
            told[line.id] = Came(**{name: fates.count(name) for name in vars(Came())})
        return told

    @rule(data=st.data(), kind=st.sampled_from(CaseKind), minor=st.integers(1, 4000), whole=st.booleans())
    def negotiate(self, data, kind, minor, whole) -> None:
        if case := self.some(data):
            seller = data.draw(st.booleans())
            sides = [PARTIES[Party.SELLER], PARTIES[Party.BUYER]]
            self.attempt(negotiation.offer, case.id, sides[not seller], Terms(kind, None if whole else minor))
            if offer := negotiation.standing(case.id):
                self.attempt(negotiation.accept, offer.id, sides[offer.party is Party.SELLER])

    @rule(data=st.data(), works=st.integers(0, 3))
    def channel_answers(self, data, works) -> None:
        open_ones = select(Refund).where(
            Refund.order_id == self.order_id, Refund.state.not_in((RefundState.SUCCEEDED, RefundState.FAILED))
        )
        for one in db.session.scalars(open_ones):
            status = RefundStatus.SUCCEEDED if works else RefundStatus.FAILED
            self.attempt(self.answer, one.id, RefundReport(status, one.number, code="" if works else "REFUSED"))

    def answer(self, refund_id, report) -> None:
        from app.payments import lifecycle as courses

        refund = refund_course.locked(refund_id)
        if refund.state is RefundState.ASKED:
            courses.move_refund(refund, RefundState.SUBMITTING)
        refund_course.apply(refund_id, report)

    @rule(data=st.data(), party=st.sampled_from([Party.BUYER, Party.SELLER]), surely=st.integers(0, 2))
    def give_up(self, data, party, surely) -> None:
        case = self.some(data)
        if case and not surely:
            self.act(data, case, Act.CLOSE, PARTIES[party])

    @rule(data=st.data())
    def retry(self, data) -> None:
        if case := self.some(data):
            self.attempt(cases.retry_refund, case.id, PARTIES[Party.SELLER])

    @precondition(lambda self: hasattr(self, "order_id"))
    @invariant()
    def everything_agrees(self) -> None:
        db.session.expire_all()
        order = db.session.get_one(Order, self.order_id)
        found = self.of_order()
        parts = list(db.session.scalars(select(RefundPart).where(RefundPart.order_id == self.order_id)))
        promised = sum(case.amount_minor for case in found)
        assert promised == sum(part.taken_minor for part in parts)
        assert 0 <= order.refunded_minor <= promised <= order.paid_minor == 14800
        assert order.refunded_minor == sum(case.refunded_minor for case in found)
        done = [case for case in found if case.state is CaseState.DONE]
        assert all(case.refunded_minor == case.amount_minor for case in done)
        notes = db.session.scalar(
            select(func.coalesce(func.sum(Order.total_minor), 0)).where(Order.reverses_id == self.order_id)
        )
        assert -int(notes) == sum(case.refunded_minor for case in done)
        live = any(lifecycle.is_live(case) for case in found)
        assert (order.after_sale_state is AfterSaleState.OPEN) is live
        REACHED.update((case.kind, case.state) for case in found)
        for case in found:
            before = self.ended.get(case.id)
            assert before not in FINAL or before is case.state
            self.ended[case.id] = case.state
        self.stock_agrees(order)

    def stock_agrees(self, order: Order) -> None:
        """I3 and I4: units refunded ≤ bought, back ≤ out; on hand is what the ledger says."""
        for row in db.session.execute(_STOCK, {"order_id": order.id}).mappings():
            assert 0 <= row["taken"] <= row["bought"]
            assert row["on_hand"] == row["moved"]
            assert min(row["on_hand"], row["unavailable"], row["reserved"], row["available"]) >= 0
            assert row["back"] <= row["out"]


_STOCK = text("""
select l.quantity as bought, coalesce(p.taken_units, 0) as taken, v.on_hand, v.unavailable, v.reserved,
       v.on_hand - v.unavailable - v.reserved as available, m.moved, m.back, m.out
from order_line l
left join refund_part p on p.order_line_id = l.id
join stock_level v on v.sku_id = l.sku_id
cross join lateral (
    select sum(on_hand_delta) as moved,
           coalesce(sum(on_hand_delta) filter (where kind = 'returned'), 0) as back,
           coalesce(-sum(on_hand_delta) filter (where kind = 'shipped'), 0) as out
    from stock_movement where sku_id = l.sku_id
) m
where l.order_id = :order_id and l.kind = 'product'""")


NEEDED = {CaseState.DONE, CaseState.CLOSED, CaseState.REFUNDING}


@pytest.mark.soak
@pytest.mark.usefixtures("app")
def test_any_course_of_cases_keeps_the_books_closed() -> None:
    with context.every_shop("test"), context.acting(context.Actor("system", "test")):
        live(AnyCourse, 50, lambda: {state for _, state in REACHED} >= NEEDED, lives=often(20, 4))
    assert NEEDED - {state for _, state in REACHED} == set()
