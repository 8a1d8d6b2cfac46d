"""What a rule does, in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.catalog import formulas, value_words
from app.catalog.change_fields import FIELDS
from app.catalog.change_rules import Only, Rule, StockReason, together
from app.catalog.formulas import CopyFrom, Formula, Margin, OverCost, Percent, Plus, RoundTo, SetTo, Step
from app.catalog.rule_parts import NoAttribute, Part, ProductValue, Tagging, Words
from app.catalog.text_steps import After, Before, Replace, SetText, TextStep
from app.kit import formats
from app.kit.money import exponent

STOCK_REASONS = {
    StockReason.COUNT: _l("Counted"),
    StockReason.DAMAGED: _l("Damaged"),
    StockReason.LOST: _l("Lost"),
    StockReason.FOUND: _l("Found again"),
    StockReason.RETURN: _l("Came back"),
    StockReason.GIFT: _l("Given away"),
    StockReason.SAMPLE: _l("Sample"),
    StockReason.OTHER: _l("Other reason"),
}


def rule(wanted: Rule, currency: str, names: Mapping[str, str] | None = None) -> str:
    """ "Price: −10 %, then end in ….99; Tags: add sale". `names` are those of `reference_names.of`."""
    whole = together(wanted)
    said = gettext("; ").join(_part(part, currency, names or {}) for part in whole.parts)
    if only := _only(whole.only, currency):
        said = gettext("%(what)s (only SKUs with %(only)s)", what=said, only=only)
    if whole.reason:
        said = f"{said} · {STOCK_REASONS[whole.reason]}"
    return said


def _part(part: Part, currency: str, names: Mapping[str, str]) -> str:
    label = str(FIELDS[part.table, part.field].label)
    match part:
        case Formula():
            money = part.field in formulas.PRICE_FIELDS
            said = _joined([_step(step, currency if money else "") for step in part.steps])
        case ProductValue():
            said = value_words.value(part.field, part.value, currency, names)
        case Words():
            label = f"{label} · {part.name}" if part.name else label
            said = _joined([_text_step(step) for step in part.steps])
        case Tagging():
            said = gettext(str(_TAGGING[part.how])) % {"tags": ", ".join(part.tags) or "–"}
        case NoAttribute():
            label, said = f"{label} · {part.name}", gettext("take off")
    return f"{label}: {said}"


def _joined(steps: list[str]) -> str:
    joiner = gettext(", then ")  # not within the f-string, where its text is not found
    return joiner.join(steps)


def _only(only: Only, currency: str) -> str:
    said = [f"{only.option}: {', '.join(only.values)}"] if only.option else []
    if only.low is not None:
        said.append(gettext("a price from %(low)s", low=formats.money(only.low, currency)))
    if only.high is not None:
        said.append(gettext("a price up to %(high)s", high=formats.money(only.high, currency)))
    return ", ".join(said)


_TAGGING = {
    "add": _l("add %(tags)s"),
    "remove": _l("take off %(tags)s"),
    "replace": _l("only %(tags)s"),
}


def _text_step(step: TextStep) -> str:
    match step:
        case SetText(text=text):
            return gettext("set to “%(text)s”", text=_short(text))
        case Before(text=text):
            return gettext("put “%(text)s” before", text=_short(text))
        case After(text=text):
            return gettext("put “%(text)s” after", text=_short(text))
        case Replace(find=find, text=text):
            return gettext("“%(find)s” → “%(text)s”", find=_short(find), text=_short(text))
    raise TypeError(step)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _step(step: Step, currency: str) -> str:
    return _STEPS[type(step)](step, currency)


def _signed(amount: int, currency: str) -> str:
    return ("+" if amount >= 0 else "") + _amount(amount, currency)


def _amount(amount: int, currency: str) -> str:
    return formats.money(amount, currency) if currency else formats.number(amount)


def percent(ppm: int) -> str:
    """−125000 → "−12.5 %"."""
    plain = f"{Decimal(ppm).scaleb(-4).normalize():f}"
    return ("+" if ppm >= 0 else "") + plain.replace("-", "−") + " %"


def _rounding(step: RoundTo, currency: str) -> str:
    digits = exponent(currency) if currency else 0
    if step.less and step.step == 10**digits:
        return gettext("end in ….%(ending)s", ending=f"{step.step - step.less:0{digits}d}")
    if step.less:
        ending, every = _amount(step.step - step.less, currency), _amount(step.step, currency)
        return gettext("end in %(ending)s, every %(every)s", ending=ending, every=every)
    return gettext("round to steps of %(step)s", step=_amount(step.step, currency))


_STEPS: dict[type[Step], Any] = {
    SetTo: lambda s, c: gettext("set to %(amount)s", amount=_amount(s.amount, c)),
    Plus: lambda s, c: _signed(s.amount, c),
    Percent: lambda s, c: percent(s.ppm),
    RoundTo: _rounding,
    CopyFrom: lambda s, c: gettext("copy from %(field)s", field=FIELDS["sku", s.field].label),
    Margin: lambda s, c: gettext("cost with a margin of %(percent)s", percent=percent(s.ppm).removeprefix("+")),
    OverCost: lambda s, c: gettext("cost %(percent)s", percent=percent(s.ppm)),
}
