"""Stock in a real browser: find what is low, see why, count it, damage some, and prove that it adds up."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from app.console.roles import Role
from app.kit.db import db
from app.stock import holds, movements
from app.stock.ledger import Why
from app.stock.models import Warehouse
from app.stock.movements import StockAt
from tests import factories as make
from tests.browser.looking import TWO_LOOKS, press
from tests.lengths import dealt

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def tea(committed) -> dict[str, int]:
    """A tea shop: a pot of which 7 of 10 are reserved for an order, a cup that is oversold, a second warehouse."""
    with committed():
        shop = make.shop("tea", name="Tea House", currency="GBP", time_zone="Europe/London", locale="en")
        pot = make.sku(shop, make.product(shop, "Teapot"), code="POT-1", stock_on_hand=10, low_stock_limit=3)
        cup = make.sku(shop, make.product(shop, "Blue cup"), code="CUP-S", stock_on_hand=6, options={"Size": "S"})
        make.sku(shop, make.product(shop, "Spoon"), code="SPOON", stock_on_hand=200)
        db.session.add(Warehouse(shop_id=shop.id, code="EAST", name="East side"))
        order = make.order(shop, ("POT-1", 7, 1000), number="SO-1001")
        holds.place(shop.id, {pot.id: 7}, f"order:{order.id}", None)
        holds.confirm(shop.id, f"order:{order.id}")
        holds.place(shop.id, {cup.id: 5}, "live-stream-12", 900)
        movements.adjust(StockAt(shop.id, cup.id), -3, Why(reason="lost", note="fell off the shelf"))
        movements.expect(StockAt(shop.id, cup.id), 24)
        return {
            "shop": shop.id,
            "pot": pot.id,
            "cup": cup.id,
            "clerk": make.staff(Role.MERCHANT, shop, name="wei").id,
        }


def test_why_is_available_three(tea, open_page, axe, shoot) -> None:
    page = open_page("/stock/", tea["clerk"])
    expect(page.get_by_role("row", name="CUP-S")).to_contain_text("Oversold")
    expect(page.get_by_role("row", name="POT-1")).to_contain_text("Low stock")
    axe(page)
    shoot(page, "stock-list-en-light-1440")
    page.get_by_role("link", name="POT-1").click()

    expect(page.get_by_role("heading", name="Why is available 3?")).to_be_visible()
    expect(page.locator("#equation")).to_contain_text("10")
    expect(page.get_by_role("link", name="SO-1001")).to_be_visible()
    axe(page)
    shoot(page, "stock-sku-en-light-1440")
    page.get_by_label("What happened").select_option("damage")
    page.get_by_label("Units").fill("4")
    page.get_by_role("button", name="Change the stock").click()
    expect(page.get_by_text("POT-1: 4 wanted, 3 available. Nothing was taken.")).to_be_visible()
    axe(page)
    page.get_by_label("Units").fill("1")
    page.get_by_role("button", name="Change the stock").click()

    expect(page.get_by_role("heading", name="Why is available 2?")).to_be_visible()
    page.get_by_label("What happened").select_option("transfer")
    page.get_by_label("To warehouse").select_option(label="East side")
    page.get_by_label("Units").fill("2")
    page.get_by_role("button", name="Change the stock").click()
    expect(page.get_by_role("row", name="East side 2 0 0 2 0")).to_be_visible()
    page.get_by_role("link", name="Product", exact=True).click()
    expect(page.get_by_role("row", name="POT-1")).to_contain_text("10")


def test_a_count_that_somebody_overtook_is_refused(tea, open_page, committed) -> None:
    page = open_page(f"/stock/{tea['pot']}", tea["clerk"])
    with committed():
        movements.receive(StockAt(tea["shop"], tea["pot"]), 2)
    page.get_by_label("Units").fill("9")
    page.get_by_label("Reason").select_option("count")
    page.get_by_role("button", name="Change the stock").click()
    expect(page.get_by_text("on hand is 12 by now, not 10")).to_be_visible()
    page.get_by_role("button", name="Change the stock").click()
    expect(page.get_by_role("heading", name="Why is available 2?")).to_be_visible()


def test_the_proof_finds_and_fixes(tea, app, open_page, committed, axe, shoot, run_jobs) -> None:
    with committed():
        db.session.execute(text("update stock_level set reserved = 9 where sku_id = :id"), {"id": tea["pot"]})
    page = open_page("/stock/proof/", tea["clerk"])
    press(page.get_by_role("button", name="Prove now"))
    with app.app_context():
        run_jobs()
    page.goto("/stock/proof/")
    expect(page.get_by_role("row", name="POT-1")).to_contain_text("+2")
    axe(page)
    shoot(page, "stock-proof-en-light-1440")
    page.get_by_role("button", name="Set to 7 · POT-1 · Reserved").click()
    expect(page.get_by_text("Everything adds up")).to_be_visible()


@pytest.mark.soak
def test_it_reads_well_everywhere(tea, sound) -> None:
    paths = {"list": "/stock/", "sku": f"/stock/{tea['cup']}", "warehouses": "/warehouses/"}
    sound("stock", dealt(paths, TWO_LOOKS), tea["clerk"])
