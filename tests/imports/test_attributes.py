"""Tags, attributes and freight templates in workbooks; rows of one product add up or are refused."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.catalog import change_sets, change_undos
from app.catalog.models import Product
from app.imports import faults
from app.kit import context
from app.kit.db import db, transaction
from tests import factories as make
from tests.imports.builders import four, run_of, take

pytestmark = pytest.mark.usefixtures("app")
HEADER = ["Product code", "Title", "SKU code", "Price", "标签", "运费模板", "Attribute: Material", "属性：产地"]


@pytest.fixture
def shop():
    row = make.shop()
    with context.shops([row.id]):
        yield row


def product(code="P"):
    db.session.expire_all()
    return db.session.scalars(select(Product).where(Product.code == code)).one()


def said(row):
    return row.tags, row.attributes, row.freight_template_id


def test_a_new_product_gets_what_its_rows_say_together(shop) -> None:
    template = make.freight_template(shop, "Air")
    rows = [
        ["P", "Cup", "S1", "1.00", "new， hot,new", "Air", "cotton", ""],
        ["P", "Cup", "S2", "1.00", "", "", "", "杭州"],
    ]

    assert four(take(run_of(shop, HEADER, rows))) == (2, 0, 0, 0)
    assert said(product()) == (["hot", "new"], {"Material": "cotton", "产地": "杭州"}, template.id)


def test_a_known_product_is_changed_by_one_set_and_undone(shop) -> None:
    template = make.freight_template(shop, "Air")
    known = make.product(shop, code="P", tags=["old"], attributes={"Material": "wood", "Care": "dry"})
    for code in ("S1", "S2"):
        make.sku(shop, known, code=code)
    rows = [["P", "", "S1", "", "new", "Air", "#CLEAR", ""], ["P", "", "S2", "", "", "", "", "杭州"]]

    run = run_of(shop, HEADER, rows)
    result = take(run)

    assert four(result)[1] == 2
    assert said(product()) == (["new"], {"Care": "dry", "产地": "杭州"}, template.id)
    with transaction():
        change_undos.undo(change_sets.get(run.change_set_id))
    assert said(product()) == (["old"], {"Material": "wood", "Care": "dry"}, None)


def test_clear_empties_tags_and_template(shop) -> None:
    template = make.freight_template(shop, "Air")
    known = make.product(shop, code="P", tags=["old"], freight_template_id=template.id)
    make.sku(shop, known, code="S1")

    take(run_of(shop, HEADER, [["P", "", "S1", "", "#CLEAR", "#CLEAR", "", ""]]))

    assert said(product()) == ([], {}, None)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["x" * 41, "", "", ""], "tags_bad"),
        ([",".join(str(n) for n in range(51)), "", "", ""], "tags_bad"),
        (["", "Sea", "", ""], "freight_unknown"),
        (["", "", "x" * 201, ""], "text_too_long"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(shop, cells, code) -> None:
    known = make.product(shop, code="P", tags=["old"])
    make.sku(shop, known, code="S1")
    run = run_of(shop, HEADER, [["P", "", "S1", "", *cells]])

    assert four(take(run)) == (0, 0, 0, 1)
    assert [fault.code for fault in faults.page(run)] == [code]
    assert said(product()) == (["old"], {}, None)


def test_rows_of_one_product_that_disagree_are_refused(shop) -> None:
    rows = [
        ["P", "Cup", "S1", "1.00", "", "", "cotton", ""],
        ["P", "Cup", "S2", "1.00", "", "", "wood", ""],
    ]
    run = run_of(shop, HEADER, rows)

    assert four(take(run)) == (1, 0, 0, 1)
    assert [fault.code for fault in faults.page(run)] == ["product_differs"]
    assert product().attributes == {"Material": "cotton"}
