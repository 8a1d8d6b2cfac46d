"""The bulk-change form: what people typed → a rule, or a message for each field that cannot be read.

The first change has the plain names (`field`, `how`, `amount` …), further ones `field-1`, `how-1` and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from app.catalog import amounts, change_rules, tags
from app.catalog.bulk_fields import KINDS, MOST_ROWS, NUMBER, TEXTUAL, allowed
from app.catalog.change_fields import FIELDS
from app.catalog.change_rules import Only, Rule, StockReason, Together
from app.catalog.formulas import (
    COUNT_FIELDS,
    MOST_MARGIN_PPM,
    PRICE_FIELDS,
    CopyFrom,
    Formula,
    Margin,
    OverCost,
    Percent,
    Plus,
    RoundTo,
    SetTo,
    Step,
    parts_per_million,
)
from app.catalog.rule_parts import NoAttribute, Part, ProductValue, Tagging, Words
from app.catalog.tag_sql import NAME_LONGEST
from app.catalog.text_steps import LONGEST, After, Before, Replace, SetText, TextStep
from app.kit import formats
from app.kit.errors import DomainError
from app.kit.money import exponent


class FormFaults(ValueError):
    """Fields that cannot be read: name → sentence."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(faults)
        self.faults = faults


@dataclass(frozen=True)
class Change:
    """One change of the form, and where its faults go."""

    form: Mapping[str, str]
    number: int
    currency: str
    faults: dict[str, str]

    def name(self, key: str) -> str:
        """The form's name of this change's field."""
        return key if self.number == 0 else f"{key}-{self.number}"

    def get(self, key: str) -> str:
        """What was typed."""
        return self.form.get(self.name(key), "")

    def attempt(self, key: str, parse: Callable[[], Any]) -> Any:
        """What `parse` gives, or None and a fault beside the field."""
        try:
            return parse()
        except amounts.BadAmount as error:
            self.faults[self.name(key)] = str(error)
        except DomainError as error:
            self.faults[self.name(key)] = error.message()
        return None


def numbers_of(form: Mapping[str, str]) -> list[int]:
    """The numbers of the changes that a form has; at least the first."""
    found = {0} | {int(n) for name in form if name.startswith("field-") and (n := name[6:]).isdecimal() and len(n) < 3}
    return sorted(found)[:MOST_ROWS]


def read(form: Mapping[str, str], currency: str) -> Rule:
    """The rule that a filled-in form means. Raises FormFaults."""
    faults: dict[str, str] = {}
    changes = [Change(form, number, currency, faults) for number in numbers_of(form)]
    filled = [one for one in changes if one.get("field")] or changes[:1]
    parts = [_part(change) for change in filled]
    only, reason = _only(form, currency, faults), _reason(form, filled, faults)
    if faults:
        raise FormFaults(faults)
    rule = Together(tuple(part for part in parts if part), only, reason)
    try:
        change_rules.check(rule)
    except DomainError as error:
        raise FormFaults({filled[-1].name("field"): error.message()}) from error
    return rule.parts[0] if rule == Together(rule.parts[:1]) else rule


def _part(change: Change) -> Part | None:
    field = change.get("field")
    kind = KINDS.get(field, "")
    if not kind:
        change.faults[change.name("field")] = gettext("Choose what to change.")
        return None
    if kind in ("category", "freight", "status"):
        return _value(change, field)
    how = change.get("how")
    if how and not allowed(how, field):
        change.faults[change.name("how")] = gettext("Choose how to change it.")
        return None
    if kind in NUMBER:
        return _formula(change, field)
    return _words(change, field) if kind in TEXTUAL else _tagging(change)


def _value(change: Change, field: str) -> ProductValue | None:
    typed = change.get({"category_id": "category", "freight_template_id": "freight", "status": "status"}[field])
    if field == "status" and not typed:
        change.faults[change.name("status")] = gettext("Choose a status.")
        return None
    return ProductValue(field, typed or None)


def _formula(change: Change, field: str) -> Formula | None:
    parse = _parser(field, change.currency)
    first = change.attempt("amount", lambda: _first(change, field, parse))
    key = "ending" if change.get("rounding") == "own_ending" else "step"
    then = change.attempt(key, lambda: _then(change, field, parse))
    kept = tuple(step for step in (first, then) if step is not None)
    faulty = {change.name(name) for name in ("amount", "step", "ending")} & set(change.faults)
    if not kept and not faulty:
        change.faults[change.name("how")] = gettext("Choose how to change it.")
    return Formula(field, kept) if kept else None


def _parser(field: str, currency: str) -> Callable[[str], int]:
    return (lambda typed: amounts.money(typed, currency)) if field in PRICE_FIELDS else amounts.count


def _first(change: Change, field: str, parse: Callable[[str], int]) -> Step | None:
    how, typed = change.get("how"), change.get("amount").strip()
    if how == "set":
        return SetTo(amounts.not_negative(parse(typed)))
    if how == "plus":
        return Plus(parse(typed))
    if how in ("percent", "over_cost"):
        ppm = parts_per_million(typed)
        return Percent(ppm) if how == "percent" else OverCost(ppm)
    if how == "margin":
        return _margin(parts_per_million(typed))
    return _copy(field, change.get("source")) if how == "copy" else None


def _margin(ppm: int) -> Margin:
    if not 0 <= ppm <= MOST_MARGIN_PPM:
        raise amounts.BadAmount(gettext("A margin of the price is between 0 % and 99 %."))
    return Margin(ppm)


