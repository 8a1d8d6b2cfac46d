"""WeChat Pay v3 through the product's client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from app.kit.money import Money
from app.payments.providers import (
    BillKind,
    BillStatus,
    CloseStatus,
    CreateStatus,
    NoticeKind,
    RefundStatus,
    Scene,
    TradeStatus,
)
from tests.gateways.gateway import BEIJING, Fault
from tests.gateways.wechat import WeChatGateway
from tests.payments.channels.stages import Bench


@pytest.fixture
def bench(connect: Callable[..., Bench]) -> Bench:
    return connect(WeChatGateway())


def _paid(bench: Bench, number: str = "P000000001", minor: int = 12_345) -> None:
    assert bench.provider.create(bench.charge(number, minor)).status is CreateStatus.READY
    bench.gateway.pay(number)


def test_a_code_is_shown_and_the_same_number_gives_the_same_code(bench: Bench) -> None:
    first = bench.provider.create(bench.charge())
    again = bench.provider.create(bench.charge())
    assert first.status is CreateStatus.READY and first.qr_text.startswith("weixin://wxpay/bizpayurl?pr=")
    assert again.qr_text == first.qr_text
    assert bench.gateway.orders["P000000001"].facts["amount"] == {"total": 12_345, "currency": "CNY"}


def test_the_number_of_another_trade_is_not_taken_over(bench: Bench) -> None:
    bench.provider.create(bench.charge())
    answer = bench.provider.create(bench.charge(minor=1))
    assert (answer.status, answer.code) == (CreateStatus.UNKNOWN, "OUT_TRADE_NO_USED")
    assert bench.gateway.orders["P000000001"].facts["amount"]["total"] == 12_345


def test_a_phone_is_sent_to_wechats_page_and_comes_back(bench: Bench) -> None:
    answer = bench.provider.create(bench.charge(scene=Scene.REDIRECT, client_ip="203.0.113.7"))
    assert answer.url.startswith("http") and answer.url.endswith("redirect_url=https%3A%2F%2Fshop.example%2Fpay%2Fback")


def test_within_wechat_a_script_gets_signed_parameters(bench: Bench) -> None:
    from tests.gateways import signing

    answer = bench.provider.create(bench.charge(scene=Scene.SCRIPT, payer_id="openid-1"))
    script = answer.script
    text = f"{script['appId']}\n{script['timeStamp']}\n{script['nonceStr']}\n{script['package']}\n"
    assert signing.is_rsa_signature(bench.gateway.merchant_key.public_key(), text, script["paySign"])
    assert script["package"].startswith("prepay_id=wx") and script["signType"] == "RSA"


def test_a_trade_is_absent_then_waiting_then_paid(bench: Bench) -> None:
    assert bench.provider.query(bench.ref()).status is TradeStatus.ABSENT
    bench.provider.create(bench.charge())
    assert bench.provider.query(bench.ref()).status is TradeStatus.WAITING
    bench.gateway.pay("P000000001")
    trade = bench.provider.query(bench.ref())
    assert (trade.status, trade.amount) == (TradeStatus.PAID, Money(12_345, "CNY"))
    assert trade.channel_trade_no == bench.gateway.orders["P000000001"].transaction_id and trade.paid_at


def test_closing_a_paid_trade_says_so(bench: Bench) -> None:
    _paid(bench)
    bench.gateway.age("P000000001", 400)
    assert bench.provider.close(bench.ref()).status is CloseStatus.ALREADY_PAID


def test_a_trade_is_closed_after_five_minutes_and_stays_closed(bench: Bench) -> None:
    bench.provider.create(bench.charge())
    assert bench.provider.close(bench.ref()).code == "INVALID_REQUEST"
    bench.gateway.age("P000000001", 400)
    assert [bench.provider.close(bench.ref()).status for _ in range(2)] == [CloseStatus.CLOSED] * 2
    assert bench.provider.query(bench.ref()).status is TradeStatus.CLOSED


def test_the_notice_of_a_payment_is_read(bench: Bench) -> None:
    bench.provider.create(bench.charge())
    notice = bench.provider.parse_callback(bench.arrived(bench.gateway.pay("P000000001")))
    assert (notice.kind, notice.number) == (NoticeKind.PAYMENT, "P000000001")
    assert notice.trade and notice.trade.amount == Money(12_345, "CNY") and notice.sent_at and notice.notice_id


def test_a_notice_by_the_platform_certificate_counts_while_wechat_changes_over(bench: Bench) -> None:
    bench.provider.create(bench.charge())
    bench.gateway.signs_by_certificate = True
    assert bench.provider.parse_callback(bench.arrived(bench.gateway.pay("P000000001"))).number == "P000000001"


def test_a_refund_is_accepted_and_ends_later(bench: Bench) -> None:
    _paid(bench)
    refund = bench.refund_ref(bench.ref(), minor=345)
    assert bench.provider.query_refund(refund).status is RefundStatus.ABSENT
    assert [bench.provider.refund(refund).status for _ in range(2)] == [RefundStatus.PROCESSING] * 2
    notice = bench.provider.parse_callback(bench.arrived(bench.gateway.settle_refund("R000000001")))
    assert notice.kind is NoticeKind.REFUND and notice.number == "P000000001"
    assert notice.refund and notice.refund.status is RefundStatus.SUCCEEDED and notice.refund.number == "R000000001"
    done = bench.provider.query_refund(refund)
    assert (done.status, done.amount) == (RefundStatus.SUCCEEDED, Money(345, "CNY")) and done.channel_refund_no


def test_a_refund_whose_card_is_dead_needs_a_person(bench: Bench) -> None:
    _paid(bench)
    refund = bench.refund_ref(bench.ref())
    bench.provider.refund(refund)
    notice = bench.provider.parse_callback(bench.arrived(bench.gateway.settle_refund("R000000001", "ABNORMAL")))
    assert notice.refund and notice.refund.status is RefundStatus.ABNORMAL
    assert bench.provider.query_refund(refund).status is RefundStatus.ABNORMAL


def test_a_second_refund_within_a_minute_waits_and_too_much_is_refused(bench: Bench) -> None:
    _paid(bench)
    bench.provider.refund(bench.refund_ref(bench.ref(), minor=5_000))
    second = bench.refund_ref(bench.ref(), "R000000002", minor=5_000)
    assert bench.provider.refund(second).status is RefundStatus.UNKNOWN
    bench.gateway.age("P000000001", 61)
    assert bench.provider.refund(second).status is RefundStatus.PROCESSING
    bench.gateway.age("P000000001", 61)
    too_much = bench.provider.refund(bench.refund_ref(bench.ref(), "R000000003", minor=5_000))
    assert (too_much.status, too_much.code) == (RefundStatus.FAILED, "INVALID_REQUEST")
    assert sum(one.fen for one in bench.gateway.refunds.values()) == 10_000


def test_an_empty_account_at_wechat_needs_a_person_and_the_same_number_works_later(bench: Bench) -> None:
    _paid(bench)
    bench.gateway.balance = 0
    refund = bench.refund_ref(bench.ref())
    assert bench.provider.refund(refund).status is RefundStatus.ABNORMAL
    bench.gateway.balance = 10**9
    assert bench.provider.refund(refund).status is RefundStatus.PROCESSING


def test_the_bill_of_a_day_has_payments_refunds_and_fees(bench: Bench) -> None:
    _paid(bench)
    _paid(bench, "P000000002", 100_000)
    bench.provider.refund(bench.refund_ref(bench.ref(), minor=345))
    bench.gateway.settle_refund("R000000001")
    bill = bench.provider.bill(datetime.now(BEIJING).date())  # noqa: TID251
    assert bill.status is BillStatus.READY
    assert [(row.kind, row.number, row.amount.minor) for row in bill.rows] == [
        (BillKind.PAYMENT, "P000000001", 12_345),
        (BillKind.PAYMENT, "P000000002", 100_000),
        (BillKind.REFUND, "R000000001", 345),
    ]
    assert [row.fee.minor for row in bill.rows if row.fee] == [74, 600, -2]
    flow = bench.provider.fund_flow(datetime.now(BEIJING).date())  # type: ignore[attr-defined]  # noqa: TID251
    assert [entry.amount.minor for entry in flow] == [12_345, 100_000, -345]


def test_a_day_without_trades_has_an_empty_bill(bench: Bench) -> None:
    assert bench.provider.bill(datetime(2026, 1, 1, tzinfo=UTC).date()).status is BillStatus.FAILED  # over 3 months
    day = datetime.now(BEIJING).date()  # noqa: TID251
    assert (bench.provider.bill(day).status, bench.provider.bill(day).rows) == (BillStatus.READY, ())


def test_the_connection_is_proved_without_changing_anything(bench: Bench) -> None:
    assert bench.provider.check().ok and not bench.gateway.orders
    bench.gateway.serial = "0" * 40
    assert (bench.provider.check().ok, bench.provider.check().code) == (False, "SIGN_ERROR")


@pytest.mark.parametrize("fault", list(Fault))
def test_whatever_happens_to_the_answer_the_number_can_be_asked_about_and_sent_again(
    bench: Bench, fault: Fault
) -> None:
    with bench.failing("create", fault):
        assert bench.provider.create(bench.charge()).status is CreateStatus.UNKNOWN
    assert bench.provider.create(bench.charge()).status is CreateStatus.READY
    assert list(bench.gateway.orders) == ["P000000001"]
    bench.gateway.pay("P000000001")
    with bench.failing("query", fault):
        assert bench.provider.query(bench.ref()).status is TradeStatus.UNKNOWN
    assert bench.provider.query(bench.ref()).status is TradeStatus.PAID
    refund = bench.refund_ref(bench.ref())
    with bench.failing("refund", fault):
        assert bench.provider.refund(refund).status is RefundStatus.UNKNOWN
    assert bench.provider.refund(refund).status is RefundStatus.PROCESSING
    assert list(bench.gateway.refunds) == ["R000000001"]


def test_no_secret_is_shown_in_an_exchange(bench: Bench) -> None:
    shown = repr(bench.provider.create(bench.charge()))
    bench.gateway.pay("P000000001")
    shown += repr(bench.provider.query(bench.ref()))
    assert bench.gateway.apiv3_key not in shown and "WECHATPAY2" not in shown and "oUpF8u" not in shown
