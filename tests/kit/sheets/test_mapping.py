"""Headers are matched to fields as a person would, and left to the person where two would do."""

from __future__ import annotations

from app.kit.sheets import FieldName, Guess, guess_mapping

FIELDS = [
    FieldName("sku_code", ("SKU", "SKU code", "商品编码", "规格编码", "货号")),
    FieldName("title", ("Product name", "Title", "商品名称", "名称")),
    FieldName("price", ("Price", "Sale price", "价格", "售价")),
    FieldName("cost", ("Cost", "Cost price", "成本", "成本价")),
    FieldName("stock", ("Stock", "Quantity", "库存", "数量")),
]


def headers_of(header: list[str]) -> dict[str, str]:
    return {key: guess.header for key, guess in guess_mapping(header, FIELDS).items() if guess.header}


def test_chinese_and_english_names_are_known() -> None:
    assert headers_of(["商品编码", "名称", "售价", "成本价", "库存"]) == {
        "sku_code": "商品编码", "title": "名称", "price": "售价", "cost": "成本价", "stock": "库存",
    }  # fmt: skip
    assert headers_of(["Stock", "Title", "SKU code"]) == {"sku_code": "SKU code", "title": "Title", "stock": "Stock"}


def test_case_spaces_full_width_and_units_do_not_matter() -> None:
    assert headers_of([" sku_CODE ", "价格(元)", "库存【件】", "ＰＲＯＤＵＣＴ　ＮＡＭＥ", "Cost-Price (CNY)"]) == {
        "sku_code": " sku_CODE ", "price": "价格(元)", "stock": "库存【件】", "title": "ＰＲＯＤＵＣＴ　ＮＡＭＥ",
        "cost": "Cost-Price (CNY)",
    }  # fmt: skip


def test_confidence_tells_the_same_from_the_alike() -> None:
    guesses = guess_mapping(["货号", "价格(元)", "Product nmae"], FIELDS)

    assert guesses["sku_code"] == Guess("货号", 1.0, ())
    assert guesses["price"] == Guess("价格(元)", 0.95, ())
    assert guesses["title"].header == "Product nmae"
    assert 0.7 < guesses["title"].confidence < 0.95
    assert guesses["cost"] == Guess("", 0.0, ())


def test_the_same_name_wins_over_one_alike() -> None:
    guesses = guess_mapping(["商品名称备注", "商品名称"], FIELDS)

    assert guesses["title"] == Guess("商品名称", 1.0, ("商品名称备注",))


def test_two_headers_that_fit_equally_are_left_to_the_person() -> None:
    guesses = guess_mapping(["SKU", "商品编码", "名称"], FIELDS)

    assert guesses["sku_code"].header == ""
    assert guesses["sku_code"].confidence == 0.0
    assert set(guesses["sku_code"].alternatives) == {"SKU", "商品编码"}
    assert guesses["title"].header == "名称"


def test_no_header_serves_two_fields() -> None:
    guesses = guess_mapping(["价格"], FIELDS)

    assert [guess.header for guess in guesses.values()].count("价格") == 1


def test_a_header_that_is_in_the_file_twice_is_left_to_the_person() -> None:
    guesses = guess_mapping(["价格", "价格"], FIELDS)

    assert guesses["price"] == Guess("", 0.0, ("价格",))


def test_what_is_unknown_stays_unknown() -> None:
    assert headers_of(["颜色", "", "Remark", "2026"]) == {}
