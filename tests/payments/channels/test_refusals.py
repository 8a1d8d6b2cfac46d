"""What the emulators refuse, as the real gateways do, and what the product makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client

from app.payments.channels import wire
from app.payments.providers import CreateStatus, RefundStatus, TradeStatus
from tests.gateways.alipay import AlipayGateway
from tests.gateways.stripe import StripeGateway
from tests.gateways.unionpay import UnionPayGateway
from tests.gateways.wechat import WeChatGateway
from tests.payments.channels import stages
from tests.payments.channels.stages import Bench


@pytest.mark.parametrize(
    ("make", "minutes", "code"), [(WeChatGateway, 10, "SIGN_ERROR"), (AlipayGateway, 30, "isv.invalid-timestamp")]
)
@pytest.mark.parametrize("side", [1, -1])
def test_a_request_signed_at_another_time_is_refused_and_makes_nothing(
    connect: Callable[..., Bench], make: Callable[[], Any], minutes: int, code: str, side: int
) -> None:
    bench = connect(make())
    bench.gateway.skew_seconds = side * minutes * 60
    answer = bench.provider.create(bench.charge())
    assert (answer.status, answer.code) == (CreateStatus.FAILED, code) and not bench.gateway.sales()


@pytest.mark.parametrize("code", ["wechat", "alipay", "unionpay"])
def test_a_request_with_anything_changed_on_the_way_is_refused(
    connect: Callable[..., Bench], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = connect(stages.GATEWAYS[code]())
    trade = stages.make_trade(bench)
    bench.gateway.pay(trade.number)
    paid = bench.ref(channel_trade_no=bench.provider.query(trade).channel_trade_no)
    real = wire.send
    changes = {"wechat": (b'"refund": 345', b'"refund": 9345'), "alipay": (b"%223.45%22", b"%2293.45%22")}
    old, new = changes.get(code, (b"txnAmt=345", b"txnAmt=9345"))

    def tampered(call: wire.Call) -> wire.Answer:
        return real(wire.Call(call.operation, call.method, call.url, call.headers, call.body.replace(old, new)))

    monkeypatch.setattr(wire, "send", tampered)
    report = bench.provider.refund(bench.refund_ref(paid, minor=345))
    assert report.status is RefundStatus.ABNORMAL and report.code in ("SIGN_ERROR", "isv.invalid-signature", "11")
    assert bench.gateway.waiting_refunds() == []


@pytest.mark.parametrize("code", stages.GATEWAYS)
def test_a_number_is_one_trade_and_one_amount(connect: Callable[..., Bench], code: str) -> None:
    bench = connect(stages.GATEWAYS[code]())
    stages.make_trade(bench)
    other = bench.charge(minor=99, currency="USD" if code == "stripe" else "CNY")
    answer = bench.provider.create(other)
    if answer.form:  # UnionPay hears of it from the browser
        assert stages.post_form(answer.url, answer.form) == 200
    else:
        assert answer.status is CreateStatus.UNKNOWN
    assert len(bench.gateway.sales()) == 1 and "123.45" in bench.gateway.sales()[0].amount


@pytest.mark.parametrize("code", stages.GATEWAYS)
def test_nothing_goes_back_of_what_nobody_paid(connect: Callable[..., Bench], code: str) -> None:
    bench = connect(stages.GATEWAYS[code]())
    trade = stages.make_trade(bench)
    report = bench.provider.refund(bench.refund_ref(trade, minor=345))
    assert report.status is not RefundStatus.SUCCEEDED and report.status is not RefundStatus.PROCESSING
    assert bench.gateway.waiting_refunds() == []


def test_the_emulated_unionpay_takes_no_number_with_a_dash_and_no_other_merchant(connect: Callable[..., Bench]) -> None:
    bench = connect(UnionPayGateway())
    started = bench.provider.create(bench.charge("P-00000001"))
    assert stages.post_form(started.url, started.form) == 200
    bench.gateway.mer_id = "777290058110000"
    started = bench.provider.create(bench.charge())
    assert stages.post_form(started.url, started.form) == 200 and not bench.gateway.trades


def test_the_emulated_stripe_takes_nothing_without_a_key_or_a_version() -> None:
    gateway = StripeGateway()
    key = {"Authorization": f"Bearer {gateway.secret_key}"}
    assert Client(gateway).get("/v1/balance").status_code == 401
    assert Client(gateway).get("/v1/balance", headers=key).status_code == 400
    assert Client(gateway).get("/v1/balance", headers={**key, "Stripe-Version": "x"}).status_code == 200


def test_the_emulated_alipay_takes_no_amount_but_yuan_with_two_decimals(connect: Callable[..., Bench]) -> None:
    bench = connect(AlipayGateway())
    client = bench.provider._client  # type: ignore[attr-defined]
    for amount in ("1", "1.0", "0.30000000000000004", "1e2", "-1.00", "01.00", "1,00"):
        params = client.signed("alipay.trade.precreate", {"out_trade_no": "X1", "subject": "x", "total_amount": amount})
        answer = Client(bench.gateway).post("/gateway.do", data=urlencode(params), content_type=_FORM)
        assert b"ACQ.INVALID_PARAMETER" in answer.data, amount
    assert bench.provider.query(bench.ref("X1")).status is TradeStatus.ABSENT


_FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("spoil", ["missing", "extra", "changed", "duplicated"])
@pytest.mark.parametrize("code", stages.GATEWAYS)
def test_a_bill_can_lie_in_every_way_and_is_read_as_it_is(connect: Callable[..., Bench], code: str, spoil: str) -> None:
    from datetime import datetime

    from tests.gateways.gateway import BEIJING

    bench = connect(stages.GATEWAYS[code]())
    for number in ("P000000001", "P000000002"):
        stages.make_trade(bench, number)
        bench.gateway.pay(number)
    bench.gateway.spoiled = {spoil}
    rows = bench.provider.bill(datetime.now(BEIJING).date()).rows  # noqa: TID251
    told = sorted((row.number, row.amount.minor) for row in rows)
    whole = [("P000000001", 12_345), ("P000000002", 12_345)]
    if spoil == "missing":
        assert told == whole[1:]
    elif spoil == "changed":
        assert len(told) == 2 and told != whole
    else:
        assert len(told) == 3 and set(whole) <= set(told)
