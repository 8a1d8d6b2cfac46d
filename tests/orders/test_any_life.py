"""Any life of orders: written, paid, changed, split, sent together, sent, received, refunded, closed, in any order.

Two thousand random steps in full; after each of them the invariants I1 to I9 hold (tests/orders/books.py).
"""

from __future__ import annotations

import collections
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import select

from app.after_sale import cases, lifecycle, opening
from app.after_sale.access import By
from app.after_sale.models import AfterSaleCase, CaseKind, Party
from app.after_sale.opening import Wish
from app.fulfilment import parcels
from app.fulfilment.models import Parcel, ParcelState
from app.fulfilment.wanted import Sending, Unit
from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.orders import creating, handling, joining, line_edits, marks, merging, paying, reopening, splitting, unpaid
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import Basket, WantedDiscount, WantedLine
from app.orders.models import Order, PaymentMethod
from app.orders.paying import Received
from app.payments import lifecycle as courses
from app.payments import refund_course, simulate
from app.payments.models import Refund, RefundState
from app.payments.providers import RefundReport, RefundStatus
from app.shops.models import Shop
from app.stock import movements
from app.stock.ledger import Why
from app.stock.movements import StockAt
from tests import factories as make
from tests.lengths import often
from tests.lives import OwnLife, live
from tests.orders.books import wrong_orders

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SELLER = By(Party.SELLER, may_approve=True)
LINES = st.dictionaries(st.integers(0, 2), st.integers(1, 3), min_size=1, max_size=3)
DONE: collections.Counter[str] = collections.Counter()
"""What was accepted how often: a run in which nothing happens proves nothing."""


