"""Two change sets at the same time, with real commits: both count, none is lost, nobody deadlocks."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from app.catalog import change_rules, change_sets
from app.catalog.change_models import ChangeSet, ChangeSource
from app.catalog.formulas import Formula, Percent
from app.catalog.models import Product, Sku
from app.kit import context
from app.kit.db import db, transaction
from tests import factories as make

RULE = Formula("price_minor", (Percent(-100_000),))


@pytest.mark.commits
@pytest.mark.slow
def test_two_cuts_at_once_add_up(app) -> None:
    with app.app_context(), context.every_shop("test"), transaction():
        shop = make.shop()
        skus = [make.sku(shop, price_minor=10_000).id for _ in range(40)]
        shop_id = shop.id
    together, faults = threading.Barrier(2), []

    def cut() -> None:
        try:
            with app.app_context(), context.shops([shop_id]), transaction():
                change_set = change_sets.open_set(shop_id, ChangeSource.FORMULA, RULE.to_json(), {})
                together.wait(10)
                change_rules.stage(shop_id, RULE, select(Product.id).where(Product.shop_id == shop_id))
                change_sets.apply(change_set, floor=1)
        except Exception as error:  # noqa: BLE001 - told to the test's own thread
            faults.append(error)

    threads = [threading.Thread(target=cut) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert faults == []
    with app.app_context(), context.every_shop("test"):
        assert set(db.session.scalars(select(Sku.price_minor).where(Sku.id.in_(skus)))) == {8_100}
        counts = [row.counts["changed"] for row in db.session.scalars(select(ChangeSet))]
    assert counts == [40, 40]


@pytest.mark.commits
@pytest.mark.slow
def test_one_set_applied_twice_at_once_counts_once(app) -> None:
    with app.app_context(), context.every_shop("test"), transaction():
        shop = make.shop()
        sku = make.sku(shop, price_minor=10_000).id
        shop_id = shop.id
        set_id = change_sets.open_set(shop_id, ChangeSource.FORMULA, RULE.to_json(), {}).id
    together = threading.Barrier(2)
    counted = []

    def carry_out() -> None:
        with app.app_context(), context.shops([shop_id]), transaction():
            change_set = change_sets.get(set_id)
            together.wait(10)
            change_rules.stage(shop_id, RULE, select(Product.id).where(Product.shop_id == shop_id))
            counted.append(change_sets.apply(change_set, floor=1)["changed"])

    threads = [threading.Thread(target=carry_out) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    with app.app_context(), context.every_shop("test"):
        assert db.session.get(Sku, sku).price_minor == 9_000
    assert counted == [1, 1]
