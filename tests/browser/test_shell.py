"""The shell and the list component in a real browser: both languages, both themes, wide and narrow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.console.roles import Role
from app.kit import clock
from app.orders.models import OrderStatus
from tests import factories as make
from tests.browser.looking import LOOKS
from tests.lengths import dealt

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def manager(committed) -> int:
    """A manager of a shop with sixty orders, five of them shipped, and of a second, empty shop."""
    with committed():
        shop, second = make.shop("tea", name="Tea House"), make.shop("west", name="West Shop")
        for index in range(60):
            make.order(
                shop,
                ("CUP", 1 + index % 3, 1000 + index),
                number=f"SO-{index:03}",
                status=OrderStatus.SHIPPED if index < 5 else OrderStatus.PENDING_SHIPMENT,
                placed_at=clock.now() - timedelta(minutes=index),
            )
        return make.staff(Role.MANAGER, shop, second, name="mia").id


@pytest.mark.soak
def test_the_order_list_is_accessible_in_every_look(manager, sound) -> None:
    sound("orders", dealt({"list": "/orders/"}, LOOKS, 2), manager)


@pytest.mark.soak
def test_sign_in_is_accessible_and_speaks_the_browsers_language(open_page, sound) -> None:
    sound("door", dealt({"sign-in": "/login/"}, LOOKS, 3))

    for locale, own, other, words in (
        ("zh", "登录快单", "English", "Sign in to Kuaidan"),
        ("en", "Sign in to Kuaidan", "中文", "登录快单"),
    ):
        page = open_page("/login/", locale=locale)
        expect(page.get_by_role("heading")).to_have_text(own)
        page.get_by_role("button", name=other).click()
        expect(page.get_by_role("heading")).to_have_text(words)


def test_counts_come_after_the_page_and_a_tab_narrows_it_without_a_reload(manager, open_page) -> None:
    page = open_page("/orders/", manager)
    page.evaluate("window.stayed = true")

    page.get_by_role("link", name="Shipped 5", exact=True).click()
    expect(page.locator("#list-body tbody tr")).to_have_count(5)

    assert page.url.endswith("/orders/?tab=shipped")
    expect(page.locator("[data-total-line]")).to_have_text("5 rows")
    page.go_back()
    expect(page.locator("#list-body tbody tr")).to_have_count(25)
    assert page.evaluate("window.stayed") is True


def test_search_filters_and_the_address_holds_the_view(manager, open_page) -> None:
    page = open_page("/orders/", manager)

    page.keyboard.press("/")
    page.keyboard.type("SO-01")
    expect(page.locator("#list-body tbody tr")).to_have_count(10)
    page.get_by_role("button", name="More filters").click()
    page.get_by_role("button", name="Total").click()
    page.get_by_label("From").last.fill("20")
    page.locator("[data-list-filter=f_total]").get_by_role("button", name="Apply").click()
    page.wait_for_url("**f_total=20..*")
    page.wait_for_selector("[data-total]")
    rows = page.locator("#list-body tbody tr").count()
    page.goto(page.url)

    assert page.locator("#list-search").input_value() == "SO-01"
    assert 0 < page.locator("#list-body tbody tr").count() == rows < 10
    page.get_by_role("link", name="Remove the filter “Total”").click()
    expect(page.locator("#list-body tbody tr")).to_have_count(10)


def test_all_matching_rows_can_be_picked_and_the_keyboard_walks_them(manager, open_page, shoot) -> None:
    page = open_page("/orders/", manager)

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("[data-picked]").inner_text() == "1"
    assert page.evaluate("document.activeElement.textContent") == "SO-001"
    page.get_by_label("Select all rows on this page").check()
    shoot(page, "orders-picked")
    page.get_by_role("button", name="Select all 60 matching").click()

    assert page.locator("[data-picked]").inner_text() == "60"
    assert page.evaluate("document.getElementById('list-body').elements.selection.value") == "matching"
    page.get_by_role("button", name="Clear", exact=True).click()
    assert page.locator("[data-bulk]").is_hidden()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/*")


def test_a_view_is_saved_opened_and_deleted(manager, open_page, axe) -> None:
    page = open_page("/orders/?tab=shipped&sort=total", manager)

    page.locator("[data-views-button]").click()
    axe(page)
    page.get_by_label("Save this view as").fill("Shipped, cheapest first")
    page.get_by_role("button", name="Save the view").click()
    page.wait_for_url("**view=*")
    assert page.locator("[data-views-button]").inner_text() == "Shipped, cheapest first"
    page.goto("/orders/")
    page.locator("[data-views-button]").click()
    page.get_by_role("link", name="Shipped, cheapest first").click()
    expect(page.locator("#list-body tbody tr")).to_have_count(5)
    page.locator("[data-views-button]").click()
    page.get_by_role("button", name="Delete the view").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("The view was deleted.").wait_for()


def test_columns_are_chosen_and_ordered_and_density_is_kept(manager, open_page, axe) -> None:
    page = open_page("/orders/", manager)

    page.locator("[data-columns-button]").click()
    axe(page)
    page.get_by_role("button", name="Compact").click()
    page.get_by_role("button", name="Move “Placed” up").click()
    page.locator("[data-list-columns]").get_by_role("checkbox", name="Units").uncheck()
    page.locator("[data-list-columns]").get_by_role("button", name="Apply").click()
    page.wait_for_url("**cols=placed%2Cnumber%2C*")
    page.wait_for_selector("#list-body thead th:nth-child(2):has-text('Placed')")
    page.reload()

    assert "Units" not in page.locator("#list-body thead").inner_text()
    assert page.evaluate("document.documentElement.dataset.density") == "compact"


def test_the_theme_is_switched_and_kept(manager, open_page) -> None:
    page = open_page("/orders/", manager)

    page.get_by_role("button", name="Account of mia").click()
    with page.expect_response("**/me/theme"):
        page.get_by_role("button", name="Dark").click()
    page.reload()

    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_the_phone_has_a_menu_and_another_shop_is_one_click_away(manager, open_page, axe, shoot) -> None:
    page = open_page("/orders/", manager, width=390)

    page.get_by_role("button", name="Open the menu").click()
    page.locator("#sidebar.show").wait_for()
    shoot(page, "menu-390")
    axe(page)
    page.get_by_role("button", name="Close").first.click()
    page.locator("#sidebar").wait_for(state="hidden")
    page.get_by_role("button", name="Switch").click()
    page.get_by_role("link", name="West Shop").click()
    page.wait_for_url("**/orders/?shop=*")
    page.get_by_text("West Shop").first.wait_for()
