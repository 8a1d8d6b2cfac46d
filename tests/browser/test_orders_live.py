"""Two people with the same order open: each sees within seconds what the other does; nobody loses what they type."""

from __future__ import annotations

import pytest

from app.console.roles import Role
from app.orders.models import OrderStatus
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
SOON = 6_000


@pytest.fixture
def shop(committed):
    with committed():
        one = make.shop("store", name="Store")
        lina, wei = (make.staff(Role.MANAGER, one, name=name) for name in ("lina", "wei"))
        orders = [
            make.order(one, number=f"SO-{number}", receiver="Li", status=OrderStatus.PENDING_PAYMENT)
            for number in (1, 2)
        ]
        return lina.id, wei.id, [order.id for order in orders]


def test_the_list_and_an_open_order_follow_what_somebody_else_does(open_page, shop) -> None:
    lina_id, wei_id, (first, _) = shop
    board = open_page("/orders/?sort=number", lina_id)
    board.locator("#list-body input[name=ids]").first.check()
    page = open_page(f"/orders/{first}", lina_id)
    page.get_by_label("Staff note").fill("half a senten")
    page.get_by_label("Comment for colleagues").fill("I was just about to say")
    wei = open_page(f"/orders/{first}", wei_id)

    wei.locator("#order-tags").fill("gift")
    wei.get_by_role("button", name="Save tags and flag").click()
    wei.wait_for_load_state()
    wei.get_by_label("Receiver").fill("Wang")
    wei.get_by_role("button", name="Save", exact=True).click()
    wei.wait_for_load_state()

    page.get_by_text("new entries in the timeline").wait_for(timeout=SOON)
    page.locator('[data-live="marks"]').get_by_text("gift", exact=True).wait_for(timeout=SOON)
    assert page.get_by_label("Staff note").input_value() == "half a senten"
    assert page.get_by_label("Comment for colleagues").input_value() == "I was just about to say"
    assert page.get_by_label("Receiver").input_value() == "Li"
    page.get_by_text("they stay as you have them").wait_for(timeout=SOON)
    page.locator("#timeline").get_by_text("Tags and flag set").wait_for(timeout=SOON)

    wei.get_by_text("Cancel the order").click()
    wei.get_by_role("button", name="Cancel it").click()
    wei.wait_for_load_state()

    row = board.locator(f"tr:has(#r{first})")
    row.get_by_text("Order closed").wait_for(timeout=SOON)
    assert row.locator("input[name=ids]").is_checked()
    page.locator('[data-live="head"]').get_by_text("Order closed").wait_for(timeout=SOON)
    assert page.get_by_label("Staff note").input_value() == "half a senten"


def test_a_hidden_tab_asks_nothing(open_page, shop) -> None:
    lina_id, _, _ = shop
    page = open_page("/orders/", lina_id)
    page.wait_for_timeout(1_000)
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.wait_for_timeout(3_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/live" in request.url else None)

    page.wait_for_timeout(4_000)

    assert asked == []
