"""Refunds that close to the fen: exact amounts, and any sequence of refunds of any order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.after_sale import refund_amounts as amounts
from app.after_sale.refund_amounts import Line, Part, Standing
from app.kit import money
from app.kit.errors import RuleViolation
from tests.lengths import often


def of_a6() -> list[Standing]:
    """A 3 × 33.33, B 50.00, C 0.01, shipping 8.00, coupon 10.00."""
    lines = [Line(1, 3, 9999, 667), Line(2, 1, 5000, 333), Line(3, 1, 1, 0), Line(4, 0, 800), Line(5, 0, -1000)]
    return [Standing(part) for part in amounts.parts(lines, 14800)]


def test_units_are_refunded_to_the_fen() -> None:
    a, b, c, shipping = of_a6()

    assert [amounts.steps(one) for one in (a, b, c)] == [[3110, 3111, 3111], [4667], [1]]
    assert shipping.minor_left == 800
    assert sum(one.part.payable_minor for one in (a, b, c, shipping)) == 14800


def test_two_units_at_once_are_worth_what_they_are_worth_one_by_one() -> None:
    a, *_ = of_a6()

    first = amounts.of_units(a, 2)

    assert (first.amount_minor, amounts.of_units(amounts.taken(a, first), 1).amount_minor) == (6221, 3111)


def test_a_fen_beyond_what_was_paid_is_refused() -> None:
    *_, shipping = of_a6()
    empty = amounts.taken(shipping, amounts.of_amount(shipping, 800))

    with pytest.raises(RuleViolation, match="refund_beyond"):
        amounts.of_amount(empty, 1)
    with pytest.raises(RuleViolation, match="refund_units"):
        amounts.of_units(empty, 1)


def test_after_goodwill_the_last_unit_takes_what_is_left() -> None:
    a, *_ = of_a6()

    a = amounts.taken(a, amounts.of_amount(a, 500))

    assert amounts.steps(a) == [3110, 3111, 2611]


def test_a_take_that_comes_to_nothing_leaves_no_fen_behind() -> None:
    line = Standing(Part(1, 4, 6))
    first, second, third = (1, 2, 1)
    standing = line
    for amount in (first, second, third):
        take = amounts.of_units(standing, 1)
        assert take.amount_minor == amount
        standing = amounts.taken(standing, take)

    standing = amounts.given_back(standing, amounts.Take(1, second, second))

    assert (standing.taken_minor, amounts.steps(standing)) == (2, [2, 2])


def test_discounts_that_were_never_shared_out_come_off_the_goods() -> None:
    """An imported order: two goods of 20.00 and 10.00, shipping 8.00, and a coupon line of −5.00."""
    found = amounts.parts([Line(1, 1, 2000), Line(2, 1, 1000), Line(3, 0, 800), Line(4, 0, -500)], 3300)

    assert [(one.order_line_id, one.payable_minor) for one in found] == [(1, 1667), (2, 833), (3, 800)]


def test_what_was_paid_too_much_is_a_part_of_its_own() -> None:
    assert amounts.parts([Line(1, 1, 1000)], 1200) == [Part(1, 1, 1000), Part(None, 0, 200)]


def test_of_an_order_paid_in_part_only_that_goes_back() -> None:
    assert [one.payable_minor for one in amounts.parts([Line(1, 2, 1000), Line(2, 0, 800)], 500)] == [0, 500]
    assert [one.payable_minor for one in amounts.parts([Line(1, 2, 1000), Line(2, 0, 800)], 1300)] == [500, 800]


def test_fewer_units_and_less_money_are_in_proportion() -> None:
    two = amounts.Take(2, 6221, 6221)

    assert amounts.of_fewer(two, 1) == amounts.Take(1, 3110, 3110)
    assert [one.amount_minor for one in amounts.lowered([two, amounts.Take(1, 4667, 4667)], 5444)] == [3111, 2333]
    with pytest.raises(RuleViolation, match="refund_beyond"):
        amounts.lowered([two], 6222)


@st.composite
def sales(draw: st.DrawFn) -> list[Standing]:
    """Any sale: lines, a discount spread over them, charges, and a sum paid that need not be the total."""
    goods = draw(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 100_000)), min_size=1, max_size=5))
    prices = [quantity * price for quantity, price in goods]
    discount = draw(st.integers(0, sum(prices)))
    shares = money.split(discount, prices) if discount else [0] * len(prices)
    lines = [Line(n, goods[n][0], prices[n], shares[n]) for n in range(len(goods))]
    if shipping := draw(st.integers(0, 2000)):
        lines.append(Line(100, 0, shipping))
    if old_coupon := draw(st.integers(0, 3000)):
        lines.append(Line(101, 0, -old_coupon))
    paid = max(sum(prices) - discount + shipping - old_coupon + draw(st.integers(-500, 500)), 0)
    found = amounts.parts(lines, paid)
    assert sum(one.payable_minor for one in found) == paid
    assert all(one.payable_minor >= 0 for one in found)
    return [Standing(one) for one in found]


@pytest.mark.soak
@settings(max_examples=often(150, 40), deadline=None)
@given(sales(), st.data())
def test_any_sequence_of_refunds_stays_within_what_was_paid_and_a_full_one_is_exactly_that(
    standings: list[Standing], data: st.DataObject
) -> None:
    paid = sum(one.part.payable_minor for one in standings)
    given_before: list[tuple[int, amounts.Take]] = []
    goodwill_back = False
    for _ in range(data.draw(st.integers(0, 12))):
        place = data.draw(st.integers(0, len(standings) - 1))
        one = standings[place]
        wish = data.draw(st.sampled_from(["units", "amount", "take back"]))
        if wish == "units" and one.units_left:
            take = amounts.of_units(one, data.draw(st.integers(1, one.units_left)))
        elif wish == "amount" and one.minor_left:
            take = amounts.of_amount(one, data.draw(st.integers(1, one.minor_left)))
        elif wish == "take back" and given_before:
            place, back = given_before.pop(data.draw(st.integers(0, len(given_before) - 1)))
            standings[place] = amounts.given_back(standings[place], back)
            goodwill_back = goodwill_back or not back.units
            continue
        else:
            continue
        standings[place] = amounts.taken(one, take)
        given_before.append((place, take))
        assert 0 <= sum(s.taken_minor for s in standings) <= paid
        assert all(0 <= s.taken_minor <= s.part.payable_minor for s in standings)

    for place in data.draw(st.permutations(range(len(standings)))):
        while standings[place].units_left:
            units = data.draw(st.integers(1, standings[place].units_left))
            standings[place] = amounts.taken(standings[place], amounts.of_units(standings[place], units))
        assert goodwill_back or not standings[place].part.units or not standings[place].minor_left
        if standings[place].minor_left:
            rest = amounts.of_amount(standings[place], standings[place].minor_left)
            standings[place] = amounts.taken(standings[place], rest)
    assert sum(one.taken_minor for one in standings) == paid
