"""Webhooks in a real browser: made by hand, tested against a receiver, refused and sent again; accessible pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from app.console.roles import Role
from app.kit import clock
from app.webhooks import endpoints, replaying, sending
from app.webhooks.kinds import KINDS
from app.webhooks.models import PauseCause
from tests import factories as make
from tests.browser.looking import TWO_LOOKS
from tests.lengths import dealt
from tests.webhooks.conftest import happen, receive  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def manager(committed) -> tuple[int, Any]:
    """A manager of a tea shop."""
    with committed():
        shop = make.shop("tea", name="Tea House")
        return make.staff(Role.MANAGER, shop, name="lina").id, shop.id


def work_off(app: Any) -> None:
    with app.app_context():
        sending.work_off(5)


def test_an_endpoint_is_made_tested_and_watched(app, manager, open_page, axe, shoot, receive) -> None:  # noqa: F811
    erp = receive()
    erp.answer = lambda number, told: (500, "the ERP is asleep", {}) if number == 1 else (200, "thanks", {})
    page = open_page("/webhooks/", manager[0])
    page.get_by_role("link", name="New endpoint").first.click()
    page.get_by_role("textbox", name="Endpoint name").fill("ERP")
    page.get_by_role("textbox", name="Address").fill("http://192.168.1.5/hook")
    page.get_by_label("An order moved on one of its four axes").check()
    page.get_by_role("button", name="Make the endpoint").click()
    expect(page.get_by_role("alert")).to_contain_text("private network")
    page.get_by_role("textbox", name="Address").fill(erp.url)
    page.get_by_role("button", name="Make the endpoint").click()
    assert page.get_by_label("Secret").input_value().startswith("whsec_")
    shoot(page, "webhooks-secret")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Send a test event").click()
    expect(page.get_by_text("Not tried yet")).to_be_visible()
    work_off(app)
    expect(page.get_by_text("the ERP is asleep")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Send again").click()
    work_off_later(app)
    expect(page.get_by_text("thanks")).to_be_visible()
    expect(page.get_by_text("Arrived").first).to_be_visible()


def work_off_later(app: Any) -> None:
    """The endpoint rests for five seconds after it has failed."""
    with app.app_context(), clock.frozen(clock.now() + timedelta(seconds=6)):
        sending.work_off(5)


@pytest.fixture
def busy(app, manager, committed, receive) -> tuple[int, list[int]]:  # noqa: F811
    """Three endpoints: one that works, one that fails, one that was stopped; with deliveries of all kinds."""
    good, bad = receive(), receive()
    bad.answer = lambda number, told: (503, "<html>Service Unavailable</html>", {})
    with committed():
        rows = [
            endpoints.make(manager[1], endpoints.Wish(name, url, frozenset(events)))[0].id
            for name, url, events in (
                ("ERP stock and orders", good.url, KINDS),
                ("Chat robot", bad.url, ["OrderMoved", "OrderPaid"]),
                ("Old warehouse", good.url, ["ParcelSent"]),
            )
        ]
        shop = make.Shop(id=manager[1])
        for order in range(1, 31):
            happen(shop, order)
    work_off(app)
    with committed():
        happen(shop, 40)
        replaying.test(rows[0])
        endpoints.pause(rows[2], PauseCause.FAILING)
    return manager[0], rows


@pytest.mark.soak
def test_the_pages_are_accessible(busy, sound) -> None:
    user, rows = busy
    paths = {
        "list": "/webhooks/",
        "add": "/webhooks/add",
        "show": f"/webhooks/{rows[0]}",
        "failing": f"/webhooks/{rows[1]}?state=waiting",
        "stopped": f"/webhooks/{rows[2]}",
        "delivery": "/webhooks/deliveries/2",
    }
    sound("webhooks", dealt(paths, TWO_LOOKS), user)
