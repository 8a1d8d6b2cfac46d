"""Figures of a preview: exact counts at the edges, outliers, categories; the page draws them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.catalog import change_figures, change_sets
from app.catalog.change_models import ChangeSource
from app.kit import context
from app.kit.db import transaction
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def propose(shop, *wishes):
    """A draft of (table, row id, field, new)."""

    def fill(session):
        for table, row_id, field, new in wishes:
            session.execute(
                text("insert into wanted (target_table, row_id, field, new) values (:t, :r, :f, :n)"),
                {"t": table, "r": row_id, "f": field, "n": new},
            )

    with transaction():
        return change_sets.propose(shop.id, ChangeSource.GRID, {}, {}, fill)


def priced(shop, pairs, **values):
    """A draft that brings SKUs from an old price to a new one."""
    skus = [make.sku(shop, price_minor=old, **values) for old, _ in pairs]
    return propose(shop, *(("sku", sku.id, "price_minor", str(new)) for sku, (_, new) in zip(skus, pairs, strict=True)))


def test_each_edge_belongs_to_the_range_above_it(shop) -> None:
    pairs = [(1000, 700), (1000, 699), (1000, 701), (1000, 999), (1000, 1001), (1000, 2000), (1000, 1999), (1000, 1)]

    [found] = change_figures.figures(priced(shop, pairs)).histograms

    counts = {(one.low, one.high): one.lines for one in found.ranges if one.lines}
    assert counts == {(None, -50): 1, (-50, -30): 1, (-30, -20): 2, (-5, 0): 1, (0, 5): 1, (50, 100): 1, (100, None): 1}
    assert (found.field, found.up, found.down, found.from_nothing, found.most) == ("price_minor", 3, 5, 0, 2)
    assert sum(one.lines for one in found.ranges) == len(pairs)


def test_what_had_no_value_has_no_percentage(shop) -> None:
    sku = make.sku(shop, price_minor=1000, compare_at_minor=None)

    [found] = change_figures.figures(propose(shop, ("sku", sku.id, "compare_at_minor", "1200"))).histograms

    assert (found.from_nothing, found.median_ppm) == (1, 0)
    assert sum(one.lines for one in found.ranges) == 0


def test_jumps_and_prices_that_cross_their_cost_stand_out_strongest_first(shop) -> None:
    draft = priced(shop, [(1000, 990), (1000, 990), (1000, 990), (1000, 949), (1000, 500), (1000, 950)], cost_minor=980)
    found = change_figures.figures(draft)

    assert found.histograms[0].median_ppm == 10_000
    assert [(one.new, one.ppm, one.crosses_cost) for one in found.outliers] == [
        (500, -500_000, True),
        (949, -51_000, True),
        (950, -50_000, True),
    ]
    assert (found.crossing, found.jumps) == (3, 3)


def test_rows_are_counted_by_category_and_once(shop) -> None:
    cups = make.category(shop, "Cups")
    product = make.product(shop, category_id=cups.id)
    sku, other = make.sku(shop, product), make.sku(shop)
    found = change_figures.figures(
        propose(
            shop,
            ("sku", sku.id, "price_minor", "1"),
            ("sku", sku.id, "stock_on_hand", "1"),
            ("product", product.id, "title", "New"),
            ("sku", other.id, "price_minor", "1"),
        )
    )

    assert [(share.name, share.rows) for share in found.categories] == [("Cups", 2), (None, 1)]
    assert found.other_rows == 0


def test_a_set_of_texts_has_no_histogram_and_an_empty_one_nothing(shop) -> None:
    product = make.product(shop)

    assert change_figures.figures(propose(shop, ("product", product.id, "title", "New"))).histograms == ()
    assert change_figures.figures(propose(shop)).categories == ()


def test_the_page_of_a_draft_shows_the_figures(shop, manager) -> None:
    with context.shops([shop.id]):
        draft = priced(shop, [(1000, 900)] * 5 + [(1000, 300)], cost_minor=500).id

    page = manager.get(f"/changes/{draft}").text

    assert "0 up, 6 down; the median change is 10 %." in page
    assert "below −50 %" in page and "−10 … −5 %" in page
    assert "1 change is at least five times the median." in page
    assert "1 price falls below its cost." in page
