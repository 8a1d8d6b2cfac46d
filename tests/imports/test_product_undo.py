"""Taking an import back: what was changed, what was made, and what somebody has touched since."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.catalog import change_approvals, change_sets, change_undos
from app.catalog.change_models import ChangeLine, ChangeSource, ChangeState, LineOutcome
from app.catalog.models import Product, Sku
from app.imports.product_writing import Overtaken
from app.kit import context
from app.kit.audit import FieldChange
from app.kit.db import db, transaction
from tests import factories as make
from tests.imports.builders import run_of, take

pytestmark = pytest.mark.usefixtures("app")
HEAD = ["sku code", "title", "price", "stock"]


@pytest.fixture
def shop():
    shop = make.shop()
    with context.shops([shop.id]):
        yield shop


def _undo(run):
    with transaction():
        return change_undos.undo(change_sets.get(run.change_set_id))


def _codes(shop) -> dict[str, int]:
    db.session.expire_all()
    return dict(db.session.execute(select(Sku.code, Sku.price_minor).where(Sku.shop_id == shop.id)).all())


def test_an_import_is_one_change_set_of_the_workbook_source(shop) -> None:
    make.sku(shop, code="OLD")
    run = run_of(shop, HEAD, [["OLD", "", "11", "5"], ["NEW", "New", "7", "1"]])

    take(run)

    change_set = change_sets.get(run.change_set_id)
    assert change_set.source is ChangeSource.WORKBOOK
    assert change_set.state is ChangeState.APPLIED
    assert change_set.counts == {"changed": 1, "unchanged": 0, "refused": 0, "kept": 0, "stale": 0, "created": 2}
    lines = db.session.execute(select(ChangeLine.target_table, ChangeLine.field, ChangeLine.old, ChangeLine.new)).all()
    assert sorted(lines) == [
        ("product", "created", None, "1"),  # stands for its SKU, too
        ("sku", "price_minor", "1000", "1100"),
    ]


def test_undo_restores_what_changed_and_removes_what_was_made(shop) -> None:
    make.sku(shop, code="OLD")
    run = run_of(shop, HEAD, [["OLD", "Renamed", "11", "5"], ["NEW", "New", "7", "1"]])
    take(run)

    undoing = _undo(run)

    assert _codes(shop) == {"OLD": 1000}
    assert db.session.scalar(select(func.count()).select_from(Product).where(Product.shop_id == shop.id)) == 1
    assert undoing.counts == {"changed": 4, "unchanged": 0, "refused": 0, "kept": 0, "stale": 0}
    assert change_sets.get(run.change_set_id).state is ChangeState.UNDONE
    deleted = db.session.scalars(select(FieldChange.table_name).where(FieldChange.operation == "D"))
    assert sorted(deleted) == ["product", "sku"]


def test_undo_keeps_a_new_sku_that_was_saved_or_sold_since_and_its_product(shop) -> None:
    rows = [["SAVED", "a", "1", "1"], ["SOLD", "b", "1", "1"], ["UNTOUCHED", "c", "1", "1"]]
    run = run_of(shop, HEAD, rows)
    take(run)
    by_code = {sku.code: sku for sku in db.session.scalars(select(Sku).where(Sku.shop_id == shop.id))}
    by_code["SAVED"].stock_on_hand = 9
    db.session.flush()
    order = make.order(shop)
    make._add(
        make.OrderLine(
            shop_id=shop.id,
            order_id=order.id,
            position=2,
            kind=make.LineKind.PRODUCT,
            sku_id=by_code["SOLD"].id,
            code="SOLD",
            quantity=1,
            unit_price_micros=1,
            amount_minor=0,
        )
    )

    undoing = _undo(run)

    assert _codes(shop) == {"SAVED": 100, "SOLD": 100}
    assert undoing.counts == {"changed": 2, "unchanged": 0, "refused": 0, "kept": 4, "stale": 0}
    kept = select(ChangeLine.reason).where(
        ChangeLine.change_set_id == undoing.id, ChangeLine.outcome == LineOutcome.KEPT
    )
    assert set(db.session.scalars(kept)) == {"changed_since"}


def test_undo_of_the_undo_changes_again_and_says_that_removed_rows_stay_removed(shop) -> None:
    make.sku(shop, code="OLD")
    run = run_of(shop, HEAD, [["OLD", "", "11", "5"], ["NEW", "New", "7", "1"]])
    take(run)

    with transaction():
        again = change_undos.undo(_undo(run))

    assert _codes(shop) == {"OLD": 1100}
    assert again.counts == {"changed": 1, "unchanged": 0, "refused": 2, "kept": 0, "stale": 0}


def test_a_row_that_moved_on_since_the_check_starts_the_import_again(shop, monkeypatch) -> None:
    from app.imports import kinds, product_rows, runs
    from app.imports.models import ImportKind, OnError
    from app.imports.staging import Kind

    product = make.product(shop, status="draft")
    make.sku(shop, product, code="S")

    def commit_late(stage):
        stage.run("update product set status = 'archived' where id = :id", id=product.id)
        return product_rows.product_writing.commit(stage)

    late = Kind(ImportKind.PRODUCTS, "", product_rows.FIELDS, product_rows.check, commit_late)
    run = run_of(shop, ["sku code", "status"], [["S", "on sale"]])
    monkeypatch.setattr(kinds, "of", lambda kind: late)

    with pytest.raises(Overtaken), transaction():
        runs.commit(run, OnError.SKIP, lambda done, step: None)


def test_an_import_beyond_the_limits_makes_the_new_rows_and_lets_the_known_ones_wait(shop) -> None:
    make.sku(shop, code="OLD")
    run = run_of(shop, HEAD, [["OLD", "", "6", "5"], ["NEW", "New", "7", "1"]])
    with context.acting(context.Actor("staff", "901")):
        take(run)

    change_set = change_sets.get(run.change_set_id)
    assert change_set.state is ChangeState.PENDING
    assert (run.counts["created"], run.counts["updated"], run.counts["notes"]) == (1, 0, {"waiting": 1})
    assert _codes(shop) == {"OLD": 1000, "NEW": 700}

    with context.acting(context.Actor("staff", "902")), transaction():
        change_approvals.approve(change_set, change_set.content_hash)
        change_sets.carry_out(change_set)
    assert _codes(shop) == {"OLD": 600, "NEW": 700}
    with transaction():
        change_undos.undo(change_set)
    assert _codes(shop) == {"OLD": 1000}
