"""Hands for the grid: opens it, finds cells, types, pastes, saves, as a person at the keyboard does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from app.catalog.models import Product, ProductStatus, Sku
from app.kit.db import db
from app.shops.models import Shop


@dataclass
class Grid:
    """A page of `/products/grid/`; columns are named by their head, lines count from 0."""

    page: Page

    @property
    def host(self) -> Locator:
        return self.page.get_by_role("grid")

    @property
    def entry(self) -> Locator:
        """The text box that holds the focus, and is the editor."""
        return self.page.locator(".k-grid-entry")

    def heads(self) -> list[str]:
        found = self.host.get_by_role("columnheader")
        return [text.strip() for text in found.all_inner_texts()]

    def at(self, column: str) -> int:
        """The position of the column whose head begins so."""
        return next(i for i, head in enumerate(self.heads()) if head.startswith(column))

    def cell(self, line: int, column: str) -> Locator:
        at = self.at(column) + 1
        return self.host.locator(f'[aria-rowindex="{line + 2}"] > [aria-colindex="{at}"]')

    def go(self, line: int, column: str) -> None:
        """To a cell by keys alone."""
        self.host.focus()
        self.page.keyboard.press("Control+Home")
        for _ in range(line):
            self.page.keyboard.press("ArrowDown")
        for _ in range(self.at(column)):
            self.page.keyboard.press("ArrowRight")

    def type(self, text: str) -> None:
        """Replace the active cell and go one down."""
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def paste(self, rows: Sequence[Sequence[str]]) -> None:
        """Put a block on the clipboard as Excel would, and press Ctrl-V."""
        self.page.evaluate("text => navigator.clipboard.writeText(text)", "\n".join("\t".join(row) for row in rows))
        self.page.keyboard.press("Control+v")

    def copied(self) -> str:
        self.page.keyboard.press("Control+c")
        return self.page.evaluate("navigator.clipboard.readText()")

    def heard(self, words: str) -> None:
        """The live region says so."""
        expect(self.page.locator("[data-grid-live]")).to_contain_text(words)

    def staged(self, edits: int, problems: int = 0) -> None:
        """So many edits could be saved, and so many cells have a problem."""
        words = f"Save {edits:,} edit{'' if edits == 1 else 's'}" if edits else "Save"
        expect(self.page.locator("[data-grid-save]")).to_have_text(words)
        box = self.page.locator("[data-grid-problems]")
        if problems:
            expect(box).to_contain_text(f"{problems} problem")
        else:
            expect(box).to_be_hidden()

    def save(self, work: Callable[[], Any]) -> None:
        """Ctrl-S, agree with the preview, let the job run, and wait until the rows are fresh."""
        self.host.focus()
        self.page.keyboard.press("Control+s")
        self.page.locator("[data-save-yes]").click()
        expect(self.page.locator("[data-save-running]")).to_be_visible()
        assert work() == ["done"]
        expect(self.page.locator("[data-save-dialog]")).to_be_hidden(timeout=15_000)


def cups(shop: Shop, number: int, price_minor: Callable[[int], int] = lambda place: 1000) -> None:
    """So many products P000 … with one SKU CUP-000 … each, 5 of it in stock, written in two strokes."""
    places = range(number)
    made = [Product(shop_id=shop.id, title=f"Cup {n}", code=f"P{n:03}", status=ProductStatus.ON_SALE) for n in places]
    db.session.add_all(made)
    db.session.flush()
    db.session.add_all(
        Sku(shop_id=shop.id, product_id=cup.id, code=f"CUP-{n:03}", price_minor=price_minor(n), stock_on_hand=5)
        for n, cup in enumerate(made)
    )
    db.session.flush()


def opened(page: Page) -> Grid:
    """The grid of a page that has just been opened, its rows on screen and the clipboard at hand."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    grid = Grid(page)
    expect(page.locator("[data-grid-busy]")).to_be_hidden()
    expect(grid.host.locator('[aria-rowindex="2"] > [aria-colindex="1"]')).not_to_be_empty()
    return grid
