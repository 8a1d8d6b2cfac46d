"""Formulas: A1's values, rounding half away from zero, Python and SQL alike."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.catalog import formulas
from app.catalog.formulas import CopyFrom, Formula, Margin, OverCost, Percent, Plus, RoundTo, SetTo
from app.kit.db import db
from app.kit.errors import RuleViolation
from tests.lengths import often

amounts = st.integers(-(10**9), 10**9)
ppms = st.integers(-1_000_000, 3_000_000)
rounds = st.integers(1, 1000).flatmap(lambda step: st.builds(RoundTo, st.just(step), st.integers(0, step - 1)))
steps = st.one_of(
    st.builds(SetTo, amounts),
    st.builds(Plus, amounts),
    st.builds(Percent, ppms),
    rounds,
    st.builds(CopyFrom, st.sampled_from(formulas.NUMBER_FIELDS)),
    st.builds(OverCost, ppms),
    st.builds(Margin, st.integers(0, formulas.MOST_MARGIN_PPM)),
)
formula = st.builds(
    Formula, st.sampled_from(formulas.NUMBER_FIELDS), st.lists(steps, min_size=1, max_size=3).map(tuple)
)
rows = st.fixed_dictionaries({name: st.one_of(st.none(), st.integers(0, 10**12)) for name in formulas.NUMBER_FIELDS})


def price(rule, minor, **others):
    return Formula("price_minor", (rule,)).of({"price_minor": minor, "cost_minor": None, **others})


def test_ten_percent_off_rounds_half_away_from_zero() -> None:
    assert [price(Percent(-100_000), p) for p in (9990, 10000, 12345, 199, 105, 1)] == [8991, 9000, 11111, 179, 95, 1]


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (SetTo(500), 1, 500),
        (Plus(-50), 30, -20),
        (Percent(-125_000), 1000, 875),
        (RoundTo(100, 1), 1234, 1199),
        (RoundTo(100, 1), 1249, 1299),
        (RoundTo(100, 1), 1248, 1199),
        (RoundTo(100, 1), 10, 99),
        (RoundTo(50), 1225, 1250),
        (RoundTo(10), 4, 0),
        (Plus(5), None, None),
        (RoundTo(5), None, None),
        (Percent(5), None, None),
    ],
)
def test_each_step(rule, before, after) -> None:
    assert price(rule, before) == after


def test_margin_and_copy_take_from_other_fields() -> None:
    assert price(OverCost(300_000), 1, cost_minor=1005) == 1307
    assert price(OverCost(300_000), 1) is None
    assert Formula("compare_at_minor", (CopyFrom("price_minor"),)).of({"compare_at_minor": None, "price_minor": 7}) == 7


def test_margin_of_the_price_is_not_markup_on_cost() -> None:
    assert price(OverCost(250_000), 1, cost_minor=800) == 1000
    assert price(Margin(200_000), 1, cost_minor=800) == 1000
    assert price(Margin(300_000), 1, cost_minor=1005) == 1436  # 1435.71…
    assert price(Margin(500_000), 1) is None


@given(cost=st.integers(0, 10**9), ppm=st.integers(0, formulas.MOST_MARGIN_PPM))
def test_a_margin_is_met_to_half_a_minor_unit(cost, ppm) -> None:
    wanted = price(Margin(ppm), 1, cost_minor=cost)

    assert abs(wanted * (1_000_000 - ppm) - cost * 1_000_000) * 2 <= 1_000_000 - ppm


@given(rule=rounds, minor=st.integers(0, 10**9))
def test_rounding_gives_the_nearest_ending_and_is_stable(rule, minor) -> None:
    found = price(rule, minor)

    assert (found + rule.less) % rule.step == 0
    assert found >= 0
    assert price(rule, found) == found
    least = -rule.less % rule.step
    assert found == least or abs(found - minor) * 2 <= rule.step


@given(rule=formula)
def test_a_formula_survives_json(rule) -> None:
    assert formulas.from_json(rule.to_json()) == rule


@pytest.mark.usefixtures("app")
@pytest.mark.soak
@settings(max_examples=often(300, 60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=formula, row=rows)
def test_sql_computes_what_python_computes(rule, row) -> None:
    columns = ", ".join(f"cast(:{name} as bigint) as {name}" for name in row)
    statement = f"select ({rule.sql('s')})::text from (select {columns}) s"  # noqa: S608
    found = db.session.scalar(text(statement), row)

    expected = rule.of(row)
    assert found == (None if expected is None else str(expected))


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"field": "price_minor", "steps": []},
        {"field": "shop_id", "steps": [{"kind": "set", "amount": 1}]},
        {"field": "price_minor", "steps": [{"kind": "copy", "field": "version"}]},
        {"field": "price_minor", "steps": [{"kind": "set", "amount": "1; drop table sku"}]},
        {"field": "price_minor", "steps": [{"kind": "set", "amount": 10**16}]},
        {"field": "price_minor", "steps": [{"kind": "round", "step": 0}]},
        {"field": "price_minor", "steps": [{"kind": "round", "step": 10, "less": 10}]},
        {"field": "price_minor", "steps": [{"kind": "eval", "code": "x"}]},
        {"field": "price_minor", "steps": [{"kind": "margin", "ppm": 1_000_000}]},
        {"field": "price_minor", "steps": [{"kind": "margin", "ppm": -1}]},
        {"field": "price_minor", "steps": [{"kind": "plus", "amount": 1}] * 9},
        {"field": "price_minor", "steps": [{"kind": "plus"}]},
        {"field": "price_minor", "steps": [{"kind": "set", "amount": True}]},
        {"field": "price_minor", "steps": [{"kind": "set", "amount": "price_minor"}]},
    ],
)
def test_a_rule_that_is_none_is_refused(rule) -> None:
    with pytest.raises(RuleViolation, match="bad_rule"):
        formulas.from_json(rule)


@pytest.mark.parametrize(("written", "ppm"), [("-12.5", -125_000), ("−10 %", -100_000), ("0.0001", 1), ("1000", 10**7)])
def test_percentages_are_read_exactly(written, ppm) -> None:
    assert formulas.parts_per_million(written) == ppm


@pytest.mark.parametrize("written", ["", "ten", "0.00001", "-100.1", "1001", "nan", "inf"])
def test_other_percentages_are_refused(written) -> None:
    with pytest.raises(RuleViolation, match="bad_percent"):
        formulas.parts_per_million(written)


def test_who_sets_a_price_to_nothing_means_it_and_a_cut_does_not() -> None:
    assert Formula("price_minor", (SetTo(0),)).floor == 0
    assert Formula("price_minor", (Percent(-1),)).floor == 1
