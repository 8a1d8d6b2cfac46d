"""Figures of small, made-up shops: what counts, when, in whose calendar; and that parts add up to the whole."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.insights import metrics, spans
from app.insights.metrics import Figures, Sales
from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import Forbidden, RuleViolation
from app.orders.models import LineKind, Order, OrderKind, OrderLine, OrderStatus
from app.shops.models import Shop
from tests import factories as make
from tests.lengths import often

pytestmark = pytest.mark.usefixtures("app")
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def read(shop: Shop, first: str, last: str) -> Sales:
    with clock.frozen(NOW), context.shops([shop.id]), transaction():
        return metrics.read(spans.of(shop, date.fromisoformat(first), date.fromisoformat(last)))


def credit_note(shop: Shop, reverses: Order | None = None, minor: int = -1000, **values: object) -> Order:
    lines = ("S1", -1, -minor)
    return make.order(shop, lines, kind=OrderKind.CREDIT_NOTE, reverses_id=reverses and reverses.id, **values)


@pytest.mark.parametrize(
    ("status", "gross"),
    [
        (OrderStatus.PENDING_PAYMENT, 0),
        (OrderStatus.PENDING_SHIPMENT, 1000),
        (OrderStatus.SHIPPED, 1000),
        (OrderStatus.DELIVERED, 1000),
        (OrderStatus.COMPLETED, 1000),
        (OrderStatus.CLOSED, 0),
    ],
)
def test_a_sale_counts_once_it_is_paid(status: OrderStatus, gross: int) -> None:
    shop = make.shop()
    make.order(shop, ("S1", 1, 1000), status=status)
    totals = read(shop, "2026-11-01", "2026-11-01").totals
    assert (totals.gross_minor, totals.orders) == (gross, 1 if gross else 0)


def test_credit_notes_and_adjustments_count_in_every_status() -> None:
    shop = make.shop()
    for status in OrderStatus:
        credit_note(shop, minor=-700, status=status)
        make.order(shop, ("B", 1, -300), kind=OrderKind.ADJUSTMENT, status=status)
    totals = read(shop, "2026-11-01", "2026-11-01").totals
    assert totals == Figures(0, 0, 0, 0, 6, 0, -4200, -1800, -6000)


def test_a_sale_closed_after_its_refund_counts_with_it() -> None:
    """Closing after a full refund must not leave the refund alone: the sale was paid."""
    shop = make.shop()
    sale = make.order(shop, ("S1", 1, 1000), status=OrderStatus.CLOSED)
    make.order(shop, ("S1", 1, 5000), status=OrderStatus.CLOSED)
    credit_note(shop, sale)
    totals = read(shop, "2026-11-01", "2026-11-01").totals
    assert (totals.gross_minor, totals.refunds_minor, totals.net_minor) == (1000, -1000, 0)


def test_lines_are_split_by_sign_and_document() -> None:
    shop = make.shop()
    make.order(shop, ("S1", 2, 1000), ("S2", -1, 300), ("S3", 5, 0))
    totals = read(shop, "2026-11-01", "2026-11-01").totals
    assert totals == Figures(1, 0, 1, 2, 0, 2000, 0, -300, 1700)
    assert totals.average_minor == 2000


def test_a_late_refund_counts_in_its_own_month_beside_the_month_of_the_order() -> None:
    shop = make.shop()
    buyer = make.customer(shop, number="C-9")
    sale = make.order(shop, ("S1", 1, 1000), placed_at=datetime(2026, 9, 30, 15, 59, tzinfo=UTC), number="O-1")
    credit_note(shop, sale, placed_at=datetime(2026, 10, 5, 4, tzinfo=UTC), number="R-1", customer_id=buyer.id)
    credit_note(shop, None, -200, placed_at=datetime(2026, 10, 6, 4, tzinfo=UTC), number="R-2")
    sales = read(shop, "2026-09-01", "2026-10-31")
    assert [(row.key, row.figures.gross_minor, row.figures.refunds_minor) for row in sales.months] == [
        ((date(2026, 9, 1), 0), 1000, 0),
        ((date(2026, 10, 1), -1000), 0, -1200),
    ]
    assert [tuple(note) for note in sales.refunds] == [
        ("R-2", date(2026, 10, 6), None, None, None, "", 1, -200),
        ("R-1", date(2026, 10, 5), "O-1", date(2026, 9, 30), "C-9", "", 1, -1000),
    ]


def test_days_begin_and_end_by_the_clock_of_the_shop() -> None:
    shop = make.shop()  # Asia/Shanghai, eight hours ahead
    for hour in (15, 16):
        make.order(shop, ("S1", 1, 100), placed_at=datetime(2026, 10, 31, hour, 30, tzinfo=UTC))
    assert [row.figures.gross_minor for row in read(shop, "2026-10-31", "2026-11-01").days] == [100, 100]
    assert read(shop, "2026-11-01", "2026-11-01").totals.gross_minor == 100


def test_a_day_of_25_hours_holds_all_of_them() -> None:
    shop = make.shop(time_zone="Europe/London", currency="GBP")
    moments = ["2026-10-24T22:59", "2026-10-24T23:00", "2026-10-25T00:30", "2026-10-25T23:59", "2026-10-26T00:00"]
    for moment in moments:
        make.order(shop, ("S1", 1, 100), placed_at=datetime.fromisoformat(moment).replace(tzinfo=UTC))
    days = read(shop, "2026-10-24", "2026-10-26").days
    assert [(row.key[0].day, row.figures.orders) for row in days] == [(24, 1), (25, 3), (26, 1)]


def test_a_month_begins_in_winter_time_and_ends_in_summer_time() -> None:
    shop = make.shop(time_zone="Europe/London", currency="GBP")
    for moment in ("2026-02-28T23:59", "2026-03-01T00:00", "2026-03-31T22:59", "2026-03-31T23:00"):
        make.order(shop, ("S1", 1, 100), placed_at=datetime.fromisoformat(moment).replace(tzinfo=UTC))
    months = read(shop, "2026-02-01", "2026-04-30").months
    assert [(row.key[0].month, row.figures.orders) for row in months] == [(2, 1), (3, 2), (4, 1)]


def test_days_months_and_weekdays_without_sales_are_there_with_zeros() -> None:
    shop = make.shop()
    sales = read(shop, "2026-10-30", "2026-11-02")
    assert [row.key[0].isoformat() for row in sales.days] == ["2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02"]
    assert [row.key for row in sales.months] == [(date(2026, 10, 1), 0), (date(2026, 11, 1), 0)]
    assert [row.key[0] for row in sales.weekdays] == [1, 2, 3, 4, 5, 6, 7]
    assert sales.totals == Figures()


def test_products_have_their_title_options_and_category_path() -> None:
    shop = make.shop()
    kitchen = make.category(shop, "Kitchen")
    cups = make.category(shop, "Cups", parent_id=kitchen.id)
    sku = make.sku(shop, make.product(shop, "Mug", category_id=cups.id), code="M-1", options={"colour": "red"})
    order = make.order(shop, ("M-1", 1, 1000), ("X-1", 1, 500), ("POST", 1, 200))
    _line(order, "M-1").sku_id = sku.id
    _line(order, "POST").kind = LineKind.CHARGE
    db.session.flush()
    sales = read(shop, "2026-11-01", "2026-11-01")
    assert [row.key for row in sales.products] == [
        ("M-1", "Mug · red", "product"),
        ("X-1", "X-1", "product"),
        ("POST", "POST", "charge"),
    ]
    assert [(row.key, row.figures.net_minor) for row in sales.categories] == [
        (("product", "Kitchen / Cups"), 1000),
        (("product", ""), 500),
        (("charge", ""), 200),
    ]


def _line(order: Order, code: str) -> OrderLine:
    with context.every_shop("test"):
        return db.session.query(OrderLine).filter_by(order_id=order.id, code=code).one()


def test_another_shop_never_counts_and_is_refused() -> None:
    mine, other = make.shop(), make.shop()
    make.order(other, ("S1", 1, 9999))
    assert read(mine, "2026-11-01", "2026-11-01").totals == Figures()
    span = spans.Span(other.id, date(2026, 11, 1), date(2026, 11, 1), other.time_zone, other.currency)
    with context.shops([mine.id]), pytest.raises(Forbidden):
        metrics.read(span)
    with context.shops([mine.id]), pytest.raises(Forbidden):
        metrics.extent(other.id, other.time_zone)


def test_the_extent_is_that_of_documents_that_count() -> None:
    shop = make.shop()
    with context.shops([shop.id]):
        assert metrics.extent(shop.id, shop.time_zone) is None
        make.order(shop, placed_at=datetime(2026, 9, 30, 16, tzinfo=UTC))
        make.order(shop, placed_at=datetime(2026, 11, 5, tzinfo=UTC), status=OrderStatus.PENDING_PAYMENT)
        assert metrics.extent(shop.id, shop.time_zone) == (date(2026, 10, 1), date(2026, 10, 1))


def test_what_does_not_fit_is_gathered_in_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_ROWS", 2)
    shop = make.shop()
    for number in range(1, 5):
        buyer = make.customer(shop)
        make.order(shop, (f"S{number}", 1, number * 100), customer_id=buyer.id)
        credit_note(shop, minor=-number)
    sales = read(shop, "2026-11-01", "2026-11-01")
    assert [(row.key[0], row.figures.gross_minor) for row in sales.products] == [("S4", 400), ("S3", 300), ("*", 300)]
    assert [row.figures.gross_minor for row in sales.customers] == [400, 300, 300]
    assert [note.refunds_minor for note in sales.refunds] == [-4, -3, -3]


@pytest.mark.soak
@settings(max_examples=often(12, 4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_every_partition_adds_up_to_the_whole(seed: int) -> None:
    dice, shop = random.Random(seed), make.shop(time_zone="America/New_York", currency="USD")
    buyers = [None, *(make.customer(shop, country=c).id for c in ("US", "CA"))]
    expected: Counter[str] = Counter()
    for _ in range(dice.randint(1, 12)):
        kind, status = dice.choice(list(OrderKind)), dice.choice(list(OrderStatus))
        lines = [(f"S{dice.randint(1, 4)}", dice.randint(-3, 3), dice.randint(0, 999)) for _ in range(3)]
        placed = datetime(2026, 10, dice.randint(10, 30), dice.randint(0, 23), tzinfo=UTC)
        place = dice.choice(["US", "CA", ""])
        make.order(
            shop, *lines, kind=kind, status=status, placed_at=placed, country=place, customer_id=dice.choice(buyers)
        )
        if kind is not OrderKind.SALE or status not in (OrderStatus.PENDING_PAYMENT, OrderStatus.CLOSED):
            expected["net"] += sum(quantity * price for _, quantity, price in lines)
            expected["gross"] += sum(
                q * p for _, q, p in lines if q > 0 and p > 0 and kind is not OrderKind.CREDIT_NOTE
            )
    sales = read(shop, "2026-10-01", "2026-11-05")
    assert (sales.totals.net_minor, sales.totals.gross_minor) == (expected["net"], expected["gross"])
    for name in ("days", "months", "weekdays", "categories", "products", "countries", "customers"):
        assert metrics.added(getattr(sales, name))[2:] == sales.totals[2:], name
    assert sum(note.refunds_minor for note in sales.refunds) == sales.totals.refunds_minor


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2026-11-02", "2026-11-01", "report_inverted"),
        ("2026-11-01", "2026-11-24", "report_future"),
        ("2016-01-01", "2026-11-01", "report_too_long"),
    ],
)
def test_impossible_spans_are_refused(first: str, last: str, code: str) -> None:
    shop = make.shop()
    with clock.frozen(NOW), pytest.raises(RuleViolation) as refused:
        spans.of(shop, date.fromisoformat(first), date.fromisoformat(last))
    assert refused.value.code == code


def test_today_is_the_shops_own() -> None:
    """At 04:00 UTC it is still the 22nd in Los Angeles."""
    shop = make.shop(time_zone="America/Los_Angeles")
    with clock.frozen(NOW), pytest.raises(RuleViolation):
        spans.of(shop, date(2026, 11, 1), date(2026, 11, 23))


def test_presets() -> None:
    today, extent = date(2026, 3, 31), (date(2010, 12, 1), date(2011, 12, 9))
    days = {preset: spans.preset_days(preset, today, extent) for preset in spans.Preset if preset != "custom"}
    assert {preset.value: tuple(map(str, span)) for preset, span in days.items()} == {
        "newest": ("2011-12-01", "2011-12-31"),
        "last_30_days": ("2026-03-02", "2026-03-31"),
        "this_month": ("2026-03-01", "2026-03-31"),
        "last_month": ("2026-02-01", "2026-02-28"),
        "this_year": ("2026-01-01", "2026-03-31"),
        "all": ("2010-12-01", "2011-12-09"),
    }
    assert spans.preset_days(spans.Preset.NEWEST, date(2011, 12, 12), extent)[1] == date(2011, 12, 12)
