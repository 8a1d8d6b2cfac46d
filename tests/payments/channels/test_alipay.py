"""Alipay through the product's client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.kit.money import Money
from app.payments.providers import (
    BillKind,
    BillStatus,
    CloseStatus,
    CreateStatus,
    Forged,
    NoticeKind,
    RefundStatus,
    Scene,
    TradeStatus,
)
from tests.gateways.alipay import AlipayGateway
from tests.gateways.gateway import BEIJING, Fault
from tests.payments.channels.stages import Bench


@pytest.fixture
def bench(connect: Callable[..., Bench]) -> Bench:
    return connect(AlipayGateway())


def _paid(bench: Bench, number: str = "P000000001", minor: int = 12_345) -> None:
    assert bench.provider.create(bench.charge(number, minor)).status is CreateStatus.READY
    bench.gateway.pay(number)


def test_a_code_is_shown_and_the_amount_goes_out_as_yuan_text(bench: Bench) -> None:
    first, again = bench.provider.create(bench.charge()), bench.provider.create(bench.charge())
    assert first.status is CreateStatus.READY and first.qr_text == again.qr_text
    assert bench.gateway.trades["P000000001"].facts["total_amount"] == "123.45"


@pytest.mark.parametrize(("minor", "text"), [(1, "0.01"), (10, "0.10"), (100, "1.00"), (99_999_999, "999999.99")])
def test_no_amount_is_ever_a_float(bench: Bench, minor: int, text: str) -> None:
    bench.provider.create(bench.charge(minor=minor))
    assert bench.gateway.trades["P000000001"].facts["total_amount"] == text


@pytest.mark.parametrize(("is_phone", "product"), [(True, "QUICK_WAP_WAY"), (False, "FAST_INSTANT_TRADE_PAY")])
def test_a_buyer_is_sent_to_alipays_page_with_a_signed_address(bench: Bench, is_phone: bool, product: str) -> None:
    import http.client
    from urllib.parse import urlsplit

    started = bench.provider.create(bench.charge(scene=Scene.REDIRECT, is_phone=is_phone))
    parts = urlsplit(started.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.request("GET", f"{parts.path}?{parts.query}")
    assert connection.getresponse().status == 302
    assert bench.gateway.trades["P000000001"].facts["product_code"] == product
    connection.request("GET", f"{parts.path}?{parts.query.replace('123.45', '0.01')}")
    assert b"invalid-signature" in connection.getresponse().read()
    connection.close()


def test_a_trade_is_absent_until_scanned_then_waiting_then_paid(bench: Bench) -> None:
    bench.provider.create(bench.charge())
    assert bench.provider.query(bench.ref()).status is TradeStatus.ABSENT
    bench.gateway.scan("P000000001")
    assert bench.provider.query(bench.ref()).status is TradeStatus.WAITING
    bench.gateway.pay("P000000001")
    trade = bench.provider.query(bench.ref())
    assert (trade.status, trade.amount) == (TradeStatus.PAID, Money(12_345, "CNY"))


@pytest.mark.parametrize("odd", ["}", '"}', "{{", "\\", "“快单”}", '","sign":"x"'])
def test_an_answer_with_odd_text_is_verified_over_its_exact_characters(bench: Bench, odd: str) -> None:
    _paid(bench)
    bench.gateway.odd_text = odd
    assert bench.provider.query(bench.ref()).status is TradeStatus.PAID


def test_closing_depends_on_what_the_buyer_did(bench: Bench) -> None:
    bench.provider.create(bench.charge())
    assert bench.provider.close(bench.ref()).status is CloseStatus.CLOSED
    bench.gateway.scan("P000000001")
    assert bench.provider.close(bench.ref()).status is CloseStatus.CLOSED
    assert bench.provider.close(bench.ref()).status is CloseStatus.CLOSED
    _paid(bench, "P000000002")
    assert bench.provider.close(bench.ref("P000000002")).status is CloseStatus.ALREADY_PAID


def test_the_notice_of_a_payment_is_read(bench: Bench) -> None:
    _paid(bench)
    notice = bench.provider.parse_callback(bench.arrived(bench.gateway.notices[0]))
    assert (notice.kind, notice.number) == (NoticeKind.PAYMENT, "P000000001")
    assert notice.trade and (notice.trade.status, notice.trade.amount) == (TradeStatus.PAID, Money(12_345, "CNY"))


def test_a_partial_refunds_second_trade_success_is_no_second_payment(bench: Bench) -> None:
    _paid(bench)
    bench.provider.refund(bench.refund_ref(bench.ref(), minor=345))
    again = bench.gateway.notices[-1]
    assert b"trade_status=TRADE_SUCCESS" in again.body
    notice = bench.provider.parse_callback(bench.arrived(again))
    assert notice.kind is NoticeKind.HINT and notice.trade is None
    assert notice.refund and notice.refund.number == "R000000001"


def test_a_full_refunds_trade_closed_does_not_close_the_payment(bench: Bench) -> None:
    _paid(bench)
    bench.provider.refund(bench.refund_ref(bench.ref()))
    again = bench.gateway.notices[-1]
    assert b"trade_status=TRADE_CLOSED" in again.body
    assert bench.provider.parse_callback(bench.arrived(again)).kind is NoticeKind.HINT


def test_a_notice_is_believed_for_a_day_and_two_hours(bench: Bench) -> None:
    _paid(bench)
    notice, now = bench.gateway.notices[0], datetime.now(UTC)  # noqa: TID251
    assert bench.provider.parse_callback(bench.arrived(notice, now + timedelta(hours=25))).number == "P000000001"
    with pytest.raises(Forged, match="stale"):
        bench.provider.parse_callback(bench.arrived(notice, now + timedelta(hours=27)))


def test_money_is_back_only_when_the_fund_changed(bench: Bench) -> None:
    _paid(bench)
    bench.gateway.refunds_wait = True
    refund = bench.refund_ref(bench.ref(), minor=345)
    assert bench.provider.query_refund(refund).status is RefundStatus.ABSENT
    first = bench.provider.refund(refund)
    assert (first.status, first.code) == (RefundStatus.PROCESSING, "fund_change:N")
    assert bench.provider.query_refund(refund).status is RefundStatus.PROCESSING
    bench.gateway.settle_refund("R000000001")
    done = bench.provider.query_refund(refund)
    assert (done.status, done.amount) == (RefundStatus.SUCCEEDED, Money(345, "CNY"))


def test_a_repeated_refund_is_the_same_refund(bench: Bench) -> None:
    _paid(bench)
    refund = bench.refund_ref(bench.ref(), minor=345)
    assert bench.provider.refund(refund).status is RefundStatus.SUCCEEDED
    again = bench.provider.refund(refund)
    assert again.status is RefundStatus.PROCESSING  # fund_change N: asking tells
    assert bench.provider.query_refund(refund).status is RefundStatus.SUCCEEDED
    assert bench.gateway.trades["P000000001"].back == 345


def test_two_refunds_need_three_seconds_and_never_exceed_the_payment(bench: Bench) -> None:
    _paid(bench)
    bench.provider.refund(bench.refund_ref(bench.ref(), minor=5_000))
    second = bench.refund_ref(bench.ref(), "R000000002", minor=5_000)
    assert bench.provider.refund(second).status is RefundStatus.UNKNOWN
    bench.gateway.age("P000000001", 4)
    assert bench.provider.refund(second).status is RefundStatus.SUCCEEDED
    bench.gateway.age("P000000001", 4)
    third = bench.provider.refund(bench.refund_ref(bench.ref(), "R000000003", minor=5_000))
    assert (third.status, third.code) == (RefundStatus.FAILED, "ACQ.REASON_TRADE_REFUND_FEE_ERR")
    assert bench.gateway.trades["P000000001"].back == 10_000


def test_an_empty_account_needs_a_person(bench: Bench) -> None:
    _paid(bench)
    bench.gateway.balance = 0
    assert bench.provider.refund(bench.refund_ref(bench.ref())).status is RefundStatus.ABNORMAL


def test_the_bill_of_a_day_has_payments_refunds_and_fees(bench: Bench) -> None:
    _paid(bench)
    bench.provider.refund(bench.refund_ref(bench.ref(), minor=345))
    bill = bench.provider.bill(datetime.now(BEIJING).date())  # noqa: TID251
    assert bill.status is BillStatus.READY
    assert [(row.kind, row.number, row.amount.minor, row.fee and row.fee.minor) for row in bill.rows] == [
        (BillKind.PAYMENT, "P000000001", 12_345, 74),
        (BillKind.REFUND, "R000000001", 345, -2),
    ]


def test_no_bill_is_not_ready_today_and_empty_for_a_day_long_past(bench: Bench) -> None:
    today = datetime.now(BEIJING).date()  # noqa: TID251
    assert bench.provider.bill(today).status is BillStatus.NOT_READY
    old = bench.provider.bill(today - timedelta(days=3))
    assert (old.status, old.rows) == (BillStatus.READY, ())


def test_the_connection_is_proved_without_changing_anything(bench: Bench) -> None:
    assert bench.provider.check().ok and not bench.gateway.trades
    bench.gateway.app_id = "2021000000000000"
    assert (bench.provider.check().ok, bench.provider.check().code) == (False, "isv.invalid-app-id")


FAULTS = [fault for fault in Fault if fault is not Fault.STALE]  # answers carry no time


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_to_the_answer_the_number_can_be_asked_about_and_sent_again(
    bench: Bench, fault: Fault
) -> None:
    with bench.failing("create", fault):
        assert bench.provider.create(bench.charge()).status is CreateStatus.UNKNOWN
    assert bench.provider.create(bench.charge()).status is CreateStatus.READY
    bench.gateway.pay("P000000001")
    with bench.failing("query", fault):
        assert bench.provider.query(bench.ref()).status is TradeStatus.UNKNOWN
    assert bench.provider.query(bench.ref()).status is TradeStatus.PAID
    refund = bench.refund_ref(bench.ref())
    with bench.failing("refund", fault):
        assert bench.provider.refund(refund).status is RefundStatus.UNKNOWN
    bench.provider.refund(refund)
    assert bench.provider.query_refund(refund).status is RefundStatus.SUCCEEDED
    assert list(bench.gateway.trades["P000000001"].refunds) == ["R000000001"]
