"""Small pieces of list markup that are made once a page instead of once a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext
from markupsafe import Markup

from app.console.lists import Column, Filter

_STARTS = {"end": Markup('<td class="text-end">'), "center": Markup('<td class="text-center">')}
_START = Markup("<td>")


def column_cells(columns: Sequence[Column]) -> list[tuple[Markup, Callable[[Any], Any]]]:
    """The opening tag and the cell function of each column."""
    return [(_STARTS.get(column.align, _START), column.cell) for column in columns]


def filter_words(one: Filter, values: list[str], choices: Sequence[tuple[str, Any]]) -> str:
    """What an active chip says: labels of the chosen values, or the range in words."""
    if one.kind == "choice":
        labels = {str(value): str(label) for value, label in choices}
        first, more = labels.get(values[0], values[0]), len(values) - 1
        return gettext("%(first)s and %(more)s more", first=first, more=more) if more else first
    if one.kind in ("days", "number"):
        low, _, high = values[0].partition("..")
        return f"{low} – {high}" if low and high else (f"≥ {low}" if low else f"≤ {high}")
    return values[0]
