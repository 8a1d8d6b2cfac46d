"""Two people in the grid at once lose nothing; a lost session or connection loses nothing either."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.catalog.models import Product, Sku
from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from tests import factories as make
from tests.browser.conftest import AGENT, _session
from tests.browser.grid_hands import Grid, cups, opened

pytestmark = [pytest.mark.browser, pytest.mark.commits]
ROWS = 500


@pytest.fixture
def people(committed) -> dict[str, int]:
    """Lina and Mei, managers of a shop with 500 cups at 10.00, 5 of each in stock."""
    with committed():
        shop = make.shop("tea", name="Tea House")
        cups(shop, ROWS)
        return {name: make.staff(Role.MANAGER, shop, name=name).id for name in ("lina", "mei")}


@pytest.fixture
def work(app, run_jobs):
    """Run what is wanted, as a worker would."""

    def drain() -> list[str]:
        with app.app_context(), context.every_shop("test"):
            return run_jobs()

    return drain


@pytest.fixture
def alone(app, browser, live):
    """A page that may see failed requests: `alone(user_id)`."""
    contexts = []

    def open_it(user_id: int):
        contexts.append(browser.new_context(base_url=live, user_agent=AGENT, viewport={"width": 1440, "height": 900}))
        contexts[-1].set_default_timeout(8000)
        contexts[-1].add_cookies([_session(app, live, user_id, "en")])
        page = contexts[-1].new_page()
        page.goto("/products/grid/")
        return page

    yield open_it
    for one in contexts:
        one.close()


def column(app, name: str) -> list:
    """What the 500 SKUs hold, in order of their code."""
    with app.app_context(), context.every_shop("test"):
        db.session.expire_all()
        return list(db.session.scalars(select(getattr(Sku, name)).order_by(Sku.code)))


def fill(grid: Grid, name: str, values: list[str]) -> None:
    grid.go(0, name)
    grid.paste([[value] for value in values])


def test_two_people_editing_the_same_500_rows_lose_nothing(app, people, open_page, work, shoot) -> None:
    lina = opened(open_page("/products/grid/", people["lina"]))
    mei = opened(open_page("/products/grid/", people["mei"]))
    fill(lina, "Price", [f"{11 + number / 100:.2f}" for number in range(ROWS)])
    lina.staged(500)
    fill(mei, "Stock", [str(100 + number) for number in range(ROWS)])
    fill(mei, "Price", [f"{12 + number / 100:.2f}" for number in range(10)])
    mei.staged(510)

    lina.save(work)
    lina.staged(0)
    mei.save(work)

    # different fields have both landed, and of the same field the second one is asked
    assert column(app, "price_minor") == [1100 + number for number in range(ROWS)]
    assert column(app, "stock_on_hand") == [100 + number for number in range(ROWS)]
    dialog = mei.page.locator("[data-conflicts-dialog]")
    expect(dialog).to_contain_text("10 cells were changed by somebody else")
    expect(dialog).to_contain_text("Lina Test changed this to “11.00”")
    shoot(mei.page, "grid-mine-or-theirs")
    dialog.get_by_role("button", name="Theirs: 11.00").click()
    dialog.get_by_role("button", name="Theirs: 11.01").click()
    expect(dialog).to_contain_text("8 cells were changed by somebody else")
    dialog.get_by_role("button", name="All mine").click()
    mei.staged(8)
    expect(mei.cell(0, "Price")).to_have_text("11.00")
    expect(mei.cell(2, "Price")).to_have_text("12.02")
    mei.save(work)

    wanted = [1100, 1101, *(1200 + number for number in range(2, 10)), *(1100 + number for number in range(10, ROWS))]
    assert column(app, "price_minor") == wanted
    mei.staged(0)


def test_what_the_server_refuses_stays_in_the_grid_with_its_reason(app, committed, people, open_page, work) -> None:
    lina = opened(open_page("/products/grid/", people["lina"]))
    fill(lina, "Price", ["11", "12"])
    with committed():
        db.session.delete(db.session.scalars(select(Sku).order_by(Sku.code)).first())

    lina.save(work)

    lina.staged(0, 1)
    lina.page.locator("[data-grid-problems]").click()
    lina.heard("there is no such row in this shop; it may have been deleted")
    assert column(app, "price_minor")[:2] == [1200, 1000]


def test_a_large_cut_waits_for_somebody_else_and_leaves_the_grid(app, people, open_page) -> None:
    lina = opened(open_page("/products/grid/", people["lina"]))
    fill(lina, "Price", ["6.50"])
    lina.press("Control+s")
    dialog = lina.page.locator("[data-save-dialog]")
    expect(dialog).to_contain_text("Somebody else must approve this")
    expect(dialog).to_contain_text("1 price falls by 30 % or more within 24 hours; the deepest cut is 35 %.")
    dialog.get_by_role("button", name="Ask for approval").click()

    expect(lina.page.locator("[data-grid-note]")).to_contain_text("Sent for approval")
    lina.staged(0)
    expect(lina.cell(0, "Price")).to_have_text("10.00")
    assert column(app, "price_minor")[0] == 1000


def test_a_preview_that_is_cancelled_writes_nothing_and_keeps_the_edits(app, people, open_page) -> None:
    lina = opened(open_page("/products/grid/", people["lina"]))
    fill(lina, "Price", ["10.50"])
    lina.press("Control+s")
    dialog = lina.page.locator("[data-save-dialog]")
    expect(dialog).to_contain_text("Nothing has been written yet.")
    dialog.get_by_role("button", name="Cancel").click()

    lina.staged(1)
    assert column(app, "price_minor")[0] == 1000


def test_a_session_that_ends_before_the_save_loses_no_edit(app, live, people, alone, work) -> None:
    page = alone(people["lina"])
    lina = opened(page)
    fill(lina, "Price", ["10.50"])
    page.context.clear_cookies()
    lina.host.focus()
    lina.press("Control+s")
    dialog = page.locator("[data-save-dialog]")
    expect(dialog).to_contain_text("You have been signed out. Your edits are kept in this browser")
    with page.expect_response(lambda answer: "/login" in answer.url):
        dialog.get_by_role("button", name="Try again").click()
    expect(dialog).to_contain_text("You have been signed out.")

    page.context.add_cookies([_session(app, live, people["mei"], "en")])
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).to_contain_text("Somebody else has signed in here.")
    page.context.add_cookies([_session(app, live, people["lina"], "en")])
    dialog.get_by_role("button", name="Try again").click()
    page.locator("[data-save-yes]").click()
    expect(page.locator("[data-save-running]")).to_be_visible()
    assert work() == ["done"]
    expect(dialog).to_be_hidden(timeout=15_000)
    lina.staged(0)
    assert column(app, "price_minor")[0] == 1050


def test_rows_that_could_not_be_had_come_with_the_next_try(people, alone) -> None:
    page = alone(people["lina"])
    lina = opened(page)
    page.route("**/products/grid/rows", lambda route: route.abort())
    lina.host.focus()
    lina.press("Control+End")
    bar = page.locator("[data-grid-lost]")
    expect(bar).to_contain_text("Some rows could not be loaded.")
    page.unroute("**/products/grid/rows")
    bar.get_by_role("button", name="Try again").click()

    expect(bar).to_be_hidden()
    expect(lina.cell(ROWS - 1, "SKU code")).to_have_text("CUP-499")


def test_a_product_of_another_shop_is_no_row_here(committed, people, open_page) -> None:
    with committed():
        other = make.shop("other")
        make.sku(other, make.product(other, "Secret"), code="SECRET")
        key = db.session.scalars(select(Product.id).where(Product.title == "Secret")).one()

    page = open_page(f"/products/grid/?ids={key}", people["lina"])

    expect(page.locator("[data-grid-empty]")).to_be_visible()
    expect(page.get_by_text("SECRET")).to_have_count(0)
