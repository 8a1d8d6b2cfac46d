"""The deadline board: A8 with a frozen clock, boundaries to the second, what pauses a promise, and the page."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.console.roles import Role
from app.kit import clock, context
from app.kit.db import transaction
from app.kit.errors import RuleViolation
from app.orders import board, handling, settings
from app.orders.lifecycle import Axis
from app.orders.models import AfterSaleState, OrderStatus
from app.orders.settings import Rules
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def shop():
    one = make.shop()
    with context.shops([one.id]):
        yield one


def paid(shop, number: str, ago: timedelta, promise_hours: int, **values):
    at = NOW - ago
    due = at + timedelta(hours=promise_hours)
    return make.order(shop, number=number, paid_at=at, promise_hours=promise_hours, due_at=due, **values)


def a8(shop) -> None:
    paid(shop, "SO-1", timedelta(hours=47, minutes=30), 48)
    paid(shop, "SO-2", timedelta(hours=23), 24)
    paid(shop, "SO-3", timedelta(hours=71), 72)
    paid(shop, "SO-4", timedelta(hours=49), 48)


def test_a8_the_least_time_left_comes_first_and_of_two_the_older_payment(shop) -> None:
    a8(shop)

    with clock.frozen(NOW):
        rows, counts = board.rows(shop.id), board.counts(shop.id)

    assert [(row.order.number, row.left_seconds, row.tone) for row in rows] == [
        ("SO-4", -3600, "overdue"),
        ("SO-1", 1800, "soon"),
        ("SO-3", 3600, "soon"),
        ("SO-2", 3600, "soon"),
    ]
    assert (counts.overdue, counts.soon, counts.all) == (1, 3, 4)


@pytest.mark.parametrize(
    ("left", "tone", "counted"),
    [
        (timedelta(seconds=-1), "overdue", (1, 0)),
        (timedelta(0), "soon", (0, 1)),
        (timedelta(seconds=1), "soon", (0, 1)),
        (timedelta(hours=2) - timedelta(seconds=1), "soon", (0, 1)),
        (timedelta(hours=2), "later", (0, 0)),
    ],
)
def test_the_boundaries_are_exact_to_the_second(shop, left, tone, counted) -> None:
    paid(shop, "SO-1", timedelta(hours=48) - left, 48)

    with clock.frozen(NOW):
        (row,), counts = board.rows(shop.id), board.counts(shop.id)

    assert (row.tone, (counts.overdue, counts.soon)) == (tone, counted)


def test_only_paid_orders_that_wait_for_shipment_are_on_the_board(shop) -> None:
    for status in OrderStatus:
        paid(shop, f"SO-{status}", timedelta(hours=1), 48, status=status)

    with clock.frozen(NOW):
        assert [row.order.number for row in board.rows(shop.id)] == ["SO-pending_shipment"]


def test_an_after_sale_request_stops_no_promise_unless_the_shop_says_so(shop) -> None:
    order = paid(shop, "SO-1", timedelta(hours=47), 48)
    with transaction():
        handling.move(handling.locked(order.id), Axis.AFTER_SALE, AfterSaleState.OPEN, "test")

    with clock.frozen(NOW):
        before = board.counts(shop.id).soon
        with transaction():
            settings.save(shop.id, Rules(48, after_sale_pauses=True))
        after = board.counts(shop.id).soon

    assert (before, after) == (1, 0)


def test_paying_starts_the_promise_of_the_shop(shop) -> None:
    with transaction():
        settings.save(shop.id, Rules(24 * 15))
    order = make.order(shop, status=OrderStatus.PENDING_PAYMENT)

    with clock.frozen(NOW), transaction():
        handling.pay(order.id)

    assert (order.paid_at, order.promise_hours, order.due_at) == (NOW, 360, NOW + timedelta(days=15))


@pytest.mark.parametrize("hours", [0, 23, 25, 96 - 1, 73, 24 * 91])
def test_a_promise_that_is_none_of_the_platform_is_refused(shop, hours) -> None:
    with pytest.raises(RuleViolation) as refused, transaction():
        settings.save(shop.id, Rules(hours))

    assert refused.value.code == "promise_bad"
    assert settings.of(shop.id) == Rules()


def test_the_board_pages_by_key(shop) -> None:
    for number in range(board.PAGE + 3):
        paid(shop, f"SO-{number:03d}", timedelta(hours=1, minutes=number), 48)

    with clock.frozen(NOW):
        first = board.rows(shop.id)
        last = first[-1].order
        second = board.rows(shop.id, board.After(last.due_at, last.paid_at, last.id))

    assert [row.order.number for row in second] == ["SO-002", "SO-001", "SO-000"]


def test_the_page_shows_order_counts_and_words_beside_the_colour(shop, sign_in) -> None:
    a8(shop)

    with clock.frozen(NOW):
        page = sign_in(make.staff(Role.AGENT, shop)).get("/orders/board/").text

    assert re.findall(r">(SO-\d)<", page) == ["SO-4", "SO-1", "SO-3", "SO-2"]
    assert re.findall(r'data-count="\d">(\d+)<', page) == ["1", "3", "4"]
    assert "Overdue by 1 h 0 min" in page
    assert "30 min left" in page and "0 h 30" not in page


def kept(shop) -> Rules:
    with context.shops([shop.id]):
        return settings.of(shop.id)


def test_an_agent_reads_the_promise_and_a_manager_sets_it(shop, sign_in) -> None:
    form = {"promise": "72", "after_sale_pauses": "1", "unpaid_hours": "1", "unpaid_minutes": "30"}
    form |= {"unpaid_by_hand_hours": "24", "auto_confirm_days": "7"}

    denied = sign_in(make.staff(Role.AGENT, shop)).post("/orders/settings/", data=form)
    before = kept(shop)
    granted = sign_in(make.staff(Role.MANAGER, shop)).post("/orders/settings/", data=form)

    assert (denied.status_code, before) == (403, Rules())
    assert (granted.status_code, kept(shop)) == (302, Rules(72, True, 90, 1440, 7))


def test_another_shops_orders_are_not_on_the_board(shop, sign_in) -> None:
    with context.every_shop("test"):
        theirs = make.shop()
        paid(theirs, "XX-9", timedelta(hours=47), 48)

    with clock.frozen(NOW):
        page = sign_in(make.staff(Role.MANAGER, shop)).get("/orders/board/").text

    assert "XX-9" not in page
    assert re.findall(r'data-count="\d">(\d+)<', page) == ["0", "0", "0"]
