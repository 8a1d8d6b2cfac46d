"""The pages of money: who may see and do what, failed in red with the next step, credentials that never come out."""

from __future__ import annotations

import pytest

from app.console.roles import Role
from app.kit.db import db, transaction
from app.payments import accounts, matters, refunds, simulate
from app.payments.matter_models import MatterKind
from app.payments.models import ChannelAccount, PaymentStatus, RefundState
from tests import factories as make
from tests.payments.conftest import Browser, apart, fresh, gateway, refunds_of, started


@pytest.fixture
def manager(shop, sign_in):
    """A manager's browser."""
    return Browser(apart(sign_in, make.staff(Role.MANAGER, shop)))


@pytest.fixture
def agent(shop, sign_in):
    """An agent's browser."""
    return Browser(apart(sign_in, make.staff(Role.AGENT, shop)))


def test_a_failed_payment_stands_in_red_with_the_next_step(unpaid, account, manager) -> None:
    payment = started(unpaid(), account)
    simulate.decide(payment.id, "failed")

    text = manager.get(f"/payments/{payment.id}").text

    assert 'alert alert-danger" role="alert"' in text
    assert "The payment was declined." in text
    assert "Send the buyer the payment link" in text
    assert payment.number in manager.get("/payments/?tab=failed").text


def test_the_raw_exchange_is_there_and_holds_no_secret(unpaid, account, manager) -> None:
    payment = started(unpaid(), account)
    simulate.decide(payment.id, "paid")
    key = accounts.credentials_of(account)["key"]

    text = manager.get(f"/payments/{payment.id}").text

    assert (payment.number in text, "create" in text, key in text) == (True, True, False)


def test_asking_the_channel_now_settles_what_it_knows(unpaid, account, agent) -> None:
    order = unpaid(10_000)
    payment = started(order, account)
    gateway(account).pay(payment.number)

    answer = agent.post(f"/payments/{payment.id}/ask", follow_redirects=True)

    assert "The channel says: paid." in answer.text
    assert (fresh(payment).state, fresh(order).paid_minor) == (PaymentStatus.SUCCEEDED, 10_000)


def test_an_agent_reads_and_asks_and_changes_nothing(unpaid, account, agent) -> None:
    order = unpaid(10_000)
    payment = started(order, account)
    simulate.decide(payment.id, "paid")
    with transaction():
        (refund,) = refunds.ask(order.id, 100, subject="test:1", key="k")
        matter = matters.open_matter(matters.About.of_payment(payment), MatterKind.OVERPAID, {})
    shut = [
        f"/payments/{payment.id}/close",
        f"/refunds/{refund.id}/retry",
        f"/refunds/{refund.id}/paid-back",
        f"/refunds/{refund.id}/give-up",
        f"/payments/attention/{matter.id}/resolve",
        f"/payments/attention/{matter.id}/owner",
        f"/payment-channels/{account.id}/switch",
        f"/payment-channels/{account.id}/edit",
    ]

    assert [agent.post(address).status_code for address in shut] == [403] * len(shut)
    assert agent.get("/payment-channels/").status_code == 403
    assert (fresh(refund).state, fresh(matter).resolved_at, fresh(account).enabled) == (RefundState.ASKED, None, True)
    for address in (f"/payments/{payment.id}", f"/refunds/{refund.id}", f"/payments/attention/{matter.id}"):
        assert agent.get(address).status_code == 200


def test_another_shops_money_is_not_there(unpaid, account, sign_in) -> None:
    order = unpaid(10_000)
    payment = started(order, account)
    simulate.decide(payment.id, "paid")
    with transaction():
        (refund,) = refunds.ask(order.id, 100, subject="test:1", key="k")
        matter = matters.open_matter(matters.About.of_payment(payment), MatterKind.OVERPAID, {})
    stranger = Browser(apart(sign_in, make.staff(Role.MANAGER, make.shop())))

    for address in (
        f"/payments/{payment.id}",
        f"/refunds/{refund.id}",
        f"/payments/attention/{matter.id}",
        f"/payment-channels/{account.id}",
    ):
        assert stranger.get(address).status_code == 404
    assert stranger.post(f"/payments/{payment.id}/ask").status_code == 404
    assert stranger.post(f"/payments/link/{order.id}").status_code == 404
    assert payment.number not in stranger.get("/payments/").text


def test_money_paid_back_by_hand_is_recorded_with_its_number(shop, manager) -> None:
    order = make.order(shop, ("S1", 1, 5_000))
    with transaction():
        (refund,) = refunds.ask(order.id, 2_000, subject="goodwill:1", key="k")
    assert "To be paid back by hand" in manager.get("/refunds/?tab=by_hand").text

    manager.post(f"/refunds/{refund.id}/paid-back", data={"reference": "TX-9"})

    assert (fresh(refund).state, fresh(refund).reference, fresh(order).refunded_minor) == (
        RefundState.SUCCEEDED,
        "TX-9",
        2_000,
    )


