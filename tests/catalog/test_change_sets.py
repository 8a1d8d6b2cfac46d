"""The change-set engine: old and new of each line, refusals, no-ops, undo; exact values of A1 and A2."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from app.catalog import change_judging, change_rules, change_sets, change_undos
from app.catalog.change_models import ChangeLine, ChangeSource, ChangeState
from app.catalog.formulas import Formula, Percent
from app.catalog.models import Product, ProductStatus, Sku
from app.kit import context
from app.kit.audit import FieldChange
from app.kit.db import db, transaction
from app.kit.errors import Conflict, Forbidden, RuleViolation
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
A1 = [9990, 10000, 12345, 199, 105, 1]
CUT = Formula("price_minor", (Percent(-100_000),))


@pytest.fixture
def shop():
    row = make.shop()
    with context.shops([row.id]):
        yield row


def wish(shop, rows, source=ChangeSource.WORKBOOK):
    """Apply (table, row id, field, new) tuples as one set."""
    with transaction() as session:
        change_set = change_sets.open_set(shop.id, source, {}, {})
        change_judging.stage_table(session)
        for table, row_id, field, new in rows:
            session.execute(
                text("insert into wanted (target_table, row_id, field, new) values (:t, :r, :f, :n)"),
                {"t": table, "r": row_id, "f": field, "n": new},
            )
        change_sets.apply(change_set)
    return change_set


def cut(shop, rule=CUT):
    with transaction():
        change_set = change_sets.open_set(shop.id, ChangeSource.FORMULA, rule.to_json(), {})
        change_rules.stage(shop.id, rule, select(Product.id).where(Product.shop_id == shop.id))
        change_sets.apply(change_set, floor=rule.floor)
    return change_set


def undo(change_set):
    with transaction():
        return change_undos.undo(change_set)


def prices(skus):
    db.session.expire_all()
    return [db.session.get(Sku, sku.id).price_minor for sku in skus]


def lines(change_set):
    found = select(ChangeLine).where(ChangeLine.change_set_id == change_set.id).order_by(ChangeLine.line)
    return [(row.field, row.old, row.new, row.outcome.value, row.reason) for row in db.session.scalars(found)]


def audited():
    return db.session.scalar(select(func.count()).select_from(FieldChange))


def test_a1_ten_percent_off_gives_the_exact_prices_and_one_audit_row_a_change(shop) -> None:
    skus = [make.sku(shop, price_minor=price) for price in A1]

    change_set = cut(shop)

    assert prices(skus) == [8991, 9000, 11111, 179, 95, 1]
    assert change_set.counts == {"changed": 5, "unchanged": 1, "refused": 0, "kept": 0, "stale": 0}
    assert change_set.state is ChangeState.APPLIED
    assert audited() == 5
    assert [db.session.get(Sku, sku.id).version for sku in skus] == [2, 2, 2, 2, 2, 1]
    assert lines(change_set)[-1] == ("price_minor", "1", "1", "unchanged", None)


def test_a2_undo_spares_the_row_that_was_changed_since(shop) -> None:
    skus = [make.sku(shop, price_minor=price) for price in A1]
    change_set = cut(shop)
    with transaction():
        db.session.get(Sku, skus[2].id).price_minor = 11500

    undoing = undo(change_set)

    assert undoing.counts == {"changed": 4, "unchanged": 0, "refused": 0, "kept": 1, "stale": 0}
    assert prices(skus) == [9990, 10000, 11500, 199, 105, 1]
    assert lines(undoing)[2] == ("price_minor", "11500", "12345", "kept", "changed_since")
    assert change_set.state is ChangeState.UNDONE


def test_the_undo_of_an_undo_does_it_again(shop) -> None:
    skus = [make.sku(shop, price_minor=price) for price in A1]
    undoing = undo(cut(shop))
    assert prices(skus) == A1

    again = undo(undoing)

    assert prices(skus) == [8991, 9000, 11111, 179, 95, 1]
    assert again.undoes_id == undoing.id


def test_undo_after_edits_and_a_deletion_names_each_row(shop) -> None:
    skus = [make.sku(shop, price_minor=1000 + n) for n in range(100)]
    change_set = cut(shop)
    with transaction():
        for sku in skus[:3]:
            db.session.get(Sku, sku.id).price_minor = 5
        db.session.delete(db.session.get(Sku, skus[3].id))

    undoing = undo(change_set)

    assert undoing.counts == {"changed": 96, "unchanged": 0, "refused": 1, "kept": 3, "stale": 0}
    assert ("price_minor", None, "1003", "refused", "row_unknown") in lines(undoing)
    assert undo(undoing).counts["changed"] == 96


def test_what_was_taken_back_cannot_be_taken_back_again(shop) -> None:
    make.sku(shop)
    change_set = cut(shop)
    undo(change_set)

    with pytest.raises(Conflict):
        undo(change_set)


def test_a_second_apply_is_a_no_op(shop) -> None:
    sku = make.sku(shop, price_minor=10000)
    change_set = cut(shop)

    with transaction():
        change_rules.stage(shop.id, CUT, select(Product.id).where(Product.shop_id == shop.id))
        counts = change_sets.apply(change_set)

    assert prices([sku]) == [9000]
    assert counts == change_set.counts


def test_two_cuts_that_add_up_are_both_kept(shop) -> None:
    sku = make.sku(shop, price_minor=10000)

    cut(shop)
    cut(shop)

    assert prices([sku]) == [8100]


def test_unchanged_rows_write_neither_row_nor_audit(shop) -> None:
    sku = make.sku(shop, price_minor=1000)
    before = db.session.get(Sku, sku.id).updated_at

    change_set = wish(shop, [("sku", sku.id, "price_minor", "01000")])

    assert change_set.counts["unchanged"] == 1
    assert audited() == 0
    assert db.session.get(Sku, sku.id).updated_at == before


def test_each_refusal_is_a_line_with_its_reason_and_the_good_rows_go_through(shop) -> None:
    sku, other = make.sku(shop), make.sku(shop)
    with context.every_shop("test"):
        foreign = make.sku(make.shop())
    change_set = wish(
        shop,
        [
            ("sku", sku.id, "price_minor", "-1"),
            ("sku", sku.id, "stock_on_hand", "-2"),
            ("sku", sku.id, "cost_minor", "1.5"),
            ("sku", sku.id, "low_stock_limit", None),
            ("sku", sku.id, "compare_at_minor", "9" * 17),
            ("sku", sku.id, "barcode", "x" * 65),
            ("sku", sku.id, "options", "[1]"),
            ("sku", sku.id, "shop_id", "3"),
            ("sku", foreign.id, "price_minor", "5"),
            ("sku", 987654321, "price_minor", "5"),
            ("sku", other.id, "price_minor", "7"),
            ("sku", other.id, "price_minor", "8"),
            ("nothing", other.id, "title", "x"),
        ],
    )

    reasons = {(field, new): reason for field, _, new, _, reason in lines(change_set)}
    assert reasons == {
        ("price_minor", "-1"): "price_negative",
        ("stock_on_hand", "-2"): "stock_negative",
        ("cost_minor", "1.5"): "not_a_number",
        ("low_stock_limit", None): "blank",
        ("compare_at_minor", "9" * 17): "too_large",
        ("barcode", "x" * 65): "too_long",
        ("options", "[1]"): "not_options",
        ("shop_id", "3"): "field_unknown",
        ("price_minor", "5"): "row_unknown",
        ("price_minor", "7"): None,
        ("price_minor", "8"): "duplicate",
        ("title", "x"): "field_unknown",
    }
    assert change_set.counts == {"changed": 1, "unchanged": 0, "refused": 12, "kept": 0, "stale": 0}
    assert prices([sku, other, foreign])[:2] == [1000, 7]
    with context.every_shop("test"):
        assert db.session.get(Sku, foreign.id).price_minor == 1000


def test_several_fields_of_a_row_go_in_one_update(shop, count_sql) -> None:
    sku = make.sku(shop, cost_minor=300, options={"size": "S"})
    change_set = wish(
        shop,
        [
            ("sku", sku.id, "price_minor", "5"),
            ("sku", sku.id, "cost_minor", None),
            ("sku", sku.id, "options", '{"size":   "L"}'),
            ("product", sku.product_id, "title", "Mug"),
            ("product", sku.product_id, "description", "A mug"),
        ],
    )

    row = db.session.get(Sku, sku.id)
    assert (row.price_minor, row.cost_minor, row.options, row.version) == (5, None, {"size": "L"}, 2)
    product = db.session.get(Product, sku.product_id)
    assert (product.title, product.description, product.version) == ("Mug", "A mug", 2)
    assert change_set.counts["changed"] == 5
    assert audited() == 2


def test_a_status_moves_only_along_the_table_and_a_category_must_be_ours(shop) -> None:
    with_sku = make.sku(shop, make.product(shop, status=ProductStatus.DRAFT)).product_id
    bare, archived = make.product(shop, status=ProductStatus.DRAFT), make.product(shop, status=ProductStatus.ARCHIVED)
    ours = make.category(shop)
    with context.every_shop("test"):
        theirs = make.category(make.shop())

    change_set = wish(
        shop,
        [
            ("product", with_sku, "status", "on_sale"),
            ("product", bare.id, "status", "on_sale"),
            ("product", archived.id, "status", "on_sale"),
            ("product", bare.id, "category_id", str(theirs.id)),
            ("product", with_sku, "category_id", str(ours.id)),
            ("product", archived.id, "category_id", "x"),
            ("product", archived.id, "title", " "),
        ],
    )

    assert {(old, new): reason for _, old, new, _, reason in lines(change_set)} == {
        ("draft", "on_sale"): "no_skus",
        ("archived", "on_sale"): "illegal_move",
        (None, str(theirs.id)): "category_unknown",
        (None, str(ours.id)): None,
        (None, "x"): "not_a_number",
        ("Cup", " "): "blank",
    }
    db.session.expire_all()
    assert db.session.get(Product, with_sku).status is ProductStatus.ON_SALE
    assert db.session.get(Product, with_sku).category_id == ours.id


def test_an_unknown_status_is_refused(shop) -> None:
    change_set = wish(shop, [("product", make.product(shop).id, "status", "sold")])

    assert lines(change_set) == [("status", "on_sale", "sold", "refused", "status_unknown")]


def test_undo_takes_a_status_back_against_the_table_of_moves(shop) -> None:
    product = make.product(shop, status=ProductStatus.DRAFT)

    undo(wish(shop, [("product", product.id, "status", "archived")]))

    db.session.expire_all()
    assert db.session.get(Product, product.id).status is ProductStatus.DRAFT


def test_a_computed_cut_stops_above_nothing(shop) -> None:
    sku = make.sku(shop, price_minor=1)

    change_set = cut(shop, Formula("price_minor", (Percent(-600_000),)))

    assert lines(change_set) == [("price_minor", "1", "0", "refused", "price_under_one")]
    assert prices([sku]) == [1]


def test_the_hash_knows_the_wish_and_not_the_route(shop) -> None:
    skus = [make.sku(shop, price_minor=10000), make.sku(shop, price_minor=500)]
    by_formula = cut(shop)
    undo(by_formula)

    by_file = wish(shop, [("sku", sku.id, "price_minor", new) for sku, new in zip(skus, ("9000", "0450"), strict=True)])
    other = wish(shop, [("sku", skus[0].id, "price_minor", "9001")])

    assert by_formula.content_hash == by_file.content_hash
    assert len(by_file.content_hash) == 64
    assert other.content_hash != by_file.content_hash


def test_a_set_in_another_shop_is_out_of_reach(shop) -> None:
    with context.every_shop("test"):
        foreign = make.shop()

    with pytest.raises(Forbidden), transaction():
        change_sets.open_set(foreign.id, ChangeSource.API, {}, {})


def test_wanting_an_undo_twice_gives_the_one_that_waits(shop) -> None:
    make.sku(shop)
    change_set = cut(shop)

    with transaction():
        first = change_undos.request_undo(change_set)
        assert change_undos.request_undo(change_set) is first
    assert change_set.state is ChangeState.UNDOING


def test_only_an_undo_can_be_staged_as_one(shop) -> None:
    change_set = cut(shop)

    with pytest.raises(RuleViolation, match="not_undoable"), transaction():
        change_undos.stage_undo(change_set)


def test_a_guarded_row_that_has_moved_on_is_stale(shop) -> None:
    stale, fresh = make.sku(shop, price_minor=1000), make.sku(shop, price_minor=1000)
    with transaction() as session:
        change_set = change_sets.open_set(shop.id, ChangeSource.GRID, {}, {})
        change_judging.stage_table(session)
        session.execute(
            text(
                "insert into wanted (target_table, row_id, field, new, guarded, expected) values "
                "('sku', :a, 'price_minor', '5', true, '999'), ('sku', :b, 'price_minor', '5', true, '1000')"
            ),
            {"a": stale.id, "b": fresh.id},
        )
        change_sets.apply(change_set)

    assert prices([stale, fresh]) == [1000, 5]
    assert change_set.counts == {"changed": 1, "unchanged": 0, "refused": 0, "kept": 0, "stale": 1}
    assert lines(change_set)[0] == ("price_minor", "1000", "5", "stale", "base_changed")
