"""Callbacks: what is signed, fresh and ours happens once; everything else is refused and leaves nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from app.kit import clock, context
from app.kit.db import db, transaction
from app.payments import accounts, callbacks, simulate
from app.payments.channels import simulator
from app.payments.matter_models import MatterKind, MoneyMatter
from app.payments.models import Callback, CallbackState, PaymentStatus
from app.payments.providers import CallbackRequest
from tests import factories as make
from tests.lengths import often
from tests.payments.conftest import Browser, fresh, gateway, started


@pytest.fixture
def paid(unpaid, account):
    """An order that the buyer has paid, of which we have heard nothing yet, and the callback about it."""
    order = unpaid(10_000)
    payment = started(order, account)
    notice = simulate.notice_of(account, gateway(account).pay(payment.number))
    return order, payment, notice


def signed_anew(account, notice: CallbackRequest, /, **changes) -> CallbackRequest:
    """The callback with other facts, signed by the gateway itself."""
    body = json.dumps({**json.loads(notice.body), **changes}).encode()
    stamp = notice.headers[simulator.TIME_HEADER]
    key = accounts.credentials_of(account)["key"]
    headers = {**notice.headers, simulator.SIGNATURE_HEADER: simulator.signature(key, stamp, body)}
    return replace(notice, body=body, headers=headers)


def test_a_genuine_callback_settles_and_is_kept_raw(paid, account) -> None:
    order, payment, notice = paid

    verdict = callbacks.receive(account.id, notice)

    assert (verdict.code, verdict.reply.status, verdict.reply.body) == ("settled", 200, "success")
    assert (fresh(payment).state, fresh(order).paid_minor) == (PaymentStatus.SUCCEEDED, 10_000)
    (row,) = db.session.query(Callback)
    assert (row.body, row.state, row.payment_id) == (notice.body, CallbackState.DONE, payment.id)


def test_the_same_callback_again_is_acknowledged_and_does_nothing(paid, account) -> None:
    order, _payment, notice = paid
    codes = [callbacks.receive(account.id, notice).code for _ in range(3)]

    assert codes == ["settled", "replayed", "replayed"]
    assert (db.session.query(Callback).count(), fresh(order).paid_minor) == (1, 10_000)
    assert db.session.query(Callback).one().deliveries == 3


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_stale_or_future_callback_is_refused(paid, account, minutes: int) -> None:
    order, _payment, notice = paid

    verdict = callbacks.receive(account.id, replace(notice, received_at=clock.now() + timedelta(minutes=minutes)))

    assert (verdict.code, verdict.reply.status) == ("stale", 400)
    assert (db.session.query(Callback).count(), fresh(order).paid_minor) == (0, 0)


def test_a_callback_for_another_account_is_refused(paid, account, shop) -> None:
    order, _payment, notice = paid
    with transaction():
        other = accounts.make(
            shop.id, "simulator", accounts.Wish("Second", enabled=True, credentials={"key": "another"})
        )

    assert callbacks.receive(other.id, notice).code == "signature"
    assert callbacks.receive(account.id, signed_anew(account, notice, account=other.id)).code == "merchant_id"
    assert (db.session.query(Callback).count(), fresh(order).paid_minor) == (0, 0)


def test_another_amount_goes_before_a_person_and_is_acknowledged(paid, account) -> None:
    order, _payment, notice = paid

    verdict = callbacks.receive(account.id, signed_anew(account, notice, amount_minor=1))

    assert (verdict.code, verdict.reply.status) == ("amount_mismatch", 200)
    assert (fresh(order).paid_minor, db.session.query(Callback).one().state) == (0, CallbackState.PERSON)


def test_an_unknown_number_is_looked_for_again_then_goes_before_a_person(paid, account, shop, run_jobs) -> None:
    order, _payment, notice = paid
    verdict = callbacks.receive(account.id, signed_anew(account, notice, number="PNOBODYKNOWS"))
    assert (verdict.code, verdict.reply.status) == ("unknown_number", 200)
    row = db.session.query(Callback).one()
    assert row.state is CallbackState.RECEIVED

    moment = clock.now()
    for _ in range(callbacks.UNKNOWN_TRIES):
        moment += timedelta(hours=1)
        with clock.frozen(moment):
            with transaction():
                callbacks.want_due()
            run_jobs()

    assert fresh(row).state is CallbackState.PERSON
    (matter,) = db.session.query(MoneyMatter)
    assert (matter.kind, matter.facts["number"], matter.facts["theirs_minor"]) == (
        MatterKind.UNKNOWN_NUMBER,
        "PNOBODYKNOWS",
        10_000,
    )
    assert fresh(order).paid_minor == 0


def test_an_older_closed_after_paid_changes_nothing(paid, account) -> None:
    order, payment, notice = paid
    callbacks.receive(account.id, notice)

    late = signed_anew(account, notice, id="older", state="closed")
    assert callbacks.receive(account.id, late).code == "absorbed"
    assert (fresh(payment).state, fresh(order).paid_minor) == (PaymentStatus.SUCCEEDED, 10_000)


def test_a_fault_while_working_leaves_the_callback_for_later(paid, account, monkeypatch, run_jobs) -> None:
    order, _payment, notice = paid
    whole = callbacks.settling.apply
    monkeypatch.setattr(callbacks.settling, "apply", lambda *args: 1 / 0)

    verdict = callbacks.receive(account.id, notice)
    assert (verdict.code, verdict.reply.status, fresh(order).paid_minor) == ("later", 200, 0)

    monkeypatch.setattr(callbacks.settling, "apply", whole)
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        with transaction():
            assert callbacks.want_due() == 1
        run_jobs()
    assert fresh(order).paid_minor == 10_000


@pytest.mark.soak
@how(max_examples=often(300, 40), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_altered_callback_is_believed(paid, account, data) -> None:
    """Bytes of the body flipped, cut or added; the time or the signature altered."""
    _order, payment, notice = paid
    part = data.draw(st.sampled_from(["flip", "cut", "add", "time", "signature"]))
    body, headers = bytearray(notice.body), dict(notice.headers)
    if part == "flip":
        body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    elif part == "cut":
        del body[data.draw(st.integers(0, len(body) - 1)) :]
    elif part == "add":
        body += data.draw(st.binary(min_size=1, max_size=20))
    else:
        name = simulator.TIME_HEADER if part == "time" else simulator.SIGNATURE_HEADER
        was = headers[name]
        headers[name] = data.draw(st.text(max_size=70).filter(lambda text: text != was))

    verdict = callbacks.receive(account.id, replace(notice, body=bytes(body), headers=headers))

    assert verdict.reply.status == 400
    assert verdict.code in ("signature", "malformed", "stale")
    assert (db.session.query(Callback).count(), payment.state) == (0, PaymentStatus.PENDING)


def test_the_address_names_the_account_and_the_shop(app, paid, account) -> None:
    order, _payment, notice = paid
    client = Browser(app.test_client())
    address = f"/pay/callback/{account.callback_token}"

    forged = client.post(address, data=notice.body, headers={**notice.headers, simulator.SIGNATURE_HEADER: "0"})
    nobody = client.post("/pay/callback/nobody", data=notice.body, headers=notice.headers)
    too_long = client.post(address, data=b"x" * (callbacks.MOST_BYTES + 1), headers=notice.headers)
    assert (forged.status_code, nobody.status_code, too_long.status_code) == (400, 404, 413)
    assert fresh(order).paid_minor == 0

    genuine = client.post(address, data=notice.body, headers=notice.headers)
    assert (genuine.status_code, genuine.text) == (200, "success")
    assert fresh(order).paid_minor == 10_000


def test_a_callback_cannot_reach_another_shops_payment(app, paid, account) -> None:
    """Two shops with the same gateway key: the number of one is unknown at the other's address."""
    order, _payment, notice = paid
    key = accounts.credentials_of(account)["key"]
    stranger = make.shop()
    with context.shops([stranger.id]), transaction():
        theirs = accounts.make(
            stranger.id, "simulator", accounts.Wish("Theirs", enabled=True, credentials={"key": key})
        )
    with context.shops([stranger.id]):
        verdict = callbacks.receive(theirs.id, signed_anew(theirs, notice, account=theirs.id))

    assert (verdict.code, fresh(order).paid_minor) == ("unknown_number", 0)
