"""The error workbook of a change set goes straight back in."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text

from app.catalog import change_sets
from app.catalog.change_models import ChangeSource
from app.catalog.models import Product, Sku
from app.console.roles import Role
from app.imports import change_errors
from app.imports.models import ImportMode
from app.kit import context, files
from app.kit.db import db, transaction
from tests import factories as make
from tests.imports.builders import run_of, take

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    shop = make.shop()
    with context.shops([shop.id]):
        yield shop


def wished(shop, *rows):
    """A carried-out set of (table, row id, field, new, expected or None)."""

    def fill(session):
        for table, row_id, field, new, expected in rows:
            session.execute(
                text("insert into wanted values (:t, :r, :f, :n, :g, :e)"),
                {"t": table, "r": row_id, "f": field, "n": new, "g": expected is not None, "e": expected},
            )

    with transaction():
        change_set = change_sets.propose(shop.id, ChangeSource.GRID, {}, {}, fill)
        change_sets.confirm(change_set)
        change_sets.carry_out(change_set)
    return change_set


def book_of(change_set, shop):
    path = files.scratch(".xlsx")
    change_errors.write(change_set, shop, path)
    return [list(row) for row in load_workbook(path).active.iter_rows(values_only=True)]


def test_only_what_was_not_written_stands_in_it_and_it_is_taken_as_it_is(shop) -> None:
    cups = make.category(shop, "Cups")
    product = make.product(shop, "Mug")
    first, second = (make.sku(shop, product, code=code, price_minor=1000) for code in ("000123", "K2"))
    change_set = wished(
        shop,
        ("sku", first.id, "price_minor", "950", "999"),
        ("sku", second.id, "price_minor", "950", "1000"),
        ("sku", second.id, "stock_on_hand", "-1", None),
        ("product", product.id, "category_id", str(cups.id), "7"),
    )

    header, *rows = book_of(change_set, shop)
    assert header[:4] == ["SKU code", "Category", "Price", "Stock"]
    assert [row[:4] for row in rows] == [["000123", "Cups", "9.50", None], ["K2", None, None, "-1"]]
    assert rows[1][header.index("_column")] == "Stock"

    fixed = [[cell or "" for cell in row[:4]] for row in rows]
    fixed[1][3] = "4"
    take(run_of(shop, header[:4], fixed, as_csv=False, mode=ImportMode.UPDATE))
    db.session.expire_all()
    stands = db.session.execute(select(Sku.code, Sku.price_minor, Sku.stock_on_hand).order_by(Sku.code)).all()
    assert [tuple(row) for row in stands] == [("000123", 950, 5), ("K2", 950, 4)]
    assert db.session.get(Product, product.id).category_id == cups.id


def test_it_is_downloaded_from_the_page_of_the_change_by_its_own_shop_alone(shop, sign_in) -> None:
    sku = make.sku(shop, code="K1")
    change_set = wished(shop, ("sku", sku.id, "price_minor", "x", None))
    wei = sign_in(make.staff(Role.MERCHANT, shop))
    stranger = sign_in(make.staff(Role.MANAGER, make.shop("other")))
    where = f"/changes/{change_set.id}/errors.xlsx"

    assert f'href="{where}"' in wei.get(f"/changes/{change_set.id}").text
    answer = wei.get(where)
    rows = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
    assert rows[1][:2] == ("K1", "x")
    assert stranger.get(where).status_code == 404
