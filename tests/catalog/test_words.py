"""Rules, values and forms in words, in English and Chinese."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from app.catalog import amounts, bulk_form, change_rules, change_words
from app.catalog.change_models import ChangeSet, ChangeSource
from app.catalog.change_rules import ProductValue
from app.catalog.formulas import CopyFrom, Formula, OverCost, Percent, Plus, RoundTo, SetTo
from app.catalog.models import Category
from app.kit.errors import RuleViolation

pytestmark = pytest.mark.usefixtures("app")


def said(rule, locale="en", currency="CNY"):
    with force_locale(locale):
        return change_words.rule(rule, currency)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Formula("price_minor", (Percent(-125_000), RoundTo(100, 1))), "Price: −12.5 %, then end in ….99"),
        (Formula("price_minor", (Plus(150),)), "Price: +CN¥1.50"),
        (Formula("price_minor", (Plus(-150), RoundTo(50))), "Price: −CN¥1.50, then round to steps of CN¥0.50"),
        (Formula("compare_at_minor", (CopyFrom("price_minor"),)), "Compare-at price: copy from Price"),
        (Formula("price_minor", (OverCost(300_000),)), "Price: cost +30 %"),
        (Formula("stock_on_hand", (SetTo(1200),)), "Stock: set to 1,200"),
        (Formula("stock_on_hand", (Plus(-3),)), "Stock: −3"),
        (ProductValue("status", "off_shelf"), "Status: Off shelf"),
        (ProductValue("category_id", None), "Category: –"),
    ],
)
def test_a_rule_in_words(rule, words) -> None:
    assert said(rule) == words
    assert change_rules.from_json(rule.to_json()) == rule


def test_the_same_in_chinese() -> None:
    rule = Formula("price_minor", (Percent(-100_000), RoundTo(100, 1)))

    assert said(rule, "zh") == "价格: −10 %，再以 .99 结尾"


@pytest.mark.parametrize(
    ("field", "stored", "words"),
    [
        ("price_minor", "1250", "CN¥12.50"),
        ("price_minor", "abc", "abc"),
        ("price_minor", None, "–"),
        ("stock_on_hand", "1200", "1,200"),
        ("status", "on_sale", "On sale"),
        ("status", "sold", "sold"),
        ("category_id", "7", "Cups"),
        ("category_id", "8", "#8"),
        ("options", '{"Size": "S", "Colour": "red"}', "Size: S, Colour: red"),
        ("options", "{}", "–"),
        ("barcode", "", "–"),
        ("barcode", "0693", "0693"),
        ("nothing", "x", "x"),
    ],
)
def test_a_value_in_words(field, stored, words) -> None:
    with force_locale("en"):
        assert change_words.value(field, stored, "CNY", {"7": "Cups"}) == words


def test_a_set_has_a_title_whatever_its_route() -> None:
    with force_locale("en"):
        assert change_words.title(ChangeSet(rule={}, undoes_id=3), "CNY") == "Undo of change #3"
        assert change_words.title(ChangeSet(rule={"file_name": "a.xlsx"}), "CNY") == "Workbook a.xlsx"
        assert change_words.title(ChangeSet(rule={}, source=ChangeSource.API), "CNY") == "API"


def test_stored_values_of_any_kind_have_one_text() -> None:
    assert [change_words.as_stored(v) for v in (None, "x", 5, {"a": "红"})] == [None, "x", "5", '{"a": "红"}']


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12.5", "CNY", 1250),
        ("1,234.50", "GBP", 123450),
        ("￥12", "CNY", 1200),
        ("－5", "CNY", -500),
        ("-¥5", "CNY", -500),
        ("1234", "JPY", 1234),
        ("1.234", "KWD", 1234),
        (" 12。5 ", "CNY", 1250),
    ],
)
def test_money_is_read_as_people_type_it(typed, currency, minor) -> None:
    assert amounts.money(typed, currency) == minor


@pytest.mark.parametrize("typed", ["", "1e3", "12,34", "1.2.3", "NaN", "12.", "--1", "1 234,5"])
def test_what_is_no_amount_is_refused(typed) -> None:
    with pytest.raises(amounts.BadAmount):
        amounts.money(typed, "CNY")


def test_decimals_beyond_the_currency_are_said() -> None:
    with force_locale("en"):
        with pytest.raises(amounts.BadAmount, match=r"^JPY has no decimals\.$"):
            amounts.money("1.5", "JPY")
        with pytest.raises(amounts.BadAmount, match=r"^GBP takes at most 2 decimals\.$"):
            amounts.money("1.505", "GBP")


@pytest.mark.parametrize(
    ("form", "rule"),
    [
        ({"field": "price_minor", "how": "plus", "amount": "-1.5"}, Formula("price_minor", (Plus(-150),))),
        ({"field": "low_stock_limit", "how": "set", "amount": "1,000"}, Formula("low_stock_limit", (SetTo(1000),))),
        ({"field": "price_minor", "how": "over_cost", "amount": "30%"}, Formula("price_minor", (OverCost(300_000),))),
        (
            {"field": "compare_at_minor", "how": "copy", "source": "price_minor", "rounding": "ending"},
            Formula("compare_at_minor", (CopyFrom("price_minor"), RoundTo(100, 1))),
        ),
        (
            {"field": "price_minor", "how": "round", "rounding": "step", "step": "0.5"},
            Formula("price_minor", (RoundTo(50),)),
        ),
        ({"field": "category_id", "category": "7"}, ProductValue("category_id", "7")),
        ({"field": "category_id", "category": ""}, ProductValue("category_id", None)),
    ],
)
def test_the_form_gives_the_rule(form, rule) -> None:
    assert bulk_form.read(form, "CNY") == rule


def test_an_example_step_suits_the_currency() -> None:
    assert [bulk_form.example_step(currency) for currency in ("CNY", "JPY", "KWD")] == ["0.50", "50", "0.500"]


@pytest.mark.parametrize("rule", [{"product": "code", "value": "x"}, {"product": "status", "value": 3}])
def test_a_product_rule_that_is_none_is_refused(rule) -> None:
    with pytest.raises(RuleViolation, match="bad_rule"):
        change_rules.from_json(rule)


def test_rows_read_as_their_names() -> None:
    assert str(Category(name="Cups")) == "Cups"
