"""UnionPay through the product's client."""

from __future__ import annotations

import dataclasses
import http.client
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import pytest

from app.kit import clock
from app.kit.money import Money
from app.payments.channels.unionpay import CHANNEL
from app.payments.providers import (
    Account,
    BillKind,
    BillStatus,
    CloseStatus,
    CreateStatus,
    Forged,
    NoticeKind,
    RefundStatus,
    Scene,
    Started,
    TradeRef,
    TradeStatus,
)
from tests.gateways import signing
from tests.gateways.gateway import BEIJING, Fault, Lie
from tests.gateways.unionpay import UNIONPAY, UnionPayGateway
from tests.payments.channels.stages import Bench


@pytest.fixture
def bench(connect: Callable[..., Bench]) -> Bench:
    return connect(UnionPayGateway())


def _post(started: Started, **changes: str) -> int:
    """The buyer's browser posts the form; the status of the answer."""
    parts = urlsplit(started.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    body = urlencode({**started.form, **changes})
    connection.request("POST", parts.path, body, {"Content-Type": "application/x-www-form-urlencoded"})
    status = connection.getresponse().status
    connection.close()
    return status


def _paid(bench: Bench, number: str = "P000000001", minor: int = 12_345) -> TradeRef:
    assert _post(bench.provider.create(bench.charge(number, minor))) == 303
    bench.gateway.pay(number)
    return bench.ref(number, minor, channel_trade_no=bench.gateway.trade(number).query_id)


def test_the_form_that_the_browser_posts_is_taken_as_it_is_and_no_other(bench: Bench) -> None:
    started = bench.provider.create(bench.charge(is_phone=False))
    assert (started.status, started.scene) == (CreateStatus.READY, Scene.FORM)
    assert started.url.endswith("/gateway/api/frontTransReq.do")
    assert started.form["txnAmt"] == "12345" and started.form["channelType"] == "07"
    assert _post(started, txnAmt="1") == 200 and not bench.gateway.trades
    assert _post(started) == 303 and bench.gateway.trade("P000000001").facts["txnAmt"] == "12345"


def test_the_time_of_a_trade_is_the_same_whenever_it_is_told(bench: Bench) -> None:
    first, again = bench.provider.create(bench.charge()), bench.provider.create(bench.charge())
    assert first.form == again.form
    assert first.form["txnTime"] == f"{bench.started_at.astimezone(BEIJING):%Y%m%d%H%M%S}"


def test_a_trade_is_absent_then_waiting_then_paid(bench: Bench) -> None:
    started = bench.provider.create(bench.charge())
    assert bench.provider.query(bench.ref()).status is TradeStatus.ABSENT
    _post(started)
    assert bench.provider.query(bench.ref()).status is TradeStatus.WAITING
    bench.gateway.pay("P000000001")
    trade = bench.provider.query(bench.ref())
    assert (trade.status, trade.amount) == (TradeStatus.PAID, Money(12_345, "CNY"))
    assert trade.channel_trade_no == bench.gateway.trade("P000000001").query_id


def test_a_trade_is_closed_by_its_time_alone(bench: Bench) -> None:
    started = bench.provider.create(bench.charge())
    assert bench.provider.close(bench.ref()).status is CloseStatus.UNKNOWN
    past = dataclasses.replace(bench.ref(), expires_at=clock.now() - timedelta(minutes=6))
    assert bench.provider.close(past).status is CloseStatus.CLOSED
    _post(started)
    assert bench.provider.close(past).status is CloseStatus.UNKNOWN
    bench.gateway.pay("P000000001")
    assert bench.provider.close(past).status is CloseStatus.ALREADY_PAID


def test_the_notice_of_a_payment_is_read(bench: Bench) -> None:
    _paid(bench)
    notice = bench.provider.parse_callback(bench.arrived(bench.gateway.notices[0]))
    assert (notice.kind, notice.number) == (NoticeKind.PAYMENT, "P000000001")
    assert notice.trade and (notice.trade.status, notice.trade.amount) == (TradeStatus.PAID, Money(12_345, "CNY"))


@pytest.mark.parametrize(("lie", "why"), [(Lie.CHAIN, "chain"), (Lie.NAME, "name"), (Lie.STRANGER, "signature")])
def test_a_certificate_within_the_message_proves_nothing_by_itself(bench: Bench, lie: Lie, why: str) -> None:
    _paid(bench)
    with pytest.raises(Forged, match=why):
        bench.provider.parse_callback(bench.arrived(bench.gateway.payment_notice("P000000001", lie)))


def test_a_leaf_signed_by_a_leaf_is_refused(bench: Bench) -> None:
    _paid(bench)
    gateway, stranger = bench.gateway, signing.key("stranger")
    gateway.leaf = signing.certificate(UNIONPAY, stranger, gateway.neighbour, stranger, ca=False)
    gateway.own_key = stranger
    with pytest.raises(Forged, match="chain"):
        bench.provider.parse_callback(bench.arrived(gateway.payment_notice("P000000001")))


def test_a_certificate_out_of_date_is_refused(bench: Bench) -> None:
    _paid(bench)
    late = clock.now() + timedelta(days=4000)
    with pytest.raises(Forged, match="chain"):
        bench.provider.parse_callback(bench.arrived(bench.gateway.notices[0], late))


def test_the_test_certificates_name_counts_in_test_mode_only(bench: Bench) -> None:
    gateway = bench.gateway
    middle_key = signing.key("middle")
    gateway.leaf = signing.certificate(
        "041@Z12@00040000:SIGN@00000062", gateway.own_key, gateway.middle, middle_key, ca=False
    )
    _paid(bench)
    request = bench.arrived(gateway.notices[0])
    with pytest.raises(Forged, match="name"):
        bench.provider.parse_callback(request)
    account = Account(2, bench.account.credentials, is_test=True, gateway_url=bench.account.gateway_url)
    assert CHANNEL.build(account).parse_callback(request).number == "P000000001"


def test_a_refund_is_taken_in_and_done_later(bench: Bench) -> None:
    refund = bench.refund_ref(_paid(bench), minor=345)
    assert bench.provider.query_refund(refund).status is RefundStatus.ABSENT
    assert [bench.provider.refund(refund).status for _ in range(2)] == [RefundStatus.PROCESSING] * 2
    assert bench.provider.query_refund(refund).status is RefundStatus.PROCESSING
    notice = bench.provider.parse_callback(bench.arrived(bench.gateway.settle_refund("R000000001")))
    assert notice.kind is NoticeKind.REFUND
    assert notice.refund and (notice.refund.status, notice.refund.number) == (RefundStatus.SUCCEEDED, "R000000001")
    done = bench.provider.query_refund(refund)
    assert (done.status, done.amount) == (RefundStatus.SUCCEEDED, Money(345, "CNY"))


def test_no_more_goes_back_than_came(bench: Bench) -> None:
    trade = _paid(bench)
    bench.provider.refund(bench.refund_ref(trade, minor=10_000))
    second = bench.provider.refund(bench.refund_ref(trade, "R000000002", minor=5_000))
    assert (second.status, second.code) == (RefundStatus.FAILED, "36")
    bench.gateway.balance = 0
    third = bench.provider.refund(bench.refund_ref(trade, "R000000003", minor=5))
    assert third.status is RefundStatus.ABNORMAL


def test_the_file_of_a_day_has_payments_refunds_and_fees(bench: Bench) -> None:
    trade = _paid(bench)
    bench.provider.refund(bench.refund_ref(trade, minor=1_000))
    bench.gateway.settle_refund("R000000001")
    bill = bench.provider.bill(datetime.now(BEIJING).date())  # noqa: TID251
    assert bill.status is BillStatus.READY
    assert [(row.kind, row.number, row.amount.minor, row.fee and row.fee.minor) for row in bill.rows] == [
        (BillKind.PAYMENT, "P000000001", 12_345, 74),
        (BillKind.REFUND, "R000000001", 1_000, -6),
    ]
    assert bill.rows[0].channel_no == bench.gateway.trade("P000000001").query_id[:21]
    assert bill.rows[0].settlement and bill.rows[0].settlement.amount == Money(12_271, "CNY")


def test_no_file_is_not_ready_today_and_empty_for_a_day_long_past(bench: Bench) -> None:
    today = datetime.now(BEIJING).date()  # noqa: TID251
    assert bench.provider.bill(today).status is BillStatus.NOT_READY
    assert bench.provider.bill(today - timedelta(days=3)).status is BillStatus.READY


def test_the_connection_is_proved_without_changing_anything(bench: Bench) -> None:
    assert bench.provider.check().ok and not bench.gateway.trades
    bench.gateway.mer_id = "777290058110000"
    assert (bench.provider.check().ok, bench.provider.check().code) == (False, "11")


FAULTS = [fault for fault in Fault if fault is not Fault.STALE]  # answers carry no time


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_to_the_answer_the_number_can_be_asked_about_and_sent_again(
    bench: Bench, fault: Fault
) -> None:
    trade = _paid(bench)
    with bench.failing("query", fault):
        assert bench.provider.query(trade).status is TradeStatus.UNKNOWN
    assert bench.provider.query(trade).status is TradeStatus.PAID
    refund = bench.refund_ref(trade)
    with bench.failing("refund", fault):
        assert bench.provider.refund(refund).status is RefundStatus.UNKNOWN
    assert bench.provider.refund(refund).status is RefundStatus.PROCESSING
    assert [number for number, _ in bench.gateway.trades] == ["P000000001", "R000000001"]
