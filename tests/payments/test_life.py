"""A payment's life: our number first, unclear answers asked about, closed only after asking, success for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kit import clock
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.kit.money import Money
from app.orders import handling
from app.orders.models import OrderStatus, PaymentState
from app.payments import asking, settings, settling, simulate, starting
from app.payments.channels.simulator import Simulator
from app.payments.matter_models import MatterKind, MoneyMatter
from app.payments.models import ChannelExchange, Payment, PaymentStatus, RefundState
from app.payments.providers import (
    CreateStatus,
    Exchange,
    Scene,
    Started,
    Trade,
    TradeStatus,
)
from tests import factories as make
from tests.payments.conftest import BUYER, fresh, gateway, refunds_of, started


def ask(payment: Payment, **options) -> asking.Answer:
    return asking.ask_one(payment.id, transaction, **options)


def test_the_buyer_gets_a_code_and_the_order_waits(unpaid, account) -> None:
    order = unpaid(12_345)

    payment = started(order, account)

    assert (payment.state, payment.amount_minor, payment.currency) == (PaymentStatus.PENDING, 12_345, "CNY")
    assert payment.shown["qr_text"] == f"kuaidan-simulator://pay/{payment.number}"
    assert (len(payment.number), payment.number.isalnum(), payment.is_test) == (27, True, True)
    assert fresh(order).payment_state is PaymentState.UNPAID
    assert [one.operation for one in db.session.query(ChannelExchange).filter_by(payment_id=payment.id)] == ["create"]


def test_asking_again_offers_the_same_payment(unpaid, account) -> None:
    order = unpaid()

    first, second = started(order, account), started(order, account)
    other_way = started(order, account, starting.Ask(Scene.REDIRECT, ""))

    assert first.id == second.id != other_way.id


def test_a_paid_order_is_paid_once_and_takes_no_more(unpaid, account) -> None:
    order = unpaid(10_000)
    payment = simulate.pay(order.id)

    assert (fresh(payment).state, fresh(payment).counted) == (PaymentStatus.SUCCEEDED, True)
    order = fresh(order)
    assert (order.status, order.paid_minor) == (OrderStatus.PENDING_SHIPMENT, 10_000)
    with pytest.raises(RuleViolation, match="order_takes_no_money"):
        started(order, account)
    for status in TradeStatus:
        with transaction():
            settling.apply(payment.id, Trade(status, payment.number))
    assert (fresh(payment).state, fresh(order).paid_minor) == (PaymentStatus.SUCCEEDED, 10_000)


@pytest.mark.parametrize(
    ("minor", "currency"), [(9_999, "CNY"), (10_001, "CNY"), (10_000, "USD"), (None, "CNY"), (0, "CNY")]
)
def test_another_amount_or_currency_settles_nothing_and_goes_before_a_person(unpaid, account, minor, currency) -> None:
    order = unpaid(10_000)
    payment = started(order, account)
    told = Trade(TradeStatus.PAID, payment.number, "T1", None if minor is None else Money(minor, currency))

    for _ in range(2):
        with transaction():
            assert settling.apply(payment.id, told) == "amount_mismatch"

    assert (fresh(payment).state, fresh(order).paid_minor) == (PaymentStatus.PENDING, 0)
    (matter,) = db.session.query(MoneyMatter)
    assert (matter.kind, matter.payment_id, matter.due_at - matter.opened_at) == (
        MatterKind.AMOUNT_MISMATCH,
        payment.id,
        timedelta(hours=24),
    )


def test_an_unclear_answer_to_create_is_asked_about_and_made_again_with_the_same_number(
    unpaid, account, monkeypatch, run_jobs
) -> None:
    order, numbers = unpaid(), []
    whole = Simulator.create

    def cut(self, charge):
        numbers.append(charge.number)
        if len(numbers) == 1:
            return Started(CreateStatus.UNKNOWN, Exchange("create"), "timeout")
        return whole(self, charge)

    monkeypatch.setattr(Simulator, "create", cut)
    payment = started(order, account)
    assert (payment.state, payment.shown) == (PaymentStatus.CREATED, {})

    with clock.frozen(clock.now() + timedelta(seconds=6)), transaction():
        assert asking.want_due() == 1
    with clock.frozen(clock.now() + timedelta(seconds=6)):
        run_jobs()

    assert fresh(payment).state is PaymentStatus.PENDING
    assert numbers == [payment.number, payment.number]


def test_success_may_come_before_the_answer_to_create(unpaid, account) -> None:
    order = unpaid(10_000)
    with transaction():
        payment = starting.start(order.id, account.id, BUYER)
        prepared = starting.prepare(payment)
    answer = prepared.provider.create(prepared.charge)
    simulate.decide(payment.id, "paid")
    assert fresh(payment).state is PaymentStatus.SUCCEEDED

    with transaction():
        starting.record(prepared, answer)

    assert (fresh(payment).state, fresh(order).paid_minor) == (PaymentStatus.SUCCEEDED, 10_000)


def test_a_payment_whose_time_is_over_is_asked_about_then_closed(unpaid, account, run_jobs) -> None:
    order = unpaid()
    payment = started(order, account)

    with clock.frozen(clock.now() + timedelta(minutes=31)):
        with transaction():
            asking.want_due()
        run_jobs()

    assert fresh(payment).state is PaymentStatus.EXPIRED
    assert gateway(account).query({"number": payment.number})["state"] == "closed"
    told = [(one.operation, one.outcome) for one in db.session.query(ChannelExchange).order_by(ChannelExchange.id)]
    assert told == [("create", "ready"), ("query", "waiting"), ("close", "closed")]


def test_what_was_paid_in_the_last_moment_settles_instead_of_closing(unpaid, account, monkeypatch) -> None:
    order = unpaid(10_000)
    payment = started(order, account)
    whole, truth = Simulator.query, gateway(account)

    def paid_after_the_first_look(self, trade):
        answer = whole(self, trade)
        truth.pay(trade.number)
        return answer

    monkeypatch.setattr(Simulator, "query", paid_after_the_first_look)
    ask(payment, closes=True)

    assert (fresh(payment).state, fresh(order).paid_minor) == (PaymentStatus.SUCCEEDED, 10_000)


def test_a_failed_payment_says_why_and_another_one_can_be_made(unpaid, account) -> None:
    order = unpaid(10_000)
    payment = started(order, account)
    simulate.decide(payment.id, "failed")

    assert (fresh(payment).state, fresh(payment).failure_code) == (PaymentStatus.FAILED, "declined")
    assert simulate.pay(order.id).id != payment.id
    assert fresh(order).paid_minor == 10_000


def test_a_second_payment_goes_back_and_the_order_keeps_the_first(unpaid, account, run_jobs) -> None:
    order = unpaid(10_000)
    first, second = started(order, account), started(order, account, starting.Ask(Scene.REDIRECT, ""))
    simulate.decide(first.id, "paid")
    simulate.decide(second.id, "paid")

    run_jobs()

    (refund,) = refunds_of(order)
    assert (refund.payment_id, refund.amount_minor, refund.subject) == (second.id, 10_000, "second_payment")
    assert (refund.state, refund.counted) == (RefundState.SUCCEEDED, False)
    assert (fresh(first).state, fresh(second).state) == (PaymentStatus.SUCCEEDED, PaymentStatus.REFUNDED)
    order = fresh(order)
    assert (order.paid_minor, order.refunded_minor, order.payment_state) == (10_000, 0, PaymentState.PAID)


def test_the_other_open_payments_of_a_paid_order_are_closed(unpaid, account, run_jobs) -> None:
    order = unpaid()
    first, second = started(order, account), started(order, account, starting.Ask(Scene.REDIRECT, ""))
    simulate.decide(first.id, "paid")

    run_jobs()

    assert fresh(second).state is PaymentStatus.CLOSED
    assert refunds_of(order) == []


@pytest.mark.parametrize("by_itself", [True, False])
def test_money_for_a_closed_order_goes_back_or_before_a_person(shop, unpaid, account, run_jobs, by_itself) -> None:
    with transaction():
        settings.save(shop.id, settings.Rules(refunds_late=by_itself))
    order = unpaid(10_000)
    payment = started(order, account)
    gateway(account).pay(payment.number)
    with transaction():
        handling.close(order.id)
        payment_row = starting.locked(payment.id)
        starting.end(payment_row, PaymentStatus.CLOSED)
    ask(payment)

    run_jobs()

    assert fresh(order).paid_minor == 0
    if by_itself:
        assert [one.subject for one in refunds_of(order)] == ["late_payment"]
        assert fresh(payment).state is PaymentStatus.REFUNDED
    else:
        assert (refunds_of(order), fresh(payment).state) == ([], PaymentStatus.LATE_SUCCEEDED)
        assert [one.kind for one in db.session.query(MoneyMatter)] == [MatterKind.LATE_SUCCESS]


def test_money_after_our_close_still_pays_an_order_that_is_open(unpaid, account) -> None:
    order = unpaid(10_000)
    payment = started(order, account)
    ask(payment, closes=True)
    assert fresh(payment).state is PaymentStatus.CLOSED

    gateway(account).pay(payment.number)
    ask(payment)

    assert (fresh(payment).state, fresh(payment).counted) == (PaymentStatus.LATE_SUCCEEDED, True)
    assert fresh(order).status is OrderStatus.PENDING_SHIPMENT


def test_an_account_that_is_off_or_of_another_shop_takes_nothing(shop, unpaid, account) -> None:
    order = unpaid()
    with transaction():
        account.enabled = False
    with pytest.raises(RuleViolation, match="channel_off"):
        started(order, account)

    assert db.session.query(Payment).count() == 0
    stranger = make.shop()
    assert stranger.id != shop.id
