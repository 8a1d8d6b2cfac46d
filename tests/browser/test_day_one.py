"""The first day of a new user: sign in, import, change many, take it back, make the report; in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.catalog.models import Sku
from app.console.roles import Role
from app.kit import context
from app.kit.db import db
from tests import factories as make
from tests.browser.looking import read_again, settled
from tests.lengths import one_of

pytestmark = [pytest.mark.browser, pytest.mark.commits]

PASSWORD = "Correct-horse-9-battery"
WORDS = {
    "en": {
        "check": "Check the rows",
        "write": "Write the rows",
        "refused": "Error workbook",
        "bulk": "Change prices, stock …",
        "preview": "Preview",
        "undo": "Undo",
        "report": "Make the report",
        "download": "Download workbook",
    },
    "zh": {
        "check": "检查各行",
        "write": "写入",
        "refused": "错误表格",
        "bulk": "修改价格、库存…",
        "preview": "预览",
        "undo": "撤销",
        "report": "生成报表",
        "download": "下载工作簿",
    },
}


@pytest.fixture
def lina(app: Any, committed: Callable[[], Any]) -> str:
    """A manager of a shop with three products at 19.90 each and two orders."""
    with committed():
        shop = make.shop("tea", name="Tea House")
        for code in ("CUP-1", "CUP-2", "CUP-3"):
            make.sku(shop, make.product(shop, f"Cup {code[-1]}"), code=code, price_minor=1990)
        make.order(shop, ("CUP-1", 2, 1990))
        make.order(shop, ("CUP-2", 1, 1990))
        user = make.staff(Role.MANAGER, shop, name="lina").id
    with app.app_context():
        app.appbuilder.sm.reset_password(user, PASSWORD)
    return "lina"


@pytest.fixture
def goods(tmp_path: Path) -> Path:
    """A workbook: one new SKU, one new price, one price that is none."""
    book = openpyxl.Workbook()
    book.active.append(["SKU编码", "商品名称", "条码", "价格(元)", "库存"])
    book.active.append(["000123", "Mug", "06932169358293", "8.00", "7"])
    book.active.append(["CUP-3", "", "", "30.00", ""])
    book.active.append(["CUP-2", "", "", "abc", ""])
    book.save(tmp_path / "goods.xlsx")
    return tmp_path / "goods.xlsx"


@pytest.fixture
def work(app: Any, run_jobs: Callable[[], list[str]]) -> Callable[[], list[str]]:
    """Do what a worker would: run every job that is wanted."""

    def do() -> list[str]:
        with app.app_context():
            return run_jobs()

    return do


def _prices(app: Any) -> dict[str, int]:
    with app.app_context(), context.every_shop("test"):
        return {sku.code: sku.price_minor for sku in db.session.scalars(select(Sku))}


def _sign_in(page: Page, name: str) -> None:
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")
    expect(page.get_by_role("navigation").first).to_be_visible()
    settled(page)


@pytest.mark.soak
@pytest.mark.parametrize("locale", one_of(["en", "zh"], "zh"))
def test_a_new_users_first_day(app, lina, goods, open_page, work, axe, shoot, locale: str, tmp_path: Path) -> None:
    words = WORDS[locale]
    page = open_page("/login/", locale=locale)
    _sign_in(page, lina)

    _import(page, words, goods, work, axe, shoot, locale)
    assert _prices(app) == {"000123": 800, "CUP-1": 1990, "CUP-2": 1990, "CUP-3": 3000}

    _change_and_undo(app, page, words, work, axe, shoot, locale)
    assert _prices(app) == {"000123": 800, "CUP-1": 1990, "CUP-2": 1990, "CUP-3": 3000}

    _report(page, words, work, axe, shoot, locale, tmp_path)


def _import(page: Page, words: Any, goods: Path, work: Any, axe: Any, shoot: Any, locale: str) -> None:
    page.goto("/imports/new")
    axe(page)
    page.set_input_files("input[type=file]", goods)
    page.locator("main form button.btn-primary").first.click()
    expect(page.get_by_role("button", name=words["check"])).to_be_visible()
    axe(page)
    with page.expect_navigation():  # the address stays: to wait for it would wait for nothing
        page.get_by_role("button", name=words["check"]).click()
    assert work() == ["done"]
    read_again(page)
    expect(page.get_by_text("abc", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=words["refused"])).to_be_visible()
    axe(page)
    shoot(page, f"import-{locale}")
    with page.expect_navigation():
        page.get_by_role("button", name=words["write"]).click()
    assert work() == ["done"]


def _change_and_undo(app: Any, page: Page, words: Any, work: Any, axe: Any, shoot: Any, locale: str) -> None:
    page.goto("/products/")
    settled(page)
    page.locator("thead input[type=checkbox]").check()
    page.get_by_role("button", name=words["bulk"]).click()
    page.select_option("[name=field]", "price_minor")
    page.fill("[name=amount]", "-10")
    page.get_by_role("button", name=words["preview"]).click()
    expect(page.get_by_text("17.91").first).to_be_visible()
    axe(page)
    shoot(page, f"preview-{locale}")
    with page.expect_navigation(url="**/changes/*"):
        page.locator("main form button.btn-primary").click()
    assert work() == ["done"]
    assert _prices(app) == {"000123": 720, "CUP-1": 1791, "CUP-2": 1791, "CUP-3": 2700}

    read_again(page)
    axe(page)
    page.get_by_role("button", name=words["undo"]).click()
    with page.expect_navigation():
        page.locator("dialog[open]").get_by_role("button", name=words["undo"]).click()
    assert work() == ["done"]


def _report(page: Page, words: Any, work: Any, axe: Any, shoot: Any, locale: str, tmp_path: Path) -> None:
    page.goto("/reports/new")
    axe(page)
    page.check("[name=preset][value=all]")
    with page.expect_navigation(url="**/reports/*"):
        page.get_by_role("button", name=words["report"]).click()
    assert work() == ["done"]
    read_again(page)
    expect(page.get_by_text("59.70").first).to_be_visible()
    settled(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    axe(page)
    shoot(page, f"report-{locale}")
    with page.expect_download() as download:
        page.get_by_role("link", name=words["download"]).or_(page.get_by_role("button", name=words["download"])).click()
    download.value.save_as(tmp_path / "sales.xlsx")
    book = openpyxl.load_workbook(tmp_path / "sales.xlsx", data_only=True)
    assert 59.7 in [cell.value for row in book.worksheets[0].iter_rows() for cell in row]
