"""The grid by keyboard, clipboard and mouse; nothing is written before Save; edits outlive the tab."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from app.catalog.change_models import ChangeSet
from app.catalog.models import Sku
from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from tests import factories as make
from tests.browser.grid_hands import cups, opened
from tests.browser.looking import TWO_LOOKS
from tests.lengths import one_of

pytestmark = [pytest.mark.browser, pytest.mark.commits]
ROWS = 220


@pytest.fixture
def lina(committed) -> int:
    """A manager of a shop with 219 cups, and a lamp in two sizes."""
    with committed():
        shop = make.shop("tea", name="Tea House")
        drinks, gifts = make.category(shop, "Drinks"), make.category(shop, "Gifts")
        for above in (drinks, gifts):
            make.category(shop, "Cups", parent_id=above.id)
        cups(shop, ROWS - 2, lambda place: 1000 + place)
        lamp = make.product(shop, "Lamp", code="LAMP")
        for size in ("S", "L"):
            make.sku(shop, lamp, code=f"LAMP-{size}", price_minor=9000, options={"Size": size})
        return make.staff(Role.MANAGER, shop, name="lina").id


@pytest.fixture
def grid(lina, open_page):
    return opened(open_page("/products/grid/", lina))


def written(app) -> tuple[int, int]:
    """(change sets, SKUs whose row is not as it was made)."""
    with app.app_context(), context.every_shop("test"):
        touched = select(func.count()).where(Sku.version > 1)
        return db.session.scalar(select(func.count()).select_from(ChangeSet)), db.session.scalar(touched)


def test_a_journey_by_keyboard_alone(grid) -> None:
    grid.go(0, "Price")
    grid.heard("CUP-000, Price (CN¥): 10.00")

    grid.type("12.5")
    expect(grid.cell(0, "Price")).to_have_text("12.50")
    grid.heard("CUP-001, Price (CN¥): 10.01")
    grid.press("F2", "End", "Backspace", "Backspace", "Backspace", "Escape")
    expect(grid.cell(1, "Price")).to_have_text("10.01")
    grid.press("F2", "End", "Backspace", "5", "Tab", "9", "9", "Tab")
    expect(grid.cell(1, "Price")).to_have_text("10.05")
    expect(grid.cell(1, "Compare-at")).to_have_text("99.00")
    grid.staged(3)

    grid.go(1, "Compare-at")
    grid.press("Delete")
    expect(grid.cell(1, "Compare-at")).to_have_text("")
    grid.staged(2)
    grid.press("Control+z", "Control+z")
    grid.staged(2)
    expect(grid.cell(1, "Compare-at")).to_have_text("")
    grid.press("Control+y")
    grid.staged(3)

    grid.press("Control+End")
    grid.heard("LAMP-L")
    grid.press("Control+Home")
    grid.heard("CUP-000")
    grid.press("PageDown", "End", "Home")
    grid.heard("SKU code")
    grid.press("x")
    expect(grid.page.locator("[data-grid-note]")).to_contain_text("cannot be changed in the grid")


def test_a_bad_value_is_red_with_its_reason_and_goes_no_further(grid) -> None:
    grid.go(0, "Stock")
    grid.type("1.5")
    grid.press("ArrowUp")

    grid.heard("“1.5” is not a whole number.")
    expect(grid.cell(0, "Stock")).to_have_attribute("aria-invalid", "true")
    expect(grid.cell(0, "Stock")).to_have_attribute("title", "“1.5” is not a whole number.")
    grid.staged(0, 1)
    grid.press("Control+s")
    expect(grid.page.locator("[data-grid-note]")).to_contain_text("Every edited cell has a problem.")


def test_the_sentences_are_those_of_the_forms(grid) -> None:
    sentences = {
        "abc": "“abc” is not an amount. Write it like 12.50.",
        "1.999": "CNY takes at most 2 decimals.",
        "-1": "It cannot be below zero.",
        "99999999999999999": "The number is too large; the most is CN¥10,000,000,000,000.00.",
    }
    grid.go(0, "Price")
    for typed in sentences:
        grid.type(typed)
    grid.press("Delete")

    for line, reason in enumerate([*sentences.values(), "This is needed."]):
        expect(grid.cell(line, "Price")).to_have_attribute("title", reason)


def test_names_are_understood_and_what_is_ambiguous_is_asked(grid) -> None:
    grid.go(0, "Status")
    grid.paste([["Off shelf", "Drinks", "new, sale,new"], ["draft", "Cups", ""], ["soon", "Gifts > Cups", "x" * 41]])

    expect(grid.cell(0, "Status")).to_have_text("Off shelf")
    expect(grid.cell(0, "Category")).to_have_text("Drinks")
    expect(grid.cell(0, "Tags")).to_have_text("new, sale")
    expect(grid.cell(2, "Category")).to_have_text("Gifts > Cups")
    for line, column, reason in (
        (1, "Status", "“On sale” cannot become “Draft” directly."),
        (2, "Status", "“soon” is not a status. Choose one of: Draft, On sale, Off shelf, Archived."),
        (1, "Category", "There are several categories “Cups”. Write the whole path, like Drinks > Cups."),
        (2, "Tags", f"“{'x' * 41}” is no tag: at most 40 characters."),
    ):
        expect(grid.cell(line, column)).to_have_attribute("title", reason)
    grid.staged(4, 4)


def test_amounts_are_read_as_people_write_them(grid) -> None:
    grid.go(0, "Price")
    for typed in ("¥1,234.50", "￥７.5", "12.500", " 3 "):
        grid.paste([[typed]])
        grid.press("ArrowDown")

    for line, shown in enumerate(("1,234.50", "7.50", "12.50", "3.00")):
        expect(grid.cell(line, "Price")).to_have_text(shown)
    grid.staged(4)


def test_200_by_4_from_excel_with_3_bad_cells_and_one_undo(app, grid) -> None:
    """merchant.md §2.15."""
    sent: list[str] = []
    grid.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    block = [[f"{20 + n}.10", f"{30 + n}.20", f"{5 + n}.30", str(100 + n)] for n in range(200)]
    block[7][0], block[90][2], block[199][3] = "abc", "-4", "1.5"

    grid.go(0, "Price")
    grid.paste(block)

    grid.staged(797, 3)
    expect(grid.page.locator("[data-grid-note]")).to_have_text("800 cells pasted. 3 have a problem.")
    reasons = ("“abc” is not an amount.", "It cannot be below zero.", "“1.5” is not a whole number.")
    for reason in reasons:
        grid.page.locator("[data-grid-problems]").click()
        grid.heard(reason)
    grid.host.focus()
    grid.press("Control+z")
    grid.staged(0)
    grid.press("Control+Home")
    expect(grid.cell(0, "Price")).to_have_text("10.00")
    assert [url for url in sent if not url.endswith(("/order", "/rows"))] == []
    assert written(app) == (0, 0)


def test_quoted_cells_of_a_spreadsheet_come_and_go_whole(grid) -> None:
    grid.go(0, "Title")
    grid.paste([['"Cup ""Blue"""'], ['"two\nlines"'], ['5" plate']])

    expect(grid.cell(0, "Title")).to_have_text('Cup "Blue"')
    expect(grid.cell(1, "Title")).to_have_text("two lines")
    expect(grid.cell(2, "Title")).to_have_text('5" plate')
    assert grid.copied() == '"Cup ""Blue"""\ntwo lines\n"5"" plate"'


