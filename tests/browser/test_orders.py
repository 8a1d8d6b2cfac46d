"""An order in a real browser: written by hand with the keyboard, paid, changed, cancelled; and the deadline board."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.console.roles import Role
from app.kit import clock
from tests import factories as make
from tests.browser.looking import OTHER_TWO_LOOKS
from tests.lengths import dealt

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def people(committed) -> dict[str, int]:
    """A tea shop with two SKUs, a customer, an agent, and two orders with deadlines."""
    now = clock.now()
    with committed():
        shop = make.shop("tea", name="Tea House")
        cup = make.product(shop, "Blue cup")
        make.sku(shop, cup, code="CUP-S", price_minor=3333, stock_on_hand=9)
        make.sku(shop, cup, code="CUP-L", price_minor=5000, stock_on_hand=9)
        make.customer(shop, number="C-1", name="王芳", phone="13900000000")
        for number, left in (("SO-1", timedelta(hours=-1)), ("SO-2", timedelta(minutes=30))):
            due = now + left
            make.order(shop, number=number, paid_at=due - timedelta(hours=48), promise_hours=48, due_at=due)
        return {"agent": make.staff(Role.AGENT, shop, name="agnes").id}


def test_an_order_is_written_with_the_keyboard_paid_changed_and_cancelled(people, open_page, axe, shoot) -> None:
    page = open_page("/orders/", people["agent"])
    page.get_by_role("link", name="New order").click()
    search = page.get_by_role("combobox", name="Add a product")
    for code in ("CUP-S", "CUP-L"):
        search.press_sequentially(code)
        expect(page.get_by_role("option", name=re.compile(code))).to_be_visible()
        search.press("Enter")
    page.get_by_label("Quantity CUP-S").fill("3")
    page.get_by_label("Discount in CNY 1").fill("10")
    page.get_by_label("Shipping").fill("8")
    expect(page.locator("[data-quote]")).to_contain_text("¥147.99")
    page.get_by_role("combobox", name="Find a customer").press_sequentially("王芳")
    page.get_by_role("option", name=re.compile("王芳")).click()
    axe(page)
    shoot(page, "order-new")
    page.get_by_role("button", name="Make the order").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("To be paid")
    expect(page.get_by_label("Receiver")).to_have_value("王芳")
    axe(page)
    page.get_by_text("Record a payment").click()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("To be shipped")

    page.get_by_role("link", name="Change lines").click()
    page.get_by_label("Quantity CUP-L").fill("2")
    expect(page.get_by_text("The buyer owes CN¥50.00 more.")).to_be_visible()
    axe(page)
    shoot(page, "order-lines")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("To be paid")
    expect(page.get_by_role("row", name=re.compile("Still to be paid"))).to_contain_text("¥50.00")
    shoot(page, "order-show")

    page.get_by_text("Cancel and refund").first.click()
    page.get_by_label("Cause").select_option(index=0)
    page.get_by_role("button", name="Cancel and refund").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel and refund").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Refund on its way")
    expect(page.get_by_text("Cancels the order")).to_be_visible()
    expect(page.get_by_text("CN¥147.99").first).to_be_visible()


def test_a_scanner_is_never_too_fast_and_nothing_it_read_is_lost(people, open_page) -> None:
    """Enter comes before the answer, or while the list is of the text before; what is not one thing alone is asked."""
    page = open_page("/orders/new/", people["agent"])
    search = page.get_by_role("combobox", name="Add a product")
    search.focus()
    for code in ("cup-l", "CUP-S", "CUP", "CUP-L"):
        page.keyboard.type(code)
        page.keyboard.press("Enter")

    expect(page.get_by_label("Quantity CUP-L")).to_have_value("2")
    expect(page.get_by_label("Quantity CUP-S")).to_have_value("1")
    expect(search).to_have_value("CUP")
    found = page.locator("#sku-found").get_by_role("option")
    expect(found).to_have_count(2)
    found.filter(has_text="CUP-S").click()
    expect(page.get_by_label("Quantity CUP-S")).to_have_value("2")
    expect(search).to_have_value("")


def test_who_scans_on_over_what_is_asked_is_asked_again(people, open_page) -> None:
    page = open_page("/orders/new/", people["agent"])
    expect(page.locator("[data-buyer-off]")).to_be_hidden()  # nobody is chosen
    search = page.get_by_role("combobox", name="Add a product")
    found = page.locator("#sku-found").get_by_role("option")
    search.focus()
    page.keyboard.type("CUP")
    page.keyboard.press("Enter")
    expect(search).to_have_value("CUP")
    expect(found).to_have_count(2)

    page.keyboard.type("CUP-S")
    page.keyboard.press("Enter")

    expect(page.get_by_label("Quantity CUP-S")).to_have_value("1")
    expect(search).to_have_value("CUP")
    expect(found).to_have_count(2)
    page.keyboard.press("Backspace")  # given up
    page.keyboard.type("CUP-S")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Quantity CUP-S")).to_have_value("2")
    expect(search).to_have_value("")
    expect(page.locator("[data-lines] tr")).to_have_count(1)


@pytest.mark.soak
def test_the_pages_hold_in_both_languages_themes_and_widths(people, sound) -> None:
    paths = {"board": "/orders/board/", "new": "/orders/new/"}
    sound("orders", dealt(paths, OTHER_TWO_LOOKS), people["agent"])
