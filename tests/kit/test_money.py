"""Money: whole minor units, halves away from zero, splits that add up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.money import (
    Money,
    divide_half_up,
    exponent,
    line_amount_minor,
    rounded_minor,
    split,
    to_micros,
    to_minor,
)


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("CNY", 2), ("GBP", 2), ("KWD", 3)])
def test_a_currency_has_its_own_digits(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize(
    ("quantity", "price", "currency", "minor"),
    [
        (3, "0.072", "GBP", 22),  # 21.6
        (5, "0.001", "GBP", 1),  # half a penny goes up
        (-5, "0.001", "GBP", -1),  # and away from zero
        (4, "0.001", "GBP", 0),
        (6, "2.55", "GBP", 1530),
        (1, "0.5", "JPY", 1),
        (7, "1.2345", "KWD", 8642),
        (0, "9.99", "CNY", 0),
    ],
)
def test_a_line_is_rounded_half_away_from_zero(quantity: int, price: str, currency: str, minor: int) -> None:
    assert line_amount_minor(quantity, to_micros(price), currency) == minor


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_division_rounds_as_decimal_half_up_does(numerator: int, denominator: int) -> None:
    expected = (Decimal(numerator) / denominator).quantize(Decimal(1), ROUND_HALF_UP)

    assert divide_half_up(numerator, denominator) == expected


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(sum))
def test_a_split_adds_up_and_nobody_is_a_whole_unit_off(minor: int, weights: list[int]) -> None:
    shares = split(minor, weights)

    assert sum(shares) == minor
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - minor * weight) < sum(weights)


def test_a_coupon_of_10_00_is_spread_to_the_fen() -> None:
    assert split(1000, [9999, 5000, 1]) == [667, 333, 0]


def test_nothing_can_be_split_over_nothing() -> None:
    with pytest.raises(ValueError, match="more than zero"):
        split(100, [0, 0])


def test_sums_never_mix_currencies() -> None:
    assert Money(100, "CNY") + Money(23, "CNY") == Money(123, "CNY")
    assert Money(100, "CNY") - Money(23, "CNY") == Money(77, "CNY")
    with pytest.raises(ValueError, match="cannot mix CNY and GBP"):
        Money(100, "CNY") + Money(100, "GBP")


def test_money_is_written_with_its_currencys_digits() -> None:
    assert [str(Money(1234, currency)) for currency in ("JPY", "CNY", "KWD")] == ["1234", "12.34", "1.234"]


@pytest.mark.parametrize("text", ["abc", "", "NaN", "Infinity", "1.2.3"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        to_minor(text, "CNY")


def test_more_digits_than_the_currency_has_are_refused() -> None:
    assert to_minor("19.90", "CNY") == 1990
    with pytest.raises(ValueError, match="more than 2 decimals"):
        to_minor("19.905", "CNY")
    with pytest.raises(ValueError, match="more than six decimals"):
        to_micros("0.0000001")


def test_a_decimal_is_rounded_to_the_coin() -> None:
    assert [rounded_minor(Decimal(d), "CNY") for d in ("1.005", "-1.005", "1.004")] == [101, -101, 100]
