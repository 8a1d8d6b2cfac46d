"""An input method is on before the first key: what it composes goes straight into the active cell."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import CDPSession, expect

from app.console.roles import Role
from tests import factories as make
from tests.browser.grid_hands import Grid, opened

pytestmark = [pytest.mark.browser, pytest.mark.commits]
PROCESSED = 229
"""The key code of a key that an input method has taken."""
ACTIVE = re.compile(r"\bk-active\b")


@pytest.fixture
def grid(committed, open_page) -> Grid:
    """Lina's shop with three cups, the first one's title active."""
    with committed():
        shop = make.shop("tea", name="Tea House")
        for number in range(3):
            cup = make.product(shop, f"Cup {number}", code=f"P{number}")
            make.sku(shop, cup, code=f"CUP-{number}")
        lina = make.staff(Role.MANAGER, shop, name="lina").id
    grid = opened(open_page("/products/grid/", lina))
    grid.go(0, "Title")
    return grid


@pytest.fixture
def method(grid) -> CDPSession:
    return grid.page.context.new_cdp_session(grid.page)


def compose(method: CDPSession, *steps: str) -> None:
    """What stands in the cell while the word is being spelt."""
    for text in steps:
        method.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})


def taken(method: CDPSession, key: str) -> None:
    """A key that the input method keeps for itself."""
    for kind in ("rawKeyDown", "keyUp"):
        method.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "windowsVirtualKeyCode": PROCESSED})


def test_a_word_is_composed_straight_onto_a_cell(grid, method) -> None:
    compose(method, "c", "cha", "chabei")
    taken(method, "Enter")
    expect(grid.entry).to_have_value("chabei")
    expect(grid.cell(0, "Title")).to_have_class(ACTIVE)
    grid.staged(0)

    method.send("Input.insertText", {"text": "茶杯"})
    expect(grid.entry).to_have_value("茶杯")
    expect(grid.cell(0, "Title")).to_have_class(ACTIVE)
    grid.press("Enter")

    expect(grid.cell(0, "Title")).to_have_text("茶杯")
    expect(grid.cell(1, "Title")).to_have_class(ACTIVE)
    grid.staged(1)

    compose(method, "pan", "panzi")
    method.send("Input.insertText", {"text": "盘子"})
    grid.press("Tab")
    expect(grid.cell(1, "Title")).to_have_text("盘子")
    grid.staged(2)
    grid.go(1, "Title")
    assert grid.copied() == "盘子"


def test_a_word_given_up_leaves_the_cell_as_it_was(grid, method) -> None:
    compose(method, "cha")
    taken(method, "Escape")
    expect(grid.entry).to_have_value("cha")
    compose(method, "")
    grid.press("Enter")

    expect(grid.cell(0, "Title")).to_have_text("Cup 0")
    expect(grid.cell(1, "Title")).to_have_class(ACTIVE)
    compose(method, "bei")
    method.send("Input.insertText", {"text": "杯"})
    grid.press("Escape")
    expect(grid.cell(1, "Title")).to_have_text("Cup 1")
    expect(grid.cell(1, "Title")).to_have_class(ACTIVE)
    grid.staged(0)


def test_a_word_is_composed_into_the_text_that_is_there(grid, method) -> None:
    grid.press("F2", "End")
    compose(method, "c", "cha")
    method.send("Input.insertText", {"text": "茶"})
    taken(method, "Enter")
    grid.press("Enter")

    expect(grid.cell(0, "Title")).to_have_text("Cup 0茶")


def test_nothing_is_composed_onto_a_read_only_cell(grid, method) -> None:
    grid.press("Home")
    compose(method, "cha")
    method.send("Input.insertText", {"text": "茶"})
    grid.press("ArrowRight", "ArrowLeft")

    expect(grid.cell(0, "SKU code")).to_have_text("CUP-0")
    expect(grid.cell(0, "SKU code")).to_have_class(ACTIVE)
    expect(grid.entry).to_have_value("")
    grid.staged(0)


def test_words_of_one_cell_do_not_come_back_in_the_next(grid) -> None:
    grid.type("First")
    grid.press("F2", "Control+z")

    expect(grid.entry).to_have_value("Cup 1")
    grid.press("Escape", "Control+z")
    expect(grid.cell(0, "Title")).to_have_text("Cup 0")


def test_the_focus_says_where_it_is(grid) -> None:
    expect(grid.entry).to_have_attribute("aria-activedescendant", "grid-active-cell")
    expect(grid.entry).to_have_attribute("aria-controls", "product-grid")
    expect(grid.page.locator("#grid-active-cell")).to_have_text("Cup 0")
    grid.press("F2")
    expect(grid.entry).to_have_attribute("aria-label", "CUP-0, Title")
    grid.press("Escape", "F6")
    expect(grid.page.locator("#grid-q")).to_be_focused()
    grid.press("F6")
    expect(grid.entry).to_be_focused()
    expect(grid.entry).to_have_attribute("aria-label", "SKUs of Tea House")
    grid.press("Control+x")
    expect(grid.cell(0, "Title")).to_have_attribute("title", "This is needed.")
    grid.press("End", "Tab")
    expect(grid.page.locator("[data-grid-open]")).to_be_focused()


def test_the_editor_looks_like_its_cell(grid, method, shoot) -> None:
    compose(method, "cha")

    assert grid.entry.bounding_box()["x"] == grid.cell(0, "Title").bounding_box()["x"]
    assert grid.entry.bounding_box()["y"] == grid.cell(0, "Title").bounding_box()["y"]
    shoot(grid.page, "grid-composing")
