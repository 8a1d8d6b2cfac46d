"""How many rows a list's tabs say they have: exact for what is few, "so many and more" for what is much."""

from __future__ import annotations

import random
from itertools import product

import pytest
from sqlalchemy import select, text
from werkzeug.datastructures import MultiDict

from app.console import list_counts, lists
from app.console.list_counts import Counts
from app.console.lists import Column, Filter, ListSpec, Tab, any_of, contains
from app.kit import context
from app.kit.db import db
from app.orders.models import Order, OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")

STATUSES = (OrderStatus.PENDING_PAYMENT, OrderStatus.SHIPPED, OrderStatus.CLOSED)
COUNTRIES = ("China", "France", "Spain")
SHIPPED = Tab("shipped", "Shipped", (Order.status == OrderStatus.SHIPPED,))


def _collected(status: OrderStatus) -> Tab:
    """A tab whose rows are collected beforehand."""
    return Tab(status, status, rows=select(Order.id).where(Order.status == status), of_row=Order.status == status)


def _spec(*tabs: Tab) -> ListSpec:
    return ListSpec(
        name="test_counts",
        model=Order,
        columns=(Column("placed", "Placed", lambda o: "-", sort=Order.placed_at),),
        default_sort="-placed",
        tabs=tabs,
        filters=(Filter("country", "Country", any_of(Order.country)),),
        search=lambda text: contains(Order.number, text),
    )


SPEC = _spec(Tab("", "All"), SHIPPED)


@pytest.fixture
def shop():
    shop = make.shop()
    with context.shops([shop.id]):
        yield shop


@pytest.fixture
def bounds(monkeypatch):
    """Counting looks at fewer rows than in earnest."""

    def bounded(**values: int) -> None:
        for name, value in values.items():
            monkeypatch.setattr(list_counts, name.upper(), value)

    return bounded


def _counts(shop_id: int, spec: ListSpec = SPEC, **asked: str) -> Counts:
    return lists.counts(spec, lists.ask(spec, MultiDict(asked)), shop_id)


def _make(shop, number: str, status: OrderStatus = OrderStatus.CLOSED, country: str = "China") -> None:
    make.order(shop, number=number, status=status, country=country)


def test_counts_are_capped_and_come_in_one_statement(shop, bounds, count_sql) -> None:
    bounds(count_cap=3)
    for index in range(6):
        _make(shop, f"B{index}", OrderStatus.SHIPPED if index < 2 else OrderStatus.CLOSED)
    shop_id = shop.id

    with count_sql() as statements:
        counts = _counts(shop_id)

    assert (counts, len(statements)) == (Counts(4, 3, {"": 4, "shipped": 2}), 1)


def test_a_list_without_tabs_is_counted_as_one(shop) -> None:
    _make(shop, "B1")

    assert _counts(shop.id, _spec()) == Counts(1, 10_000, {"": 1})
    assert _counts(shop.id, _spec(), q="none") == Counts(0, 2_500, {"": 0})


def test_few_finds_are_counted_exactly_under_every_tab_by_one_statement(shop, count_sql) -> None:
    for index in range(6):
        _make(shop, f"B{index}", OrderStatus.SHIPPED if index < 2 else OrderStatus.CLOSED)
    _make(shop, "C1")
    shop_id = shop.id

    with count_sql() as statements:
        counts = _counts(shop_id, q="B")

    assert (counts, len(statements)) == (Counts(6, 2_500, {"": 6, "shipped": 2}), 1)
    assert _counts(shop_id, q="B", tab="shipped").total == 2


