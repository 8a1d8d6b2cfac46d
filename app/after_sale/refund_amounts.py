"""How much money goes back for which unit: what each line of an order is worth, and refunds that close to the fen.

A unit's amount is the step of a cumulative floor, so that the amounts do not depend on how units are put together;
the last unit takes what is left. Pure arithmetic in minor units; the counters are in `refund_ledger`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.kit import money
from app.kit.errors import RuleViolation


@dataclass(frozen=True)
class Line:
    """A line of a sale as it stands: charges have no units; `share_minor` is its part of the discounts."""

    id: int
    units: int
    amount_minor: int
    share_minor: int = 0


@dataclass(frozen=True)
class Part:
    """What can go back of a line, in units and money; without a line it is what was paid beyond the total."""

    order_line_id: int | None
    units: int
    payable_minor: int


@dataclass(frozen=True)
class Standing:
    """A part and what is taken of it: units, what those are worth by the cumulative floor, and the money promised.

    Money given for no unit (goodwill), and less money than a unit is worth, make `taken_minor` differ.
    """

    part: Part
    taken_units: int = 0
    taken_worth_minor: int = 0
    taken_minor: int = 0

    @property
    def units_left(self) -> int:
        """Units that nobody has asked money for."""
        return self.part.units - self.taken_units

    @property
    def minor_left(self) -> int:
        """Money that can still go back."""
        return self.part.payable_minor - self.taken_minor


@dataclass(frozen=True)
class Take:
    """So many units, what they are worth, and how much money goes back for them."""

    units: int
    worth_minor: int
    amount_minor: int


def parts(lines: Sequence[Line], paid_minor: int) -> list[Part]:
    """The parts of a sale, which add up to what was paid exactly.

    A line is worth its amount less its share of the discounts. What the lines are worth beyond what was paid
    (discounts of old orders that were never shared out, an order paid in part) is taken off the goods by largest
    remainder, then off the charges; what was paid beyond them is a part of its own.
    """
    goods = [one for one in lines if one.units > 0 and one.amount_minor >= one.share_minor]
    charges = [one for one in lines if one.units == 0 and one.amount_minor > 0]
    worth = {one.id: one.amount_minor - one.share_minor for one in goods} | {
        one.id: one.amount_minor for one in charges
    }
    beyond = paid_minor - sum(worth.values())
    for group in (goods, charges):
        beyond = _take_off(worth, [one.id for one in group], beyond)
    found = [Part(one.id, one.units, worth[one.id]) for one in [*goods, *charges]]
    return [*found, Part(None, 0, beyond)] if beyond > 0 else found


def _take_off(worth: dict[int, int], ids: list[int], beyond: int) -> int:
    """Spread what is too much over these lines; gives what they could not bear."""
    bearable = min(-beyond, sum(worth[one] for one in ids))
    if bearable <= 0:
        return beyond
    for one, share in zip(ids, money.split(bearable, [worth[one] for one in ids]), strict=True):
        worth[one] -= share
    return beyond + bearable


def of_units(standing: Standing, units: int) -> Take:
    """What goes back for `units` more units. Raises RuleViolation("refund_units")."""
    if not 0 < units <= standing.units_left:
        raise RuleViolation("refund_units", wanted=units, left=standing.units_left)
    part, upto = standing.part, standing.taken_units + units
    reached = part.payable_minor if upto == part.units else part.payable_minor * upto // part.units
    worth = max(reached - standing.taken_worth_minor, 0)
    return Take(units, worth, min(worth, standing.minor_left))


def of_amount(standing: Standing, minor: int) -> Take:
    """An amount for no unit: goodwill, shipping, part of a price. Raises RuleViolation("refund_beyond")."""
    if not 0 < minor <= standing.minor_left:
        raise RuleViolation("refund_beyond")
    return Take(0, 0, minor)


def taken(standing: Standing, take: Take) -> Standing:
    """The standing after a take."""
    return replace(
        standing,
        taken_units=standing.taken_units + take.units,
        taken_worth_minor=standing.taken_worth_minor + take.worth_minor,
        taken_minor=standing.taken_minor + take.amount_minor,
    )


def given_back(standing: Standing, take: Take) -> Standing:
    """The standing when a take comes to nothing."""
    return taken(standing, Take(-take.units, -take.worth_minor, -take.amount_minor))


def steps(standing: Standing) -> list[int]:
    """The amounts of the units that are left, one by one."""
    amounts = []
    while standing.units_left:
        take = of_units(standing, 1)
        amounts.append(take.amount_minor)
        standing = taken(standing, take)
    return amounts


def of_fewer(take: Take, units: int) -> Take:
    """What is left of a take when only `units` of its units came back: in proportion, rounded down.

    What goes off is free again, and the last unit of the line takes it.
    """
    if not take.units:
        return take
    return Take(units, take.worth_minor * units // take.units, take.amount_minor * units // take.units)


def lowered(takes: Sequence[Take], minor: int) -> list[Take]:
    """The same units for less money, spread by largest remainder. Raises RuleViolation("refund_beyond")."""
    amounts = [one.amount_minor for one in takes]
    if not 0 < minor <= sum(amounts):
        raise RuleViolation("refund_beyond")
    shares = money.split(minor, amounts)
    return [replace(one, amount_minor=share) for one, share in zip(takes, shares, strict=True)]
