"""Saving products by the rules: what clashes when SKUs come and go, races for a code, the search by index."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from app.catalog import change_approvals, change_sets, drafts, product_search, products
from app.catalog.change_models import ChangeSet, ChangeSource, ChangeState
from app.catalog.draft_checks import DraftRefused
from app.catalog.drafts import SkuDraft
from app.catalog.models import Product, ProductStatus, Sku
from app.kit import context
from app.kit.db import db, transaction
from app.kit.errors import NotFound
from app.kit.journal import JournalEntry
from app.kit.merge import StaleEdit
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def opened(shop):
    """A product with two SKUs, and the draft that a form was filled with."""
    product = make.product(shop, "Pot")
    for code in ("A", "B"):
        make.sku(shop, product, code=code, price_minor=1000)
    return product.id, drafts.of(products.get(product.id))


def changed(draft, position, **values):
    """The draft with other values in one SKU."""
    skus = list(draft.skus)
    skus[position] = replace(skus[position], values={**skus[position].values, **values})
    return replace(draft, skus=tuple(skus))


def without(draft, position):
    """The draft with one SKU to be removed."""
    gone = draft.skus[position]
    kept = tuple(sku for sku in draft.skus if sku is not gone)
    return replace(draft, skus=kept, removed=frozenset({gone.id}))


def save(opened, draft):
    with transaction():
        return products.save(opened[0], opened[1].flat(), draft)


def codes():
    db.session.expire_all()
    return list(db.session.scalars(select(Sku.code).order_by(Sku.code)))


def test_my_change_of_a_sku_that_somebody_removed_is_a_clash(opened) -> None:
    save(opened, without(opened[1], 0))

    with pytest.raises(StaleEdit) as refused:
        save(opened, changed(opened[1], 0, price_minor=5))

    assert [(clash.mine, clash.theirs) for clash in refused.value.clashes] == [(5, None)]
    assert codes() == ["B"]


def test_a_sku_that_somebody_removed_stays_away_when_i_left_it_alone(opened) -> None:
    save(opened, without(opened[1], 0))
    save(opened, changed(opened[1], 1, price_minor=5))

    assert codes() == ["B"]
    assert db.session.scalars(select(Sku.price_minor)).one() == 5


def test_removing_what_somebody_has_changed_is_a_clash(opened) -> None:
    save(opened, changed(opened[1], 0, price_minor=5))

    with pytest.raises(StaleEdit) as refused:
        save(opened, without(opened[1], 0))

    assert [(clash.base, clash.mine, clash.theirs) for clash in refused.value.clashes] == [(1000, None, 5)]
    assert codes() == ["A", "B"]


def test_a_bulk_price_meanwhile_is_a_clash_too(opened) -> None:
    with transaction() as session:
        session.execute(text("update sku set price_minor = 7, version = version + 1"))

    with pytest.raises(StaleEdit):
        save(opened, changed(opened[1], 0, price_minor=5))
    save(opened, changed(opened[1], 0, stock_on_hand=50))

    rows = db.session.execute(select(Sku.price_minor, Sku.stock_on_hand).order_by(Sku.code)).all()
    assert [tuple(row) for row in rows] == [(7, 50), (7, 5)]


def test_a_save_that_changes_nothing_leaves_no_trace(opened) -> None:
    assert save(opened, opened[1]) is None
    assert products.get(opened[0]).version == 1
    assert db.session.scalars(select(JournalEntry)).all() == []


def test_a_code_that_somebody_takes_at_the_same_moment_is_a_fault_at_its_field(shop, opened, monkeypatch) -> None:
    make.sku(shop, code="TAKEN")
    monkeypatch.setattr(products, "check", lambda *rest: None)  # the other one's code was not there yet

    with pytest.raises(DraftRefused) as refused:
        save(opened, changed(opened[1], 0, code="TAKEN"))

    assert refused.value.faults == {"code": "taken"}
    assert codes() == ["A", "B", "TAKEN"]


def test_a_code_that_a_removed_sku_leaves_is_free(opened) -> None:
    draft = without(opened[1], 0)
    again = SkuDraft({**opened[1].skus[0].values, "price_minor": 3})

    save(opened, replace(draft, skus=(*draft.skus, again)))

    assert codes() == ["A", "B"]


def test_status_and_fields_go_in_one_save(opened) -> None:
    draft = replace(opened[1], values={**opened[1].values, "title": "Kettle", "status": "off_shelf"})

    save(opened, draft)

    product = products.get(opened[0])
    assert (product.title, product.status) == ("Kettle", ProductStatus.OFF_SHELF)
    facts = [entry.event for entry in db.session.scalars(select(JournalEntry).order_by(JournalEntry.id))]
    assert facts == ["ProductEdited", "ProductMoved"]


def test_a_move_to_where_it_is_says_nothing(opened) -> None:
    with transaction():
        products.move(opened[0], ProductStatus.ON_SALE)
    assert db.session.scalars(select(JournalEntry)).all() == []


def test_what_is_not_there_is_not_found(shop) -> None:
    for call in (lambda: products.get(987), lambda: products.move(987, ProductStatus.ON_SALE)):
        with pytest.raises(NotFound), transaction():
            call()


def test_many_hits_by_sku_code_stay_a_subquery(shop, monkeypatch) -> None:
    monkeypatch.setattr(product_search, "FEW", 2)
    found = {make.sku(shop, code=f"CODE-{number}").product_id for number in range(4)}

    hits = select(Product.id).where(Product.shop_id == shop.id, product_search.matching("code-", shop.id))

    assert set(db.session.scalars(hits)) == found


def test_the_search_for_two_letters_looks_at_beginnings_and_for_two_characters_anywhere(shop) -> None:
    pot, cup = make.product(shop, "Pot", code="X1"), make.product(shop, "大陶壶", code="X2")

    def hits(words):
        return list(db.session.scalars(select(Product.id).where(product_search.matching(words, shop.id))))

    assert (hits("po"), hits("ot"), hits("陶壶")) == ([pot.id], [], [cup.id])


def test_a_deep_cut_by_the_form_waits_and_the_rest_is_saved(shop, opened) -> None:
    draft = changed(changed(opened[1], 0, price_minor=700, stock_on_hand=9), 1, price_minor=701)
    draft = replace(draft, values={**draft.values, "title": "Small pot"})
    with context.acting(context.Actor("staff", "901")):
        waiting = save(opened, draft)

    assert (waiting.state, waiting.source) == (ChangeState.PENDING, ChangeSource.FORM)
    db.session.expire_all()
    product = products.get(opened[0])
    assert product.title == "Small pot"
    assert [(sku.price_minor, sku.stock_on_hand) for sku in product.skus] == [(1000, 9), (1000, 5)]

    with context.acting(context.Actor("staff", "902")), transaction():
        change_approvals.approve(waiting, waiting.content_hash)
        change_sets.carry_out(waiting)
    assert [sku.price_minor for sku in products.get(opened[0]).skus] == [700, 701]


def test_a_cut_within_the_limits_is_saved_at_once(shop, opened) -> None:
    with context.acting(context.Actor("staff", "901")):
        assert save(opened, changed(opened[1], 0, price_minor=701)) is None

    assert [sku.price_minor for sku in products.get(opened[0]).skus] == [701, 1000]
    assert db.session.scalars(select(ChangeSet)).all() == []
