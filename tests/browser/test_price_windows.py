"""Price windows in a real browser: from the product list to a running window, its end, and the price history."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.console.roles import Role
from app.kit import clock
from tests import factories as make
from tests.browser.looking import TWO_LOOKS
from tests.lengths import dealt

pytestmark = [pytest.mark.browser, pytest.mark.commits]
DAY = timedelta(days=1)


@pytest.fixture
def people(committed) -> dict[str, int]:
    """A tea shop with a cup in two sizes, two windows over it, a clerk and a manager."""
    now = clock.now()
    with committed():
        shop = make.shop("tea", name="Tea House", currency="GBP", time_zone="Europe/London")
        cup = make.product(shop, "Blue cup")
        made = now - 200 * DAY
        small = make.sku(shop, cup, code="CUP-S", price_minor=1000, cost_minor=300, created_at=made)
        large = make.sku(shop, cup, code="CUP-L", price_minor=2000, cost_minor=600, created_at=made)
        both = {small.id: 950, large.id: 1900}
        make.price_window(shop, both, now - DAY, now + 20 * DAY, name="Autumn", priority=-1)
        make.price_window(shop, {small.id: 800}, now + 3 * DAY, now + 4 * DAY, name="Flash", priority=5)
        make.price_window(shop, {small.id: 710}, now - 15 * DAY, now - 12 * DAY, name="Clearance")
        return {
            "product": cup.id,
            "clerk": make.staff(Role.MERCHANT, shop, name="wei").id,
            "manager": make.staff(Role.MANAGER, shop, name="lina").id,
        }


def fill(page, *, amount: str, name: str, days: int) -> None:
    end = clock.now() + days * DAY
    page.get_by_label("How").select_option("percent")
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Window name").fill(name)
    page.get_by_label("To", exact=True).fill(f"{end:%Y-%m-%dT00:00}")


def test_a_window_is_made_from_the_bulk_form_runs_at_once_and_is_ended(people, open_page, axe, shoot) -> None:
    page = open_page("/products/", people["clerk"])
    page.get_by_role("checkbox", name="Blue cup").check()
    page.get_by_role("button", name="Change prices").click()
    page.get_by_label("What to change").select_option("price_minor")
    page.get_by_role("button", name="Only for a time").click()
    fill(page, amount="-10", name="Weekend", days=6)
    axe(page)
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Weekend")
    expect(page.get_by_text("2 prices lie above the lowest price")).to_have_count(0)
    expect(page.get_by_text("1 price lies above the lowest price of the 30 days before")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^Flash"))).to_contain_text("The other one wins")
    expect(page.get_by_role("row", name=re.compile("^Autumn"))).to_contain_text("This one wins")
    axe(page)
    shoot(page, "windows-preview-en-light-1440")
    page.get_by_role("button", name="Save the window with 2 prices").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Running")
    axe(page)
    page.get_by_role("link", name="Blue cup").first.click()
    expect(page.get_by_role("row", name="CUP-S")).to_contain_text("£9.00")
    expect(page.get_by_role("row", name="CUP-L")).to_contain_text("£18.00")
    page.go_back()
    page.get_by_role("button", name="End now").click()
    page.get_by_role("dialog").get_by_role("button", name="End now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ended")
    page.get_by_role("link", name="Blue cup").first.click()
    expect(page.get_by_role("row", name="CUP-S")).to_contain_text("£9.50")


def test_a_deep_cut_is_approved_by_the_manager(people, open_page, axe, shoot) -> None:
    page = open_page("/price-windows/new/", people["clerk"])
    page.get_by_label("Products", exact=True).select_option("on_sale")
    fill(page, amount="-40", name="Clear-out", days=2)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("A second person must approve this")).to_be_visible()
    axe(page)
    shoot(page, "windows-preview-limits-en-light-1440")
    page.get_by_role("button", name="Ask for approval").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waits for approval")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)

    manager = open_page(page.url, people["manager"], theme="dark")
    axe(manager)
    shoot(manager, "windows-pending-en-dark-1440")
    manager.get_by_role("button", name="Approve").click()
    expect(manager.get_by_role("heading", level=1)).to_contain_text("Running")
    expect(manager.get_by_text("Approved by Lina Test")).to_be_visible()


def test_a_time_that_comes_twice_is_chosen(people, open_page, axe, shoot) -> None:
    page = open_page("/price-windows/new/", people["clerk"], width=390)
    page.get_by_label("Products", exact=True).select_option("on_sale")
    fill(page, amount="-5", name="Night", days=1)
    page.get_by_label("From", exact=True).fill("2027-10-31T01:30")
    page.get_by_label("To", exact=True).fill("")
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_text("2027-10-31 01:30 comes twice")).to_be_visible()
    axe(page)
    page.get_by_label("The later one").scroll_into_view_if_needed()
    shoot(page, "windows-twice-en-light-390")
    page.get_by_label("The later one: 01:30 (UTC+00:00)").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Night")


@pytest.mark.soak
def test_the_pages_are_accessible_and_fit(people, sound) -> None:
    paths = {
        "list": "/price-windows/",
        "show": "/price-windows/1",
        "edit": "/price-windows/1/edit",
        "new": "/price-windows/new/",
        "copy": "/price-windows/new/copy/1",
        "product": f"/products/{people['product']}",
        "products": "/products/",
    }
    sound("windows", dealt(paths, TWO_LOOKS), people["manager"])
