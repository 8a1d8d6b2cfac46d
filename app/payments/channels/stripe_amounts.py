"""Amounts as Stripe counts them, which is neither ISO 4217 nor what people write."""

from __future__ import annotations

from decimal import Decimal

from app.kit.money import Money, exponent

ZERO_DECIMAL = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
WHOLE_UNITS = frozenset({"ISK", "UGX"})
"""Sent with two decimals that must be zero: they had decimals once, and Stripe kept them."""


def digits(currency: str) -> int:
    """How many decimals Stripe's integer of a currency has."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def to_stripe(amount: Money) -> int:
    """Stripe's integer for an amount. Raises ValueError for one that Stripe cannot take."""
    scaled = Decimal(amount.minor).scaleb(digits(amount.currency) - exponent(amount.currency))
    units = int(scaled)
    step = 100 if amount.currency in WHOLE_UNITS else 10 if amount.currency in THREE_DECIMAL else 1
    if scaled != units or units % step:
        raise ValueError(f"Stripe takes no {amount} {amount.currency}")
    return units


def from_stripe(units: int, currency: str) -> Money:
    """The amount of Stripe's integer. Raises ValueError when our minor unit is too coarse for it."""
    currency = currency.upper()
    scaled = Decimal(units).scaleb(exponent(currency) - digits(currency))
    minor = int(scaled)
    if scaled != minor:
        raise ValueError(f"{units} of {currency} is no whole minor unit")
    return Money(minor, currency)
