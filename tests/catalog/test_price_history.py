"""Price history: every base price and every window as steps, and the exact lowest price of 30 days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.catalog import price_history, price_layers
from app.catalog.price_window_models import WindowState
from app.kit import context
from app.kit.db import db
from tests import factories as make
from tests.catalog.test_prices import DAY, HOUR, changes, lay, oracle, windows
from tests.lengths import often

pytestmark = pytest.mark.usefixtures("app")
ONE_DAY = timedelta(days=1)


def made_at(sku, moment):
    db.session.execute(text("update sku set created_at = :at where id = :id"), {"at": moment, "id": sku.id})
    db.session.expire_all()


def lowest(sku, moment):
    return price_history.lowest_before(sku.shop_id, [sku.id], moment).get(sku.id)


def test_every_base_price_and_window_is_a_step(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    made_at(sku, DAY - 9 * HOUR)
    lay(
        shop,
        sku,
        1000,
        [(0, 1200), (2, 1100)],
        [(1, 3, 0, WindowState.PLANNED, 700), (2, 4, -1, WindowState.PLANNED, 1)],
    )

    found = price_history.of(shop.id, [sku.id])[sku.id]

    assert [(step.at, step.price_minor, step.who) for step in found.base] == [
        (DAY - 9 * HOUR, 1000, ""),
        (DAY, 1200, "staff:1"),
        (DAY + 2 * HOUR, 1100, "staff:1"),
    ]
    assert [((s.starts_at - DAY) / HOUR, s.price_minor, s.layer is not None) for s in found.segments] == [
        (-9, 1000, False),
        (0, 1200, False),
        (1, 700, True),
        (3, 1, True),
        (4, 1100, False),
    ]
    assert found.segments[-1].ends_at is None


def test_the_lowest_price_looks_back_30_days_and_no_further(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    made_at(sku, DAY - 90 * ONE_DAY)
    make.price_window(shop, {sku.id: 210}, DAY - 30 * ONE_DAY - HOUR, DAY - 30 * ONE_DAY)
    make.price_window(shop, {sku.id: 5}, DAY, None)

    assert lowest(sku, DAY) == 1000
    assert lowest(sku, DAY - timedelta(microseconds=1)) == 210
    assert lowest(sku, DAY + timedelta(microseconds=1)) == 5


def test_a_higher_window_over_the_whole_time_hides_the_lower_base_price(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    made_at(sku, DAY - 90 * ONE_DAY)
    make.price_window(shop, {sku.id: 1500}, DAY - 40 * ONE_DAY, None)

    assert lowest(sku, DAY) == 1500


def test_a_sku_counts_from_when_it_was_made(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    made_at(sku, DAY)
    make.price_window(shop, {sku.id: 1}, DAY - ONE_DAY, DAY)

    assert lowest(sku, DAY) is None
    assert lowest(sku, DAY + HOUR) == 1000


def test_other_shops_are_not_told(shop) -> None:
    with context.every_shop("test"):
        foreign = make.sku(make.shop())

    assert price_history.lowest_before(shop.id, [foreign.id], DAY) == {}
    assert price_history.of(shop.id, [foreign.id]) == {}


def test_many_skus_cost_as_many_statements_as_one(shop, count_sql) -> None:
    ids = [make.sku(shop).id for _ in range(4)]
    make.price_window(shop, dict.fromkeys(ids, 700), DAY, None)
    shop_id = shop.id

    with count_sql() as statements:
        price_history.of(shop_id, ids)
        price_history.lowest_before(shop_id, ids, DAY)

    assert len(statements) == 3


@pytest.mark.soak
@settings(max_examples=often(60, 15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 9), changes, windows, st.integers(-3, 5), st.integers(1, 7))
def test_the_lowest_price_is_the_least_at_any_break_point(shop, base, changed, drawn, since, length) -> None:
    laid = [(start, None if end is None else max(start, end), *rest) for start, end, *rest in drawn]
    until = since + length
    sku = make.sku(shop, price_minor=base)
    made_at(sku, DAY - 90 * ONE_DAY)
    lay(shop, sku, base, changed, laid)

    points = {since, *(h for w in laid for h in w[:2] if h is not None), *(h for h, _ in changed)}
    expected = min(oracle(base, changed, laid, point) for point in points if since <= point < until)

    statement = text(price_history.lowest_sql(price_history.BY_IDS))
    values = {"shop_id": shop.id, "ids": [sku.id], "since": DAY + since * HOUR, "until": DAY + until * HOUR}
    assert db.session.execute(statement, values).one().lowest == expected
    found = price_history.of(shop.id, [sku.id])[sku.id]
    steps = price_layers.segments(
        [(step.at, step.price_minor) for step in found.base], found.layers, values["since"], values["until"]
    )
    assert price_layers.lowest(steps) == expected
    for segment in found.segments:
        hour = (segment.starts_at - DAY) / HOUR
        assert segment.price_minor == oracle(base, changed, laid, hour)
