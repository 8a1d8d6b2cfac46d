"""A light scan of sheet XML for what the parser loses or could choke on.

Error cells and formulas without a result read as blank in the parser; cells far out and merged
areas make it reserve memory for a box of billions of cells (what is only formatted does not count).
Only what looks suspicious is looked at closely: a good file of 200,000 rows costs about a second.
"""

from __future__ import annotations

import re

from .model import Flaw, Limits
from .refusal import Refused

Place = tuple[int, int]

_CARRY_BYTES = 4 << 20
_FILLED = rb"[^>]{0,400}(?<!/)>"
_ROW = re.compile(rb"<row [^>]{0,400}?\br=[\"'](\d{1,10})[\"']" + _FILLED)
_PREFIXED_ROW = re.compile(rb":row [^>]{0,400}?\br=[\"'](\d{1,10})[\"']" + _FILLED)
_WIDE = re.compile(rb" r=[\"'][A-Z]{2,}\d")
_WIDE_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]{0,200}?\br=[\"']([A-Z]{2,8})(\d{1,10})[\"']" + _FILLED)
_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]{0,200}?\br=[\"']([A-Z]{1,8})(\d{1,10})[\"']" + _FILLED)
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell [^>]{0,200}?ref=[\"']([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})[\"']")
_ERROR = re.compile(
    rb"<(?:\w+:)?c(\s[^>]{0,200}?\bt=[\"']e[\"'][^>]{0,200})(?<!/)>"
    rb"(?:(?!</(?:\w+:)?c>).){0,20000}?<(?:\w+:)?v>([^<]{1,40})",
    re.DOTALL,
)
_FORMULA = re.compile(
    rb"<(?:\w+:)?c(\s[^>]{0,200})?>\s*"
    rb"<(?:\w+:)?f\b(?:[^>]{0,400}/>|[^>]{0,400}>[^<]{0,20000}</(?:\w+:)?f>)"
    rb"\s*(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)"
)
_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_TEXT_RESULT = re.compile(rb"\bt=[\"']str[\"']")


def column_number(letters: bytes) -> int:
    """A → 1, XFD → 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


class PartScan:
    """Fed with the chunks of one part in order; keeps what it found by 0-based (row, column)."""

    def __init__(self, limits: Limits) -> None:
        self.errors: dict[Place, str] = {}
        self.not_calculated: set[Place] = set()
        self.has_unplaced = False
        self._limits = limits
        self._carry = b""
        self._widest = self._deepest = self._merged = 0

    @property
    def has_findings(self) -> bool:
        """Whether a reader has to know of this part."""
        return bool(self.errors or self.not_calculated or self.has_unplaced)

    def flaws(self) -> dict[Place, tuple[Flaw, str]]:
        """Flaw and text of each odd cell; the text of a formula without a result is empty."""
        found = dict.fromkeys(self.not_calculated, (Flaw.NOT_CALCULATED, ""))
        found.update({place: (Flaw.ERROR_VALUE, text) for place, text in self.errors.items()})
        return found

    def feed(self, chunk: bytes) -> None:
        """Scan up to the last complete row and keep the rest for the next call."""
        data = self._carry + chunk
        cut = data.rfind(b"row>") + 4
        if cut < 4:
            cut = 0 if len(data) < _CARRY_BYTES else len(data)
        self._carry = data[cut:] if len(data) - cut < _CARRY_BYTES else b""
        self._scan(data[:cut])

    def finish(self) -> None:
        """Scan what is left."""
        self._scan(self._carry)
        self._carry = b""

    def _scan(self, data: bytes) -> None:
        rows = _ROW.findall(data) or (_PREFIXED_ROW.findall(data) if b":row " in data else [])
        deepest = max(map(int, rows), default=0)
        self._reach(deepest, 1 if rows else 0)
        self._check_places(data, deepest)
        if b"mergeCell " in data:
            self._check_merges(data)
        if b't="e"' in data or b"t='e'" in data:
            self._note_errors(data)
        if b"<f" in data or b":f" in data:
            self._note_formulas(data)

    def _check_places(self, data: bytes, deepest: int) -> None:
        """Look at single cells only where a column beyond Z, or a row beyond its element,
        is seen."""
        beyond = re.search(rb" r=[\"'][A-Z]{1,8}\d{%d,}" % (len(str(deepest)) + 1), data)
        if beyond or _WIDE.search(data):
            for letters, row in (_CELL if beyond else _WIDE_CELL).findall(data):
                self._reach(int(row), column_number(letters))

    def _reach(self, row: int, column: int) -> None:
        self._deepest = max(self._deepest, row)
        self._widest = max(self._widest, column)
        limits = self._limits
        if self._widest > limits.columns:
            raise Refused("sheet_too_wide", columns=self._widest, limit=limits.columns)
        if self._deepest > limits.rows:
            raise Refused("sheet_too_long", rows=self._deepest, limit=limits.rows)
        if self._widest * self._deepest > limits.box_cells:
            raise Refused("sheet_too_sparse", rows=self._deepest, columns=self._widest)

    def _check_merges(self, data: bytes) -> None:
        for left, top, right, bottom in _MERGE.findall(data):
            wide = abs(column_number(right) - column_number(left)) + 1
            self._merged += wide * (abs(int(bottom) - int(top)) + 1)
            if self._merged > self._limits.merged_cells:
                raise Refused("sheet_merged_too_far", limit=self._limits.merged_cells)

    def _note_errors(self, data: bytes) -> None:
        for attributes, text in _ERROR.findall(data):
            if place := self._place(attributes):
                self.errors[place] = text.decode("utf-8", "replace").strip()

    def _note_formulas(self, data: bytes) -> None:
        for attributes in _FORMULA.findall(data):
            if not _TEXT_RESULT.search(attributes) and (place := self._place(attributes)):
                self.not_calculated.add(place)

    def _place(self, attributes: bytes) -> Place | None:
        if found := _PLACE.search(attributes):
            return int(found[2]) - 1, column_number(found[1]) - 1
        self.has_unplaced = True
        return None