def _copy(field: str, source: str) -> Step:
    same_kind = PRICE_FIELDS if field in PRICE_FIELDS else COUNT_FIELDS
    if source not in same_kind or source == field:
        raise amounts.BadAmount(gettext("Choose another field of the same kind to copy from."))
    return CopyFrom(source)


def _then(change: Change, field: str, parse: Callable[[str], int]) -> Step | None:
    rounding = change.get("rounding")
    unit = 10 ** exponent(change.currency) if field in PRICE_FIELDS else 1
    if rounding == "ending":
        return RoundTo(unit, unit // 100) if unit >= 100 else RoundTo(100, 1)
    if rounding == "own_ending":
        return _ending(parse(change.get("ending").strip()), unit)
    if rounding != "step":
        return None
    step = parse(change.get("step").strip())
    if step < 1:
        raise amounts.BadAmount(gettext("The step must be more than zero."))
    return RoundTo(step)


def _ending(ending: int, unit: int) -> RoundTo:
    """0.95 ends every whole in .95; 4.99 every ten in 4.99; 80 of a currency without decimals every hundred in 80."""
    if ending < 0:
        raise amounts.BadAmount(gettext("It cannot be below zero."))
    step = unit
    while step <= ending:
        step *= 10
    return RoundTo(step, -ending % step)


def _words(change: Change, field: str) -> Part | None:
    name = change.get("name").strip()
    if KINDS[field] != "text" and not 1 <= len(name) <= NAME_LONGEST:
        change.faults[change.name("name")] = gettext("Give the name, such as Colour.")
        return None
    if change.get("how") == "take_off":
        return NoAttribute(name)
    step = change.attempt("text", lambda: _text_step(change))
    return Words(field, (step,), "" if KINDS[field] == "text" else name) if step else None


def _text_step(change: Change) -> TextStep | None:
    how, typed = change.get("how"), change.get("text").replace("\r\n", "\n")
    if len(typed) > LONGEST:
        raise amounts.BadAmount(gettext("At most %(most)s characters.", most=LONGEST))
    if how == "replace":
        return _replace(change, typed)
    if how in ("before", "after"):
        if not typed:
            raise amounts.BadAmount(gettext("Write the text."))
        return Before(typed) if how == "before" else After(typed)
    if how != "text":
        change.faults[change.name("how")] = gettext("Choose how to change it.")
        return None
    return SetText(typed.strip())


def _replace(change: Change, typed: str) -> Replace | None:
    find = change.get("find").replace("\r\n", "\n")
    if not 1 <= len(find) <= LONGEST:
        change.faults[change.name("find")] = gettext("Write the text to find.")
        return None
    return Replace(find, typed, bool(change.get("any_case")), bool(change.get("whole_word")))


def _tagging(change: Change) -> Tagging | None:
    how = change.get("how").removeprefix("tags_")
    if not how:
        change.faults[change.name("how")] = gettext("Choose how to change it.")
        return None
    found = change.attempt("tags", lambda: tags.read(change.get("tags")))
    if found == [] and how != "replace":
        change.faults[change.name("tags")] = gettext("Write at least one tag.")
    return Tagging(how, tuple(found)) if found is not None else None


def _only(form: Mapping[str, str], currency: str, faults: dict[str, str]) -> Only:
    at = Change(form, 0, currency, faults)
    low = at.attempt("only_low", lambda: _bound(at.get("only_low").strip(), currency))
    high = at.attempt("only_high", lambda: _bound(at.get("only_high").strip(), currency))
    option, values = at.get("only_option").strip(), at.get("only_values").strip()
    if bool(option) != bool(values) or len(option) > NAME_LONGEST:
        faults["only_option"] = gettext("Give the option and its values, such as Colour and red.")
    split = tuple(one.strip() for one in values.replace("，", ",").split(",") if one.strip())
    return Only(option, split[: change_rules.MOST_VALUES], low, high)


def _bound(typed: str, currency: str) -> int | None:
    return amounts.not_negative(amounts.money(typed, currency)) if typed else None


def _reason(form: Mapping[str, str], changes: list[Change], faults: dict[str, str]) -> StockReason | None:
    if not any(change.get("field") == "stock_on_hand" for change in changes):
        return None
    if (typed := form.get("reason", "")) not in set(StockReason):
        faults["reason"] = gettext("Say why the stock changes.")
        return None
    return StockReason(typed)


def example_step(currency: str) -> str:
    """A step that makes sense in a currency: 0.50, or 50 where there are no decimals."""
    digits = exponent(currency)
    return f"0.{'5'.ljust(digits, '0')}" if digits else "50"


def example_ending(currency: str) -> str:
    """What an ending means, by an example in the currency: 12.40 becomes 12.95."""
    digits = exponent(currency)
    ending = "0.95".ljust(digits + 2, "0") if digits else "80"
    rule = _ending(amounts.money(ending, currency), 10**digits)
    before = 1240 * 10 ** max(digits - 2, 0)
    after = RoundTo(rule.step, rule.less).of(before, {})
    shown = [formats.money(amount, currency) for amount in (before, after)]
    return gettext("%(ending)s makes %(before)s → %(after)s", ending=ending, before=shown[0], after=shown[1])


def label_of(field: str) -> Any:
    """A field's name for people."""
    return next(one.label for one in FIELDS.values() if one.name == field)