def test_rows_beyond_the_end_are_offered_never_cut_off_in_silence(grid) -> None:
    dialog = grid.page.locator("[data-overflow-dialog]")
    block = [[f"{n}.55"] for n in range(1, 6)]
    grid.go(0, "Price")
    grid.press("Control+ArrowDown", "ArrowUp")

    grid.paste(block)
    expect(dialog).to_contain_text("3 rows do not fit.")
    dialog.get_by_role("button", name="Cancel").click()
    grid.staged(0)
    grid.paste(block)
    dialog.get_by_role("button", name="Paste what fits").click()
    grid.staged(2)
    grid.press("Control+z")
    grid.go(0, "Price")
    grid.press("Control+ArrowDown", "ArrowUp")
    grid.paste(block)
    dialog.get_by_role("button", name="Start higher").click()

    grid.staged(5)
    expect(grid.cell(ROWS - 1, "Price")).to_have_text("5.55")
    expect(grid.cell(ROWS - 5, "Price")).to_have_text("1.55")


def test_read_only_columns_are_left_and_named(grid) -> None:
    grid.go(0, "SKU code")
    grid.paste([["NEW-CODE", "New title"]])

    expect(grid.page.locator("[data-grid-note]")).to_contain_text("Read-only columns were left as they are.")
    expect(grid.cell(0, "SKU code")).to_have_text("CUP-000")
    expect(grid.cell(0, "Title")).to_have_text("New title")


def test_a_title_is_the_products_and_two_rows_may_not_disagree(grid) -> None:
    grid.go(0, "Title")
    grid.press("Control+ArrowDown")
    grid.type("Desk lamp")
    expect(grid.cell(ROWS - 2, "Title")).to_have_text("Desk lamp")
    grid.staged(1)

    grid.press("ArrowUp")
    grid.paste([["Small lamp"], ["Large lamp"]])
    grid.staged(0, 1)
    expect(grid.cell(ROWS - 1, "Title")).to_have_attribute(
        "title", "Rows of the same product want different values: “Small lamp” and “Large lamp”."
    )


def test_find_and_replace_counts_and_is_undone_as_one(grid) -> None:
    grid.go(0, "Title")
    grid.press("Control+h")
    panel = grid.page.locator("[data-find-panel]")
    panel.get_by_label("Find", exact=True).fill("cup 1")
    panel.get_by_label("Where").select_option("column")
    panel.get_by_role("button", name="Next").click()
    expect(panel.locator("[data-find-told]")).to_have_text("111 cells found")
    panel.get_by_label("Replace with").fill("Mug 1")
    panel.get_by_role("button", name="Replace", exact=True).click()
    grid.staged(1)
    expect(panel.locator("[data-find-told]")).to_have_text("110 cells found")
    panel.get_by_role("button", name="Replace all").click()

    expect(panel.locator("[data-find-told]")).to_have_text("110 cells replaced")
    grid.staged(111)
    grid.host.focus()
    grid.press("Control+z")
    grid.staged(1)


