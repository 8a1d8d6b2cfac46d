"""The price of a SKU at a moment: base and windows, midnight to the second, ranks, and SQL against plain Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.catalog import prices
from app.catalog.models import Sku
from app.catalog.price_window_models import WindowState
from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import Forbidden
from tests import factories as make
from tests.lengths import often

pytestmark = pytest.mark.usefixtures("app")
CN = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 27, tzinfo=CN)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def price_at(sku, moment):
    return prices.at(sku.shop_id, [sku.id], moment)[sku.id].price_minor


def test_a_window_begins_and_ends_at_midnight_to_the_second_with_nothing_running(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    make.price_window(shop, {sku.id: 700}, DAY, DAY + timedelta(days=1))

    assert price_at(sku, DAY - SECOND) == 1000
    assert price_at(sku, DAY) == 700
    assert price_at(sku, DAY.replace(hour=23, minute=59, second=59)) == 700
    assert price_at(sku, DAY + timedelta(days=1)) == 1000


def test_an_edit_of_the_base_price_during_a_window_survives_its_end(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    make.price_window(shop, {sku.id: 700}, DAY, DAY + HOUR)
    with transaction():
        db.session.get(Sku, sku.id).price_minor = 1234

    during = prices.at(shop.id, [sku.id], DAY)[sku.id]
    assert (during.price_minor, during.base_minor) == (700, 1234)
    assert price_at(sku, DAY + HOUR) == 1234


def test_the_higher_priority_wins_then_the_later_start_then_the_later_window(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    low = make.price_window(shop, {sku.id: 900}, DAY, None, priority=-1)
    early = make.price_window(shop, {sku.id: 800}, DAY, DAY + 9 * HOUR)
    late = make.price_window(shop, {sku.id: 850}, DAY + HOUR, DAY + 9 * HOUR)
    later_made = make.price_window(shop, {sku.id: 840}, DAY + HOUR, DAY + 9 * HOUR)
    high = make.price_window(shop, {sku.id: 950}, DAY + 2 * HOUR, DAY + 3 * HOUR, priority=5)

    won = [prices.at(shop.id, [sku.id], DAY + hours * HOUR)[sku.id] for hours in (0, 1, 2, 3, 9)]

    assert [one.window.window_id for one in won] == [early.id, later_made.id, high.id, later_made.id, low.id]
    assert [one.price_minor for one in won] == [800, 840, 950, 840, 900]
    assert [one.under_minor for one in won] == [900, 850, 840, 850, 1000]
    assert [one.under and one.under.window_id for one in won] == [low.id, late.id, later_made.id, late.id, None]


@pytest.mark.parametrize("state", [WindowState.CANCELLED, WindowState.PENDING, WindowState.REJECTED])
def test_only_planned_windows_count(shop, state) -> None:
    sku = make.sku(shop, price_minor=1000)
    make.price_window(shop, {sku.id: 1}, DAY, None, state=state)

    assert price_at(sku, DAY) == 1000


def test_another_shops_prices_are_not_told(shop) -> None:
    other = make.shop()
    with context.every_shop("test"):
        foreign = make.sku(other)

    assert prices.at(shop.id, [foreign.id], DAY) == {}
    with pytest.raises(Forbidden):
        prices.at(other.id, [foreign.id], DAY)


def test_the_prices_of_any_number_of_skus_are_one_statement(shop, count_sql) -> None:
    ids = [make.sku(shop).id for _ in range(5)]
    for number in range(4):
        make.price_window(shop, dict.fromkeys(ids, 100 + number), DAY, None)
    shop_id = shop.id

    with count_sql() as statements:
        found = prices.at(shop_id, ids, DAY)

    assert len(statements) == 1
    assert [found[sku_id].price_minor for sku_id in ids] == [103] * 5


hours = st.integers(0, 6)
windows = st.lists(
    st.tuples(hours, st.one_of(st.none(), hours), st.integers(-1, 1), st.sampled_from(WindowState), st.integers(0, 3)),
    max_size=6,
)
changes = st.lists(st.tuples(hours, st.integers(0, 9)), max_size=4)


def oracle(base, changes, windows, moment):
    """The price at an hour, by looking at every window."""
    covering = [
        (priority, start, number, price)
        for number, (start, end, priority, state, price) in enumerate(windows)
        if state is WindowState.PLANNED and start <= moment and (end is None or moment < end)
    ]
    if covering:
        return max(covering)[-1]
    return [base, *(price for at, price in sorted(changes, key=lambda c: c[0]) if at <= moment)][-1]


def lay(shop, sku, base, changed, laid):
    """Make the SKU's history: base changes at hours, windows from hour to hour, at prices ×100 + their number."""
    db.session.execute(text("delete from price_window"))
    db.session.execute(text("delete from field_change"))
    price = base
    for hour, new in sorted(changed, key=lambda c: c[0]):
        db.session.execute(
            text(
                "insert into field_change (at, shop_id, table_name, row_id, operation, actor, request_id, changes) "
                "values (:at, :shop, 'sku', :sku, 'U', 'staff:1', '-', "
                "jsonb_build_object('price_minor', jsonb_build_array(cast(:old as bigint), cast(:new as bigint))))"
            ),
            {"at": DAY + hour * HOUR, "shop": shop.id, "sku": sku.id, "old": price, "new": new},
        )
        price = new
    db.session.execute(text("update sku set price_minor = :price where id = :id"), {"price": price, "id": sku.id})
    db.session.execute(text("delete from field_change where actor <> 'staff:1'"))
    for start, end, priority, state, price in laid:
        make.price_window(
            shop,
            {sku.id: price},
            DAY + start * HOUR,
            None if end is None else DAY + end * HOUR,
            priority=priority,
            state=state,
        )
    db.session.expire_all()


@pytest.mark.soak
@settings(max_examples=often(60, 15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 9), changes, windows)
@example(5, [(1, 2), (1, 3)], [(0, 2, 0, WindowState.PLANNED, 1), (1, 1, 1, WindowState.PLANNED, 0)])
def test_sql_and_plain_python_agree(shop, base, changed, drawn) -> None:
    laid = [(start, None if end is None else max(start, end), *rest) for start, end, *rest in drawn]
    sku = make.sku(shop, price_minor=base)
    lay(shop, sku, base, changed, laid)

    for hour in range(-1, 8):
        for moment, at_hour in ((DAY + hour * HOUR, hour), (DAY + hour * HOUR - SECOND, hour - 0.5)):
            assert price_at(sku, moment) == oracle(base, changed, laid, at_hour), (hour, moment)


def test_many_skus_are_asked_for_those_that_a_window_lies_over(shop) -> None:
    plain, laid = make.sku(shop, price_minor=1000), make.sku(shop, price_minor=1000)
    make.price_window(shop, {laid.id: 700}, DAY, DAY + HOUR)

    with clock.frozen(DAY):
        assert prices.laid_over(shop.id, [plain.id, laid.id]) == {laid.id: 700}
    with clock.frozen(DAY + HOUR):
        assert prices.laid_over(shop.id, [plain.id, laid.id]) == {}


def test_moments_are_utc_whatever_the_shop(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    make.price_window(shop, {sku.id: 700}, datetime(2026, 11, 26, 16, tzinfo=UTC), None)

    assert price_at(sku, DAY) == 700
