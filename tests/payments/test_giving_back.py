"""Money that staff give back, and money that is too much: once, within what is left, settled when it is back."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.console.roles import Role
from app.kit.db import db, transaction
from app.kit.errors import NotFound, RuleViolation
from app.kit.money import Money
from app.orders import channel_money, handling
from app.orders.models import Order, PaymentState
from app.payments import differences, matters, reconciling, refund_course, refunds, simulate, surplus
from app.payments.channels.simulator import Simulator
from app.payments.matter_models import DifferenceKind, MatterKind, MoneyMatter, ReconcileState, Reconciliation
from app.payments.models import PaymentStatus, Refund, RefundState
from app.payments.providers import Bill, BillKind, BillRow, BillStatus, Exchange, RefundReport, RefundStatus
from tests import factories as make
from tests.payments.conftest import Browser, apart, fresh, refunds_of, started
from tests.payments.test_reconciling import DAY, NOON


@pytest.fixture
def manager(shop, sign_in):
    return Browser(apart(sign_in, make.staff(Role.MANAGER, shop)))


@pytest.fixture
def overpaid(unpaid, account):
    """The matter of a payment over 100.00 for an order of which 40.00 had come in meanwhile."""
    order = unpaid(10_000)
    payment = started(order, account)
    with transaction():
        channel_money.came_in(handling.locked(order.id), 4_000)
    simulate.decide(payment.id, "paid")
    (matter,) = db.session.query(MoneyMatter).all()
    assert (matter.kind, matter.facts["over_minor"], fresh(order).paid_minor) == (MatterKind.OVERPAID, 4_000, 14_000)
    return matter


def test_what_was_overpaid_goes_back_once_and_settles_its_matter(overpaid, manager, run_jobs) -> None:
    page = manager.get(f"/payments/attention/{overpaid.id}").text
    assert ("CN¥40.00 goes back" in page or "¥40.00 goes back" in page, "data-confirm" in page) == (True, True)

    for _ in range(2):
        assert manager.post(f"/payments/attention/{overpaid.id}/refund").status_code == 302
    (refund,) = db.session.query(Refund).all()
    assert (refund.amount_minor, refund.payment_id, refund.state) == (4_000, overpaid.payment_id, RefundState.ASKED)
    assert fresh(overpaid).resolved_at is None, "asked for is not paid back"
    page = manager.get(f"/payments/attention/{overpaid.id}").text
    assert (refund.number in page, "goes back to the buyer through the channel" in page) == (True, False)

    run_jobs()

    matter, order = fresh(overpaid), fresh(db.session.get_one(Order, refund.order_id))
    assert (matter.resolution, matter.resolved_at is not None) == ("refunded", True)
    assert (order.paid_minor, order.refunded_minor, fresh(refund).state) == (14_000, 4_000, RefundState.SUCCEEDED)
    assert order.payment_state is PaymentState.PAID, "the shop keeps the whole price"
    with transaction():
        channel_money.went_back(order.id, 1)
    assert fresh(order).payment_state is PaymentState.PARTLY_REFUNDED
    with pytest.raises(RuleViolation, match="matter_resolved"), transaction():
        surplus.refund_over(matter.id)


def test_a_refund_that_failed_leaves_the_matter_open_until_another_is_done(overpaid, run_jobs) -> None:
    with transaction():
        refund = surplus.refund_over(overpaid.id)
    with transaction():
        refund_course.apply(refund.id, RefundReport(RefundStatus.PROCESSING))
        refund_course.apply(refund.id, RefundReport(RefundStatus.FAILED, code="declined"))
    assert fresh(overpaid).resolved_at is None
    with transaction():
        again = refund_course.try_again(refund.id)
    assert surplus.refund_of_matter(fresh(overpaid)).id == again.id != refund.id

    run_jobs()

    assert fresh(overpaid).resolution == "refunded"


def test_only_an_overpaid_matter_gives_its_surplus_back(unpaid, account) -> None:
    payment = started(unpaid(), account)
    with transaction():
        matter = matters.open_matter(matters.About.of_payment(payment), MatterKind.AMOUNT_MISMATCH, {"over_minor": 5})
    with pytest.raises(NotFound), transaction():
        surplus.refund_over(matter.id)
    assert db.session.query(Refund).count() == 0


def billed(monkeypatch, account, rows) -> Reconciliation:
    answer = Bill(BillStatus.READY, Exchange("bill"), tuple(rows))
    monkeypatch.setattr(Simulator, "bill", lambda self, day: answer)
    return fresh(db.session.get_one(Reconciliation, reconciling.reconcile(account.id, DAY, transaction)))


@pytest.mark.parametrize(
    ("change", "kind", "too_much"),
    [
        (lambda row: [replace(row, amount=Money(10_700, "CNY"))], DifferenceKind.AMOUNT, 700),
        (lambda row: [row, replace(row, channel_no="SECOND")], DifferenceKind.DOUBLED, 10_000),
    ],
    ids=["more than asked for", "twice"],
)
def test_what_only_the_bill_knows_is_given_back_by_a_person_and_settles_itself(
    unpaid, account, manager, monkeypatch, change, kind, too_much
) -> None:
    order = unpaid(10_000)
    payment = simulate.pay(order.id)
    with transaction():
        payment = fresh(payment)
        payment.paid_at = NOON
    row = BillRow(BillKind.PAYMENT, payment.number, payment.channel_trade_no, Money(10_000, "CNY"), NOON)
    day = billed(monkeypatch, account, change(row))
    (one,) = differences.of_run(day.id)
    assert (one.kind, surplus.of_difference(one)) == (kind, too_much)

    for _ in range(2):
        manager.post(f"/payments/reconciliation/differences/{one.id}/give-back")
    (refund,) = refunds_of(order)
    assert (refund.amount_minor, refund.payment_id, refund.counted) == (too_much, None, False)
    assert (fresh(one).resolved_at, fresh(day).state) == (None, ReconcileState.DIFFERENT)
    manager.post(f"/refunds/{refund.id}/paid-back", data={"reference": "WX-77"})

    assert (fresh(one).reason, fresh(day).state) == (refund.number, ReconcileState.SETTLED)
    assert (fresh(order).refunded_minor, fresh(order).payment_state) == (0, PaymentState.PAID)
    assert refunds.left_of(fresh(payment)) == 10_000, "the payment itself is whole"


def test_a_bill_in_another_currency_or_with_less_offers_nothing(unpaid, account, manager, monkeypatch) -> None:
    payment = simulate.pay(unpaid(10_000).id)
    with transaction():
        fresh(payment).paid_at = NOON
    row = BillRow(BillKind.PAYMENT, payment.number, payment.channel_trade_no, Money(99_000, "USD"), NOON)
    for changed in (row, replace(row, amount=Money(9_000, "CNY"))):
        (one,) = differences.of_run(billed(monkeypatch, account, [changed]).id)
        answer = manager.post(f"/payments/reconciliation/differences/{one.id}/give-back")
        assert (answer.status_code, surplus.of_difference(fresh(one))) == (404, 0)
    assert db.session.query(Refund).count() == 0


def test_staff_refund_a_part_once_however_often_the_form_is_sent(unpaid, manager, run_jobs) -> None:
    order = unpaid(10_000)
    payment = simulate.pay(order.id)
    assert f"/refunds/new/{payment.id}" in manager.get(f"/payments/{payment.id}").text
    form = manager.get(f"/refunds/new/{payment.id}").text
    assert ("nothing goes back into stock" in form, f"/after-sale/new/{order.id}" in form) == (True, True)
    sent = {"key": re.search(r'name="key" value="(\w+)"', form)[1], "amount": "25.50", "reason": "Goodwill"}

    for _ in range(3):
        assert manager.post(f"/refunds/new/{payment.id}", data=sent).status_code == 302
    run_jobs()

    (refund,) = refunds_of(order)
    assert (refund.amount_minor, refund.reason, refund.state) == (2_550, "Goodwill", RefundState.SUCCEEDED)
    assert refund.asked_by.startswith("staff:")
    assert (fresh(payment).state, fresh(order).refunded_minor) == (PaymentStatus.PARTIALLY_REFUNDED, 2_550)
    rest = manager.get(f"/refunds/new/{payment.id}").text
    assert 'value="74.50"' in rest
    manager.post(f"/refunds/new/{payment.id}", data={**sent, "key": "another", "amount": "74.50"})
    run_jobs()
    assert (fresh(payment).state, refunds.left_of(fresh(payment))) == (PaymentStatus.REFUNDED, 0)
    assert f"/refunds/new/{payment.id}" not in manager.get(f"/payments/{payment.id}").text


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"amount": "100.01"}, "At most 100.00 CNY"),
        ({"amount": "0"}, "more than nothing"),
        ({"amount": "-1"}, "more than nothing"),
        ({"amount": "1.005"}, "no amount of CNY"),
        ({"amount": "ten"}, "no amount of CNY"),
        ({"reason": " "}, "why the money goes back"),
        ({"key": ""}, "why the money goes back"),
    ],
)
def test_what_cannot_be_refunded_is_said_and_nothing_is_asked(unpaid, manager, sent, sentence) -> None:
    payment = simulate.pay(unpaid(10_000).id)
    form = {"key": "k", "amount": "10.00", "reason": "Goodwill", **sent}

    answer = manager.post(f"/refunds/new/{payment.id}", data=form)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert (db.session.query(Refund).count(), fresh(payment).state) == (0, PaymentStatus.SUCCEEDED)


def test_refunding_has_a_permission_of_its_own(shop, unpaid, overpaid, sign_in) -> None:
    payment_id = overpaid.payment_id
    form = {"key": "k", "amount": "1.00", "reason": "Goodwill"}
    for role in (Role.AGENT, Role.MERCHANT, Role.AUDITOR):
        staff = Browser(apart(sign_in, make.staff(role, shop)))
        assert staff.post(f"/refunds/new/{payment_id}", data=form).status_code == 403
        assert staff.post(f"/payments/attention/{overpaid.id}/refund").status_code == 403
    stranger = Browser(apart(sign_in, make.staff(Role.MANAGER, make.shop())))
    assert stranger.get(f"/refunds/new/{payment_id}").status_code == 404
    assert stranger.post(f"/refunds/new/{payment_id}", data=form).status_code == 404
    assert stranger.post(f"/payments/attention/{overpaid.id}/refund").status_code == 404
    assert db.session.query(Refund).count() == 0


def test_a_payment_that_is_not_paid_has_nothing_to_give_back(unpaid, account, manager) -> None:
    payment = started(unpaid(), account)
    answer = manager.post(f"/refunds/new/{payment.id}", data={"key": "k", "amount": "1", "reason": "x"})
    assert (answer.status_code, db.session.query(Refund).count()) == (422, 0)
