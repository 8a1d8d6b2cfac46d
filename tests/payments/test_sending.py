"""Sending many refunds: few statements for any number, one that is stuck holds up none, none outlasts its lease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import exc, select, text, update

from app.kit.db import db, transaction
from app.orders.models import Order, OrderState, PaymentState
from app.payments import callbacks, refund_sending, refunds, simulate
from app.payments.models import ChannelExchange, Payment, Refund, RefundState, SimulatedRecord
from app.stock import holds
from tests import factories as make
from tests.payments.conftest import fresh, gateway, started


def asked(shop, unpaid, number: int, minor: int = 1_000) -> list[Order]:
    """So many orders that are paid, each with its refund asked for."""
    orders = [unpaid(minor) for _ in range(number)]
    for order in orders:
        simulate.pay(order.id)
        with transaction():
            refunds.ask(order.id, minor, subject="goodwill:1", key="k", reason="Broken")
    return orders


def own(statements: list[str]) -> list[str]:
    """Without those of the simulator's gateway."""
    return [one for one in statements if "simulated_record" not in one]


def send(shop, count_sql) -> tuple[int, list[str]]:
    db.session.expire_all()
    shop_id = shop.id
    with count_sql() as statements:
        made = refund_sending.send_due(shop_id, transaction)
    return made, own(statements)


def test_many_refunds_cost_as_many_statements_as_two(shop, unpaid, count_sql) -> None:
    asked(shop, unpaid, 2)
    made, few = send(shop, count_sql)
    assert made == 2
    orders = asked(shop, unpaid, 12)
    made, many = send(shop, count_sql)

    assert (made, len(many)) == (12, len(few)), "\n".join(many)
    assert len(many) == 18, "4 to claim, 13 to write down, 1 to find that there are no more"
    assert {(one.payment_state, one.order_state) for one in map(fresh, orders)} == {
        (PaymentState.REFUNDED, OrderState.CLOSED)
    }
    told = db.session.scalars(select(ChannelExchange.refund_id).where(ChannelExchange.operation == "refund"))
    assert len(set(told)) == 14


def test_a_callback_that_pays_an_order_costs_eleven_statements(shop, unpaid, account, count_sql) -> None:
    payment = started(unpaid(5_000), account)
    notice = simulate.notice_of(account, gateway(account).pay(payment.number))
    db.session.expire_all()
    with count_sql() as statements:
        assert callbacks.receive(account.id, notice).code == "settled"
    assert len(statements) == 11, "\n".join(statements)


def test_a_refund_that_frees_stock_has_a_transaction_of_its_own(shop, unpaid) -> None:
    plain, held = asked(shop, unpaid, 2)
    sku = make.sku(shop)
    with transaction():
        holds.place(shop.id, {sku.id: 2}, f"order:{held.id}", None)
    ends: list[int] = []

    @contextmanager
    def counted() -> Iterator[Any]:
        with transaction() as session:
            yield session
        ends.append(1)

    assert refund_sending.send_due(shop.id, counted) == 2

    assert len(ends) == 4, "claimed, written together, written alone, and nothing more to claim"
    assert {fresh(plain).order_state, fresh(held).order_state} == {OrderState.CLOSED}
    assert db.session.scalar(text("select sum(reserved) from stock_level")) == 0


def test_one_that_cannot_be_written_down_is_told_and_holds_up_no_other(shop, unpaid) -> None:
    first, stuck, last = asked(shop, unpaid, 3)
    with transaction() as session:  # books that cannot be: all of it is back already
        session.execute(update(Payment).where(Payment.order_id == stuck.id).values(refunded_minor=1_000))

    with pytest.raises(exc.IntegrityError, match="ck_payment_refunded"):
        refund_sending.send_due(shop.id, transaction)

    assert [fresh(one).refunded_minor for one in (first, stuck, last)] == [1_000, 0, 1_000]
    (refund,) = db.session.query(Refund).filter_by(order_id=stuck.id)
    assert (refund.state, refund.attempts) == (RefundState.SUBMITTING, 1), "it is asked about when its lease is over"


def test_no_call_is_made_that_could_outlast_the_lease(shop, unpaid, monkeypatch) -> None:
    orders = asked(shop, unpaid, 2)
    monkeypatch.setattr(refund_sending, "LEASE", refund_sending.LONGEST_CALL - timedelta(seconds=1))

    refund_sending.send_due(shop.id, transaction)

    assert db.session.query(SimulatedRecord).filter_by(kind="refund").count() == 0
    refunds_made = db.session.query(Refund).filter(Refund.order_id.in_([one.id for one in orders])).all()
    assert {one.state for one in refunds_made} == {RefundState.SUBMITTING}


def test_what_is_being_sent_just_now_is_not_sent_by_hand(shop, unpaid) -> None:
    asked(shop, unpaid, 1)
    with transaction():
        (call,) = refund_sending.claim(shop.id, 10)

    assert refund_sending.send_one(call.refund_id, transaction) is None

    assert db.session.query(SimulatedRecord).filter_by(kind="refund").count() == 0


def test_a_refund_that_is_sent_by_hand_is_taken_as_the_job_takes_it(shop, unpaid) -> None:
    (order,) = asked(shop, unpaid, 1)
    (refund,) = db.session.query(Refund).filter_by(order_id=order.id)

    report = refund_sending.send_one(refund.id, transaction)

    assert report is not None
    assert (fresh(refund).state, refund.attempts, fresh(order).refunded_minor) == (RefundState.SUCCEEDED, 1, 1_000)
    assert refund.submitted_at is not None
