"""The home page: exact figures against the same weekday, resting shops, first steps, nine statements."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from app.catalog.models import ProductStatus
from app.console import home_figures
from app.console.home_figures import percent
from app.console.roles import Role
from app.kit import clock, context
from app.kit.db import transaction
from app.orders.models import OrderKind, OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday, 12:00 in Shanghai
WEEK = timedelta(days=7)


def _glance(shop, at=NOON):
    with clock.frozen(at), context.shops([shop.id]):
        return home_figures.glance(shop)


def test_today_stands_against_last_week_up_to_the_same_time() -> None:
    shop = make.shop()
    make.order(shop, ("A", 2, 1000), placed_at=NOON - timedelta(hours=1))
    make.order(shop, ("A", 1, 700), placed_at=NOON - WEEK - timedelta(hours=2))
    make.order(shop, ("A", 1, 9900), placed_at=NOON - WEEK + timedelta(hours=2))
    note = {"kind": OrderKind.CREDIT_NOTE, "status": OrderStatus.COMPLETED}
    make.order(shop, ("A", -1, 300), placed_at=NOON - timedelta(hours=2), **note)

    glance = _glance(shop)

    assert (glance.day, glance.live) == (date(2026, 11, 23), True)
    assert glance.now[1:5] == (1, 2000, 1, -300)
    assert glance.week_ago[1:5] == (1, 700, 0, 0)
    assert glance.days[-8][1:3] == (2, 10600)


def test_days_are_those_of_the_shop() -> None:
    shop = make.shop(time_zone="Asia/Shanghai")
    make.order(shop, placed_at=datetime(2026, 11, 22, 16, 0, tzinfo=UTC))
    make.order(shop, placed_at=datetime(2026, 11, 22, 15, 59, tzinfo=UTC))

    assert [day.orders for day in _glance(shop).days[-2:]] == [1, 1]


def test_unpaid_and_closed_sales_and_other_shops_do_not_count() -> None:
    shop, other = make.shop(), make.shop()
    make.order(shop, ("A", 1, 1000), placed_at=NOON)
    for status in (OrderStatus.PENDING_PAYMENT, OrderStatus.CLOSED):
        make.order(shop, ("A", 1, 50), placed_at=NOON, status=status)
    make.order(other, ("A", 1, 90), placed_at=NOON)

    assert _glance(shop).now[1:3] == (1, 1000)


def test_a_resting_shop_shows_its_last_day_with_orders(sign_in) -> None:
    shop = make.shop(time_zone="Europe/London", currency="GBP")
    make.order(shop, ("A", 1, 1250), placed_at=datetime(2011, 12, 9, 12, 50, tzinfo=UTC))

    page = sign_in(make.staff(Role.MANAGER, shop)).get("/").text

    assert "As of 2011-12-09, the last day with orders" in page
    assert "£12.50" in page
    assert "/orders/?f_kind=sale&amp;f_placed=2011-12-09..2011-12-09" in page


def test_what_waits_is_counted_and_leads_to_its_rows_in_nine_statements(sign_in, count_sql) -> None:
    shop = make.shop()
    for _ in range(3):
        make.order(shop, placed_at=clock.now())
    make.sku(shop, make.product(shop, status=ProductStatus.ON_SALE), stock_on_hand=1, low_stock_limit=3)
    client = sign_in(make.staff(Role.MANAGER, shop))
    client.get("/")

    with count_sql() as statements:
        page = client.get("/").text

    assert len(statements) <= 9, "\n".join(statements)
    assert '/orders/?tab=pending_shipment"' in page
    assert '<strong class="k-number">3</strong><span class="text-secondary">Waiting to be shipped' in page
    assert 'k-number">0</strong><span class="text-secondary">After-sale cases that wait for the shop' in page
    assert '<strong class="k-number">1</strong><span class="text-secondary">Products low in stock' in page


def test_a_change_that_waits_is_shown_to_those_who_may_approve_it_and_did_not_ask(sign_in) -> None:
    shop = make.shop()
    make.order(shop, placed_at=clock.now())
    sku = make.sku(shop, price_minor=1000)
    wei, mina, clerk = (sign_in(make.staff(role, shop)) for role in (Role.MANAGER, Role.MANAGER, Role.MERCHANT))
    typed = {"field": "price_minor", "how": "percent", "amount": "-50", "ids": [str(sku.product_id)]}
    page = wei.post("/products/bulk/preview", data=typed).location
    wei.post(page + "/confirm")

    seen = [client.get("/").text for client in (wei, mina, clerk)]

    assert ["Changes that wait for your approval" in text for text in seen] == [False, True, False]
    assert "/changes/?tab=pending" in seen[1]


def test_an_empty_shop_says_what_to_do_first(sign_in) -> None:
    page = sign_in(make.staff(Role.MANAGER, make.shop())).get("/").text

    assert "First steps" in page
    assert "Or write the first product by hand" in page
    assert "Invite your colleagues" not in page


@pytest.mark.parametrize(("now", "then", "shown"), [(150, 100, 50), (50, 100, -50), (5, 0, None), (0, 0, None)])
def test_the_change_in_per_cent(now, then, shown) -> None:
    assert percent(now, then) == shown


def test_a_spark_ends_at_the_right_edge_and_a_flat_one_stays_flat() -> None:
    assert home_figures.spark([1, 3, 2]).split()[-1].startswith("118.0,")
    assert home_figures.spark([4, 4]) == "2.0,29.0 118.0,29.0"


def test_sales_are_told_before_discounts_and_called_so(sign_in) -> None:
    from app.orders import creating, handling
    from app.orders.drafts import Basket, WantedDiscount, WantedLine

    shop = make.shop()
    with context.every_shop("test"), transaction():
        sku = make.sku(shop, price_minor=18_900)
        basket = Basket((WantedLine(sku.id, 1),), (WantedDiscount(500),))
        handling.pay(creating.create(shop, basket, creating.Buyer(), creating.Delivery()).id)

    page = sign_in(make.staff(Role.MANAGER, shop)).get("/").text

    assert re.search(r"Sales before discounts.{0,300}¥189\.00", page, re.S)
    assert "Gross sales" not in page


def test_the_home_page_counts_nothing_that_the_person_may_not_see(sign_in, count_sql) -> None:
    shop = make.shop()
    merchant = sign_in(make.staff(Role.MERCHANT, shop))
    merchant.get("/")

    with count_sql() as statements:
        merchant.get("/")

    assert not [one for one in statements if "money_matter" in one]
