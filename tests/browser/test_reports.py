"""A manager makes a report in a real browser: form, progress, charts, workbook; both languages and themes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.console.roles import Role
from app.insights import reports
from app.kit import clock
from app.orders.models import OrderKind
from app.shops import shops
from tests import factories as make
from tests.browser.looking import LOOKS
from tests.insights.reading import Workbook
from tests.lengths import dealt, one_of

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def manager(committed) -> int:
    """A manager of a shop with forty days of sales and one refund."""
    with committed():
        shop = make.shop("tea", name="Tea House")
        for index in range(40):
            placed = clock.now() - timedelta(days=index, minutes=5)
            sale = make.order(
                shop, (f"CUP-{index % 6}", 1 + index % 3, 1000 + index), placed_at=placed, country="China"
            )
        make.order(shop, ("CUP-3", -1, 1039), kind=OrderKind.CREDIT_NOTE, reverses_id=sale.id, placed_at=clock.now())
        return make.staff(Role.MANAGER, shop, name="mia").id


@pytest.fixture
def report(manager, app, committed, run_jobs) -> int:
    """A finished report of the last thirty days."""
    with committed():
        today = clock.day_of(clock.now(), "Asia/Shanghai")
        with app.test_request_context():
            pk = reports.want(shops.by_code("tea"), today - timedelta(days=29), today).id
    with app.app_context():
        assert run_jobs() == ["done"]
    return pk


def drawn(page: Page) -> None:
    page.wait_for_selector("[data-drawn]")
    expect(page.locator(".main-svg").first).to_be_visible()


@pytest.mark.soak
def test_the_report_is_accessible_in_every_look(report, manager, sound) -> None:
    def with_charts(page: Page) -> None:
        drawn(page)
        assert page.locator("[data-chart] .main-svg").count() >= 6

    sound("report", dealt({"show": f"/reports/{report}"}, LOOKS, 1), manager, also=with_charts)


@pytest.mark.soak
@pytest.mark.parametrize("locale", one_of(["zh", "en"], "en"))
def test_from_the_form_to_the_workbook(app, manager, open_page, axe, run_jobs, tmp_path: Path, locale) -> None:
    page = open_page("/reports/new", manager, locale=locale)
    axe(page)
    page.locator("input[name=first]").fill((clock.now() - timedelta(days=20)).date().isoformat())
    assert page.locator("#preset-custom").is_checked(), "typing a day chooses the days typed"
    page.locator("input[value=last_30_days]").check()
    page.locator("main form button").click()
    page.wait_for_selector("[data-job]")
    axe(page)

    with app.app_context():
        assert run_jobs() == ["done"]
    drawn(page)
    with page.expect_download() as taken:
        page.locator("a[href$='/download']").click()
    taken.value.save_as(tmp_path / "r.xlsx")

    shown = page.locator("[data-kpi=net] .k-kpi-value").inner_text().lstrip("CN¥")
    assert f"{Workbook(tmp_path / 'r.xlsx').summary()['销售净额' if locale == 'zh' else 'Net sales']:,.2f}" == shown


def test_charts_follow_the_theme(report, manager, open_page) -> None:
    page = open_page(f"/reports/{report}", manager)
    drawn(page)
    text = page.locator("[data-chart=months] .xtick text").first
    light = text.evaluate("node => getComputedStyle(node).fill")

    page.emulate_media(color_scheme="dark")
    expect(text).not_to_have_css("fill", light)


def test_without_charts_the_tables_stand(report, manager, open_page, app) -> None:
    page = open_page("/reports/", manager)
    page.route("**/charts", lambda route: route.fulfill(status=200, body="not json"))
    page.goto(f"/reports/{report}")
    expect(page.locator("[data-chart=days]")).to_have_text(
        "The charts could not be loaded. The numbers are in the tables."
    )
    expect(page.locator("[data-table=days] tbody tr")).to_have_count(30)
