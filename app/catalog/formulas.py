"""Formulas for prices and stock: frozen, serialisable rules that compute the same in Python and in SQL.

All in whole minor units and whole pieces; every division rounds half away from zero. A formula is a
field and steps applied in order, such as "minus 10 %, then round to ….99".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from app.catalog.change_fields import LARGEST
from app.kit.errors import RuleViolation
from app.kit.money import divide_half_up

PRICE_FIELDS = ("price_minor", "compare_at_minor", "cost_minor")
COUNT_FIELDS = ("stock_on_hand", "low_stock_limit")
NUMBER_FIELDS = (*PRICE_FIELDS, *COUNT_FIELDS)
MILLION = 1_000_000
MOST_STEPS = 8

Row = Mapping[str, int | None]
Bind = Callable[[Any], str]
"""Takes a value, gives the name under which SQL has it, such as `:v3`."""


class Step:
    """One computation: `of` in Python, `sql` as an expression over numeric; null in gives null out."""

    kind: ClassVar[str]

    def of(self, value: int | None, row: Row) -> int | None:
        raise NotImplementedError

    def sql(self, value: str, row: str) -> str:
        raise NotImplementedError


@dataclass(frozen=True)
class SetTo(Step):
    """The same value for every row."""

    kind: ClassVar[str] = "set"
    amount: int

    def of(self, value: int | None, row: Row) -> int | None:
        return self.amount

    def sql(self, value: str, row: str) -> str:
        return f"{self.amount}::numeric"


@dataclass(frozen=True)
class Plus(Step):
    """More by an amount; less when it is negative."""

    kind: ClassVar[str] = "plus"
    amount: int

    def of(self, value: int | None, row: Row) -> int | None:
        return None if value is None else value + self.amount

    def sql(self, value: str, row: str) -> str:
        return f"({value} + {self.amount}::numeric)"


@dataclass(frozen=True)
class Percent(Step):
    """More by parts per million: −12.5 % is −125,000."""

    kind: ClassVar[str] = "percent"
    ppm: int

    def of(self, value: int | None, row: Row) -> int | None:
        return None if value is None else divide_half_up(value * (MILLION + self.ppm), MILLION)

    def sql(self, value: str, row: str) -> str:
        return _half_up_sql(f"({value} * {MILLION + self.ppm}::numeric)", MILLION)


@dataclass(frozen=True)
class RoundTo(Step):
    """To the nearest multiple of `step`, less `less`: step 100 less 1 ends in .99; never below the least such."""

    kind: ClassVar[str] = "round"
    step: int
    less: int = 0

    def of(self, value: int | None, row: Row) -> int | None:
        if value is None:
            return None
        return max(divide_half_up(value + self.less, self.step) * self.step - self.less, self._least)

    def sql(self, value: str, row: str) -> str:
        steps = _half_up_sql(f"({value} + {self.less}::numeric)", self.step)
        rounded = f"({steps} * {self.step}::numeric - {self.less}::numeric)"
        return f"(case when {value} is not null then greatest({rounded}, {self._least}::numeric) end)"

    @property
    def _least(self) -> int:
        return -self.less % self.step


@dataclass(frozen=True)
class CopyFrom(Step):
    """What stands in another field of the same row."""

    kind: ClassVar[str] = "copy"
    field: str

    def of(self, value: int | None, row: Row) -> int | None:
        return row[self.field]

    def sql(self, value: str, row: str) -> str:
        return f"{row}.{self.field}::numeric"


@dataclass(frozen=True)
class OverCost(Step):
    """Cost plus parts per million of cost; null where the cost is not known."""

    kind: ClassVar[str] = "over_cost"
    ppm: int

    def of(self, value: int | None, row: Row) -> int | None:
        return Percent(self.ppm).of(row["cost_minor"], row)

    def sql(self, value: str, row: str) -> str:
        return Percent(self.ppm).sql(f"{row}.cost_minor::numeric", row)


@dataclass(frozen=True)
class Margin(Step):
    """The price of which parts per million are margin: cost / (1 − margin); null where the cost is not known."""

    kind: ClassVar[str] = "margin"
    ppm: int

    def of(self, value: int | None, row: Row) -> int | None:
        cost = row["cost_minor"]
        return None if cost is None else divide_half_up(cost * MILLION, MILLION - self.ppm)

    def sql(self, value: str, row: str) -> str:
        return _half_up_sql(f"({row}.cost_minor::numeric * {MILLION}::numeric)", MILLION - self.ppm)


STEPS: dict[str, type[Step]] = {step.kind: step for step in (SetTo, Plus, Percent, RoundTo, CopyFrom, OverCost, Margin)}
MOST_MARGIN_PPM = 990_000
"""Above 99 % of the price it is a slip of the keyboard."""


@dataclass(frozen=True)
class Formula:
    """A field of the SKU and the steps that give its new value."""

    table: ClassVar[str] = "sku"
    field: str
    steps: tuple[Step, ...]

    def of(self, row: Row) -> int | None:
        """The new value of a row; may be one that the engine refuses, such as −5."""
        value = row[self.field]
        for step in self.steps:
            value = step.of(value, row)
        return value

    def sql(self, row: str) -> str:
        """The same as an SQL expression of type numeric; `row` is the alias of `sku`."""
        expression = f"{row}.{self.field}::numeric"
        for step in self.steps:
            expression = step.sql(expression, row)
        return expression

    @property
    def floor(self) -> int:
        """The least price that a computed cut may reach; who sets 0 means 0."""
        return 0 if any(isinstance(step, SetTo) for step in self.steps) else 1

    def new_sql(self, row: str, old: str, bind: Bind) -> str:
        """The new value, as every part of a rule gives it."""
        return self.sql(row)

    def where_sql(self, row: str, bind: Bind) -> str:
        """Which rows it is about: all."""
        return "true"

    def to_json(self) -> dict[str, Any]:
        """As kept on the change set."""
        steps = [{"kind": step.kind, **asdict(step)} for step in self.steps]  # type: ignore[call-overload]
        return {"field": self.field, "steps": steps}


def from_json(rule: Mapping[str, Any]) -> Formula:
    """The formula that `to_json` gave. Raises RuleViolation("bad_rule") for anything else."""
    try:
        steps = tuple(_step(dict(step)) for step in rule["steps"])
        formula = Formula(str(rule["field"]), steps)
    except (KeyError, TypeError, ValueError) as error:
        raise RuleViolation("bad_rule") from error
    _check(formula)
    return formula


def parts_per_million(percent: str) -> int:
    """ "-12.5" → −125000; at most four decimals and 1,000 %. Raises RuleViolation("bad_percent")."""
    try:
        scaled = Decimal(percent.strip().removesuffix("%").strip().replace("−", "-")) * 10_000
    except InvalidOperation as error:
        raise RuleViolation("bad_percent", value=percent) from error
    if not scaled.is_finite() or scaled != scaled.to_integral_value() or not -MILLION <= scaled <= 10 * MILLION:
        raise RuleViolation("bad_percent", value=percent)
    return int(scaled)


def _step(values: dict[str, Any]) -> Step:
    step = STEPS[values.pop("kind")](**values)
    for name, value in values.items():
        if type(value) is not (str if name == "field" else int):
            raise ValueError(value)
    return step


def _check(formula: Formula) -> None:
    fields = [formula.field, *(step.field for step in formula.steps if isinstance(step, CopyFrom))]
    sizes = [v for step in formula.steps for v in asdict(step).values() if isinstance(v, int)]  # type: ignore[call-overload]
    steps = [step for step in formula.steps if isinstance(step, RoundTo)]
    if (
        not formula.steps
        or any(field not in NUMBER_FIELDS for field in fields)
        or any(abs(size) > LARGEST for size in sizes)
        or any(step.step < 1 or not 0 <= step.less < step.step for step in steps)
        or any(not 0 <= s.ppm <= MOST_MARGIN_PPM for s in formula.steps if isinstance(s, Margin))
        or len(formula.steps) > MOST_STEPS
    ):
        raise RuleViolation("bad_rule")


def _half_up_sql(numerator: str, denominator: int) -> str:
    """`divide_half_up` over numeric, which has no overflow; div() drops the fraction exactly."""
    halves = f"div(2 * abs({numerator}) + {denominator}::numeric, {2 * denominator}::numeric)"
    return f"(sign({numerator}) * {halves})"
