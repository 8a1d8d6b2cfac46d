"""Home, search, staff, shops, account, jobs and error pages in a real browser: accessible, and they work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.console.roles import Role
from app.kit import clock, context
from app.kit.db import db
from app.kit.jobs import Job, JobState
from tests import factories as make
from tests.browser.looking import LOOKS, TWO_LOOKS, press
from tests.lengths import dealt

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def admin(committed) -> int:
    """The administrator of a shop with orders, products, a customer and two jobs."""
    with committed():
        shop = make.shop("tea", name="Tea House")
        for index in range(20):
            make.order(shop, number=f"SO-{index:03}", placed_at=clock.now() - timedelta(days=index))
        make.sku(shop, make.product(shop, "Blue cup"), code="CUP-BL", stock_on_hand=1, low_stock_limit=2)
        make.customer(shop, number="C-1", name="Mei Li")
        for state in (JobState.RUNNING, JobState.FAILED):
            make._add(_job(shop, state))
        return make.staff(Role.ADMINISTRATOR, name="root").id


def _job(shop, state) -> Job:
    return Job(
        shop_id=shop.id,
        kind="sales_report",
        arguments={},
        state=state,
        done_rows=40,
        total_rows=100,
        error_code="job_failed" if state is JobState.FAILED else None,
        error_facts={"reference": "abc"},
        requested_by="staff:1",
        request_id="x",
        locale="en",
        created_at=clock.now(),
        started_at=clock.now() - timedelta(seconds=10),
        lease_until=clock.now() + timedelta(hours=1),
    )


@pytest.mark.soak
def test_the_shells_own_pages_are_accessible(admin, sound) -> None:
    paths = ("/", "/jobs/", "/staff/", "/staff/add", "/shops/", "/shops/add", "/account/")
    named = {path.strip("/").replace("/", "-") or "home": path for path in paths}
    sound("shell", dealt(named, LOOKS), admin, whole=True)


def test_ctrl_k_finds_an_order_and_enter_opens_it(admin, open_page, axe) -> None:
    page = open_page("/", admin)

    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search orders, products, customers")
    box.fill("SO-007")
    expect(page.get_by_role("option")).to_have_count(1)
    axe(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("SO-007")


def test_the_arrows_walk_the_hits_and_escape_closes(admin, open_page) -> None:
    page = open_page("/", admin)

    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search orders").fill("SO-01")
    expect(page.get_by_role("option")).to_have_count(6)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_have_attribute("id", "search-hit-1")
    page.keyboard.press("Escape")

    expect(page.locator("[data-search-dialog]")).to_be_hidden()


def test_a_person_is_added_and_signs_in_with_the_password_shown(admin, open_page) -> None:
    page = open_page("/staff/add", admin)
    page.get_by_label("User name").fill("mei")
    page.get_by_label("Name", exact=True).fill("Mei Li")
    page.get_by_label("Manager").check()
    page.get_by_label("Tea House").check()
    page.get_by_role("button", name="Add", exact=True).click()
    password = page.locator("[data-password]").inner_text()

    door = open_page("/login/")
    door.get_by_label("User name").fill("mei")
    door.get_by_label("Password").fill("wrong")
    door.get_by_role("button", name="Sign in").click()
    expect(door.get_by_text("Wrong user name or password.")).to_be_visible()
    door.get_by_label("User name").fill("mei")
    door.get_by_label("Password").fill(password)
    door.get_by_role("button", name="Sign in").click()

    expect(door.get_by_role("heading", level=1)).to_have_text("Tea House")
    expect(door.get_by_role("link", name="Staff")).to_have_count(0)


def test_a_running_job_is_live_and_can_be_cancelled(app, admin, open_page) -> None:
    page = open_page("/jobs/", admin)

    expect(page.locator("[data-job-numbers]")).to_contain_text("40 / 100")
    expect(page.locator("[data-jobs-count]")).to_have_text("1")
    page.get_by_role("button", name="Cancel", exact=True).click()
    press(page.get_by_role("button", name="Cancel the job"))

    assert page.url.endswith("/jobs/")
    with app.app_context(), context.every_shop("browser test"):
        asked = select(Job.cancel_requested).where(Job.state == JobState.RUNNING)
        assert db.session.scalars(asked).all() == [True]


@pytest.mark.soak
def test_error_pages_are_ours(admin, sound) -> None:
    words = {"en": "There is no such page, or you may not see it.", "zh": "页面不存在，或您无权查看。"}

    def in_words(page) -> None:
        told = words[page.evaluate("document.documentElement.lang").partition("-")[0]]
        expect(page.get_by_role("heading", level=1)).to_have_text(told)

    sound("error", dealt({"nothing": "/nothing"}, TWO_LOOKS, 1), admin, also=in_words)
