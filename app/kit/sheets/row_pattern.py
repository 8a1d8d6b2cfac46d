"""Whole rows of a sheet by one expression, learnt from rows that were read cell by cell.

A program writes all rows of a sheet alike: the same columns in the same styles. Once a few have been read, one
match gives the values of a row, several times as fast. A row that does not match is read cell by cell as before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from .shared_strings import decoded

_FORMS_AT_MOST = 160
_LESSONS_AT_MOST = 24
_START = rb'<row r="([0-9]{1,7})"[^>/]*+>'
_VALUE = rb"<v>([^<]*+)</v>"
_INLINE = rb'<is><t(?: xml:space="preserve")?+>([^<]*+)</t></is>'
_IS_INLINE = re.compile(_INLINE)


class CellKind(NamedTuple):
    """How cells of one type and style are read."""

    read: Callable[[bytes], str]
    is_number: bool = False
    is_error: bool = False
    can_be_empty: bool = True
    """Whether a formula of no text is a result."""


class Form(NamedTuple):
    """A way in which a column's cells are written; a column has few."""

    letters: bytes
    attributes: bytes
    is_inline: bool


class Slot(NamedTuple):
    """Whose value it is: column index and kind."""

    column: int
    kind: CellKind


def _pattern(forms: list[Form]) -> bytes:
    """A cell with its value, or without one, in any of these forms, which differ in their attributes alone."""
    attributes = b"|".join(re.escape(form.attributes) for form in forms)
    inner = _INLINE if forms[0].is_inline else _VALUE
    return rb'<c r="%b[0-9]++"(?:%b)(?:>%b</c>|/>)' % (forms[0].letters, attributes, inner)


class RowPattern:
    """What has been learnt of one sheet. A match gives a value for each of `slots`."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.is_in_place = False
        """Whether the slots are the columns from A on, one each."""
        self.is_plain_text = False
        """Whether they are, and all hold text."""
        self._forms: dict[int, dict[Form, CellKind]] = {}
        self._lessons = 0
        self._match: Callable[[bytes, int], re.Match[bytes] | None] | None = None

    def match(self, xml: bytes, at: int) -> re.Match[bytes] | None:
        """The row that begins there: its number and the raw value of each slot; None when it is written otherwise."""
        return self._match(xml, at) if self._match else None

    def learn(
        self, cells: list[tuple[bytes, bytes, bytes, bytes]], columns: dict[bytes, int], kinds: dict[bytes, CellKind]
    ) -> None:
        """Take in a row that has been read: (letters, attributes, plain value, other content) of its cells.

        Formulas and formatted runs are not learnt; their rows stay with the slow way.
        """
        news = {
            (columns[letters], Form(letters, attributes, bool(content))): kinds[attributes]
            for letters, attributes, plain, content in cells
            if plain or _IS_INLINE.fullmatch(content)
        }
        known = sum(map(len, self._forms.values()))
        if self._lessons >= _LESSONS_AT_MOST or known + len(news) > _FORMS_AT_MOST:
            return
        for (index, form), kind in news.items():
            self._forms.setdefault(index, {}).setdefault(form, kind)
        if sum(map(len, self._forms.values())) > known:
            self._lessons += 1
            self._compile()

    def _compile(self) -> None:
        """A header in bold is no kind of its own: forms that are read alike share a slot."""
        columns: dict[int, dict[tuple[CellKind, bool], list[Form]]] = {}
        for index, forms in sorted(self._forms.items()):
            for form, kind in forms.items():
                columns.setdefault(index, {}).setdefault((kind, form.is_inline), []).append(form)
        choices = [b"|".join(map(_pattern, alike.values())) for alike in columns.values()]
        cells = b"".join(b"(?:" + choice + b"|)" for choice in choices)
        self._match = re.compile(_START + cells + b"</row>").match
        self.slots = [Slot(index, kind) for index, alike in columns.items() for kind, _ in alike]
        self.is_in_place = [slot.column for slot in self.slots] == list(range(len(self.slots)))
        self.is_plain_text = self.is_in_place and all(
            slot.kind.read is decoded and not slot.kind.is_error for slot in self.slots
        )
