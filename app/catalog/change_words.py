"""Change sets in words: what a rule does, what a value is, what became of a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from app.catalog import change_rules, formulas, reference_names
from app.catalog.change_fields import FIELDS, FieldKind
from app.catalog.change_models import ChangeSet, ChangeSource, ChangeState, LineOutcome, LineWarning
from app.catalog.formulas import CopyFrom, Formula, OverCost, Percent, Plus, RoundTo, SetTo, Step
from app.catalog.lifecycle import LABELS
from app.catalog.models import ProductStatus
from app.kit import formats
from app.kit.errors import RuleViolation

SOURCES = {
    ChangeSource.FORMULA: _l("Formula"),
    ChangeSource.WORKBOOK: _l("Workbook"),
    ChangeSource.GRID: _l("Grid"),
    ChangeSource.API: _l("API"),
    ChangeSource.FORM: _l("Product form"),
    ChangeSource.SCHEDULE: _l("Plan"),
    ChangeSource.UNDO: _l("Undo"),
}
STATES = {
    ChangeState.DRAFT: ("secondary", "eye", _l("Preview")),
    ChangeState.SCHEDULED: ("info", "calendar-time", _l("Planned")),
    ChangeState.PENDING: ("warning", "user-check", _l("Waiting for approval")),
    ChangeState.QUEUED: ("info", "clock", _l("Waiting")),
    ChangeState.APPLIED: ("success", "circle-check", _l("Applied")),
    ChangeState.UNDOING: ("info", "arrow-back-up", _l("Being undone")),
    ChangeState.UNDONE: ("secondary", "arrow-back-up", _l("Undone")),
    ChangeState.FAILED: ("danger", "circle-x", _l("Failed")),
    ChangeState.REJECTED: ("danger", "user-x", _l("Turned down")),
}
OUTCOMES = {
    LineOutcome.CHANGED: ("success", "circle-check", _l("Changed")),
    LineOutcome.UNCHANGED: ("secondary", "circle-minus", _l("Nothing to change")),
    LineOutcome.REFUSED: ("danger", "circle-x", _l("Refused")),
    LineOutcome.KEPT: ("warning", "lock", _l("Kept")),
    LineOutcome.STALE: ("warning", "clock-edit", _l("Stale")),
}

EXPECTED = {**OUTCOMES, LineOutcome.CHANGED: ("info", "arrow-narrow-right", _l("Will change"))}
"""The same in a preview, where nothing has happened yet."""
WARNINGS = {
    LineWarning.DEEP_CUT: _l("deep cut"),
    LineWarning.BELOW_COST: _l("below cost"),
}


def title(change_set: ChangeSet, currency: str) -> str:
    """What a set does, in one line."""
    if change_set.undoes_id is not None:
        return gettext("Undo of change #%(number)s", number=change_set.undoes_id)
    if name := change_set.rule.get("file_name"):
        return gettext("Workbook %(name)s", name=name)
    if name := change_set.rule.get("product_title"):
        return gettext("Prices of “%(name)s”", name=name)
    try:
        return rule(change_rules.from_json(change_set.rule), currency)
    except RuleViolation:
        return str(SOURCES[change_set.source])


def rule(wanted: change_rules.Rule, currency: str) -> str:
    """ "Price: −10 %, then end in ….99"."""
    if not isinstance(wanted, Formula):
        shown = value(wanted.field, wanted.value, currency)
        return f"{FIELDS['product', wanted.field].label}: {shown}"
    money = wanted.field in formulas.PRICE_FIELDS
    steps = [_step(step, currency if money else "") for step in wanted.steps]
    joined = gettext(", then ").join(steps)  # not within the f-string, where its text is not found
    return f"{FIELDS['sku', wanted.field].label}: {joined}"


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
    if (step.step, step.less) == (100, 1):
        return gettext("end in ….99")
    return gettext("round to steps of %(step)s", step=_amount(step.step, currency))


_STEPS: dict[type[Step], Any] = {
    SetTo: lambda s, c: gettext("set to %(amount)s", amount=_amount(s.amount, c)),
    Plus: lambda s, c: _signed(s.amount, c),
    Percent: lambda s, c: percent(s.ppm),
    RoundTo: _rounding,
    CopyFrom: lambda s, c: gettext("copy from %(field)s", field=FIELDS["sku", s.field].label),
    OverCost: lambda s, c: gettext("cost %(percent)s", percent=percent(s.ppm)),
}


def guards(change_set: ChangeSet) -> list[str]:
    """What of a set needs a second person, a sentence each."""
    return findings(change_set.guards)


def findings(found: Mapping[str, Any]) -> list[str]:
    """What `change_limits.measure` has found, a sentence each."""
    limits = dict(zip(("cut_ppm", "most_rows"), found.get("limits", ()), strict=False))
    worst = percent(-found.get("worst_cut_ppm", 0) // 1000 * 1000)
    said = []
    if count := found.get("deep_cut"):
        said.append(
            ngettext(
                "%(num)s price falls by %(limit)s or more within 24 hours; the deepest cut is %(worst)s.",
                "%(num)s prices fall by %(limit)s or more within 24 hours; the deepest cut is %(worst)s.",
                count,
                limit=percent(limits["cut_ppm"]).removeprefix("+"),
                worst=worst.removeprefix("−"),
            )
        )
    if count := found.get("below_cost"):
        said.append(ngettext("%(num)s price falls below cost.", "%(num)s prices fall below cost.", count))
    if count := found.get("many_rows"):
        most = formats.number(limits["most_rows"])
        said.append(gettext("%(rows)s rows change; more than %(most)s.", rows=formats.number(count), most=most))
    return said


def value(field: str, stored: str | None, currency: str, names: Mapping[str, str] | None = None) -> str:
    """A stored value as people read it; `names` has those of what it may refer to (`reference_names.of`)."""
    if stored is None:
        return "–"
    known = next((f for f in FIELDS.values() if f.name == field), None)
    kind = known.kind if known else FieldKind.TEXT
    try:
        return _VALUES[kind](stored, currency, names or {})
    except ValueError:
        return stored  # a refused line keeps what was typed


def as_stored(plain: Any) -> str | None:
    """A value from the field history or a draft as a change line would hold it."""
    return plain if plain is None or isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _options(stored: str, currency: str, names: Mapping[str, str]) -> str:
    return ", ".join(f"{key}: {its}" for key, its in json.loads(stored).items()) or "–"


def _tags(stored: str, currency: str, names: Mapping[str, str]) -> str:
    return ", ".join(json.loads(stored)) or "–"


_VALUES: dict[FieldKind, Any] = {
    FieldKind.MONEY: lambda stored, currency, names: formats.money(int(stored), currency),
    FieldKind.COUNT: lambda stored, currency, names: formats.number(int(stored)),
    FieldKind.STATUS: lambda stored, currency, names: str(LABELS[ProductStatus(stored)]),
    FieldKind.CATEGORY: lambda stored, currency, names: names.get(stored, f"#{stored}"),
    FieldKind.OPTIONS: _options,
    FieldKind.TAGS: _tags,
    FieldKind.ATTRIBUTES: _options,
    FieldKind.FREIGHT: lambda stored, currency, names: names.get(f"{reference_names.FREIGHT}{stored}", f"#{stored}"),
    FieldKind.TEXT: lambda stored, currency, names: stored or "–",
}
