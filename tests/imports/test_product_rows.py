"""The rules for product rows, one file at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.catalog.models import Category, Product, ProductStatus, Sku
from app.imports import faults
from app.kit import context
from app.kit.db import db
from tests import factories as make
from tests.imports.builders import ImportMode, OnError, dry, four, run_of, take

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    shop = make.shop(currency="CNY")
    with context.shops([shop.id]):
        yield shop


def _sku(shop, code: str) -> Sku:
    db.session.expire_all()
    return db.session.scalars(select(Sku).where(Sku.shop_id == shop.id, Sku.code == code)).one()


def _product(shop, code: str) -> Product:
    db.session.expire_all()
    return db.session.scalars(select(Product).where(Product.shop_id == shop.id, Product.code == code)).one()


def _reasons(run) -> list[tuple[int, str, str]]:
    return [(f.row, f.column, f.code) for f in faults.page(run)]


FULL = ["商品编码", "标题", "描述", "状态", "分类", "SKU编码", "条码", "选项:颜色", "选项:尺寸"]
FULL += ["售价", "划线价", "成本", "库存", "库存预警"]
RED = ["P1", "杯子", "陶瓷", "在售", "厨房 > 杯具", "000123", "06932169358293", "红", "大"]
RED += ["¥12.50", "1,299", "8", "10", "3"]
BLUE = ["P1", "", "", "", "", "S2", "", "蓝", "", "13.5", "", "", "", ""]


def test_new_products_with_their_skus_options_and_categories(shop) -> None:
    run = run_of(shop, FULL, [RED, BLUE])

    result = take(run)

    assert four(result) == (2, 0, 0, 0), _reasons(run)
    product, red, blue = _product(shop, "P1"), _sku(shop, "000123"), _sku(shop, "S2")
    assert (product.title, product.description, product.status) == ("杯子", "陶瓷", ProductStatus.ON_SALE)
    leaf = db.session.get(Category, product.category_id)
    assert leaf.name == "杯具"
    assert db.session.get(Category, leaf.parent_id).name == "厨房"
    assert (red.barcode, red.options, red.price_minor) == ("06932169358293", {"颜色": "红", "尺寸": "大"}, 1250)
    assert (red.compare_at_minor, red.cost_minor, red.stock_on_hand, red.low_stock_limit) == (129900, 800, 10, 3)
    assert (blue.options, blue.price_minor, blue.compare_at_minor, blue.stock_on_hand) == (
        {"颜色": "蓝"},
        1350,
        None,
        0,
    )
    assert (red.version, red.product_id, blue.product_id) == (1, product.id, product.id)


def test_the_same_file_again_changes_nothing(shop) -> None:
    take(run_of(shop, FULL, [RED, BLUE]))

    again = run_of(shop, FULL, [RED, BLUE])
    assert four(take(again)) == (0, 0, 2, 0)
    assert again.change_set_id is None


def test_without_a_product_code_each_sku_is_its_own_product(shop) -> None:
    take(run_of(shop, ["SKU编码", "标题", "价格"], [["A", "甲", "1"], ["B", "乙", "2"]]))

    assert _product(shop, "A").title == "甲"
    assert _sku(shop, "B").product_id == _product(shop, "B").id
    assert _product(shop, "B").status is ProductStatus.DRAFT


def test_a_missing_column_or_blank_cell_changes_nothing_and_clear_empties(shop) -> None:
    product = make.product(shop, "Cup", code="P", description="old", category_id=make.category(shop).id)
    make.sku(shop, product, code="S", barcode="b", cost_minor=1, compare_at_minor=2, options={"颜色": "红", "x": "y"})

    head = ["sku code", "description", "category", "barcode", "compare-at price", "cost", "选项:颜色", "price"]
    run = run_of(shop, head, [["S", "#CLEAR", "#CLEAR", "#CLEAR", "#CLEAR", "#CLEAR", "#CLEAR", ""]])

    assert four(take(run)) == (0, 1, 0, 0), _reasons(run)
    sku, product = _sku(shop, "S"), _product(shop, "P")
    assert (sku.barcode, sku.compare_at_minor, sku.cost_minor, sku.options) == ("", None, None, {"x": "y"})
    assert (product.description, product.category_id) == ("", None)
    assert (sku.price_minor, sku.stock_on_hand, product.title) == (1000, 5, "Cup")


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("price", "abc", "not_a_number"),
        ("price", "-1", "number_negative"),
        ("price", "1.234", "too_many_decimals"),
        ("price", "12.500", "too_many_decimals"),
        ("price", "1,23", "not_a_number"),
        ("price", "1.234,56", "not_a_number"),
        ("price", "$12", "not_a_number"),
        ("price", "1e3", "not_a_number"),
        ("price", "=1+1", "not_a_number"),
        ("price", "99999999999999", "number_too_large"),
        ("price", "#CLEAR", "cannot_be_cleared"),
        ("stock", "1.5", "not_whole"),
        ("stock", "-3", "number_negative"),
        ("stock", "¥3", "not_a_number"),
        ("stock", "9999999999999999", "number_too_large"),
        ("status", "sold", "status_unknown"),
        ("status", "归档", "status_move"),
        ("title", "#CLEAR", "cannot_be_cleared"),
        ("title", "x" * 201, "text_too_long"),
        ("category", "a > > b", "category_bad"),
        ("category", "x" * 81, "category_bad"),
        ("product code", "OTHER", "sku_of_other_product"),
        ("sku code", "", "sku_code_missing"),
        ("选项:颜色", "x" * 81, "text_too_long"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_name_and_nothing_changes(shop, column, cell, code) -> None:
    make.sku(shop, make.product(shop, code="P"), code="S")
    row = {"sku code": "S", "title": "Cup", "price": "10", "stock": "5"} | {column: cell}

    run = run_of(shop, list(row), [list(row.values())])

    assert four(take(run)) == (0, 0, 0, 1)
    assert _reasons(run) == [(2, column, code)]
    assert (_sku(shop, "S").version, _product(shop, "P").version) == (1, 1)


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("12", 1200),
        ("12.5", 1250),
        ("￥1,234.50", 123450),
        ("CNY 7", 700),
        ("８．５", 850),
        ("12.50元", 1250),
        ("0", 0),
        ("1,234", 123400),
        ("007", 700),
    ],
)
def test_money_is_read_where_there_is_no_doubt(shop, cell, minor) -> None:
    make.sku(shop, code="S")

    take(run_of(shop, ["sku code", "price"], [["S", cell]]))

    assert _sku(shop, "S").price_minor == minor


@pytest.mark.parametrize(
    ("currency", "cell", "minor"),
    [("JPY", "1,200", 1200), ("JPY", "1.5", None), ("KWD", "1.234", 1234), ("KWD", "1,234", None)],
)
def test_decimals_and_thousands_follow_the_currency(currency, cell, minor) -> None:
    shop = make.shop(currency=currency)
    with context.shops([shop.id]):
        make.sku(shop, code="S")
        result = take(run_of(shop, ["sku code", "price"], [["S", cell]]))

        assert result["failed"] == (minor is None)
        assert _sku(shop, "S").price_minor == (1000 if minor is None else minor)


def test_the_second_row_of_a_sku_is_refused(shop) -> None:
    make.sku(shop, code="S")
    run = run_of(shop, ["sku code", "price"], [["S", "11"], ["S", "12"]])

    assert four(take(run)) == (0, 1, 0, 1)
    assert _reasons(run) == [(3, "sku code", "sku_twice")]
    assert _sku(shop, "S").price_minor == 1100


def test_another_shops_sku_is_as_unknown_as_any(shop) -> None:
    other = make.shop()
    make.sku(other, code="FOREIGN")
    head = ["sku code", "price"]
    run = run_of(shop, head, [["FOREIGN", "1"], ["NOWHERE", "1"]], mode=ImportMode.UPDATE)

    dry(run)

    first, second = faults.page(run)
    assert first.message.replace("FOREIGN", "NOWHERE") == second.message
    assert (first.code, first.column) == (second.code, second.column) == ("sku_unknown", "sku code")


def test_a_new_code_may_be_the_same_as_in_another_shop(shop) -> None:
    theirs = make.sku(make.shop(), code="S")

    take(run_of(shop, ["sku code", "title", "price"], [["S", "Mine", "1"]]))

    assert _sku(shop, "S").id != theirs.id
    assert _product(shop, "S").title == "Mine"


def test_modes_take_only_what_is_wanted(shop) -> None:
    make.sku(shop, code="OLD")
    rows = [["OLD", "x", "11"], ["NEW", "y", "12"]]
    head = ["sku code", "title", "price"]

    create, update = (run_of(shop, head, rows, mode=mode) for mode in (ImportMode.CREATE, ImportMode.UPDATE))

    assert four(dry(create)) == (1, 0, 0, 1)
    assert _reasons(create) == [(2, "sku code", "sku_exists")]
    assert four(dry(update)) == (0, 1, 0, 1)
    assert _reasons(update) == [(3, "sku code", "sku_unknown")]


def test_a_new_sku_needs_a_price_and_a_new_product_a_title(shop) -> None:
    make.product(shop, code="P")
    head = ["product code", "sku code", "title", "price"]
    run = run_of(
        shop,
        head,
        [["P", "A", "", "1"], ["P", "B", "", ""], ["Q", "C", "", "1"], ["Q", "D", "Late", "1"], ["Q", "E", "", "1"]],
    )

    assert four(take(run)) == (3, 0, 0, 2)
    assert _reasons(run) == [(3, "price", "price_missing"), (4, "title", "title_missing")]
    assert _sku(shop, "E").product_id == _product(shop, "Q").id


def test_rows_of_one_product_must_agree(shop) -> None:
    make.sku(shop, product := make.product(shop, code="P"), code="A")
    make.sku(shop, product, code="B")
    make.sku(shop, product, code="C")
    head = ["sku code", "title", "status"]
    run = run_of(shop, head, [["A", "One", "在售"], ["B", "Two", ""], ["C", "One", "On sale"]])

    assert four(take(run)) == (0, 2, 0, 1)
    assert _reasons(run) == [(3, "title", "product_differs")]
    assert _product(shop, "P").title == "One"


def test_an_error_in_a_cell_is_refused_not_taken_for_a_blank(shop, tmp_path) -> None:
    from openpyxl import Workbook

    from app.kit import files

    make.sku(shop, code="S")
    book = Workbook()
    book.active.append(["sku code", "price"])
    book.active.append(["S", "#N/A"])
    path = files.scratch(".xlsx")
    book.save(path)
    run = run_of(shop, ["sku code", "price"], [], file=files.keep(path), file_name="rows.xlsx")

    assert four(take(run)) == (0, 0, 0, 1)
    assert _reasons(run) == [(2, "price", "cell_error_value")]


def test_stop_takes_the_rows_before_the_first_fault(shop) -> None:
    head = ["sku code", "title", "price"]
    run = run_of(shop, head, [["A", "a", "1"], ["B", "b", "x"], ["C", "c", "1"], ["A", "d", "1"]])

    result = take(run, OnError.STOP)

    assert four(result) == (1, 0, 0, 1)
    assert result["not_reached"] == 2
    assert list(db.session.scalars(select(Sku.code).where(Sku.shop_id == shop.id))) == ["A"]
