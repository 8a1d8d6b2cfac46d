"""Forged and altered messages of every kind: refused, and nothing is changed by them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as how
from hypothesis import strategies as st

from app.kit.db import db, transaction
from app.orders.models import OrderStatus
from app.payments import accounts, callbacks, starting
from app.payments.channels import wire
from app.payments.matter_models import MoneyMatter
from app.payments.models import Callback, ChannelAccount, Payment, PaymentStatus, Refund
from app.payments.providers import CallbackRequest, Forged, Provider, RefundStatus, TradeRef, TradeStatus
from tests import factories as make
from tests.gateways.gateway import Gateway, Lie
from tests.lengths import often
from tests.payments.channels import stages
from tests.payments.channels.stages import GATEWAYS, PATHS, Bench

BELIEVED = {Lie.AMOUNT, Lie.CURRENCY, Lie.NUMBER}
"""Genuine messages with wrong facts: the channel's client reads them, the core does not settle by them."""
FORGERIES = often(200, 25)
MUTATIONS = how(max_examples=often(220, 30), deadline=None, database=None, suppress_health_check=list(HealthCheck))


@dataclass
class Staged:
    """A paid trade with a refund, and the genuine messages about both."""

    bench: Bench
    trade: TradeRef
    notices: dict[str, CallbackRequest]


@pytest.fixture(scope="module")
def staged() -> Iterator[dict[str, Staged]]:
    """One of each channel."""
    with ExitStack() as stack:
        yield {code: _staged(stack.enter_context(stages.running(make_one()))) for code, make_one in GATEWAYS.items()}


def _staged(bench: Bench) -> Staged:
    trade = stages.make_trade(bench)
    paid = stages.arrived(bench.gateway.pay("P000000001"))
    found = bench.provider.query(trade)
    trade = replace(trade, channel_trade_no=found.channel_trade_no)
    bench.gateway.refunds_wait = True
    bench.provider.refund(bench.refund_ref(trade, minor=345))
    back = stages.arrived(bench.gateway.settle_refund("R000000001"))
    return Staged(bench, trade, {"payment": paid, "refund": back})


@pytest.mark.soak
@pytest.mark.parametrize("about", ["payment", "refund"])
@pytest.mark.parametrize("code", GATEWAYS)
@MUTATIONS
@given(data=st.data())
def test_a_notice_with_anything_changed_is_refused(
    staged: dict[str, Staged], code: str, about: str, data: st.DataObject
) -> None:
    genuine = staged[code].notices[about]
    changed = data.draw(stages.altered(code, genuine))
    assume(changed.headers != genuine.headers or not stages.means_the_same(code, changed.body, genuine.body))
    with pytest.raises(Forged):
        staged[code].bench.provider.parse_callback(changed)


@pytest.mark.parametrize(("code", "about"), [(code, about) for code in GATEWAYS for about in ("payment", "refund")])
def test_every_lie_that_a_notice_can_tell_is_refused_or_left_to_the_core(
    staged: dict[str, Staged], code: str, about: str
) -> None:
    bench = staged[code].bench
    tell = bench.gateway.payment_notice if about == "payment" else bench.gateway.refund_notice
    number = "P000000001" if about == "payment" else "R000000001"
    refused = set()
    for lie in bench.gateway.lies - BELIEVED:
        try:
            bench.provider.parse_callback(stages.arrived(tell(number, lie)))
        except Forged:
            refused.add(lie)
    expected = bench.gateway.lies - BELIEVED
    if (code, about) == ("wechat", "refund"):
        expected = expected - {Lie.APP}  # WeChat's notices of refunds name no app
    assert refused == expected


@pytest.mark.parametrize(("code", "hours"), [("wechat", 0.1), ("stripe", 0.1), ("alipay", 26.1)])
def test_an_old_notice_is_refused_however_well_signed(staged: dict[str, Staged], code: str, hours: float) -> None:
    genuine = staged[code].notices["payment"]
    late = replace(genuine, received_at=genuine.received_at + timedelta(hours=hours))
    early = replace(genuine, received_at=genuine.received_at - timedelta(hours=0.1))
    for changed in (late, early):
        with pytest.raises(Forged, match="stale"):
            staged[code].bench.provider.parse_callback(changed)


