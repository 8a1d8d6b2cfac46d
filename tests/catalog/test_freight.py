"""Freight templates: the fee of n pieces, and their page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.catalog import freight
from app.catalog.models import FreightTemplate
from app.kit import context, history
from app.kit.db import db
from tests import factories as make

TYPED = {"name": " Air ", "first_units": "2", "first_fee_minor": "8.00", "further_units": "3", "further_fee_minor": "2"}
templates = st.builds(
    FreightTemplate,
    first_units=st.integers(1, 20),
    first_fee_minor=st.integers(0, 5000),
    further_units=st.integers(1, 20),
    further_fee_minor=st.integers(0, 5000),
    free_above_minor=st.none() | st.integers(0, 10_000),
)


@given(template=templates, units=st.integers(0, 500), amount=st.integers(0, 20_000))
def test_the_fee_of_n_pieces_counts_each_begun_step_once(template, units, amount) -> None:
    fee = freight.fee_minor(template, units, amount)

    left, expected = units - template.first_units, template.first_fee_minor
    while left > 0:
        left -= template.further_units
        expected += template.further_fee_minor
    is_free = units == 0 or (template.free_above_minor is not None and amount >= template.free_above_minor)
    assert fee == (0 if is_free else expected)


@given(template=templates, units=st.integers(1, 500), amount=st.integers(0, 20_000))
def test_more_pieces_never_cost_less_and_more_money_never_more(template, units, amount) -> None:
    fee = freight.fee_minor(template, units, amount)

    assert freight.fee_minor(template, units + 1, amount) >= fee
    assert freight.fee_minor(template, units, amount + 1) <= fee


def _one(look):
    return look(lambda: db.session.scalars(select(FreightTemplate)).one())


def test_a_template_is_added_edited_and_deleted_with_its_history(shop, manager, look) -> None:
    assert manager.post("/freight-templates/add", data=TYPED).status_code == 302
    row = _one(look)
    assert (row.shop_id, row.name, row.first_units, row.first_fee_minor) == (shop.id, "Air", 2, 800)
    assert (row.further_units, row.further_fee_minor, row.free_above_minor) == (3, 200, None)
    assert "¥8.00" in manager.get("/freight-templates/").text
    assert 'value="8.00"' in manager.get(f"/freight-templates/edit/{row.id}").text

    edited = {**TYPED, "free_above_minor": "99", "version": "1"}
    assert manager.post(f"/freight-templates/edit/{row.id}", data=edited).status_code == 302
    assert _one(look).free_above_minor == 9900
    changes = look(lambda: history.of("freight_template", "freight_template", row.id)[0].changes)
    assert changes == {"free_above_minor": [None, 9900]}

    assert manager.post(f"/freight-templates/delete/{row.id}").status_code == 302
    assert look(lambda: db.session.scalars(select(FreightTemplate)).all()) == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"first_fee_minor": "1.234"}, "at most 2 decimals"),
        ({"further_fee_minor": "-1"}, "below zero"),
        ({"first_units": "0"}, "Write 1 or more."),
        ({"name": ""}, "required"),
    ],
)
def test_what_cannot_be_a_template_is_said_beside_the_field(shop, manager, look, typed, words) -> None:
    answer = manager.post("/freight-templates/add", data={**TYPED, **typed})

    assert answer.status_code == 422
    assert words in answer.text
    assert look(lambda: db.session.scalars(select(FreightTemplate)).all()) == []


def test_a_template_in_use_stays_and_another_shops_is_not_there(shop, manager, look) -> None:
    row = make.freight_template(shop)
    make.product(shop, freight_template_id=row.id)
    with context.every_shop("test"):
        foreign = make.freight_template(make.shop("other"))

    assert manager.post(f"/freight-templates/delete/{row.id}").status_code == 409
    assert manager.get(f"/freight-templates/edit/{foreign.id}").status_code == 404
    assert manager.post(f"/freight-templates/delete/{foreign.id}").status_code == 404
    assert len(look(lambda: db.session.scalars(select(FreightTemplate)).all())) == 2
