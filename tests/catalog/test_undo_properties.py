"""Undo over any history: what the set changed and nobody touched comes back, all else stays; twice is the set again."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.catalog import change_rules, change_sets, change_undos
from app.catalog.change_models import ChangeSource
from app.catalog.formulas import Formula, Percent, Plus, RoundTo, SetTo
from app.catalog.models import Product, Sku
from app.kit import context
from app.kit.db import db, transaction
from tests import factories as make
from tests.lengths import often

prices = st.lists(st.integers(0, 100_000), min_size=1, max_size=12)
step = st.one_of(
    st.builds(Percent, st.integers(-900_000, 900_000)),
    st.builds(Plus, st.integers(-50_000, 50_000)),
    st.builds(SetTo, st.integers(0, 100_000)),
    st.builds(RoundTo, st.just(100), st.sampled_from([0, 1])),
)


def present(skus):
    db.session.expire_all()
    rows = db.session.execute(select(Sku.id, Sku.price_minor).where(Sku.id.in_(skus)))
    return {row.id: row.price_minor for row in rows}


def write(skus, price_of):
    with transaction() as session:
        for sku_id, price in price_of.items():
            session.execute(text("update sku set price_minor = :p where id = :i"), {"p": price, "i": sku_id})


@pytest.mark.usefixtures("app")
@pytest.mark.soak
@settings(max_examples=often(40, 10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=prices, first=step, edits=st.dictionaries(st.integers(0, 11), st.integers(0, 100_000), max_size=6))
def test_undo_gives_back_exactly_what_nobody_has_touched(before, first, edits) -> None:
    rule = Formula("price_minor", (first,))
    shop = make.shop()
    product = make.product(shop)
    skus = [make.sku(shop, product, price_minor=price).id for price in before]
    old = dict(zip(skus, before, strict=True))
    with context.shops([shop.id]):
        with transaction():
            done = change_sets.open_set(shop.id, ChangeSource.FORMULA, rule.to_json(), {})
            change_rules.stage(shop.id, rule, select(Product.id).where(Product.shop_id == shop.id))
            change_sets.apply(done, floor=rule.floor)
        after = present(skus)
        wished = {sku_id: rule.of({"price_minor": price}) for sku_id, price in old.items()}
        for sku_id in skus:  # the set wrote the formula's value, or refused it and wrote nothing
            allowed = wished[sku_id] >= min(rule.floor, old[sku_id])
            assert after[sku_id] == (wished[sku_id] if allowed else old[sku_id])

        write(skus, {skus[n]: price for n, price in edits.items() if n < len(skus)})
        edited = present(skus)
        if not done.counts["changed"]:
            return
        with transaction():
            undoing = change_undos.undo(done)
        touched = {i for i in skus if after[i] != old[i] and edited[i] not in (after[i], old[i])}
        restored = {i for i in skus if after[i] != old[i] and edited[i] == after[i]}
        expected = {i: old[i] if i in restored else edited[i] for i in skus}
        assert present(skus) == expected
        assert (undoing.counts["changed"], undoing.counts["kept"]) == (len(restored), len(touched))
        with transaction():
            change_undos.undo(undoing)
        assert present(skus) == edited
