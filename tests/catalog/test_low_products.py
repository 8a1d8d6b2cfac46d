"""Which products run low, are out, or hold so many pieces: collected for a list, told of one, and by plain sums."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import select

from app.catalog import product_search
from app.catalog.models import Product
from app.kit.db import db
from tests import factories as make


def _by_chance(shop: Any, chance: random.Random) -> list[tuple[int, list[tuple[int, int]]]]:
    """Product id → (stock, limit) of its SKUs."""
    made = []
    for number in range(40):
        product = make.product(shop, f"P{number}")
        skus = [(chance.choice((0, 0, 2, 7)), chance.choice((0, 1, 5))) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
        for stock, limit in skus:
            make.sku(shop, product, stock_on_hand=stock, low_stock_limit=limit)
        made.append((product.id, skus))
    return made


def _ids(query: Any) -> list[int]:
    return sorted(db.session.scalars(query))


@pytest.mark.parametrize("seed", range(3))
def test_collected_and_told_of_one_agree_with_plain_sums(shop, seed) -> None:
    made = _by_chance(shop, random.Random(seed))
    make.sku(make.shop("other"), stock_on_hand=0)
    short = [(key, skus) for key, skus in made if any(stock <= limit for stock, limit in skus)]
    low = [key for key, skus in short if any(stock for stock, _ in skus)]
    out = [key for key, skus in short if not any(stock for stock, _ in skus)]
    assert low and out

    mine = select(Product.id).where(Product.shop_id == shop.id)
    assert _ids(product_search.low_in_stock(shop.id)) == low
    assert _ids(product_search.out_of_stock(shop.id)) == out
    assert _ids(mine.where(product_search.is_low_in_stock())) == low
    assert _ids(mine.where(product_search.is_out_of_stock())) == out


@pytest.mark.parametrize(("few", "seed"), [(1_000, 1), (2, 1), (0, 2)])
def test_stock_adds_up_to_a_range_for_few_and_for_many(shop, monkeypatch, few, seed) -> None:
    made = _by_chance(shop, random.Random(seed))
    make.sku(make.shop("other"), stock_on_hand=4)
    monkeypatch.setattr(product_search, "FEW", few)
    mine = select(Product.id).where(Product.shop_id == shop.id)

    for low, high in ((None, 0), (0, 0), (1, 4), (2, None), (7, 9), (None, None), (50, None)):
        typed = f"{'' if low is None else low}..{'' if high is None else high}"
        sums = [(key, sum(stock for stock, _ in skus)) for key, skus in made]
        meant = [key for key, total in sums if (low is None or total >= low) and (high is None or total <= high)]
        assert _ids(mine.where(product_search.stocked_within(shop.id)([typed]))) == meant, typed


def test_stock_is_added_up_from_an_index_alone(shop) -> None:
    connection = db.session.connection()
    for other_way in ("seqscan", "bitmapscan", "sort", "hashagg"):  # a table of three rows is read in any way
        connection.exec_driver_sql(f"set local enable_{other_way} = off")
    query = "explain select product_id from sku where shop_id = 1 group by product_id having sum(stock_on_hand) > 9"

    assert "Index Only Scan using ix_sku_product" in "\n".join(connection.exec_driver_sql(query).scalars())
