"""The money of an order: lines, shipping, charges and discounts that add up, and each line's share of the discounts.

Invariant (I1): Σ (line − its share) + shipping + other charges = total; Σ shares = Σ discounts by payer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.kit import money
from app.kit.errors import RuleViolation


@dataclass(frozen=True)
class Bill:
    """Amounts in minor units; `lines` before discounts and `shares` of them, in the order of the lines."""

    lines: tuple[int, ...]
    shares: tuple[int, ...]
    shipping: int
    charges: int
    discount: int

    @property
    def items(self) -> int:
        """The goods before discounts."""
        return sum(self.lines)

    @property
    def total(self) -> int:
        """What the buyer pays."""
        return self.items + self.shipping + self.charges - self.discount


def make(
    lines: Sequence[tuple[int, int]], discounts: Sequence[int], shipping: int, currency: str, charges: int = 0
) -> Bill:
    """The bill of `lines` (quantity, unit price in micros) less `discounts`, which are spread by largest remainder.

    Raises RuleViolation("discount_too_large") when they exceed the goods.
    """
    amounts = tuple(money.line_amount_minor(quantity, price, currency) for quantity, price in lines)
    discount = sum(discounts)
    if discount > sum(amounts):
        raise RuleViolation("discount_too_large")
    shares = tuple(money.split(discount, amounts)) if discount else (0,) * len(amounts)
    return Bill(amounts, shares, shipping, charges, discount)
