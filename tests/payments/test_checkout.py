"""The buyer's page: what the link shows, paying once, another way, and what a stranger cannot do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.kit import clock
from app.kit.db import db, transaction
from app.orders import handling
from app.orders.models import OrderStatus
from app.payments import accounts, links
from app.payments.models import Payment, PaymentStatus
from tests import factories as make
from tests.payments.conftest import Browser, fresh

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile"}


@pytest.fixture
def page(app, unpaid, account):
    """An order, its link and a browser."""
    order = unpaid(12_345)
    path = links.path_of(order)
    return order, path, Browser(app.test_client())


def choose(browser, path, account, **more):
    return browser.post(f"{path}/start?lang=en", data={"account": account.id}, follow_redirects=True, **more)


def test_a_buyer_pays_by_code_and_sees_it(page, account) -> None:
    order, path, browser = page
    first = browser.get(f"{path}?lang=en")
    assert (first.status_code, "¥123.45" in first.text, "Simulator" in first.text) == (200, True, True)

    waiting = choose(browser, path, account)
    assert "data:image/svg+xml;base64," in waiting.text
    assert "no real money" in waiting.text
    mark = re.search(r'data-mark="([^"]+)"', waiting.text)[1]
    assert browser.get(f"{path}/state").json == {"mark": mark, "stage": "wait"}

    payment = db.session.query(Payment).one()
    after = browser.post(
        f"{path}/simulate?lang=en", data={"payment": payment.id, "outcome": "paid"}, follow_redirects=True
    )
    assert "Thank you" in after.text
    assert browser.get(f"{path}/state").json["stage"] == "paid"
    assert fresh(order).status is OrderStatus.PENDING_SHIPMENT


def test_the_page_speaks_chinese_and_knows_nobody(page, account, shop) -> None:
    order, path, browser = page
    with transaction():
        order.receiver, order.phone, order.address = "Wang Fang", "13800138000", "1 Long Street"

    text = browser.get(f"{path}?lang=zh").text

    assert "请选择支付方式" in text
    for secret in ("Wang Fang", "13800138000", "Long Street", "key"):
        assert secret not in text


def test_a_declined_payment_says_so_and_another_one_pays(page, account) -> None:
    order, path, browser = page
    choose(browser, path, account)
    first = db.session.query(Payment).one()
    refused = browser.post(
        f"{path}/simulate?lang=en", data={"payment": first.id, "outcome": "failed"}, follow_redirects=True
    )
    assert "declined" in refused.text
    assert "You have not been charged" in refused.text

    choose(browser, path, account)
    second = db.session.query(Payment).filter(Payment.state == PaymentStatus.PENDING).one()
    browser.post(f"{path}/simulate", data={"payment": second.id, "outcome": "paid"})

    assert (fresh(first).state, fresh(second).state) == (PaymentStatus.FAILED, PaymentStatus.SUCCEEDED)
    assert fresh(order).paid_minor == 12_345


def test_a_reload_and_a_second_click_start_no_second_payment(page, account) -> None:
    _, path, browser = page
    for _ in range(3):
        choose(browser, path, account)

    assert db.session.query(Payment).count() == 1


def test_a_paid_order_offers_nothing_more(page, account) -> None:
    order, path, browser = page
    choose(browser, path, account)
    payment = db.session.query(Payment).one()
    browser.post(f"{path}/simulate", data={"payment": payment.id, "outcome": "paid"})

    again = choose(browser, path, account)

    assert "Thank you" in again.text
    assert (db.session.query(Payment).count(), fresh(order).paid_minor) == (1, 12_345)


def test_a_closed_order_says_that_there_is_nothing_to_pay(page, account) -> None:
    order, path, browser = page
    with transaction():
        handling.close(order.id)

    assert "This order is closed" in browser.get(f"{path}?lang=en").text
    choose(browser, path, account)
    assert db.session.query(Payment).count() == 0


def test_coming_back_from_the_channel_asks_it_and_settles_by_its_answer_only(page, account) -> None:
    from tests.payments.conftest import gateway

    order, path, browser = page
    choose(browser, path, account)
    payment = db.session.query(Payment).one()

    browser.get(f"{path}/back")
    assert fresh(order).paid_minor == 0, "coming back is no proof"
    forged = browser.post(f"{path}/back", data={"respCode": "00", "orderId": "x"})
    assert (forged.status_code, fresh(order).paid_minor) == (303, 0), "neither is a form"
    gateway(account).pay(payment.number)
    browser.get(f"{path}/back")
    assert fresh(order).paid_minor == 12_345


def test_a_channel_that_sends_the_buyer_back_by_a_form_needs_no_token_of_ours(app, csrf_on) -> None:
    answer = app.test_client().post("/pay/no-such-link/back", data={"respCode": "00"})
    assert answer.status_code == 404, "the link is looked at, not the missing token"


def test_a_link_that_is_altered_old_or_of_another_kind_shows_nothing(page, app) -> None:
    order, path, browser = page

    altered = path.replace("/pay/W", "/pay/X")
    assert browser.get(altered).status_code == 404
    assert browser.get("/pay/nonsense").status_code == 404
    from itsdangerous import timed

    was = timed.TimestampSigner.get_timestamp
    timed.TimestampSigner.get_timestamp = lambda self: int((clock.now() + timedelta(days=8)).timestamp())
    try:
        old = browser.get(f"{path}?lang=en")
    finally:
        timed.TimestampSigner.get_timestamp = was
    assert (old.status_code, "expired" in old.text) == (410, True)
    assert order.number not in old.text


def test_nobody_reaches_another_orders_payment_or_another_shops_channel(page, account, unpaid, app) -> None:
    order, path, browser = page
    other = unpaid(500)
    their_path = links.path_of(other)
    choose(browser, path, account)
    payment = db.session.query(Payment).one()
    stranger = make.shop()
    from app.kit import context

    with context.shops([stranger.id]), transaction():
        theirs = accounts.make(stranger.id, "simulator", accounts.Wish("T", enabled=True, credentials={"key": "k"}))

    refused = browser.post(f"{their_path}/simulate", data={"payment": payment.id, "outcome": "paid"})
    elsewhere = browser.post(f"{path}/start", data={"account": theirs.id})

    assert (refused.status_code, fresh(payment).state) == (404, PaymentStatus.PENDING)
    assert (elsewhere.status_code, db.session.query(Payment).count(), fresh(order).paid_minor) == (200, 1, 0)


def test_a_buyers_posts_ask_for_a_csrf_token(page, account, csrf_on) -> None:
    _, path, browser = page

    assert browser.post(f"{path}/start", data={"account": account.id}).status_code == 400
    assert db.session.query(Payment).count() == 0
    shown = browser.get(path).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown)[1]
    assert browser.post(f"{path}/start", data={"account": account.id, "csrf_token": token}).status_code == 302
    assert db.session.query(Payment).count() == 1


def test_a_phone_is_sent_on_where_it_cannot_scan_itself(page, account) -> None:
    _, path, browser = page

    choose(browser, path, account, headers=PHONE)

    assert db.session.query(Payment).one().scene == "redirect"


def test_wechats_own_browser_is_told_to_go_elsewhere_and_gets_no_script(page, account) -> None:
    order, path, browser = page
    within = {"User-Agent": f"{PHONE['User-Agent']} MicroMessenger/8.0.50"}
    told = "WeChat’s own browser cannot open payment pages"

    assert told in browser.get(f"{path}?lang=en", headers=within).text
    assert told not in browser.get(f"{path}?lang=en", headers=PHONE).text
    assert told in choose(browser, path, account, headers=within).text
    assert {one.scene for one in db.session.query(Payment).filter_by(order_id=order.id)} <= {"qr", "redirect"}


def test_no_device_is_ever_offered_a_script_that_needs_the_buyers_id() -> None:
    from app.payments import checkout
    from app.payments.channels import CHANNELS
    from app.payments.providers import Scene

    offered = {checkout.scene_of(one, mobile) for one in CHANNELS.values() for mobile in (True, False)}
    assert Scene.SCRIPT in CHANNELS["wechat"].scenes
    assert Scene.SCRIPT not in offered
