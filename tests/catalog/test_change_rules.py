"""Rules of several parts: texts, tags, attributes and SKUs of one option; SQL does what Python does."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.catalog import change_rules, change_sets, rule_parts
from app.catalog.change_models import ChangeSource
from app.catalog.change_rules import Only, StockReason, Together
from app.catalog.formulas import CopyFrom, Formula, Percent, Plus, SetTo
from app.catalog.models import Product, Sku
from app.catalog.rule_parts import NoAttribute, ProductValue, Tagging, Words
from app.catalog.text_steps import After, Before, Replace, SetText
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from tests import factories as make
from tests.lengths import often

LETTERS = st.sampled_from("aAbBéÉß İſK杯1_-.*[]^\\$&(){}|+?/'\"\n%:")
TEXT = st.text(LETTERS, max_size=12)
FIND = st.text(LETTERS, min_size=1, max_size=3)
STEP = st.one_of(
    st.builds(SetText, TEXT),
    st.builds(Before, TEXT),
    st.builds(After, TEXT),
    st.builds(Replace, FIND, TEXT, st.booleans(), st.booleans()),
)
STEPS = st.lists(STEP, min_size=1, max_size=3).map(tuple)
WORD = st.sampled_from(["new", "hot", "新品", "a b", "x"])
TAGS = st.lists(WORD, max_size=4)
NAMES = st.sampled_from(["Colour", "材质", "a'b"])
MAPPINGS = st.dictionaries(NAMES, st.sampled_from(["red", "Red wine", "0", "蓝"]), max_size=3)
quick = settings(
    max_examples=often(150, 30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def by_sql(part, column, old):
    values = {"old": old if isinstance(old, str) else json.dumps(old, ensure_ascii=False)}

    def bind(value):
        values[f"v{len(values)}"] = value
        return f":v{len(values) - 1}"

    kind = "text" if isinstance(old, str) else "jsonb"
    made = part.new_sql("r", f"r.{column}", bind)
    statement = f"select ({made})::text, {part.where_sql('r', bind)} from (select cast(:old as {kind}) as {column}) r"  # noqa: S608
    new, concerned = db.session.execute(text(statement), values).one()
    if not concerned:
        return old
    return new if isinstance(old, str) else json.loads(new)


@pytest.mark.usefixtures("app")
@pytest.mark.soak
@quick
@given(steps=STEPS, old=TEXT)
@example(steps=(Replace("red", "blue", True, True),), old="Red, Redder red_RED-red")
@example(steps=(Replace("a", "\\1\\&"),), old="aba")
@example(steps=(Replace("aa", "a", True),), old="aaaaa")
def test_texts_change_in_sql_as_in_python(steps, old) -> None:
    part = Words("title", steps)

    assert by_sql(part, "title", old) == part.of(old)


@pytest.mark.usefixtures("app")
@pytest.mark.soak
@quick
@given(steps=STEPS, name=NAMES, old=MAPPINGS)
def test_texts_by_name_change_in_sql_as_in_python(steps, name, old) -> None:
    part = Words("attributes", steps, name)

    assert by_sql(part, "attributes", old) == part.of(old)


@pytest.mark.usefixtures("app")
@pytest.mark.soak
@quick
@given(how=st.sampled_from(rule_parts.TAGGING), tags=TAGS.map(tuple), old=TAGS)
def test_tags_change_in_sql_as_in_python(how, tags, old) -> None:
    part = Tagging(how, tags)
    stored = sorted(set(old))

    assert by_sql(part, "tags", stored) == part.of(stored)


@pytest.mark.usefixtures("app")
@pytest.mark.soak
@quick
@given(name=NAMES, old=MAPPINGS)
def test_an_attribute_goes_in_sql_as_in_python(name, old) -> None:
    assert by_sql(NoAttribute(name), "attributes", old) == NoAttribute(name).of(old)


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        (Replace("cup", "mug"), "Cup cup cupboard", "Cup mug mugboard"),
        (Replace("cup", "mug", any_case=True), "Cup cup cupboard", "mug mug mugboard"),
        (Replace("cup", "mug", any_case=True, whole_word=True), "Cup cup cupboard", "mug mug cupboard"),
        (Replace("É", "e", any_case=True), "éÉ", "ee"),
        (Replace("杯", "碗", whole_word=True), "杯子杯", "碗子碗"),
        (Replace(".*", "x"), "a.*b", "axb"),
        (Before("New "), "Cup", "New Cup"),
        (After("!"), "", ""),
        (SetText("x"), "", "x"),
    ],
)
def test_each_step_of_a_text(step, before, after) -> None:
    assert step.of(before) == after


PARTS = st.one_of(
    st.builds(Words, st.sampled_from(["title", "barcode"]), STEPS),
    st.builds(Words, st.just("options"), STEPS, NAMES),
    st.builds(Tagging, st.sampled_from(rule_parts.TAGGING), TAGS.map(tuple)),
    st.builds(NoAttribute, NAMES),
    st.builds(ProductValue, st.just("status"), st.sampled_from(["on_sale", "off_shelf"])),
    st.just(Formula("price_minor", (Percent(-1),))),
)
ONLY = st.one_of(st.just(Only()), st.builds(Only, NAMES, st.just(("red",)), st.none() | st.integers(0, 9)))


@given(parts=st.lists(PARTS, min_size=1, max_size=3, unique_by=lambda p: p.field).map(tuple), only=ONLY)
def test_a_rule_survives_json(parts, only) -> None:
    rule = Together(parts, only, StockReason.DAMAGED)

    assert change_rules.from_json(json.loads(json.dumps(rule.to_json()))) == rule
    assert change_rules.from_json(parts[0].to_json()) == parts[0]


PRICE = {"field": "price_minor", "steps": [{"kind": "plus", "amount": 1}]}


@pytest.mark.parametrize(
    "rule",
    [
        {"rules": []},
        {"rules": [PRICE] * 9},
        {"rules": [PRICE, PRICE]},
        {"rules": {"a": 1}},
        {"rules": ["price"]},
        {"rules": [{"rules": [PRICE]}]},
        {"rules": [PRICE], "reason": "because"},
        {"rules": [PRICE], "only": {"sql": "true"}},
        {"rules": [PRICE], "only": {"option": "Colour"}},
        {"rules": [PRICE], "only": {"option": 1, "values": ["red"]}},
        {"rules": [PRICE], "only": {"low": "1; drop table sku"}},
        {"rules": [PRICE], "only": {"low": True}},
        {"rules": [PRICE], "only": {"low": -1}},
        {"product": "shop_id", "value": "1"},
        {"product": ["status"], "value": "1"},
        {"product": "status", "value": 1},
        {"product": "title", "value": "\x00"},
        {"text": "code", "steps": [{"kind": "set", "text": "x"}]},
        {"text": "title", "steps": []},
        {"text": "title", "name": "x", "steps": [{"kind": "set", "text": "x"}]},
        {"text": "options", "steps": [{"kind": "set", "text": "x"}]},
        {"text": "title", "steps": [{"kind": "set", "text": "x" * 1001}]},
        {"text": "title", "steps": [{"kind": "set", "text": "\ud800"}]},
        {"text": "title", "steps": [{"kind": "replace", "find": "", "text": "x"}]},
        {"text": "title", "steps": [{"kind": "replace", "find": "a", "text": "b", "any_case": "yes"}]},
        {"text": "title", "steps": [{"kind": "regex", "find": "(a+)+$", "text": ""}]},
        {"text": "title", "steps": [{"kind": "set", "text": "x"}] * 6},
        {"text": "title", "steps": "set"},
        {"tags": "drop", "values": ["x"]},
        {"tags": "add", "values": "x"},
        {"tags": "add", "values": [1]},
        {"tags": "add", "values": ["x"] * 51},
        {"no_attribute": ""},
        {"no_attribute": {"a": 1}},
    ],
)
def test_a_rule_that_is_none_is_refused(rule) -> None:
    with pytest.raises(RuleViolation, match=r"bad_rule|same_field_twice"):
        change_rules.from_json(rule)


def carry_out(shop, rule):
    with transaction():
        change_set = change_sets.open_set(shop.id, ChangeSource.FORMULA, rule.to_json(), {})
        change_rules.stage(shop.id, rule, select(Product.id).where(Product.shop_id == shop.id))
        return change_sets.apply(change_set, floor=rule.floor)


def test_parts_are_computed_from_the_row_as_it_was(shop) -> None:
    sku = make.sku(shop, price_minor=1000, cost_minor=400)
    rule = Together(
        (
            Formula("price_minor", (Percent(-100_000),)),
            Formula("compare_at_minor", (CopyFrom("price_minor"),)),
            Formula("cost_minor", (CopyFrom("price_minor"), Plus(1))),
        )
    )

    assert carry_out(shop, rule)["changed"] == 3
    db.session.expire_all()
    row = db.session.get(Sku, sku.id)
    assert (row.price_minor, row.compare_at_minor, row.cost_minor) == (900, 1000, 1001)


def test_parts_over_the_same_names_follow_one_another(shop) -> None:
    product = make.product(shop, attributes={"Material": "wood", "Old": "x"}, tags=["a", "b"])
    rule = Together(
        (
            Words("attributes", (SetText("cotton"),), "Material"),
            Words("attributes", (SetText("dry"),), "Care"),
            NoAttribute("Old"),
            Tagging("remove", ("a",)),
            Tagging("add", ("c", "b")),
            ProductValue("freight_template_id", str(make.freight_template(shop).id)),
        )
    )

    assert carry_out(shop, rule)["changed"] == 3
    db.session.expire_all()
    row = db.session.get(Product, product.id)
    assert (row.attributes, row.tags) == ({"Material": "cotton", "Care": "dry"}, ["b", "c"])


def test_only_skus_of_an_option_and_a_price_range_change(shop) -> None:
    product = make.product(shop)
    other = make.product(shop)
    red = make.sku(shop, product, options={"Colour": "red"}, price_minor=500)
    dear = make.sku(shop, product, options={"Colour": "red"}, price_minor=5000)
    blue = make.sku(shop, product, options={"Colour": "blue"}, price_minor=500)
    bare = make.sku(shop, other, price_minor=500)
    rule = Together(
        (Formula("price_minor", (SetTo(1),)), Tagging("add", ("seen",))), Only("Colour", ("red", "pink"), high=1000)
    )

    carry_out(shop, rule)

    db.session.expire_all()
    assert [db.session.get(Sku, one.id).price_minor for one in (red, dear, blue, bare)] == [1, 5000, 500, 500]
    assert [db.session.get(Product, one.id).tags for one in (product, other)] == [["seen"], []]


def test_rows_without_the_text_leave_no_line(shop) -> None:
    make.sku(shop, make.product(shop), options={"Colour": "red"})
    make.sku(shop, make.product(shop), options={})

    counts = carry_out(shop, Words("options", (Replace("red", "rot"),), "Colour"))

    assert (counts["changed"], counts["unchanged"], counts["refused"]) == (1, 0, 0)
