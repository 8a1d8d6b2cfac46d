"""Rows of an .xlsx straight from its XML, in little memory however long the sheet is.

It reads the XML that spreadsheet programs write and nothing else: at the first row that looks different it raises
`UnusualError`, and the general parser, which holds the whole sheet, goes on from there. A test compares both.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

from .cell_scan import column_number
from .cell_styles import serial_text, styles_of
from .cell_text import number_text
from .model import Flaw, Limits, Row
from .package import Package
from .refusal import Refused
from .row_pattern import CellKind, RowPattern
from .shared_strings import SharedStrings, UnusualError, decoded, joined_runs

_CHUNK_BYTES = 1 << 19
_ROW_BYTES_AT_MOST = 64 << 20
_ROW_END = b"</row>"
_ROW = re.compile(rb'<row [^>]*?\br="(\d{1,7})"[^>]*>')
_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})[0-9]+"([^>/]*)(?:/>|>(?:<v>([^<]*)</v>|(.*?))</c>)',
    re.DOTALL,
)
_ATTRIBUTES = re.compile(rb'(?: s="(\d{1,6})")?(?: t="(\w+)")?')
_CONTENT = re.compile(
    rb"(<f(?: [^>]*)?(?:/>|>[^<]*</f>))?"
    rb'(?:<v(?: xml:space="preserve")?>([^<]*)</v>|<v/>|<is>(.*?)</is>)?',
    re.DOTALL,
)
_SEPARATOR = b"\x1f"  # XML allows it in no text
_ZERO = ord("0")
_SURE_DIGITS = 15
_LONG_INTEGER = re.compile(r"-?\d+(?:$|(?:\.\d+)?E\+)")


class SheetStream:
    """The rows of one part of an open archive."""

    def __init__(self, archive: zipfile.ZipFile, package: Package, part: str, limits: Limits) -> None:
        self._archive, self._part, self._limits = archive, part, limits
        self._strings = SharedStrings(archive, package.strings)
        self._styles = styles_of(archive, package.styles) if package.styles else []
        self._is_1904 = package.is_1904
        self._columns: dict[bytes, int] = {}
        self._kinds: dict[bytes, CellKind] = {}
        self._pattern = RowPattern()

    def rows(self) -> Iterator[Row]:
        """Rows that hold a cell, in order. Raises UnusualError at one that only the general parser can read."""
        last = 0
        for xml in self._rows_of_chunks():
            at = 0
            while at < len(xml):
                found = self._pattern.match(xml, at)
                if found:
                    at, row = found.end(), self._row(int(found[1]), found.groups(b"")[1:])
                else:
                    end = xml.index(_ROW_END, at)
                    at, row = end + len(_ROW_END), self._row_by_cells(xml[at:end])
                if not last < row.number <= self._limits.rows:
                    raise Refused("sheet_damaged") if row.number <= last else UnusualError
                last = row.number
                yield row

    def _rows_of_chunks(self) -> Iterator[bytes]:
        """The XML in pieces that end with a row; what follows the last one has to be free of cells."""
        rest = b""
        with self._archive.open(self._part) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                xml = rest + chunk
                cut = xml.rfind(_ROW_END) + len(_ROW_END)
                if cut >= len(_ROW_END):
                    yield xml[:cut]
                    rest = xml[cut:]
                else:
                    rest = xml
                if len(rest) > _ROW_BYTES_AT_MOST:
                    raise UnusualError
        if b"<c " in rest or b":c " in rest or b":row" in rest:
            raise UnusualError

    def _row(self, number: int, values: tuple[bytes, ...]) -> Row:
        if self._pattern.is_plain_text and (texts := _plain_texts(values)):
            return Row(number, texts, {})
        flaws: dict[int, Flaw] = {}
        if self._pattern.is_in_place:
            slots = self._pattern.slots
            cells = [slot.kind.read(value) if value else "" for value, slot in zip(values, slots, strict=True)]
            for slot, text in zip(slots, cells, strict=True):
                if len(text) > _SURE_DIGITS or (slot.kind.is_error and text):
                    _note_flaw(flaws, slot.column, slot.kind, text)
            return Row(number, cells, flaws)
        cells = []
        for value, (index, kind) in zip(values, self._pattern.slots, strict=True):
            if value:
                _put(cells, flaws, index, kind, value)
        return Row(number, cells, flaws)

    def _row_by_cells(self, xml: bytes) -> Row:
        at = xml.rfind(b"<row ")
        found = _ROW.match(xml, at) if at >= 0 else None
        if found is None or xml.find(b"<c ", 0, at) >= 0:
            raise UnusualError
        number, body = int(found[1]), xml[found.end() :]
        cells = _CELL.findall(body)
        if len(cells) != body.count(b"<c ") or (not cells and body.strip()):
            raise UnusualError
        texts: list[str] = []
        flaws: dict[int, Flaw] = {}
        columns, kinds = self._columns, self._kinds
        for letters, attributes, plain, content in cells:
            index = columns.get(letters, -1)
            if index < len(texts):
                index = self._column(letters, len(texts))
            kind = kinds.get(attributes) or self._kind(attributes)
            value = plain or (_value_of(content, kind, flaws, index) if content else b"")
            if value:
                _put(texts, flaws, index, kind, value)
        self._pattern.learn(cells, columns, kinds)
        return Row(number, texts, flaws)

    def _column(self, letters: bytes, least: int) -> int:
        number = column_number(letters)
        if number > self._limits.columns or number <= least:
            raise UnusualError
        self._columns[letters] = number - 1
        return number - 1

    def _kind(self, attributes: bytes) -> CellKind:
        found = _ATTRIBUTES.fullmatch(attributes)
        if found is None:
            raise UnusualError
        style, name = int(found[1] or b"0"), found[2] or b"n"
        if name == b"n":
            kind = self._number_kind(style)
        elif name in _KINDS:
            kind = _KINDS[name]
        elif name == b"s":
            kind = CellKind(self._strings.text)
        else:
            raise UnusualError
        self._kinds[attributes] = kind
        return kind

    def _number_kind(self, style: int) -> CellKind:
        if style >= len(self._styles) > 0:
            raise UnusualError
        meaning, is_1904 = self._styles[style] if self._styles else "", self._is_1904
        if meaning:
            return CellKind(lambda value: serial_text(_number(value), meaning, is_1904=is_1904), can_be_empty=False)
        return CellKind(_number_text, is_number=True, can_be_empty=False)


def _number(value: bytes) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise UnusualError from error


def _number_text(value: bytes) -> str:
    if value.isdigit() and len(value) <= _SURE_DIGITS and value[0] != _ZERO:
        return value.decode()
    return number_text(_number(value))


def _boolean_text(value: bytes) -> str:
    return "TRUE" if value == b"1" else "FALSE"


_KINDS = {
    b"str": CellKind(decoded),
    b"inlineStr": CellKind(decoded),
    b"b": CellKind(_boolean_text, can_be_empty=False),
    b"e": CellKind(decoded, is_error=True, can_be_empty=False),
}


def _value_of(content: bytes, kind: CellKind, flaws: dict[int, Flaw], index: int) -> bytes:
    """The value among a formula, a result, an inline text; a formula without a result is a flaw."""
    if content.startswith(b"<is><t>") and content.count(b"<") == 4:
        return content[7:-9]
    found = _CONTENT.fullmatch(content)
    if found is None:
        raise UnusualError
    formula, value, inline = found.groups()
    if formula and not value and not kind.can_be_empty:
        flaws[index] = Flaw.NOT_CALCULATED
    return joined_runs(inline) if inline else value or b""


def _plain_texts(values: tuple[bytes, ...]) -> list[str] | None:
    """The texts of a row at once; None when one of them has to be looked at alone."""
    row = _SEPARATOR.join(values)
    if b"&" in row or b"\r" in row or b"_x" in row:
        return None
    try:
        texts = row.decode().split("\x1f")
    except UnicodeDecodeError as error:
        raise UnusualError from error
    return texts if len(texts) == len(values) else None


def _put(texts: list[str], flaws: dict[int, Flaw], index: int, kind: CellKind, value: bytes) -> None:
    text = kind.read(value)
    if index > len(texts):
        texts.extend([""] * (index - len(texts)))
    texts.append(text)
    if kind.is_error or len(text) > _SURE_DIGITS:
        _note_flaw(flaws, index, kind, text)


def _note_flaw(flaws: dict[int, Flaw], index: int, kind: CellKind, text: str) -> None:
    if kind.is_error:
        flaws[index] = Flaw.ERROR_VALUE
    elif kind.is_number and _LONG_INTEGER.match(text):
        flaws[index] = Flaw.PRECISION_LOST
