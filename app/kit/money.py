"""Money: whole minor units with a currency, rounding half away from zero, fair splitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from babel.numbers import get_currency_precision

MICROS = 1_000_000
"""Unit prices of order lines are kept in micros (1e-6 of the major unit): history has 0.072 GBP."""


def exponent(currency: str) -> int:
    """Digits after the point of an ISO 4217 currency: JPY 0, CNY 2, KWD 3 (CLDR data)."""
    return get_currency_precision(currency)


@dataclass(frozen=True, order=True)
class Money:
    """An amount in whole minor units (fen, pence) of one currency."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency} in one sum")
        return other.minor

    def decimal(self) -> Decimal:
        """The amount in major units, with the currency's digits: 1234 CNY → 12.34."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal()}"


def divide_half_up(numerator: int, denominator: int) -> int:
    """Integer division rounded half away from zero (ROUND_HALF_UP); `denominator` > 0."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def line_amount_minor(quantity: int, unit_price_micros: int, currency: str) -> int:
    """quantity × unit price, rounded half away from zero to the currency's minor unit."""
    return divide_half_up(quantity * unit_price_micros, 10 ** (6 - exponent(currency)))


def to_micros(price: str | Decimal) -> int:
    """A price in major units as micros; "0.072" → 72000. Raises ValueError beyond six decimals."""
    scaled = _decimal(price).scaleb(6)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{price} has more than six decimals")
    return int(scaled)


def to_minor(amount: str | Decimal, currency: str) -> int:
    """An amount in major units as whole minor units. Raises ValueError when it is not exact."""
    scaled = _decimal(amount).scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more than {exponent(currency)} decimals")
    return int(scaled)


def rounded_minor(amount: Decimal, currency: str) -> int:
    """A decimal amount rounded half away from zero to the currency's minor unit."""
    return int(amount.scaleb(exponent(currency)).quantize(Decimal(1), ROUND_HALF_UP))


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """Share `minor` by weights (≥ 0, sum > 0), largest remainder first; the sum is conserved."""
    total = sum(weights)
    if total <= 0:
        raise ValueError("weights must add up to more than zero")
    shares = [minor * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(minor * weights[i] % total))
    for index in by_remainder[: minor - sum(shares)]:
        shares[index] += 1
    return shares


def _decimal(amount: str | Decimal) -> Decimal:
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise ValueError(f"{amount!r} is not a number") from error
    if not value.is_finite():
        raise ValueError(f"{amount!r} is not a number")
    return value
