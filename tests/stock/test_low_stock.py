"""Which SKUs are low and which oversold, over all warehouses: collected for a list, told of one, and by plain sums."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import Select, select, text

from app.catalog.models import Sku
from app.kit.db import db, transaction
from app.stock import levels, summaries
from tests import factories as make

LEVELS = text(
    "insert into stock_level (sku_id, warehouse_id, shop_id, on_hand, reserved, unavailable)"
    " select :sku_id, w, :shop_id, h, r, u from unnest(cast(:places as bigint[]), cast(:on_hand as bigint[]),"
    " cast(:reserved as bigint[]), cast(:unavailable as bigint[])) as given(w, h, r, u)"
)


def _by_chance(shop: Any, chance: random.Random, places: list[int], number: int) -> tuple[int, bool, bool]:
    """A SKU with levels by chance: (its id, whether it is low, whether it is oversold), by plain sums."""
    limit, some = chance.choice((0, 0, 2, 5, 20, 21, 30, 60)), chance.sample(places, chance.randint(1, len(places)))
    rows = [(chance.choice((0, 3, 6, 21, 40)), chance.choice((0, 0, 1, 5, 30)), chance.choice((0, 0, 4))) for _ in some]
    on_hand = [row[0] for row in rows]
    sku = make.sku(shop, code=f"K{number:03}", stock_on_hand=sum(on_hand), low_stock_limit=limit)
    values = {"sku_id": sku.id, "shop_id": shop.id, "places": some, "on_hand": on_hand}
    taken = {"reserved": [row[1] for row in rows], "unavailable": [row[2] for row in rows]}
    with transaction() as session:
        session.execute(text("delete from stock_level where sku_id = :sku_id"), {"sku_id": sku.id})
        session.execute(LEVELS, values | taken)
    left = sum(on_hand) - sum(row[1] + row[2] for row in rows)
    return sku.id, left <= limit, any(row[0] < row[1] + row[2] for row in rows)


def _ids(query: Select[int]) -> list[int]:
    return sorted(db.session.scalars(query))


@pytest.mark.parametrize("seed", range(4))
def test_collected_and_told_of_one_agree_with_plain_sums(shop, warehouse, monkeypatch, seed) -> None:
    chance = random.Random(seed)
    make.sku(make.shop("other"), stock_on_hand=0)
    first = levels.of_sku(make.sku(shop, code="FULL", stock_on_hand=999).id)[0].warehouse_id
    places = [first, warehouse("EAST").id, warehouse("WEST").id]
    made = [_by_chance(shop, chance, places, number) for number in range(60)]
    low, over = sorted(row[0] for row in made if row[1]), sorted(row[0] for row in made if row[2])
    assert len(low) in range(10, 55) and len(over) in range(10, 55) and low != over

    mine = select(Sku.id).where(Sku.shop_id == shop.id)
    for few in (0, 3, 1_000):  # how many SKUs may have a limit beyond what the levels are looked through for
        monkeypatch.setattr(summaries, "HIGH_LIMITS", few)
        assert _ids(summaries.low_skus(shop.id)) == low
        assert _ids(select(Sku.id).where(summaries.low(shop.id))) == low
    assert _ids(mine.where(summaries.is_low())) == low
    assert _ids(select(Sku.id).where(summaries.oversold(shop.id))) == over
    assert _ids(mine.where(summaries.is_oversold())) == over


def test_what_is_low_is_found_in_indexes(shop, cup) -> None:
    connection = db.session.connection()
    for other_way in ("seqscan", "indexscan", "indexonlyscan"):  # a table of three rows is read in any way
        connection.exec_driver_sql(f"set local enable_{other_way} = off")
    query = str(summaries.low_skus(shop.id).compile(connection, compile_kwargs={"literal_binds": True}))
    plan = "\n".join(connection.exec_driver_sql(f"explain {query}").scalars())

    assert {name for name in ("ix_sku_low_stock", "ix_sku_high_limit", "ix_stock_level_taken") if name in plan} == {
        "ix_sku_low_stock",
        "ix_sku_high_limit",
        "ix_stock_level_taken",
    }
