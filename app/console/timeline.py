"""A row's history in words: what the `timeline` macro of ui.html shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from app.kit import formats, people
from app.kit.history import Entry

Telling = tuple[str, str, Any]
"""Icon, tone and sentence of one entry."""


@dataclass(frozen=True)
class Words:
    """How one kind of row tells its history; `value` turns a stored value of a field into text."""

    events: Mapping[str, Callable[[Entry], Telling]]
    fields: Mapping[str, Any]
    value: Callable[[str, Any], str]
    told: frozenset[str] = frozenset()
    """Fields that the sentences of `events` speak of already."""


def shown(entries: list[Entry], words: Words, zone: str) -> list[dict[str, Any]]:
    """The entries as the macro takes them; one statement for the names of those who acted."""
    names = people.names(entry.actor for entry in entries)
    return [_entry(entry, words, names[entry.actor], zone) for entry in entries]


def _entry(entry: Entry, words: Words, who: str, zone: str) -> dict[str, Any]:
    tell = words.events.get(entry.event, _edited)
    glyph, tone, text = tell(entry)
    return {
        "icon": glyph,
        "tone": tone,
        "text": text,
        "who": who,
        "ago": formats.ago(entry.at),
        "exact": formats.moment(entry.at, zone),
        "changes": [
            (words.fields.get(field, field), words.value(field, old), words.value(field, new))
            for field, (old, new) in entry.changes.items()
            if not (tell is not _edited and (field == "status" or field in words.told))
        ],
    }


def _edited(entry: Entry) -> Telling:
    return "pencil", "secondary", gettext("Edited")
