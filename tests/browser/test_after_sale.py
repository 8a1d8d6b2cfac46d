"""A6 in a browser: the coupon order goes back unit by unit, to the fen, and one fen more is refused."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from app.after_sale.models import AfterSaleCase, CaseState
from app.console.roles import Role
from app.kit import context, job_runs
from app.kit.db import db
from app.kit.jobs import Job, JobState
from app.orders import handling
from app.orders.models import Order
from app.payments.models import Refund
from app.shops import shops
from app.stock.models import StockLevel
from tests import factories as make
from tests.after_sale.conftest import a6_order, through_simulator
from tests.browser.looking import OTHER_TWO_LOOKS, press, read_again, settled
from tests.lengths import one_of

pytestmark = [pytest.mark.browser, pytest.mark.commits]


@pytest.fixture
def agnes(app, committed):
    """An agent of a shop with the order of A6, paid through the simulator and sent: (user id, order id)."""
    with committed():
        shop = make.shop("kuaile", name="快乐小店")
        user_id = make.staff(Role.AGENT, shop, name="agnes").id
    with app.app_context(), context.every_shop("browser test"):
        order = a6_order(shops.by_code("kuaile"), pay=False)
        order_id = order.id
        through_simulator(order)
    with committed():
        handling.ship(order_id)
    return user_id, order_id


def work(app) -> None:
    """What the worker does meanwhile."""
    with app.app_context(), context.every_shop("browser test"):
        while job_id := db.session.scalars(select(Job.id).where(Job.state == JobState.QUEUED).order_by(Job.id)).first():
            db.session.rollback()
            job_runs.perform(job_id)
            db.session.expire_all()


def refund_form(page: Page, order_id: int, units: dict[int, str], shipping: str = "") -> None:
    """Fill the form of a new case: units by place of the line, an amount for shipping."""
    page.goto(f"/after-sale/new/{order_id}")
    fields = page.get_by_role("textbox", name=re.compile("^Units: "))
    for place, number in units.items():
        fields.nth(place).fill(number)
    if shipping:
        page.get_by_role("textbox", name=re.compile("^Amount: Shipping")).fill(shipping)


def test_a6_goes_back_to_the_fen(app, agnes, open_page, axe, shoot) -> None:
    user_id, order_id = agnes
    page = open_page(f"/orders/{order_id}", user_id)
    page.get_by_role("link", name="After-sale", exact=True).last.click()
    settled(page)
    axe(page)
    shoot(page, "after-sale-new-en")

    amounts = []
    for place, expected in ((0, "31.10"), (0, "31.11"), (0, "31.11"), (0, "46.67"), (0, "0.01")):
        refund_form(page, order_id, {place: "1"})
        page.get_by_text(expected, exact=False).first.wait_for()
        amounts.append(refund_now(app, page))
    refund_form(page, order_id, {}, shipping="8.01")
    page.get_by_text("That is more than can still go back").wait_for()
    refund_form(page, order_id, {}, shipping="8.00")
    amounts.append(refund_now(app, page))

    assert amounts == [3110, 3111, 3111, 4667, 1, 800]
    assert sum(amounts) == 14800
    with app.app_context(), context.every_shop("browser test"):
        assert len(db.session.scalars(select(AfterSaleCase.id)).all()) == 6
    axe(page)
    page.goto(f"/after-sale/new/{order_id}")
    page.get_by_text("Nothing can go back any more").wait_for()
    page.goto(f"/orders/{order_id}")
    page.get_by_text("Refunded in full").first.wait_for()
    with app.app_context(), context.every_shop("browser test"):
        assert db.session.scalars(select(Order.refunded_minor).where(Order.id == order_id)).one() == 14800


def refund_now(app, page: Page) -> int:
    """Open the case, agree twice as fast as a double click, let the worker work; gives what went back."""
    page.get_by_role("button", name="Open the case").dblclick()
    page.get_by_role("button", name=re.compile("^Agree and refund")).click()
    page.get_by_role("button", name=re.compile("^Refund ")).click()
    page.get_by_text("The channel has been asked").wait_for()
    settled(page)
    work(app)
    read_again(page)
    page.get_by_text("Money is back", exact=True).wait_for()
    with app.app_context(), context.every_shop("browser test"):
        case = db.session.scalars(select(AfterSaleCase).order_by(AfterSaleCase.id.desc())).first()
        assert case.state is CaseState.DONE
        refunds = db.session.scalars(select(Refund).where(Refund.subject == f"after_sale:{case.id}")).all()
        assert [one.amount_minor for one in refunds] == [case.refunded_minor]
        return case.refunded_minor


def test_one_unit_goes_back_to_the_shelf_and_one_is_damaged(app, agnes, open_page, axe, shoot) -> None:
    user_id, order_id = agnes
    page = open_page("/after-sale/", user_id)
    refund_form(page, order_id, {0: "2"})
    page.get_by_label("Kind").select_option("return_refund")
    page.get_by_role("button", name="Open the case").click()
    page.get_by_role("button", name="Agree to the return").click()
    page.get_by_text("The goods are here already").click()
    page.get_by_role("textbox", name=re.compile("^Back to stock")).fill("1")
    page.get_by_role("textbox", name=re.compile("^Not in the parcel")).fill("1")
    page.get_by_text("Less came back: CN¥31.10 instead of CN¥62.21").wait_for()
    page.get_by_role("textbox", name=re.compile("^Not in the parcel")).fill("")
    page.get_by_role("textbox", name=re.compile("^Damaged")).fill("1")
    page.get_by_text("CN¥62.21 goes back").wait_for()
    axe(page)
    shoot(page, "after-sale-case-en")
    page.get_by_role("button", name="Book it and refund").click()
    page.get_by_text("The channel has been asked").wait_for()
    settled(page)
    work(app)
    read_again(page)
    page.get_by_text("Money is back", exact=True).wait_for()

    with app.app_context(), context.every_shop("browser test"):
        level = db.session.scalars(select(StockLevel).order_by(StockLevel.sku_id)).first()
        assert (level.on_hand, level.unavailable, level.available) == (99, 1, 98)
        case = db.session.scalars(select(AfterSaleCase)).one()
        assert (case.state, case.refunded_minor) == (CaseState.DONE, 6221)


@pytest.mark.soak
@pytest.mark.parametrize(("locale", "theme", "width"), one_of(OTHER_TWO_LOOKS, ("zh", "dark", 390)))
def test_the_pages_are_sound_in_every_dress(app, agnes, open_page, axe, shoot, locale, theme, width) -> None:
    user_id, order_id = agnes
    page = open_page(f"/after-sale/new/{order_id}", user_id, locale=locale, theme=theme, width=width)
    page.locator("input[name^=units_]").first.fill("1")
    press(page.locator("form[action*='/after-sale/new/'] button.btn-primary"))
    case = page.url
    for name, address in (("case", case), ("list", "/after-sale/"), ("settings", "/after-sale/settings/")):
        page.goto(address)
        axe(page)
        shoot(page, f"after-sale-{name}-{locale}-{theme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