def test_a_matter_gets_an_owner_and_a_reason(unpaid, account, shop, manager) -> None:
    payment = started(unpaid(), account)
    with transaction():
        facts = {"ours_minor": 10_000, "theirs_minor": 1, "currency": "CNY", "their_currency": "CNY"}
        matter = matters.open_matter(matters.About.of_payment(payment), MatterKind.AMOUNT_MISMATCH, facts)
    page = manager.get(f"/payments/attention/{matter.id}").text
    assert ("¥100.00" in page, "¥0.01" in page, "Nobody yet" in page) == (True, True, True)

    manager.post(f"/payments/attention/{matter.id}/owner", data={"owner": "me"})
    without = manager.post(f"/payments/attention/{matter.id}/resolve", data={"resolution": "no_money", "reason": " "})
    assert (without.status_code, fresh(matter).resolved_at) == (422, None)
    manager.post(f"/payments/attention/{matter.id}/resolve", data={"resolution": "no_money", "reason": "Looked it up"})

    matter = fresh(matter)
    assert (matter.owner_id is not None, matter.resolution, matter.reason) == (True, "no_money", "Looked it up")
    assert matter.resolved_by.startswith("staff:")


def test_late_money_is_refunded_from_the_queue(shop, unpaid, account, manager, run_jobs) -> None:
    payment = started(unpaid(10_000), account)
    simulate.decide(payment.id, "paid")
    with transaction():
        matter = matters.open_matter(matters.About.of_payment(payment), MatterKind.LATE_SUCCESS, {})

    manager.post(f"/payments/attention/{matter.id}/refund")
    run_jobs()

    assert fresh(matter).resolution == "refunded"
    assert [one.state for one in refunds_of_payment(payment)] == [RefundState.SUCCEEDED]


def refunds_of_payment(payment):
    from app.orders.models import Order

    return refunds_of(db.session.get_one(Order, payment.order_id))


def test_credentials_go_in_and_never_come_out(shop, manager) -> None:
    made = manager.post(
        "/payment-channels/add/simulator", data={"label": "Till", "c_key": "very-secret-key", "enabled": "on"}
    )
    account = db.session.query(ChannelAccount).one()
    address = f"/payment-channels/{account.id}"

    assert made.location.endswith(address)
    assert "very-secret-key" not in account.sealed
    for page in (address, f"{address}/edit", "/payment-channels/"):
        assert "very-secret-key" not in manager.get(page).text
    manager.post(f"{address}/edit", data={"label": "Till 2", "c_key": "", "enabled": "on"})
    account = fresh(account)
    assert (account.label, accounts.credentials_of(account)) == ("Till 2", {"key": "very-secret-key"})
    manager.post(f"{address}/edit", data={"label": "Till 2", "c_key": "another", "enabled": "on"})
    assert accounts.credentials_of(fresh(account)) == {"key": "another"}


def test_a_channel_without_its_credentials_cannot_be_turned_on(shop, manager) -> None:
    refused = manager.post("/payment-channels/add/simulator", data={"label": "Till", "enabled": "on"})

    assert (refused.status_code, "Signing key" in refused.text) == (422, True)
    assert db.session.query(ChannelAccount).count() == 0


def test_only_an_administrator_names_another_gateway(shop, manager, account, sign_in) -> None:
    form = {"label": "Till", "enabled": "on", "gateway_url": "http://127.0.0.1:9"}
    manager.post(f"/payment-channels/{account.id}/edit", data=form)
    assert fresh(account).gateway_url == ""

    administrator = Browser(apart(sign_in, make.staff(Role.ADMINISTRATOR, shop)))
    administrator.post(f"/payment-channels/{account.id}/edit", data=form)
    assert fresh(account).gateway_url == "http://127.0.0.1:9"
    elsewhere = {**form, "gateway_url": "http://169.254.169.254/"}
    refused = administrator.post(f"/payment-channels/{account.id}/edit", data=elsewhere)
    assert "no gateway that may be called" in refused.text
    assert fresh(account).gateway_url == "http://127.0.0.1:9"
    assert "The test failed" in administrator.post(f"/payment-channels/{account.id}/test", follow_redirects=True).text
    assert fresh(account).failing_code == "unknown"


def test_the_order_page_shows_its_payments_and_hands_out_a_link(unpaid, account, agent, run_jobs) -> None:
    order = unpaid(10_000)
    link = agent.post(f"/payments/link/{order.id}").text
    assert "/pay/" in link
    payment = simulate.pay(order.id)
    with transaction():
        refunds.ask(order.id, 300, subject="goodwill:1", key="k")
    run_jobs()

    page = agent.get(f"/orders/{order.id}").text

    assert f"/payments/{payment.id}" in page
    assert "¥100.00 paid by Simulator" in page
    assert "¥3.00 paid back to the buyer" in page
    assert f"/payments/link/{order.id}" not in page, "nothing is left to pay"


def test_the_settings_hold_for_the_shop(shop, manager) -> None:
    from app.payments import settings

    form = {"minutes_to_pay": "15", "link_days": "3", "matter_hours": "8", "exchange_days": "365"}
    manager.post("/payment-settings/", data=form)
    assert settings.of(shop.id) == settings.Rules(False, 15, 3, 8, 365)
    manager.post("/payment-settings/", data={**form, "minutes_to_pay": "0", "matter_hours": "x"})
    assert settings.of(shop.id) == settings.Rules(False, 15, 3, 8, 365)
