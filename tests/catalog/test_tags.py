"""Tags, attributes and freight templates as fields of the engine, of the form, and of the list."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.catalog import change_sets, tag_sql, tags
from app.catalog.change_models import ChangeLine, ChangeSource
from app.catalog.models import Product
from app.kit import context
from app.kit.db import db, transaction
from tests import factories as make
from tests.lengths import often

pytestmark = pytest.mark.usefixtures("app")
WORD = st.text(st.sampled_from("aBé新 .:'\"\\%0-"), max_size=6)


def wish(shop, product, field, new):
    """One wish through the engine; the (new, outcome, reason) of its line."""
    with transaction() as session:
        change_set = change_sets.open_set(shop.id, ChangeSource.API, {}, {})
        change_sets.stage_table(session)
        session.execute(
            text("insert into wanted (target_table, row_id, field, new) values ('product', :r, :f, :n)"),
            {"r": product.id, "f": field, "n": new},
        )
        change_sets.apply(change_set)
    line = db.session.scalars(select(ChangeLine).where(ChangeLine.change_set_id == change_set.id)).one()
    return line.new, line.outcome.value, line.reason


@pytest.mark.soak
@settings(max_examples=often(100, 25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORD, max_size=6))
def test_sql_writes_tags_as_python_does(words) -> None:
    made = db.session.scalar(
        text(f"select {tag_sql.canonical_tags_sql('w.new')} from (select cast(:new as text) as new) w"),  # noqa: S608
        {"new": json.dumps(words)},
    )

    assert json.loads(made) == tags.clean(words)
    again = f"select {tag_sql.canonical_tags_sql('w.new')} from (select cast(:new as text) as new) w"  # noqa: S608
    assert db.session.scalar(text(again), {"new": made}) == made


@pytest.mark.parametrize(
    ("field", "new", "line"),
    [
        ("tags", '["b", " a ", "b", ""]', ('["a", "b"]', "changed", None)),
        ("tags", None, ("[]", "unchanged", None)),
        ("tags", '{"a": 1}', ('{"a": 1}', "refused", "not_tags")),
        ("tags", "[1]", ("[1]", "refused", "not_tags")),
        ("tags", '[["a"]]', ('[["a"]]', "refused", "not_tags")),
        ("tags", "[", ("[", "refused", "not_tags")),
        ("tags", '["\\u0000"]', ('["\\u0000"]', "refused", "not_tags")),
        ("tags", '["\\ud800"]', ('["\\ud800"]', "refused", "not_tags")),
        ("tags", '["a,b"]', ('["a,b"]', "refused", "bad_tag")),
        ("tags", json.dumps(["x" * 41]), (json.dumps(["x" * 41]), "refused", "bad_tag")),
        ("attributes", '{"b": " x ", "a": "", "n": 3}', ('{"b": "x", "n": "3"}', "changed", None)),
        ("attributes", '{"a": {"b": 1}}', ('{"a": {"b": 1}}', "refused", "not_attributes")),
        ("attributes", '{"a": ["b"]}', ('{"a": ["b"]}', "refused", "not_attributes")),
        ("attributes", "[]", ("[]", "refused", "not_attributes")),
        ("attributes", '{"": "x"}', ('{"": "x"}', "refused", "bad_attribute")),
        ("freight_template_id", "999999999", ("999999999", "refused", "freight_unknown")),
        ("freight_template_id", "x", ("x", "refused", "not_a_number")),
        ("freight_template_id", None, (None, "unchanged", None)),
    ],
)
def test_what_the_engine_takes_and_refuses(shop, field, new, line) -> None:
    assert wish(shop, make.product(shop), field, new) == line


def test_a_template_of_another_shop_is_unknown(shop) -> None:
    with context.every_shop("test"):
        foreign = make.freight_template(make.shop())
    product = make.product(shop)

    assert wish(shop, product, "freight_template_id", str(foreign.id))[2] == "freight_unknown"
    assert wish(shop, product, "freight_template_id", str(make.freight_template(shop).id))[1] == "changed"


def test_too_many_tags_are_refused(shop) -> None:
    many = json.dumps([f"t{n}" for n in range(51)])

    assert wish(shop, make.product(shop), "tags", many)[2] == "too_many_tags"


def _form(**values):
    return {"title": "Cup", "code": "CUP", "status": "draft", **values}


def test_the_form_keeps_them_and_the_page_shows_them(shop, manager, look) -> None:
    template = make.freight_template(shop, "By <air>")
    typed = _form(tags="新品, hot,hot", attributes="Material: cotton\n产地：杭州", freight_template_id=str(template.id))

    made = manager.post("/products/new", data=typed)
    assert made.status_code == 302
    row = look(lambda: db.session.scalars(select(Product).where(Product.code == "CUP")).one())
    assert (row.tags, row.attributes) == (["hot", "新品"], {"Material": "cotton", "产地": "杭州"})
    page = manager.get(made.location).text
    assert "hot, 新品" in page and "cotton" in page and "By &lt;air&gt;" in page

    edit = manager.get(made.location + "/edit").text
    assert 'value="hot, 新品"' in edit and "产地: 杭州\nMaterial: cotton" in edit
    base = {"version": 1, "values": {"tags": ["hot", "新品"], "title": "Cup"}}
    saved = manager.post(made.location + "/edit", data=_form(tags="sale", base=json.dumps(base)))
    assert saved.status_code == 302
    assert look(lambda: db.session.get(Product, row.id).tags) == ["sale"]
    assert "hot, 新品" in manager.get(made.location).text  # in the timeline


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"tags": "x" * 41}, "is no tag"),
        ({"tags": ",".join(str(n) for n in range(51))}, "at most 50 tags"),
        ({"attributes": "cotton"}, "Write one attribute a line"),
        ({"attributes": "a: " + "x" * 201}, "is too long"),
        ({"freight_template_id": "999999"}, "There is no such freight template"),
    ],
)
def test_the_form_says_what_cannot_be_stored(shop, manager, look, typed, words) -> None:
    answer = manager.post("/products/new", data=_form(**typed))

    assert answer.status_code == 422
    assert words in answer.text
    assert look(lambda: db.session.scalars(select(Product)).all()) == []


def test_the_list_filters_and_finds_by_tag_and_template(shop, manager) -> None:
    template = make.freight_template(shop)
    make.product(shop, "Red cup", tags=["hot", "new"], freight_template_id=template.id)
    make.product(shop, "Blue cup", tags=["old"])

    for query, found in (
        ("f_tag=hot&f_tag=x", ["Red cup"]),
        (f"f_freight={template.id}", ["Red cup"]),
        ("q=old", ["Blue cup"]),
        ("f_tag=%27", []),
    ):
        page = manager.get(f"/products/?{query}").text
        assert [name for name in ("Red cup", "Blue cup") if name in page] == found, query