def test_of_many_finds_a_small_tab_stays_exact_and_a_large_one_says_at_least(shop, bounds, count_sql) -> None:
    bounds(at_once=5, narrowed_cap=3, near=4)
    for index in range(12):
        _make(shop, f"B{index:02}", OrderStatus.CLOSED)
    for index in range(4):
        _make(shop, f"S{index}", OrderStatus.SHIPPED, "China" if index < 2 else "France")
    for index in range(5):
        _make(shop, f"P{index}", OrderStatus.PENDING_PAYMENT, "France")
    shop_id, spec = shop.id, _spec(Tab("", "All"), SHIPPED, *map(_collected, STATUSES))

    with count_sql() as statements:
        counts = _counts(shop_id, spec, f_country="China")

    assert len(statements) == 2
    assert (counts.total, counts.cap) == (4, 3)
    assert counts.tabs == {"": 4, "shipped": 2, "pending_payment": 0, "closed": 4}
    assert counts.least == ("pending_payment",)


def test_another_shops_rows_are_never_counted(shop, bounds) -> None:
    bounds(at_once=1, narrowed_cap=5, near=5)
    for index in range(3):
        _make(shop, f"B{index}", OrderStatus.SHIPPED)
    other = make.shop("other")
    with context.every_shop("test"):
        _make(other, "B9", OrderStatus.SHIPPED)

        assert _counts(shop.id, q="B") == Counts(3, 5, {"": 3, "shipped": 3})
        assert _counts(shop.id) == Counts(3, 10_000, {"": 3, "shipped": 3})


@pytest.mark.parametrize("seed", range(4))
def test_every_count_is_exact_or_says_that_it_is_not(shop, bounds, seed) -> None:
    chance = random.Random(seed)
    made = [(chance.choice(STATUSES), chance.choice(COUNTRIES)) for _ in range(30)]
    for index, (status, country) in enumerate(made):
        _make(shop, f"N{index:03}", status, country)
    plain = (Tab(f"as_{one}", one, (Order.status == one,)) for one in STATUSES)
    shop_id, spec = shop.id, _spec(Tab("", "All"), *plain, *map(_collected, STATUSES))
    meant = {"": STATUSES} | {key: (one,) for one in STATUSES for key in (f"as_{one}", one.value)}
    told_less = 0
    for at_once, cap, near in product((3, 8, 40), (2, 6), (1, 4, 40)):
        bounds(at_once=at_once, narrowed_cap=cap, near=near)
        counts = _counts(shop_id, spec, f_country="China")
        for key, statuses in meant.items():
            true = sum(status in statuses and country == "China" for status, country in made)
            said, told = counts.tabs[key], (key, at_once, cap, near)
            if key in counts.least:
                assert said <= true and said <= counts.cap, told
                told_less += 1
            else:
                assert said == min(true, counts.cap + 1), told
    assert told_less > 0


def test_counts_are_never_prepared_for_all_values_alike(shop) -> None:
    db.session.execute(text("deallocate all"))  # what other tests have asked
    _make(shop, "B1")
    prepared = "select count(*) from pg_prepared_statements where statement ilike '%count(*)%' and statement !~ 'pg_'"
    for _ in range(7):
        lists.page(SPEC, lists.ask(SPEC, MultiDict()), shop.id)
        _counts(shop.id)
        _counts(shop.id, q="B")

    kept = db.session.scalar(text("select count(*) from pg_prepared_statements"))
    assert (db.session.scalar(text(prepared)), kept > 0) == (0, True)


def test_a_tab_of_few_rows_is_shown_by_their_ids_and_one_of_many_by_its_rows(shop, monkeypatch, count_sql) -> None:
    for index in range(5):
        _make(shop, f"B{index}", OrderStatus.SHIPPED if index < 3 else OrderStatus.CLOSED)
    shop_id, spec = shop.id, _spec(Tab("", "All"), _collected(OrderStatus.SHIPPED))
    asked = lists.ask(spec, MultiDict({"tab": "shipped"}))

    shown = {}
    for few in (3, 2):
        monkeypatch.setattr(lists, "FEW", few)
        with count_sql() as statements:
            numbers = sorted(row.number for row in lists.page(spec, asked, shop_id).rows)
        shown[few] = (numbers, len(statements), "= ANY" in statements[-1])

    assert shown == {3: (["B0", "B1", "B2"], 2, True), 2: (["B0", "B1", "B2"], 2, False)}
