"""What pages are looked at for is found: a fault that is put into a page is named, in the look in which it is one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from app.console.roles import Role
from tests import factories as make
from tests.browser.looking import dress, fits, grave_findings, settled
from tools.styles import WHOLE

pytestmark = [pytest.mark.browser, pytest.mark.commits]
_UNDER_BOTH = """([whole, within]) => {
  const kinds = new Map(Array.from(document.querySelectorAll(within), (one) => [one.tagName + one.className, one]));
  const every = Array.from(kinds.values());
  const names = Array.from(getComputedStyle(document.body)).filter((name) => !name.startsWith("--"));
  const part = (style) => (style.content === "none" ? [] : names.map((name) => style.getPropertyValue(name)));
  const look = (one) => ["", "::before", "::after"].map((name) => part(getComputedStyle(one, name))).join("|");
  const shipped = document.querySelector("link[href*='/tabler.css']");
  const style = Object.assign(document.createElement("style"), { textContent: whole });
  const before = every.map(look);
  shipped.after(style);
  shipped.disabled = true;
  const after = every.map(look);
  shipped.disabled = false;
  style.remove();
  return [every.length, every.filter((_, at) => before[at] !== after[at]).map((one) => one.outerHTML)];
}"""
"""Of each tag with the same classes one element; which of them look otherwise under the whole sheet."""
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


def test_a_class_that_tabler_styles_and_we_do_not_ship_is_found(products) -> None:
    products.evaluate("document.querySelector('main h1').className = 'form-imagecheck'")
    with pytest.raises(AssertionError, match=r"no style for .*form-imagecheck.* on .*/products/"):
        settled(products)


def test_elements_look_as_they_do_with_the_whole_sheet_of_tabler(products) -> None:
    """The menu of the person is open; a heading that has a class we do not ship looks otherwise."""
    whole = WHOLE.read_text("utf-8")
    products.locator(".k-topbar [data-bs-toggle=dropdown]").last.click()
    kinds, differing = products.evaluate(_UNDER_BOTH, [whole, "body, body *:not(svg *)"])
    assert (kinds > 100, differing) == (True, [])

    products.evaluate("document.querySelector('main h1').className = 'form-imagecheck'")
    kinds, differing = products.evaluate(_UNDER_BOTH, [whole, "main h1"])
    assert (kinds, differing) == (1, ['<h1 class="form-imagecheck">Products</h1>'])


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
