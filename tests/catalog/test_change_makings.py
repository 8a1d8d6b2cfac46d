"""Copies of products and SKUs of option values: previewed, made by a job, left out where codes are taken, undone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.catalog import product_copies, sku_variants
from app.catalog.change_models import ChangeSet
from app.catalog.models import Product, ProductStatus, Sku
from app.catalog.sku_variants import Matrix
from app.kit import context
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
COLOURS = {"option-1": "Colour", "values-1": "red, dark blue", "option-2": "Size", "values-2": "S，M"}


@pytest.fixture
def codes(look):
    """`codes(Product)`: the codes that there are, in order."""
    return lambda model: look(lambda: sorted(db.session.scalars(select(model.code))))


def counts(look):
    return look(lambda: db.session.scalars(select(ChangeSet).order_by(ChangeSet.id.desc())).first()).counts


def test_copies_are_drafts_with_new_codes_and_no_stock_and_the_undo_removes_them(
    shop, manager, run_jobs, look, codes
) -> None:
    cups = make.category(shop)
    product = make.product(shop, "Cup", code="P1", category_id=cups.id, tags=["new"], attributes={"a": "b"})
    make.sku(shop, product, code="S1", options={"Size": "S"}, cost_minor=5, barcode="123", stock_on_hand=9)
    chosen = {"ids": [str(product.id)], "code": "{code}-X", "sku": "{code}-X", "title": "{title} {n}"}

    preview = manager.post("/products/copies/", data=chosen)
    assert preview.status_code == 200
    assert "P1-X" in preview.text and "Make 1 copy" in preview.text
    assert codes(Product) == ["P1"]

    asked = manager.post("/products/copies/make", data=chosen)
    assert run_jobs() == ["done"]
    copy = look(lambda: db.session.scalars(select(Product).where(Product.code == "P1-X")).one())
    sku = look(lambda: db.session.scalars(select(Sku).where(Sku.code == "S1-X")).one())
    assert (copy.title, copy.status, copy.category_id, copy.tags, copy.attributes) == (
        "Cup 1", ProductStatus.DRAFT, cups.id, ["new"], {"a": "b"},
    )  # fmt: skip
    assert (sku.product_id, sku.options, sku.price_minor, sku.cost_minor, sku.stock_on_hand, sku.barcode) == (
        copy.id, {"Size": "S"}, 1000, 5, 0, "",
    )  # fmt: skip
    assert "Copies of products, called {code}-X" in manager.get(asked.location).text
    assert counts(look)["created"] == 2

    manager.post(asked.location + "/undo")
    assert run_jobs() == ["done"]
    assert (codes(Product), codes(Sku)) == (["P1"], ["S1"])


def test_what_would_collide_is_left_out_and_the_others_are_made(shop, manager, run_jobs, look, codes) -> None:
    first, second = make.product(shop, code="A"), make.product(shop, code="B")
    make.product(shop, code="A-COPY")
    make.sku(shop, second, code="S")
    make.sku(shop, make.product(shop, code="C"), code="S-COPY")
    third = make.product(shop, code="D")
    chosen = {"ids": [str(one.id) for one in (first, second, third)]}

    page = manager.get(manager.post("/products/copies/", data=chosen).location).text
    assert "a code is in use already" in page and "1 copy, 2 left out" in page
    manager.post("/products/copies/make", data=chosen)
    run_jobs()

    assert codes(Product) == ["A", "A-COPY", "B", "C", "D", "D-COPY"]
    assert (counts(look)["created"], counts(look)["skipped"]) == (1, 2)


@pytest.mark.parametrize("patterns", [{"code": "COPY"}, {"sku": "COPY"}, {"title": " "}])
def test_patterns_that_tell_nothing_apart_are_refused(shop, manager, codes, patterns) -> None:
    product = make.product(shop, code="A")

    assert manager.post("/products/copies/", data={"ids": [str(product.id)], **patterns}).status_code == 422
    assert manager.post("/products/copies/make", data={"ids": [str(product.id)], **patterns}).status_code == 422
    assert codes(Product) == ["A"]


def test_a_foreign_product_is_not_copied(shop, manager, codes) -> None:
    with context.every_shop("test"):
        foreign = make.product(make.shop("other"), code="F")

    assert manager.post("/products/copies/make", data={"ids": [str(foreign.id)]}).status_code == 403
    assert manager.get(f"/products/variants/{foreign.id}").status_code == 404
    assert codes(Product) == ["F"]


def test_every_missing_combination_becomes_a_sku(shop, manager, run_jobs, look, codes) -> None:
    product = make.product(shop, code="TEE")
    make.sku(shop, product, code="OLD", options={"Size": "S", "Colour": "red"}, price_minor=990, cost_minor=300)
    make.sku(shop, code="TEE-red-M")

    page = manager.post(f"/products/variants/{product.id}/preview", data=COLOURS).text
    assert "the product has this SKU already" in page and "a code is in use already" in page
    assert "Make 2 SKUs" in page
    assert codes(Sku) == ["OLD", "TEE-red-M"]

    asked = manager.post(f"/products/variants/{product.id}/make", data=COLOURS)
    assert run_jobs() == ["done"]
    assert codes(Sku) == ["OLD", "TEE-dark-blue-M", "TEE-dark-blue-S", "TEE-red-M"]
    row = look(lambda: db.session.scalars(select(Sku).where(Sku.code == "TEE-dark-blue-M")).one())
    assert (row.options, row.price_minor, row.cost_minor, row.stock_on_hand) == (
        {"Size": "M", "Colour": "dark blue"}, 990, 300, 0,
    )  # fmt: skip
    manager.post(asked.location + "/undo")
    run_jobs()
    assert codes(Sku) == ["OLD", "TEE-red-M"]


def test_a_typed_price_is_taken_and_without_any_sku_it_is_needed(shop, manager, run_jobs, look, codes) -> None:
    product = make.product(shop, code="TEE")
    path = f"/products/variants/{product.id}/make"

    manager.post(path, data=COLOURS)
    assert run_jobs() == ["failed"]
    assert codes(Sku) == []
    manager.post(path, data={**COLOURS, "price": "12.50"})
    assert run_jobs() == ["done"]
    assert look(lambda: set(db.session.scalars(select(Sku.price_minor)))) == {1250}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Give one to three options"),
        ({"option-1": "Colour"}, "Give one to three options"),
        ({"option-1": "Colour", "values-1": "red, red"}, "Give one to three options"),
        ({**COLOURS, "pattern": "{code}-{Size}"}, "A pattern must name"),
        ({**COLOURS, "price": "x"}, "is not an amount"),
        ({"option-1": "A", "values-1": ",".join(map(str, range(501)))}, "These would be 501 SKUs"),
    ],
)
def test_a_matrix_that_is_none_is_said_on_the_page(shop, manager, codes, typed, words) -> None:
    product = make.product(shop)
    for verb in ("preview", "make"):
        answer = manager.post(f"/products/variants/{product.id}/{verb}", data=typed)
        assert answer.status_code == 422
        assert words in answer.text
    assert codes(Sku) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"product": "1", "options": [["A", ["x"]]], "pattern": "{A}", "price": 1},
        {"product": 1, "options": [["A", "xx"]], "pattern": "{A}", "price": 1},
        {"product": 1, "options": [["A", [1]]], "pattern": "{A}", "price": 1},
        {"product": 1, "options": [["A", ["x"]]], "pattern": "{A}", "price": -1},
        {"product": 1, "options": "A", "pattern": "{A}"},
        {"product": 1, "options": [["A", ["x"]]], "pattern": None},
    ],
)
def test_a_damaged_matrix_is_refused(rule) -> None:
    with pytest.raises(RuleViolation):
        sku_variants.from_json(rule)
    with pytest.raises(RuleViolation):
        product_copies.from_json({"patterns": {"code": "x"}})


def test_two_matrices_at_once_make_each_sku_once(shop) -> None:
    product = make.product(shop, code="TEE")
    matrix = Matrix(product.id, (("Size", ("S", "M")),), "{code}-{Size}", 100)
    with transaction() as session:
        for _ in range(2):
            session.execute(db.text("drop table if exists made"))
            session.execute(db.text("create temp table made (target_table text, row_id bigint) on commit drop"))
            left = sku_variants.make(shop.id, matrix)

    assert left == 2
    assert len(db.session.scalars(select(Sku).where(Sku.product_id == product.id)).all()) == 2
