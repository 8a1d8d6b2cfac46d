"""Stripe through the product's client."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.kit.money import Money
from app.payments.channels.keys import WrongMode
from app.payments.channels.stripe import CHANNEL
from app.payments.channels.stripe_amounts import from_stripe, to_stripe
from app.payments.providers import (
    Account,
    BillKind,
    BillStatus,
    CloseStatus,
    CreateStatus,
    NoticeKind,
    RefundStatus,
    Scene,
    TradeRef,
    TradeStatus,
)
from tests.gateways.gateway import BEIJING, Fault
from tests.gateways.stripe import StripeGateway
from tests.payments.channels.stages import Bench


@pytest.fixture
def bench(connect: Callable[..., Bench]) -> Bench:
    return connect(StripeGateway())


def _paid(bench: Bench, number: str = "P000000001", minor: int = 12_345, currency: str = "USD") -> TradeRef:
    started = bench.provider.create(bench.charge(number, minor, currency=currency))
    assert started.status is CreateStatus.READY
    bench.gateway.pay(number)
    return bench.ref(number, minor, currency=currency, channel_trade_no=started.channel_trade_no)


def test_the_buyer_is_sent_to_stripes_page_and_the_same_number_gives_the_same_page(bench: Bench) -> None:
    first = bench.provider.create(bench.charge(currency="USD"))
    again = bench.provider.create(bench.charge(currency="USD"))
    assert (first.status, first.scene) == (CreateStatus.READY, Scene.REDIRECT)
    assert first.url == again.url and first.channel_trade_no.startswith("cs_") and len(bench.gateway.sessions) == 1


def test_the_same_number_for_another_amount_is_refused_and_unclear(bench: Bench) -> None:
    bench.provider.create(bench.charge(currency="USD"))
    answer = bench.provider.create(bench.charge(minor=1, currency="USD"))
    assert (answer.status, answer.code) == (CreateStatus.UNKNOWN, "idempotency_error")


@pytest.mark.parametrize("minutes", [1, 20, 30, 90, 60 * 30])
def test_however_short_or_long_the_time_to_pay_stripe_gets_one_that_it_takes(bench: Bench, minutes: int) -> None:
    charge = dataclasses.replace(bench.charge(currency="USD"), expires_at=bench.started_at + timedelta(minutes=minutes))
    assert bench.provider.create(charge).status is CreateStatus.READY


@pytest.mark.parametrize("knows_the_session", [True, False])
def test_a_trade_is_waiting_then_paid_also_when_only_our_number_is_known(bench: Bench, knows_the_session: bool) -> None:
    assert bench.provider.query(bench.ref(currency="USD")).status is TradeStatus.ABSENT
    session = bench.provider.create(bench.charge(currency="USD")).channel_trade_no
    ref = bench.ref(currency="USD", channel_trade_no=session if knows_the_session else "")
    assert bench.provider.query(ref).status is TradeStatus.WAITING
    bench.gateway.pay("P000000001")
    trade = bench.provider.query(ref)
    assert (trade.status, trade.amount, trade.channel_trade_no) == (TradeStatus.PAID, Money(12_345, "USD"), session)
    settled = trade.settlement
    assert settled and (settled.amount, settled.fee) == (Money(84_670, "CNY"), Money(2_980, "CNY"))
    assert (settled.rate, settled.rate_source) == ("7.1", "stripe") and settled.rate_at


def test_our_number_is_found_on_the_second_page_of_sessions(bench: Bench) -> None:
    bench.provider.create(bench.charge(currency="USD"))
    model = bench.gateway.by_number("P000000001")
    for index in range(150):
        other = f"cs_test_{index}"
        bench.gateway.sessions[other] = {**model, "id": other, "client_reference_id": f"OTHER{index}"}
    assert bench.provider.query(bench.ref(currency="USD")).channel_trade_no == model["id"]


def test_closing_expires_the_page_unless_it_is_paid(bench: Bench) -> None:
    session = bench.provider.create(bench.charge(currency="USD")).channel_trade_no
    ref = bench.ref(currency="USD", channel_trade_no=session)
    assert [bench.provider.close(ref).status for _ in range(2)] == [CloseStatus.CLOSED] * 2
    assert bench.provider.query(ref).status is TradeStatus.CLOSED
    assert bench.provider.close(_paid(bench, "P000000002")).status is CloseStatus.ALREADY_PAID
    assert bench.provider.close(bench.ref("P000000009", currency="USD")).status is CloseStatus.CLOSED


def test_the_webhook_of_a_payment_is_read_also_while_the_secret_changes(bench: Bench) -> None:
    _paid(bench)
    bench.gateway.signs_twice = True
    for made in (bench.gateway.notices[0], bench.gateway.payment_notice("P000000001")):
        notice = bench.provider.parse_callback(bench.arrived(made))
        assert (notice.kind, notice.number) == (NoticeKind.PAYMENT, "P000000001")
        assert notice.trade and (notice.trade.status, notice.trade.amount) == (TradeStatus.PAID, Money(12_345, "USD"))


def test_a_payment_that_failed_days_later_is_a_hint_and_then_failed(bench: Bench) -> None:
    session = bench.provider.create(bench.charge(currency="USD")).channel_trade_no
    notice = bench.provider.parse_callback(bench.arrived(bench.gateway.decline_later("P000000001")))
    assert notice.kind is NoticeKind.HINT
    ref = bench.ref(currency="USD", channel_trade_no=session)
    assert bench.provider.query(ref).status is TradeStatus.FAILED
    assert bench.provider.close(ref).status is CloseStatus.CLOSED


def test_a_refund_is_pending_then_done_and_found_by_our_number(bench: Bench) -> None:
    refund = bench.refund_ref(_paid(bench), minor=345)
    assert bench.provider.query_refund(refund).status is RefundStatus.ABSENT
    reports = [bench.provider.refund(refund) for _ in range(2)]
    assert [one.status for one in reports] == [RefundStatus.PROCESSING] * 2 and len(bench.gateway.refunds) == 1
    notice = bench.provider.parse_callback(bench.arrived(bench.gateway.settle_refund("R000000001")))
    assert notice.kind is NoticeKind.REFUND
    assert notice.refund and (notice.refund.status, notice.refund.number) == (RefundStatus.SUCCEEDED, "R000000001")
    known = dataclasses.replace(refund, channel_refund_no=reports[0].channel_refund_no)
    for asked in (refund, known):
        done = bench.provider.query_refund(asked)
        assert (done.status, done.amount) == (RefundStatus.SUCCEEDED, Money(345, "USD"))


def test_a_refund_that_failed_later_says_so(bench: Bench) -> None:
    refund = bench.refund_ref(_paid(bench), minor=345)
    bench.provider.refund(refund)
    notice = bench.provider.parse_callback(bench.arrived(bench.gateway.settle_refund("R000000001", "failed")))
    assert notice.refund and notice.refund.status is RefundStatus.FAILED
    assert bench.provider.query_refund(refund).status is RefundStatus.FAILED


def test_no_more_goes_back_than_came(bench: Bench) -> None:
    trade = _paid(bench)
    bench.provider.refund(bench.refund_ref(trade))
    second = bench.provider.refund(bench.refund_ref(trade, "R000000002", minor=1))
    assert (second.status, second.code) == (RefundStatus.FAILED, "charge_already_refunded")
    too_much = bench.provider.refund(bench.refund_ref(_paid(bench, "P000000002"), "R000000003", minor=12_346))
    assert (too_much.status, too_much.code) == (RefundStatus.FAILED, "invalid_request_error")


def test_the_bill_of_a_day_is_in_the_buyers_currency_and_settled_in_ours(bench: Bench) -> None:
    trade = _paid(bench)
    _paid(bench, "P000000002", 5_000, "JPY")
    bench.provider.refund(bench.refund_ref(trade, minor=345))
    bench.gateway.settle_refund("R000000001")
    bill = bench.provider.bill(datetime.now(BEIJING).date())  # noqa: TID251
    assert bill.status is BillStatus.NOT_READY  # the day is not over
    assert sorted((row.kind, row.number, row.amount, row.fee) for row in bill.rows) == [
        (BillKind.PAYMENT, "P000000001", Money(12_345, "USD"), Money(2_980, "CNY")),
        (BillKind.PAYMENT, "P000000002", Money(5_000, "JPY"), Money(799, "CNY")),
        (BillKind.REFUND, "R000000001", Money(345, "USD"), Money(0, "CNY")),
    ]
    rates = {row.amount.currency: row.settlement.rate for row in bill.rows if row.settlement}
    assert rates == {"USD": "7.1", "JPY": "0.047"}


def test_the_connection_is_proved_without_changing_anything(bench: Bench) -> None:
    assert bench.provider.check().ok and not bench.gateway.sessions
    bench.gateway.secret_key = "sk_live_other"
    assert (bench.provider.check().ok, bench.provider.check().code) == (False, "authentication_error")


@pytest.mark.parametrize(
    ("minor", "currency", "units"),
    [
        (1_234, "CNY", 1_234), (5_000, "JPY", 5_000), (7, "KRW", 7), (1_230, "KWD", 1_230), (10, "BHD", 10),
        (3, "ISK", 300), (12, "UGX", 1_200), (1_234, "HUF", 1_234), (1_234, "TWD", 1_234), (9, "VND", 9), (9, "XOF", 9),
    ],
)  # fmt: skip
def test_amounts_go_to_stripe_and_come_back(minor: int, currency: str, units: int) -> None:
    assert to_stripe(Money(minor, currency)) == units
    assert from_stripe(units, currency.lower()) == Money(minor, currency)


def test_a_key_for_test_money_is_refused_in_a_live_account_and_the_other_way_round() -> None:
    for key, is_test in (("sk_test_1", False), ("sk_live_1", True), ("rk_live_1", True)):
        with pytest.raises(WrongMode):
            CHANNEL.build(Account(1, {"secret_key": key, "webhook_secret": "w"}, is_test))


def test_what_stripe_cannot_take_is_not_rounded() -> None:
    with pytest.raises(ValueError, match="KWD"):
        to_stripe(Money(1_234, "KWD"))
    with pytest.raises(ValueError, match="ISK"):
        from_stripe(1_250, "isk")


FAULTS = [fault for fault in Fault if fault not in (Fault.UNSIGNED, Fault.STALE)]  # answers are proved by TLS alone


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_to_the_answer_the_number_can_be_asked_about_and_sent_again(
    bench: Bench, fault: Fault
) -> None:
    charge = bench.charge(currency="USD")
    with bench.failing("create", fault):
        assert bench.provider.create(charge).status is CreateStatus.UNKNOWN
    assert bench.provider.create(charge).status is CreateStatus.READY and len(bench.gateway.sessions) == 1
    bench.gateway.pay("P000000001")
    ref = bench.ref(currency="USD")
    with bench.failing("query", fault):
        assert bench.provider.query(ref).status is TradeStatus.UNKNOWN
    assert bench.provider.query(ref).status is TradeStatus.PAID
    refund = bench.refund_ref(ref)
    with bench.failing("refund", fault):
        assert bench.provider.refund(refund).status is RefundStatus.UNKNOWN
    assert bench.provider.refund(refund).status is RefundStatus.PROCESSING and len(bench.gateway.refunds) == 1


def test_no_secret_and_nothing_of_the_buyer_is_shown_in_an_exchange(bench: Bench) -> None:
    shown = repr(bench.provider.create(bench.charge(currency="USD")))
    bench.gateway.pay("P000000001")
    shown += repr(bench.provider.query(bench.ref(currency="USD")))
    assert bench.gateway.secret_key not in shown and "buyer@example.com" not in shown and "Main Street" not in shown