@pytest.mark.soak
@pytest.mark.parametrize("code", ["wechat", "alipay", "unionpay"])  # Stripe signs no answers: TLS proves them
@pytest.mark.parametrize("about", ["payment", "refund"])
def test_an_answer_with_anything_changed_is_never_believed(
    staged: dict[str, Staged], code: str, about: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, seen = staged[code], []
    real = wire.send
    monkeypatch.setattr(wire, "send", lambda call: seen.append(real(call)) or seen[-1])
    truth = _ask(one, about)
    (genuine,) = seen
    counts = {"refused": 0, "same": 0}

    @how(MUTATIONS, max_examples=often(320, 40))
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        body = data.draw(stages.altered_bytes(genuine.body))
        monkeypatch.setattr(wire, "send", lambda call: replace(genuine, body=body))
        told = _ask(one, about)
        is_unknown = told[0] in (TradeStatus.UNKNOWN, RefundStatus.UNKNOWN)
        assert is_unknown or told == truth
        counts["refused" if is_unknown else "same"] += 1

    check()
    assert counts["refused"] >= often(200, 25)


def _ask(one: Staged, about: str) -> tuple[Any, ...]:
    if about == "payment":
        trade = one.bench.provider.query(one.trade)
        return trade.status, trade.number, trade.amount, trade.channel_trade_no
    refund = one.bench.provider.query_refund(one.bench.refund_ref(one.trade, minor=345))
    return refund.status, refund.number, refund.amount, refund.channel_refund_no


@pytest.mark.parametrize("header", stages.SIGNED_HEADERS["wechat"])
def test_an_answer_of_wechat_without_a_right_header_is_not_believed(
    staged: dict[str, Staged], header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, seen = staged["wechat"], []
    real = wire.send
    monkeypatch.setattr(wire, "send", lambda call: seen.append(real(call)) or seen[-1])
    _ask(one, "payment")
    for value in (None, "", "0", seen[0].headers[header][:-1]):
        headers = {**seen[0].headers, header: value} if value is not None else dict(seen[0].headers)
        if value is None:
            del headers[header]
        monkeypatch.setattr(wire, "send", lambda call, headers=headers: replace(seen[0], headers=headers))
        assert _ask(one, "payment")[0] is TradeStatus.UNKNOWN


# Through the inbox


@pytest.mark.soak
@pytest.mark.parametrize("code", GATEWAYS)
def test_forgeries_leave_no_trace_and_the_genuine_notice_settles_once(app: Any, code: str) -> None:
    from app.kit import context

    shop = make.shop()
    with stages.running(GATEWAYS[code]()) as bench, context.shops([shop.id]):
        payment, account = _payment(shop, bench)
        genuine = stages.arrived(bench.gateway.pay(payment.number))
        before, refused = _everything(), 0
        for forged in _forgeries(code, bench.gateway, payment.number, genuine):
            verdict = callbacks.receive(account.id, forged)
            assert verdict.callback_id is None and verdict.reply == bench.channel.refused
            refused += 1
        assert refused >= FORGERIES and _everything() == before

        verdicts = [callbacks.receive(account.id, genuine).code for _ in range(3)]
        assert verdicts == ["settled", "replayed", "replayed"]
        db.session.expire_all()
        assert db.session.get_one(Payment, payment.id).state is PaymentStatus.SUCCEEDED


@pytest.mark.parametrize("lie", sorted(BELIEVED))
@pytest.mark.parametrize("code", GATEWAYS)
def test_a_genuine_notice_with_wrong_facts_settles_nothing(app: Any, code: str, lie: Lie) -> None:
    from app.kit import context

    shop = make.shop()
    with stages.running(GATEWAYS[code]()) as bench, context.shops([shop.id]):
        if lie not in bench.gateway.lies:
            return
        payment, account = _payment(shop, bench)
        bench.gateway.pay(payment.number)
        callbacks.receive(account.id, stages.arrived(bench.gateway.payment_notice(payment.number, lie)))
        db.session.expire_all()
        assert db.session.get_one(Payment, payment.id).state is not PaymentStatus.SUCCEEDED


def _payment(shop: Any, bench: Bench) -> tuple[Payment, ChannelAccount]:
    order = make.order(shop, ("S1", 1, 12_345), status=OrderStatus.PENDING_PAYMENT)
    code, gateway = bench.channel.code, bench.gateway
    url = gateway.url + PATHS.get(code, "")
    with transaction():
        wish = accounts.Wish(code, enabled=True, gateway_url=url, credentials=gateway.credentials())
        account = accounts.make(shop.id, code, wish)
    ask = starting.Ask(bench.channel.scenes[0], "https://shop.example/pay/back")
    payment = starting.get(starting.begin(order.id, account.id, ask, transaction))
    if bench.channel.code == "unionpay":
        provider: Provider = accounts.provider_of(account)
        form = provider.create(starting.charge_of(payment, account))
        assert stages.post_form(form.url, form.form) == 303
    return payment, account


def _forgeries(code: str, gateway: Gateway, number: str, genuine: CallbackRequest) -> Iterator[CallbackRequest]:
    for lie in gateway.lies - BELIEVED:
        yield stages.arrived(gateway.payment_notice(number, lie))  # type: ignore[attr-defined]
    body, step = genuine.body, max(1, len(genuine.body) // (FORGERIES + 10))
    for at in range(0, len(body), step):
        changed = body[:at] + (b"x" if body[at : at + 1] != b"x" else b"y") + body[at + 1 :]
        if not stages.means_the_same(code, changed, body):
            yield replace(genuine, body=changed)
    for name in stages.SIGNED_HEADERS[code]:
        yield replace(genuine, headers={**genuine.headers, name: genuine.headers[name][::-1]})


def _everything() -> list[list[tuple[Any, ...]]]:
    db.session.flush()
    tables = (Payment, Refund, Callback, MoneyMatter)
    return [[tuple(row) for row in db.session.execute(one.__table__.select())] for one in tables]