class AnyLife(OwnLife):
    """Three SKUs with a few units each, and orders on them."""

    @initialize()
    def open(self) -> None:
        self.begin_life()
        self.moment, self.parcel = START, 0
        shop = make.shop()
        self.shop_id = shop.id
        self.skus = [make.sku(shop, price_minor=price, stock_on_hand=25).id for price in (3333, 5000, 1)]
        self.order_ids: list[int] = []

    def tried(self, name: str, deed, *values, **named):
        """Do it, or be refused and leave no trace."""
        with clock.frozen(self.moment):
            try:
                with transaction(), db.session.begin_nested():
                    result = deed(*values, **named)
            except DomainError:
                db.session.expire_all()
                DONE["refused"] += 1
                return None
        DONE[name] += 1
        return result

    def some(self, data, **where) -> Order | None:
        found = list(db.session.scalars(select(Order).where(Order.id.in_(self.order_ids)).order_by(Order.id)))
        found = [one for one in found if all(getattr(one, name) == value for name, value in where.items())]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(lines=LINES, cut=st.integers(0, 500), shipping=st.sampled_from([0, 800]), by_hand=st.booleans())
    def create(self, lines, cut, shipping, by_hand) -> None:
        wanted = tuple(WantedLine(self.skus[place], units) for place, units in lines.items())
        basket = Basket(wanted, (WantedDiscount(cut, label="coupon"),) if cut else (), shipping)
        shop = db.session.get_one(Shop, self.shop_id)
        where = Delivery("Wang", "13900000000", "Street 1")
        source = creating.BY_HAND if by_hand else "api"
        if order := self.tried("create", creating.create, shop, basket, Buyer(), where, source):
            self.order_ids.append(order.id)

    @rule(data=st.data(), part=st.integers(1, 4000), how=st.sampled_from(["part", "rest", "rest", "channel"]))
    def pay(self, data, part, how) -> None:
        order = self.some(data, payment_state="unpaid", order_state="open") or self.some(data)
        if order is None:
            return
        if how == "part":
            self.tried("pay_part", paying.record, order.id, Received(part, PaymentMethod.CASH))
        elif how == "rest":
            self.tried("pay_rest", paying.record_rest, order.id)
        else:
            try:
                with clock.frozen(self.moment):
                    simulate.pay(order.id)
                DONE["pay_channel"] += 1
            except DomainError:
                db.session.expire_all()

    @rule(data=st.data(), lines=LINES)
    def change_lines(self, data, lines) -> None:
        if order := self.some(data, fulfilment_state="unfulfilled", order_state="open"):
            base = line_edits.state_of(order.id)
            basket = Basket(tuple(WantedLine(self.skus[place], units) for place, units in lines.items()))
            shop = db.session.get_one(Shop, self.shop_id)
            self.tried("change_lines", line_edits.change, shop, order.id, base, basket)

    @rule(data=st.data(), verb=st.sampled_from(["close", "reopen", "complete", "mark", "merge", "leave"]))
    def handle(self, data, verb) -> None:
        if verb == "complete":
            self.arrive(data, 1)
        if verb == "reopen" and (order := self.some(data, payment_state="unpaid", order_state="open")):
            self.tried("close", handling.cancel, order.id)
        likely = {
            "close": {"payment_state": "unpaid", "order_state": "open"},
            "reopen": {"order_state": "closed", "payment_state": "unpaid"},
            "complete": {"status": "delivered"},
            "merge": {"status": "pending_shipment"},
        }
        order = self.some(data, **likely.get(verb, {})) or self.some(data)
        if order is None:
            return
        deeds = {
            "close": lambda: handling.cancel(order.id),
            "reopen": lambda: reopening.reopen(order.id, db.session.get_one(Shop, self.shop_id)),
            "complete": lambda: handling.complete(order.id),
            "mark": lambda: marks.add_tags(order.id, ["gift"]),
            "merge": lambda: merging.merge_all_of(order.id),
            "leave": lambda: merging.leave(order.id),
        }
        self.tried(verb, deeds[verb])

    @rule(hours=st.integers(0, 3))
    def time_passes(self, hours) -> None:
        self.moment += timedelta(hours=hours)
        self.tried("sweep", unpaid.close_due)

    @rule(data=st.data(), lines=LINES)
    def split(self, data, lines) -> None:
        self.create(lines, 100, 0, True)
        if order := self.some(data, payment_state="unpaid", order_state="open"):
            self.tried("pay_rest", paying.record_rest, order.id)
        if order := self.some(data, payment_state="paid", fulfilment_state="unfulfilled", order_state="open"):
            units = {one.id: data.draw(st.integers(0, one.quantity)) for one in splitting.product_lines(order.id)}
            if second := self.tried("split", splitting.split, order.id, units):
                self.order_ids.append(second.id)

    @rule(data=st.data())
    def put_together(self, data) -> None:
        apart = (Order.split_from_id.in_(self.order_ids), Order.order_state == "open")
        found = list(db.session.scalars(select(Order.id).where(*apart).order_by(Order.id)))
        if found:
            self.tried("put_together", joining.put_together, data.draw(st.sampled_from(found)))

    @rule(data=st.data(), whole=st.booleans())
    def send(self, data, whole) -> None:
        """A parcel, the same call twice: the second one changes nothing (I6)."""
        if order := self.some(data, status="pending_shipment"):
            self.parcel += 1
            line = data.draw(st.sampled_from(splitting.product_lines(order.id) or [None]))
            lines = () if whole or line is None else (Unit(line.id, data.draw(st.integers(1, line.quantity))),)
            sending = Sending("sf", f"SF{self.shop_id:06d}{self.parcel:06d}", lines)
            sent = [self.tried("send", parcels.send, order.id, sending, key=f"k{self.parcel}") for _ in range(2)]
            assert sent[0] is sent[1]

    @rule(data=st.data(), back=st.integers(0, 4))
    def arrive(self, data, back) -> None:
        self.send(data, True)
        sent = select(Parcel).where(Parcel.shop_id == self.shop_id, Parcel.state == ParcelState.SENT)
        if found := list(db.session.scalars(sent.order_by(Parcel.id))):
            verb = parcels.signed if back else parcels.returned
            self.tried(verb.__name__, verb, data.draw(st.sampled_from(found)).id)

    @rule(data=st.data(), whole=st.booleans())
    def ask_for_money(self, data, whole) -> None:
        order = self.some(data, payment_state="paid") or self.some(data)
        if order is None:
            return
        if whole:
            self.tried("cancel_paid", opening.cancel_paid, order.id, "other", SELLER)
            return

        def ask() -> AfterSaleCase:
            wanted = opening.everything(order)[:1]
            return opening.open_case(order.id, Wish(CaseKind.REFUND_ONLY, "quality", wanted), SELLER)

        if case := self.tried("case", ask):
            self.tried("agree", cases.agree, case.id, SELLER)

    @rule(data=st.data(), works=st.integers(0, 3))
    def channel_answers(self, data, works) -> None:
        ended = (RefundState.SUCCEEDED, RefundState.FAILED)
        under_way = select(Refund).where(Refund.shop_id == self.shop_id, Refund.state.not_in(ended))
        for one in db.session.scalars(under_way.order_by(Refund.id)).all():
            status = RefundStatus.SUCCEEDED if works else RefundStatus.FAILED
            self.tried(f"refund_{status.value}", self._answer, one.id, status, one.number)

    def _answer(self, refund_id: int, status: RefundStatus, number: str) -> bool:
        refund = refund_course.locked(refund_id)
        if refund.state is RefundState.ASKED:
            courses.move_refund(refund, RefundState.SUBMITTING)
        refund_course.apply(refund_id, RefundReport(status, number, code="" if works_out(status) else "REFUSED"))
        return True

    @rule(data=st.data())
    def close_case(self, data) -> None:
        own = select(AfterSaleCase).where(AfterSaleCase.shop_id == self.shop_id).order_by(AfterSaleCase.id)
        if live := [case for case in db.session.scalars(own) if lifecycle.is_live(case)]:
            self.tried("close_case", cases.step, data.draw(st.sampled_from(live)).id, lifecycle.Act.CLOSE, SELLER)

    @rule(place=st.integers(0, 2), change=st.sampled_from([-3, 2, 5]))
    def count(self, place, change) -> None:
        self.tried("count", movements.adjust, StockAt(self.shop_id, self.skus[place]), change, Why(reason="count"))

    @precondition(lambda self: hasattr(self, "shop_id"))
    @invariant()
    def everything_adds_up(self) -> None:
        DONE["steps"] += 1
        db.session.expire_all()
        assert wrong_orders(self.shop_id) == []


def works_out(status: RefundStatus) -> bool:
    return status is RefundStatus.SUCCEEDED


NEEDED = {"create", "pay_part", "pay_rest", "pay_channel", "change_lines", "split", "put_together", "merge", "send"}
NEEDED |= {"signed", "close", "reopen", "complete", "sweep", "case", "agree", "refund_succeeded", "cancel_paid"}
STEPS, ACCEPTED = often(2_000, 300), often(len(NEEDED), 12)
"""So many steps, in which so many of the verbs that are needed were accepted at least once."""


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.usefixtures("app")
def test_any_life_of_orders_keeps_the_books_closed() -> None:
    with context.every_shop("test"), context.acting(context.Actor("staff", "1")):
        live(AnyLife, 100, lambda: DONE["steps"] >= STEPS and len(NEEDED & set(DONE)) >= ACCEPTED, lives=often(24, 3))

    assert len(NEEDED & set(DONE)) >= ACCEPTED, DONE
    assert DONE["steps"] >= STEPS, DONE
