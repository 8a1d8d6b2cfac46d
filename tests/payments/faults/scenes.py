"""Each fault as a scene with one short outcome; each checks that nothing is lost, doubled or believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from app.kit.db import db, transaction
from app.orders import handling
from app.payments.matter_models import MoneyMatter
from app.payments.models import PaymentStatus, Refund, RefundState
from tests.gateways.gateway import Fault, Lie
from tests.payments.faults.stage import MINOR, Stage, fresh

NO = "–"
"""The channel has nothing of the kind."""
AT_ONCE = 8
LIE_NAMES = {lie: f"notice: {lie.value}" for lie in Lie}
CUTS = (Fault.SLOW_AFTER, Fault.CUT_AFTER, Fault.ERROR_AFTER, Fault.TRUNCATED, Fault.MALFORMED, Fault.UNSIGNED)
NEVER_CALLED = {"create": {"unionpay"}, "close": {"unionpay"}}
"""Operations that are no call: the buyer's browser opens a payment at UnionPay, which cannot close one either."""


def duplicate(stage: Stage) -> str:
    payment, notice = stage.paid()
    codes = Counter(stage.hear_at_once(notice, AT_ONCE))
    assert stage.money(payment) == (MINOR, 0)
    assert codes["settled"] == 1, codes
    return "settled once"


def before_the_answer(stage: Stage) -> str:
    if stage.code in NEVER_CALLED["create"]:
        return NO
    stage.gateway.pays_at_once, heard = True, []
    stage.gateway.deliver = lambda notice: heard.append(stage.hear_apart(notice))
    payment = stage.start()
    stage.gateway.pays_at_once, stage.gateway.deliver = False, None
    assert stage.money(payment) == (MINOR, 0), heard
    assert fresh(payment).state is PaymentStatus.SUCCEEDED
    return "settled once"


def out_of_order(stage: Stage) -> str:
    payment, notice = stage.paid()
    stage.ask(payment)
    assert stage.money(payment) == (MINOR, 0)
    refund = stage.refund(payment)
    if refund.state is not RefundState.SUCCEEDED:
        told = stage.gateway.settle_refund(refund.number)
        if told is not None:
            stage.hear(told)
        stage.later()
    code = stage.hear(notice)
    assert code in ("duplicate", "absorbed", "replayed"), code
    assert stage.money(payment) == (MINOR, 2_000)
    return "changes nothing"


def after_the_order_was_closed(stage: Stage) -> str:
    payment = stage.start()
    with transaction():
        handling.close(payment.order_id)
    stage.hear(stage.gateway.pay(payment.number))
    stage.later()
    (refund,) = db.session.query(Refund).filter_by(order_id=payment.order_id)
    if refund.state is not RefundState.SUCCEEDED:
        stage.gateway.settle_refund(refund.number)
        stage.later()
    assert stage.money(payment) == (0, 0)
    assert (fresh(payment).state, fresh(refund).amount_minor) == (PaymentStatus.REFUNDED, MINOR)
    return "refunded by itself"


def lie(which: Lie) -> Callable[[Stage], str]:
    def scene(stage: Stage) -> str:
        if which not in stage.gateway.lies:
            return NO
        payment, genuine = stage.paid()
        before = db.session.query(MoneyMatter).count()
        code = stage.hear(stage.gateway.payment_notice(payment.number, which))
        stage.later_callbacks_only()
        assert stage.money(payment) == (0, 0)
        assert fresh(payment).state is PaymentStatus.PENDING
        told = db.session.query(MoneyMatter).count() - before
        if stage.hear(genuine) == "replayed":  # the gateway itself had signed the lie under the same id
            stage.ask(payment)
        assert stage.money(payment) == (MINOR, 0), "the truth is still believed"
        return f"a person is told ({code})" if told else f"refused ({code})"

    return scene


def create_cut(fault: Fault) -> Callable[[Stage], str]:
    def scene(stage: Stage) -> str:
        if stage.code in NEVER_CALLED["create"]:
            return NO
        stage.gateway.fail("create", fault)
        payment = stage.start()
        was = payment.state
        stage.later()
        payment = fresh(payment)
        assert payment.state is PaymentStatus.PENDING, (was, payment.state, payment.failure_code)
        stage.hear(stage.gateway.pay(payment.number))
        assert stage.money(payment) == (MINOR, 0)
        return "same number again, settled once" if was is PaymentStatus.CREATED else "settled once"

    return scene


def query_cut(fault: Fault) -> Callable[[Stage], str]:
    def scene(stage: Stage) -> str:
        payment, _ = stage.paid()
        stage.gateway.fail("query", fault)
        stage.ask(payment)
        lied = stage.money(payment)
        stage.later()
        assert lied in ((0, 0), (MINOR, 0))
        assert stage.money(payment) == (MINOR, 0)
        return "asked again, settled once" if lied == (0, 0) else "settled once"

    return scene


def refund_cut(fault: Fault) -> Callable[[Stage], str]:
    def scene(stage: Stage) -> str:
        payment, notice = stage.paid()
        stage.hear(notice)
        stage.gateway.fail("refund", fault)
        refund = stage.refund(payment)
        unclear = refund.state is RefundState.UNKNOWN
        stage.later()
        if fresh(refund).state is not RefundState.SUCCEEDED:
            stage.gateway.settle_refund(refund.number)
            stage.later()
        assert fresh(refund).state is RefundState.SUCCEEDED, fresh(refund).failure_code
        assert stage.money(payment) == (MINOR, 2_000)
        return "asked about, paid back once" if unclear else "paid back once"

    return scene


def abnormal(stage: Stage) -> str:
    words = {"wechat": "ABNORMAL", "stripe": "failed", "simulator": "abnormal", "unionpay": "10"}
    if stage.code not in words:
        return NO
    payment, notice = stage.paid()
    stage.hear(notice)
    refund = stage.refund(payment)
    if refund.state is RefundState.SUCCEEDED:
        return NO
    stage.hear(stage.gateway.settle_refund(refund.number, words[stage.code]))
    stage.later()
    assert fresh(refund).state in (RefundState.ABNORMAL, RefundState.FAILED), fresh(refund).state
    assert stage.money(payment) == (MINOR, 0)
    assert db.session.query(MoneyMatter).filter_by(refund_id=refund.id, resolved_at=None).count() == 1
    return "a person is told"


def refund_notice_first(stage: Stage) -> str:
    payment, notice = stage.paid()
    stage.hear(notice)
    stage.gateway.refunds_at_once, heard = True, []
    stage.gateway.deliver = lambda told: heard.append(stage.hear_apart(told))
    refund = stage.refund(payment)
    stage.gateway.refunds_at_once, stage.gateway.deliver = False, None
    stage.later()
    assert fresh(refund).state is RefundState.SUCCEEDED
    assert stage.money(payment) == (MINOR, 2_000)
    return "paid back once"


SCENES: dict[str, Callable[[Stage], str]] = {
    f"the same notice {AT_ONCE} times at once": duplicate,
    "notice before the answer to create": before_the_answer,
    "payment notice after its refund": out_of_order,
    "paid after the order was closed": after_the_order_was_closed,
    **{LIE_NAMES[one]: lie(one) for one in Lie},
    **{f"create: {one.value}": create_cut(one) for one in CUTS},
    **{f"query: {one.value}": query_cut(one) for one in CUTS},
    **{f"refund: {one.value}": refund_cut(one) for one in CUTS},
    "refund accepted, then not possible": abnormal,
    "refund notice before the answer to refund": refund_notice_first,
}
