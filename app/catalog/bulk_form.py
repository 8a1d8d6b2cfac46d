"""The bulk-change form: what people typed → a rule, or a message for each field that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.catalog import amounts
from app.catalog.change_fields import FIELDS
from app.catalog.change_rules import ProductValue, Rule
from app.catalog.formulas import (
    COUNT_FIELDS,
    NUMBER_FIELDS,
    PRICE_FIELDS,
    CopyFrom,
    Formula,
    OverCost,
    Percent,
    Plus,
    RoundTo,
    SetTo,
    Step,
    parts_per_million,
)
from app.kit.errors import DomainError
from app.kit.money import exponent

HOWS = (
    ("percent", _l("Change by percent")),
    ("plus", _l("Add an amount (negative takes away)")),
    ("set", _l("Set to")),
    ("copy", _l("Copy from another field")),
    ("over_cost", _l("Cost plus percent")),
    ("round", _l("Only round")),
)
ROUNDINGS = (
    ("", _l("Do not round further")),
    ("ending", _l("End in ….99")),
    ("step", _l("Round to a step")),
)


class FormFaults(ValueError):
    """Fields that cannot be read: name → sentence."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(faults)
        self.faults = faults


def fields() -> list[tuple[str, Any]]:
    """What may be changed by a formula: (name, label)."""
    return [(name, FIELDS["sku", name].label) for name in NUMBER_FIELDS]


def read(form: Mapping[str, str], currency: str) -> Rule:
    """The rule that a filled-in form means. Raises FormFaults."""
    field = form.get("field", "")
    if field == "category_id":
        return ProductValue("category_id", form.get("category") or None)
    if field not in NUMBER_FIELDS:
        raise FormFaults({"field": gettext("Choose what to change.")})
    parse = _parser(field, currency)
    faults: dict[str, str] = {}
    first = _try(faults, "amount", lambda: _first(form.get("how", ""), field, form, parse))
    then = _try(faults, "step", lambda: _then(form, parse))
    kept = tuple(step for step in (first, then) if step is not None)
    if not faults and not kept:
        faults["how"] = gettext("Choose how to change it.")
    if faults:
        raise FormFaults(faults)
    return Formula(field, kept)


def _try(faults: dict[str, str], name: str, read_step: Callable[[], Step | None]) -> Step | None:
    try:
        return read_step()
    except amounts.BadAmount as error:
        faults[name] = str(error)
    except DomainError as error:
        faults[name] = error.message()
    return None


def _parser(field: str, currency: str) -> Callable[[str], int]:
    return (lambda typed: amounts.money(typed, currency)) if field in PRICE_FIELDS else amounts.count


def _first(how: str, field: str, form: Mapping[str, str], parse: Callable[[str], int]) -> Step | None:
    typed = form.get("amount", "").strip()
    if how == "set":
        return SetTo(amounts.not_negative(parse(typed)))
    if how == "plus":
        return Plus(parse(typed))
    if how in ("percent", "over_cost"):
        ppm = parts_per_million(typed)
        return Percent(ppm) if how == "percent" else OverCost(ppm)
    if how == "copy":
        return _copy(field, form.get("source", ""))
    return None


def _copy(field: str, source: str) -> Step:
    same_kind = PRICE_FIELDS if field in PRICE_FIELDS else COUNT_FIELDS
    if source not in same_kind or source == field:
        raise amounts.BadAmount(gettext("Choose another field of the same kind to copy from."))
    return CopyFrom(source)


def _then(form: Mapping[str, str], parse: Callable[[str], int]) -> Step | None:
    rounding = form.get("rounding", "")
    if rounding == "ending":
        return RoundTo(100, 1)
    if rounding != "step":
        return None
    step = parse(form.get("step", "").strip())
    if step < 1:
        raise amounts.BadAmount(gettext("The step must be more than zero."))
    return RoundTo(step)


def example_step(currency: str) -> str:
    """A step that makes sense in a currency: 0.50, or 50 where there are no decimals."""
    digits = exponent(currency)
    return f"0.{'5'.ljust(digits, '0')}" if digits else "50"