def test_the_fill_handle_goes_on_with_a_series_and_copies_the_rest(grid) -> None:
    def drag_to(line: int, column: str) -> None:
        grid.page.locator("[data-fill]").hover()
        grid.page.mouse.down()
        grid.cell(line, column).hover()
        grid.page.mouse.up()

    grid.go(0, "Price")
    grid.type("10")
    grid.type("12.50")
    grid.go(0, "Price")
    grid.press("Shift+ArrowDown")
    drag_to(5, "Price")
    for line, shown in enumerate(("10.00", "12.50", "15.00", "17.50", "20.00", "22.50")):
        expect(grid.cell(line, "Price")).to_have_text(shown)

    grid.go(0, "Stock")
    grid.type("42")
    grid.go(0, "Stock")
    drag_to(3, "Stock")
    for line in range(4):
        expect(grid.cell(line, "Stock")).to_have_text("42")
    grid.press("Control+z")
    expect(grid.cell(3, "Stock")).to_have_text("5")
    grid.go(0, "Stock")
    grid.press("Shift+ArrowDown", "Shift+ArrowDown", "Control+d")
    expect(grid.cell(2, "Stock")).to_have_text("42")


def test_edits_outlive_the_tab_and_are_offered_again(app, grid) -> None:
    context_of_browser = grid.page.context
    grid.go(0, "Price")
    grid.type("11")
    grid.type("bad")
    grid.staged(1, 1)
    grid.page.wait_for_timeout(400)  # the time after which they are kept
    grid.page.close()

    page = context_of_browser.new_page()
    page.goto("/products/grid/")
    again = opened(page)
    expect(page.locator("[data-grid-kept]")).to_contain_text("2 edits from")
    again.staged(0)
    page.get_by_role("button", name="Go on with them").click()
    again.staged(1, 1)
    expect(again.cell(0, "Price")).to_have_text("11.00")
    expect(again.cell(1, "Price")).to_have_attribute("title", "“bad” is not an amount. Write it like 12.50.")
    page.wait_for_timeout(400)
    page.reload()
    page.get_by_role("button", name="Discard").click()
    page.reload()
    opened(page).staged(0)
    expect(page.locator("[data-grid-kept]")).to_be_hidden()
    assert written(app) == (0, 0)


def test_all_edits_are_discarded_as_one_deed_and_come_back(grid) -> None:
    grid.go(0, "Price")
    grid.paste([["11", "12"], ["13", "bad"]])
    grid.staged(3, 1)

    grid.page.get_by_role("button", name="Discard the edits").click()

    grid.staged(0)
    expect(grid.page.locator("[data-grid-note]")).to_have_text("4 edits discarded; Ctrl Z brings them back.")
    grid.press("Control+z")
    grid.staged(3, 1)


def test_columns_and_their_order_are_kept(grid) -> None:
    page = grid.page
    page.locator("[data-grid-columns-button]").click()
    chooser = page.locator("[data-grid-columns]")
    chooser.get_by_role("checkbox", name="Barcode").uncheck()
    chooser.get_by_role("button", name="Move “Title” down").click()
    chooser.get_by_label("Order of the rows").select_option("price_minor")
    chooser.get_by_label("Highest first").check()
    chooser.get_by_role("button", name="Apply").click()
    expect(grid.cell(0, "SKU code")).to_have_text("LAMP-S")
    page.reload()

    heads = opened(page).heads()
    assert heads[:3] == ["SKU code", "Size", "Title"]
    assert "Barcode" not in heads
    expect(grid.cell(0, "SKU code")).to_have_text("LAMP-S")
    expect(grid.host.get_by_role("columnheader", name="Price (CN¥)", exact=True)).to_have_attribute(
        "aria-sort", "descending"
    )


@pytest.mark.soak
@pytest.mark.parametrize(("locale", "theme", "width"), one_of(TWO_LOOKS, ("en", "dark", 390)))
def test_the_grid_is_accessible(lina, open_page, axe, shoot, locale, theme, width) -> None:
    page = open_page("/products/grid/?q=cup", lina, locale=locale, theme=theme, width=width)
    grid = opened(page)
    expect(grid.host).to_have_attribute("aria-rowcount", str(ROWS - 1))
    grid.host.focus()
    grid.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
    grid.paste([["7", "x"], ["8", "2"]])
    grid.press("Shift+ArrowDown")
    shoot(page, f"grid-{locale}-{theme}-{width}")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    grid.press("?")
    expect(page.locator("[data-grid-help]")).to_be_visible()
    shoot(page, f"grid-help-{locale}-{theme}-{width}")
    axe(page)
    grid.press("Escape", "Control+f")
    axe(page)
    shoot(page, f"grid-find-{locale}-{theme}-{width}")
