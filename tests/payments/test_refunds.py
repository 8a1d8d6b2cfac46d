"""Refunds: never more than came in, the same key once, accepted is not done, and the order follows the money."""

from __future__ import annotations

import pytest

from app.kit import journal
from app.kit.db import transaction
from app.kit.errors import RuleViolation
from app.orders import paying
from app.orders.models import PaymentMethod, PaymentState
from app.payments import refund_course, refunds, simulate
from app.payments.models import PaymentStatus, RefundState
from app.payments.providers import RefundReport, RefundStatus
from tests.payments.conftest import fresh, refunds_of


def ask(order, minor: int, key: str = "k1", subject: str = "goodwill:12"):
    with transaction():
        return refunds.ask(order.id, minor, subject=subject, key=key, reason="Broken")


def facts_of(order, event: str) -> list[dict]:
    return [one.facts for one in reversed(journal.timeline("order", order.id)) if one.event == event]


def test_a_refund_goes_through_the_channel_and_the_order_follows(shop, unpaid, run_jobs) -> None:
    order = unpaid(10_000)
    payment = simulate.pay(order.id)

    (refund,) = ask(order, 3_000)
    assert (refund.state, fresh(order).refunded_minor) == (RefundState.ASKED, 0), "asked for is not paid back"
    assert run_jobs() == ["done"]

    refund, order, payment = fresh(refund), fresh(order), fresh(payment)
    assert (refund.state, refund.channel_refund_no) == (RefundState.SUCCEEDED, f"SIM{refund.number}")
    assert (order.payment_state, order.paid_minor, order.refunded_minor) == (
        PaymentState.PARTLY_REFUNDED,
        10_000,
        3_000,
    )
    assert (payment.state, payment.refunded_minor) == (PaymentStatus.PARTIALLY_REFUNDED, 3_000)
    assert facts_of(order, "RefundSucceeded") == [
        {
            "shop_id": shop.id,
            "order_id": order.id,
            "refund_id": refund.id,
            "amount_minor": 3_000,
            "refund_subject": "goodwill:12",
        }
    ]

    ask(order, 7_000, key="k2")
    run_jobs()
    assert (fresh(order).payment_state, fresh(order).refunded_minor) == (PaymentState.REFUNDED, 10_000)
    assert fresh(payment).state is PaymentStatus.REFUNDED


def test_the_same_key_is_the_same_refund_whatever_is_asked(shop, unpaid, run_jobs) -> None:
    order = unpaid(10_000)
    simulate.pay(order.id)

    first, again, other = ask(order, 4_000), ask(order, 4_000), ask(order, 9_999)
    run_jobs()

    assert [one.id for one in first] == [one.id for one in again] == [one.id for one in other]
    assert [one.amount_minor for one in refunds_of(order)] == [4_000]
    assert fresh(order).refunded_minor == 4_000


def test_more_than_came_in_is_refused_also_while_others_are_under_way(shop, unpaid) -> None:
    order = unpaid(10_000)
    simulate.pay(order.id)
    ask(order, 6_000)

    with pytest.raises(RuleViolation, match="refund_too_much") as refused:
        ask(order, 4_001, key="k2")

    assert refused.value.facts["most"] == "40.00"
    assert [one.amount_minor for one in refunds_of(order)] == [6_000]
    for nothing in (0, -1):
        with pytest.raises(RuleViolation, match="refund_amount"):
            ask(order, nothing, key="k3")


def test_a_refund_is_split_over_the_payments_the_newest_first(shop, unpaid, run_jobs) -> None:
    order = unpaid(10_000)
    with transaction():
        paying.record(order.id, paying.Received(4_000, PaymentMethod.TRANSFER, "T-1"))
    simulate.pay(order.id)
    assert (fresh(order).payment_state, fresh(order).paid_minor) == (PaymentState.PAID, 10_000)

    by_channel, by_hand = ask(order, 9_000)

    assert (by_channel.channel, by_channel.amount_minor) == ("simulator", 6_000)
    assert (by_hand.channel, by_hand.amount_minor, by_hand.state) == ("manual", 3_000, RefundState.PROCESSING)
    run_jobs()
    assert fresh(order).refunded_minor == 6_000
    with transaction():
        refund_course.paid_back_by_hand(by_hand.id, "T-2")
    assert (fresh(order).refunded_minor, fresh(by_hand).reference) == (9_000, "T-2")
    assert (fresh(order).payment_state, fresh(by_hand).state) == (PaymentState.PARTLY_REFUNDED, RefundState.SUCCEEDED)


def test_an_order_whose_money_is_only_a_sum_is_paid_back_by_hand(shop, run_jobs) -> None:
    from tests import factories as make

    order = make.order(shop, ("S1", 1, 5_000))

    (refund,) = ask(order, 5_000)

    assert (refund.channel, refund.payment_id, refund.state) == ("manual", None, RefundState.PROCESSING)
    run_jobs()
    assert fresh(refund).state is RefundState.PROCESSING, "nothing moves by itself"
    for _ in range(2):
        with transaction():
            refund_course.paid_back_by_hand(refund.id, "cash")
    assert (fresh(order).payment_state, fresh(order).refunded_minor) == (PaymentState.REFUNDED, 5_000)


def test_a_failed_refund_tells_why_and_can_be_asked_for_again(shop, unpaid, run_jobs) -> None:
    order = unpaid(10_000)
    simulate.pay(order.id)
    (refund,) = ask(order, 10_000)
    with transaction():
        refund_course.apply(refund.id, RefundReport(RefundStatus.FAILED, code="NOTENOUGH"))

    assert [(one["code"], one["refund_subject"]) for one in facts_of(order, "RefundFailed")] == [
        ("NOTENOUGH", "goodwill:12")
    ]
    assert (fresh(refund).state, fresh(order).refunded_minor) == (RefundState.FAILED, 0)
    with transaction():
        second = refund_course.try_again(refund.id)
    run_jobs()
    assert (fresh(second).state, second.number != refund.number) == (RefundState.SUCCEEDED, True)
    assert (second.subject, fresh(order).refunded_minor) == ("goodwill:12", 10_000)


def test_what_a_done_refund_hears_later_changes_nothing(shop, unpaid, run_jobs) -> None:
    order = unpaid(10_000)
    simulate.pay(order.id)
    (refund,) = ask(order, 2_500)
    run_jobs()

    for status in RefundStatus:
        with transaction():
            refund_course.apply(refund.id, RefundReport(status, code="late"))

    assert (fresh(refund).state, fresh(order).refunded_minor) == (RefundState.SUCCEEDED, 2_500)
    assert len(facts_of(order, "RefundSucceeded")) == 1
