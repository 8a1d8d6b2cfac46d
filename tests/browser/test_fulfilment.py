"""A tracking file from drop to the last row's result, and a split order sent by hand, as a packer does it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.console.roles import Role
from app.fulfilment import parcels
from app.fulfilment.wanted import Sending
from app.kit import clock, context
from app.kit.db import db, transaction
from app.orders import reserving
from app.orders.models import Order, OrderLine, OrderStatus
from tests import factories as make
from tests.browser.looking import OTHER_TWO_LOOKS, TWO_LOOKS, press
from tests.imports.builders import csv_text
from tests.lengths import one_of

pytestmark = [pytest.mark.browser, pytest.mark.commits]


def _order(shop: Any, skus: dict[str, Any], *goods: tuple[str, int], **values: Any) -> Order:
    status = values.pop("status", OrderStatus.PENDING_SHIPMENT)
    due = {"paid_at": clock.now(), "due_at": clock.now(), "promise_hours": 48}
    order = make.order(shop, *((code, units, 1000) for code, units in goods), status=status, **due, **values)
    with transaction():
        for line in db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)):
            line.sku_id = skus[line.code].id
        db.session.flush()
        if status is OrderStatus.PENDING_SHIPMENT:
            reserving.place(order)
            reserving.confirm(order)
    return order


def _a7(shop: Any) -> list[list[str]]:
    """Eight good rows, one order of them in two parcels; three that cannot go; one that went before."""
    skus = {code: make.sku(shop, code=code, stock_on_hand=100) for code in ("CUP", "POT")}
    orders = [_order(shop, skus, ("CUP", 1), number=f"A7-{n}", address=f"幸福路{n}号") for n in range(1, 7)]
    _order(shop, skus, ("CUP", 2), ("POT", 1), number="A7-SPLIT", address="光明街8号")
    _order(shop, skus, ("CUP", 1), number="A7-UNKNOWN", address="光明街9号")
    _order(shop, skus, ("CUP", 1), number="A7-TWICE", address="光明街10号")
    _order(shop, skus, ("CUP", 1), number="A7-CLOSED", status=OrderStatus.CLOSED)
    gone = _order(shop, skus, ("CUP", 1), number="A7-GONE", address="光明街11号")
    with transaction():
        parcels.send(gone.id, Sending("yto", "YT1234567890123"))
    rows = [[one.number, "中通", f"75312345678900{n}", "", ""] for n, one in enumerate(orders, 1)]
    return [
        *rows,
        ["A7-SPLIT", "中通", "753123456789007", "CUP", "2"],
        ["A7-SPLIT", "申通", "773123456789008", "POT", "1"],
        ["A7-UNKNOWN", "飞毛腿", "753123456789009", "", ""],
        ["A7-TWICE", "中通", "753123456789001", "", ""],
        ["A7-CLOSED", "中通", "753123456789010", "", ""],
        ["A7-GONE", "圆通", "YT1234567890123", "", ""],
    ]


HEAD = ["订单号", "快递公司", "运单号", "SKU编码", "数量"]
WORDS = {
    "zh": ("上传并读取表头", "检查各行", "发货", "逐行结果", "没有“飞毛腿”这家快递公司"),
    "en": (
        "Upload and read the header",
        "Check the rows",
        "Ship them",
        "The result for each row",
        "no carrier “飞毛腿”",
    ),
}


@pytest.fixture
def world(committed) -> tuple[int, int, list[list[str]]]:
    """A packer, the split order and the twelve rows."""
    with committed():
        shop = make.shop("tea", name="茶铺")
        packer = make.staff(Role.MERCHANT, shop, name="mia").id
        with context.shops([shop.id]):
            rows = _a7(shop)
            split = db.session.scalars(select(Order.id).where(Order.number == "A7-SPLIT")).one()
        return packer, split, rows


@pytest.mark.soak
@pytest.mark.parametrize(("locale", "theme", "width"), one_of(TWO_LOOKS, ("zh", "light", 1440)))
def test_twelve_rows_from_the_file_to_their_results(
    app, world, open_page, axe, shoot, run_jobs, tmp_path, locale, theme, width
) -> None:
    upload, check, ship, results, why = WORDS[locale]
    packer, split, rows = world
    look = f"{locale}-{theme}-{width}"
    (tmp_path / "运单.csv").write_text(csv_text(HEAD, rows), encoding="utf-8")

    def work() -> None:
        with app.app_context(), context.every_shop("browser test"):
            assert set(run_jobs()) == {"done"}

    def upload_again(expected: tuple[str, str, str]) -> Any:
        page = open_page("/imports/new?kind=tracking", packer, locale=locale, theme=theme, width=width)
        page.set_input_files("#import-file", tmp_path / "运单.csv")
        page.get_by_role("button", name=upload).click()
        expect(page.locator("select[name=column_2]")).to_have_value("tracking_no")
        press(page.get_by_role("button", name=check))
        work()
        counts = [page.locator(f"[data-count={key}]") for key in ("updated", "unchanged", "failed")]
        for one, number in zip(counts, expected, strict=True):
            expect(one).to_have_text(number)
        axe(page)
        shoot(page, f"tracking-checked-{look}")
        press(page.get_by_role("button", name=ship, exact=True))
        work()
        page.get_by_role("link", name=results).click()
        expect(page.get_by_text(why)).to_be_visible()
        axe(page)
        shoot(page, f"tracking-results-{look}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        return page

    page = upload_again(("8", "1", "3"))
    page.goto(f"/orders/{split}")
    assert page.locator("#parcels a[href^='/parcels/']").filter(has_text="75312").count() == 1
    assert page.locator("#parcels a[href^='/parcels/']").filter(has_text="77312").count() == 1
    expect(page.locator("h1")).to_contain_text("已发货" if locale == "zh" else "Shipped")
    axe(page)
    shoot(page, f"order-parcels-{look}")
    upload_again(("0", "9", "3"))


@pytest.mark.soak
@pytest.mark.parametrize(("locale", "theme", "width"), one_of(OTHER_TWO_LOOKS, ("en", "light", 1440)))
def test_a_split_order_is_sent_by_hand(world, open_page, axe, shoot, locale, theme, width) -> None:
    packer, split, _ = world
    look = f"{locale}-{theme}-{width}"
    page = open_page(f"/orders/{split}/ship", packer, locale=locale, theme=theme, width=width)
    axe(page)
    shoot(page, f"ship-{look}")

    expect(page.locator("#ship-number")).to_be_focused()
    page.select_option("#ship-carrier", "zto")
    page.keyboard.press("Tab")
    page.fill("#ship-number", "SF1234567890123")
    page.locator("input[type=number]").nth(1).fill("0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("SF1234567890123")
    page.fill("#ship-number", "753123456789007")
    page.keyboard.press("Enter")
    expect(page.locator("#parcels")).to_contain_text("753123456789007")
    expect(page.locator("h1")).to_contain_text("待发货" if locale == "zh" else "To be shipped")
    page.get_by_role("link", name="发剩余商品" if locale == "zh" else "Ship the rest").first.click()
    page.fill("#ship-number", "753123456789008")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("已发货" if locale == "zh" else "Shipped")

    for path, name in (("/parcels/", "parcels"), ("/picking/", "picks"), ("/parcels/1", "parcel")):
        page.goto(path)
        axe(page)
        shoot(page, f"{name}-{look}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
