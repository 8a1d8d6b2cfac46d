"""An import as a new user does it: drop a file, agree with the columns, see what is wrong, write, undo."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.console.roles import Role
from app.kit import context
from tests import factories as make
from tests.browser.looking import TWO_LOOKS
from tests.imports.builders import csv_text
from tests.lengths import one_of

pytestmark = [pytest.mark.browser, pytest.mark.commits]
HEAD = ["SKU编码", "标题", "条码", "售价", "库存"]
ROWS = [
    ["000123", "茶杯", "06932169358293", "12.50", "7"],
    ["S2", "茶壶", "", "abc", "1"],
    ["S3", "茶盘", "", "9", "1.5"],
]
WORDS = {
    "zh": ("上传并读取表头", "检查各行", "写入", "查看更改或撤销", "撤销"),
    "en": ("Upload and read the header", "Check the rows", "Write the rows", "See the changes, or undo", "Undo"),
}


@pytest.fixture
def manager(committed) -> int:
    with committed():
        return make.staff(Role.MANAGER, make.shop("tea", name="Tea House"), name="mia").id


@pytest.mark.soak
@pytest.mark.parametrize(("locale", "theme", "width"), one_of(TWO_LOOKS, ("en", "dark", 390)))
def test_from_the_file_to_the_written_rows(
    app, manager, open_page, axe, shoot, run_jobs, tmp_path, locale, theme, width
) -> None:
    upload, check, write, changes, undo = WORDS[locale]
    look = f"{locale}-{theme}-{width}"
    (tmp_path / "新品.csv").write_text(csv_text(HEAD, ROWS), encoding="gb18030")
    page = open_page("/imports/new", manager, locale=locale, theme=theme, width=width)
    shoot(page, f"import-upload-{look}")
    axe(page)

    page.set_input_files("#import-file", tmp_path / "新品.csv")
    page.get_by_role("button", name=upload).click()
    expect(page.locator("select[name=column_0]")).to_have_value("sku_code")
    shoot(page, f"import-mapping-{look}")
    axe(page)
    page.get_by_role("button", name=check).click()
    page.wait_for_url("**/imports/*")
    with app.app_context(), context.every_shop("browser test"):
        assert run_jobs() == ["done"]

    expect(page.locator("[data-count=failed]")).to_have_text("2")
    expect(page.locator("[data-count=created]")).to_have_text("1")
    shoot(page, f"import-checked-{look}")
    axe(page)
    page.get_by_role("button", name=write, exact=True).click()
    with app.app_context(), context.every_shop("browser test"):
        assert run_jobs() == ["done"]
    expect(page.get_by_role("link", name=changes)).to_be_visible()
    shoot(page, f"import-done-{look}")
    page.get_by_role("link", name=changes).click()
    expect(page.get_by_role("button", name=undo)).to_be_visible()
    shoot(page, f"import-change-{look}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
