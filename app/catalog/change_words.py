"""Change sets in words: what a rule does, what a value is, what became of a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from app.catalog import change_rules
from app.catalog.change_models import ChangeSet, ChangeSource, ChangeState, LineOutcome, LineWarning
from app.catalog.rule_words import percent, rule
from app.catalog.value_words import as_stored, value
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


def title(change_set: ChangeSet, currency: str, names: Mapping[str, str] | None = None) -> str:
    """What a set does, in one line; `names` are those of `reference_names.of`."""
    if change_set.undoes_id is not None:
        return gettext("Undo of change #%(number)s", number=change_set.undoes_id)
    if name := change_set.rule.get("file_name"):
        return gettext("Workbook %(name)s", name=name)
    if name := change_set.rule.get("product_title"):
        return gettext("Prices of “%(name)s”", name=name)
    if made := change_set.rule.get("make"):
        return _making(made, change_set.rule)
    try:
        return rule(change_rules.from_json(change_set.rule), currency, names)
    except RuleViolation:
        return str(SOURCES[change_set.source])


def _making(made: str, wanted: Mapping[str, Any]) -> str:
    if made == "copies":
        return gettext("Copies of products, called %(pattern)s", pattern=wanted["patterns"]["code"])
    options = " × ".join(f"{name}: {', '.join(values)}" for name, values in wanted["options"])
    return gettext("New SKUs of %(options)s", options=options)


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


__all__ = [
    "EXPECTED",
    "OUTCOMES",
    "SOURCES",
    "STATES",
    "WARNINGS",
    "as_stored",
    "guards",
    "percent",
    "rule",
    "title",
    "value",
]
