"""A morning without a mouse: from the list to an order, its neighbours, a comment, one parcel after another."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.catalog.models import Sku
from app.console.roles import Role
from app.kit import clock
from app.kit.db import db
from app.orders import reserving
from app.orders.models import OrderLine
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def agent(committed) -> int:
    """Three paid orders of one cup each, SO-1 due first; placed so that the list shows SO-3, SO-2, SO-1."""
    now = clock.now()
    with committed():
        shop = make.shop("tea", name="Tea House")
        make.sku(shop, code="CUP", price_minor=1000, stock_on_hand=9)
        sku = db.session.scalars(select(Sku)).one()
        for number in (1, 2, 3):
            order = make.order(
                shop,
                ("CUP", 1, 1000),
                number=f"SO-{number}",
                placed_at=now - timedelta(hours=9 - number),
                paid_at=now - timedelta(hours=9 - number),
                promise_hours=48,
                due_at=now + timedelta(hours=number),
                address=f"{number} Tea Lane",
            )
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
            line.sku_id = sku.id
            db.session.flush()
            reserving.place(order)
            reserving.confirm(order)
        return make.staff(Role.AGENT, shop, name="agnes").id


def test_orders_are_found_read_and_sent_with_the_keyboard_alone(agent, open_page, axe, shoot) -> None:
    page = open_page("/orders/?tab=pending_shipment", agent)
    keys = page.keyboard
    heading = page.get_by_role("heading", level=1)

    keys.press("j")
    keys.press("ArrowDown")
    expect(page.get_by_role("link", name="SO-2")).to_be_focused()
    keys.press("Enter")
    expect(heading).to_contain_text("SO-2")
    keys.press("n")
    expect(heading).to_contain_text("SO-1")
    expect(page.get_by_role("navigation", name="Rows of the list").locator("[aria-disabled]")).to_have_count(1)
    keys.press("p")
    expect(heading).to_contain_text("SO-2")

    keys.press("c")
    expect(page.get_by_label("Comment for colleagues")).to_be_focused()
    keys.type("s n p ?")
    expect(page.get_by_label("Comment for colleagues")).to_have_value("s n p ?")
    page.get_by_label("Comment for colleagues").blur()
    keys.press("?")
    axe(page)
    shoot(page, "keys-help")
    keys.press("Escape")
    page.get_by_role("link", name="Orders", exact=True).last.click()
    page.wait_for_url(re.compile(r"/orders/\?tab=pending_shipment$"))

    keys.press("j")
    keys.press("j")
    keys.press("Enter")
    expect(heading).to_contain_text("SO-2")
    keys.press("s")
    expect(page.get_by_label("Tracking number")).to_be_focused()
    page.get_by_label("Carrier").select_option("sf")
    page.get_by_label("Tracking number").fill("SF1234567890123")
    page.get_by_label("Tracking number").press("Control+Enter")
    expect(heading).to_contain_text("Ship SO-1")
    expect(page.get_by_text("Sent: SO-2 with SF Express SF1234567890123")).to_be_visible()


def test_a_page_of_numbers_is_scanned_or_pasted_and_fits_a_phone(agent, open_page, axe, shoot) -> None:
    page = open_page("/picking/ship?waiting=1", agent)
    fields = page.locator(".k-scan")
    expect(fields.first).to_be_focused()

    page.keyboard.type("SF1234567890123")
    page.keyboard.press("Enter")
    expect(fields.nth(1)).to_be_focused()
    page.evaluate(
        """() => { const data = new DataTransfer(); data.setData("text", "SF1\\r\\nSF2\\n");
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true,
        cancelable: true})); }"""
    )
    assert [field.input_value() for field in fields.all()] == ["SF1234567890123", "SF1", "SF2"]
    expect(page.get_by_role("button", name="Ship those with a number")).to_be_focused()
    axe(page)
    shoot(page, "ship-many")

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/orders/")
    row = page.locator("tbody tr").first
    for told in ("SO-3", "CN¥10.00", "To be shipped", "left"):
        box = row.get_by_text(told).first.bounding_box()
        assert box["x"] >= 0, told
        assert box["x"] + box["width"] <= 390, told
    axe(page)
    shoot(page, "orders-phone")
