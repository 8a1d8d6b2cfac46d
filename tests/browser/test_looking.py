"""What pages are looked at for is found: a fault that is put into a page is named, in the look in which it is one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from app.console.roles import Role
from tests import factories as make
from tests.browser.looking import dress, fits, grave_findings

pytestmark = [pytest.mark.browser, pytest.mark.commits]
DARK, LIGHT = ("en", "dark", 1440), ("en", "light", 1440)


@pytest.fixture
def products(committed, open_page) -> Page:
    """The list of five products, in dark."""
    with committed():
        shop = make.shop("tea", name="Tea House")
        for number in range(5):
            make.sku(shop, make.product(shop, f"Cup {number}"), code=f"CUP-{number}")
        user_id = make.staff(Role.MANAGER, shop, name="lina").id
    return open_page("/products/", user_id, theme="dark")


def found(page: Page, whole: bool = False) -> list[str]:
    """The rules that the page breaks."""
    return [told.split()[1].rstrip(":") for told in grave_findings(page, whole)]


def test_faint_words_are_found_in_the_theme_in_which_they_are_faint(products) -> None:
    assert found(products, whole=True) == []
    products.evaluate("document.querySelector('main h1').style.color = '#4a5568'")
    assert found(products) == ["color-contrast"]

    dress(products, LIGHT)
    assert found(products) == []


def test_a_button_without_a_name_and_what_is_too_wide_for_the_screen_are_found(products) -> None:
    dress(products, ("en", "dark", 390))
    assert fits(products)

    products.evaluate("document.querySelector('main').append(document.createElement('button'))")
    products.evaluate("document.querySelector('main h1').style.width = '500px'")
    assert found(products) == ["button-name"]
    assert not fits(products)


def test_the_last_of_many_rows_is_looked_at_when_it_is_not_like_those_above(products) -> None:
    """In each row stands a link with the product's title, by which its box is named."""
    products.evaluate("document.querySelector('main tbody tr:last-child th a').setAttribute('aria-hidden', 'true')")
    assert "aria-hidden-focus" in found(products)

    products.reload()
    products.evaluate("document.querySelector('main tbody tr:last-child th a').replaceChildren()")
    assert "link-name" in found(products)


def test_the_menu_is_looked_at_on_a_whole_page_and_where_it_is_open(products) -> None:
    products.evaluate("document.querySelector('#sidebar .k-nav-link').replaceChildren()")
    products.evaluate("document.querySelector('.k-topbar button').replaceChildren()")
    products.evaluate("document.querySelector('.k-topbar button').removeAttribute('aria-label')")
    assert found(products) == []
    assert found(products, whole=True) == ["link-name"]

    dress(products, ("en", "dark", 390))
    assert found(products, whole=True) == ["button-name"]
    products.locator("[data-bs-toggle=offcanvas]").click()
    products.locator("#sidebar.show").wait_for()
    assert found(products) == ["link-name"]
