"""The bulk form in a browser: live example, several changes, accessible in both languages and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.console.roles import Role
from tests import factories as make
from tests.browser.looking import OTHER_TWO_LOOKS, TWO_LOOKS
from tests.lengths import one_of

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def manager(committed) -> int:
    """The manager of a shop with four cups."""
    with committed():
        shop = make.shop("tea", name="Tea House", currency="GBP", time_zone="Europe/London", locale="en")
        cups = make.category(shop, "Cups")
        for number, price in enumerate((255, 999, 1250, 20_000), 1):
            product = make.product(shop, f"Cup number {number}", category_id=cups.id, tags=["summer"])
            values = {"options": {"Colour": "red" if number % 2 else "blue"}, "cost_minor": price // 2}
            make.sku(shop, product, code=f"CUP-{number}", price_minor=price, **values)
        return make.staff(Role.MANAGER, shop, name="lina").id


def open_form(page, ticked=4):
    for box in page.locator("input[name=ids]").all()[:ticked]:
        box.check()
    page.get_by_role("button", name=re.compile("Change prices|改价")).first.click()
    page.wait_for_url("**/products/bulk/**")


def test_a_price_cut_and_the_old_price_beside_it_are_one_change(manager, open_page, axe, shoot) -> None:
    page = open_page("/products/", manager)
    open_form(page)
    example = page.locator("[data-example]")
    expect(example).to_contain_text("4 products")

    page.get_by_label("What to change").select_option("price_minor")
    page.get_by_label("Amount").fill("-10")
    expect(example).to_contain_text(re.compile(r"£\d+\.\d\d"))
    page.get_by_role("button", name="Change something else, too").click()
    second = page.locator("[data-change='1']")
    second.get_by_label("What to change").select_option("compare_at_minor")
    second.get_by_label("How", exact=True).select_option("copy")
    second.get_by_label("Copy from").select_option("price_minor")
    expect(example).to_contain_text("Compare-at price")
    page.get_by_label("SKU option").fill("Colour")
    page.get_by_label("Its values").fill("red")
    expect(example).to_contain_text("2 SKUs")
    axe(page)
    shoot(page, "bulk-form-en-light-1440")

    page.get_by_role("button", name="Preview").click()
    page.wait_for_url("**/changes/*")
    expect(page.locator("body")).to_contain_text("£2.55")
    expect(page.locator("body")).to_contain_text("£2.30")
    axe(page)
    shoot(page, "bulk-preview-en-light-1440")


def test_faults_stand_beside_their_fields_and_what_was_typed_stays(manager, open_page, axe) -> None:
    page = open_page("/products/", manager)
    open_form(page)
    page.get_by_label("What to change").select_option("stock_on_hand")
    page.get_by_label("How", exact=True).select_option("plus")
    page.get_by_label("Amount").fill("1.5")
    page.get_by_role("button", name="Preview").click()

    expect(page.locator("#amount-hint")).to_contain_text("not a whole number")
    expect(page.locator("#reason-hint")).to_contain_text("Say why the stock changes.")
    assert page.get_by_label("Amount").input_value() == "1.5"
    axe(page)


@pytest.mark.soak
@pytest.mark.parametrize(("locale", "theme", "width"), one_of(TWO_LOOKS, ("en", "dark", 390)))
def test_the_form_fits_every_screen(manager, open_page, axe, shoot, locale, theme, width) -> None:
    page = open_page("/products/", manager, locale=locale, theme=theme, width=width)
    open_form(page)
    page.locator("[name=field]").select_option("title")
    page.locator("[name=how]").select_option("replace")
    page.locator("[name=find]").fill("cup")
    page.locator("[name=text]").fill("mug")
    page.locator("[name=any_case]").check()
    page.locator("[name=when][value=later]").check()
    expect(page.locator("[data-example] dd").first).to_contain_text("mug")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(page)
    shoot(page, f"bulk-form-{locale}-{theme}-{width}")


@pytest.mark.soak
@pytest.mark.parametrize(("locale", "theme", "width"), one_of(OTHER_TWO_LOOKS, ("zh", "dark", 390)))
def test_the_other_verbs_pages_are_accessible_and_fit(committed, open_page, axe, shoot, locale, theme, width) -> None:
    with committed():
        shop = make.shop("tee", currency="CNY")
        make.freight_template(shop, "Standard", free_above_minor=9900)
        product = make.product(shop, "Tee", code="TEE", tags=["new"], attributes={"Material": "cotton"})
        make.sku(shop, product, code="TEE-S", options={"Size": "S"})
        person, product_id = make.staff(Role.MANAGER, shop, name="mina").id, product.id

    def look_at(page, name):
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        shoot(page, f"{name}-{locale}-{theme}-{width}")

    page = open_page(f"/products/variants/{product_id}", person, locale=locale, theme=theme, width=width)
    page.locator("[name=values-1]").fill("S, M, L")
    page.locator("form[action$='/preview'] button").first.click()
    expect(page.locator("body")).to_contain_text("TEE-M")
    look_at(page, "variants")
    for path, name in (
        ("/freight-templates/", "freight"),
        ("/freight-templates/add", "freight-add"),
        ("/products/images/", "pictures"),
        (f"/products/{product_id}", "product-facts"),
        (f"/products/{product_id}/edit", "product-edit"),
    ):
        page.goto(path)
        look_at(page, name)
