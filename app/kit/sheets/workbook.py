"""Rows of an .xlsx or .xls sheet as text, through calamine. Runs in the child process only."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import python_calamine as calamine

from . import biff, precheck
from .cell_text import EXACT_INTEGER_BELOW, text_of
from .model import Flaw, Kind, Limits, Row, SheetName
from .package import open_package, part_of_sheet
from .refusal import Refused
from .shared_strings import UnusualError
from .stream import SheetStream

Check = Callable[[], precheck.Findings]
"""The check of the whole file; a second call has its result at hand."""
Odd = dict[int, dict[int, tuple[Flaw, str]]]
"""0-based row → 0-based column → flaw and text, for what the parser reads as blank."""


class OpenSheet(NamedTuple):
    """One sheet chosen, and its rows yet to be read (columns from A, rows from 1)."""

    name: str
    sheets: tuple[SheetName, ...]
    rows: Iterator[Row]


def open_sheet(path: Path, kind: Kind, wanted: str, limits: Limits, *, is_checked: bool = False) -> OpenSheet:
    """Open the sheet called `wanted`, or the first visible one that has content.

    `is_checked`: see `model.Options`. Raises Refused: damaged, encrypted, no such sheet, no content, too large.
    """
    check = cache(lambda: precheck.check_xlsx(path, limits) if kind is Kind.XLSX else {})
    if not is_checked:
        check()
    if kind is Kind.XLSX and (streamed := _open_streamed(path, wanted, limits, check)):
        return streamed
    findings = check()
    book = _open_book(path)
    sheets = _worksheets(book)
    name, sheet = _choose(book, sheets, wanted)
    _check_box(sheet, limits)
    return OpenSheet(name, sheets, _rows(sheet, _odd_cells(path, kind, name, book, findings)))


def _open_streamed(path: Path, wanted: str, limits: Limits, check: Check) -> OpenSheet | None:
    """The sheet read row by row, if it is long and written as usual; the general parser takes over where it is not."""
    try:
        archive = zipfile.ZipFile(path)
        package = open_package(archive)
        for sheet in package.sheets:
            part = package.part_of[sheet.name]
            if wanted not in (sheet.name, "") or (not wanted and sheet.is_hidden) or not part:
                continue
            if archive.getinfo(part).file_size <= limits.streamed_bytes:
                return None
            rows = SheetStream(archive, package, part, limits).rows()
            if first := next((row for row in rows if any(row.cells)), None):
                rest = _general_rows(path, sheet.name, check)
                return OpenSheet(sheet.name, package.sheets, _resumed(chain([first], rows), rest))
    except (UnusualError, Refused, ElementTree.ParseError, KeyError):
        return None
    return None


def _resumed(rows: Iterator[Row], rest: Iterator[Row]) -> Iterator[Row]:
    last = 0
    try:
        for row in rows:
            last = row.number
            yield row
    except UnusualError:
        yield from (row for row in rest if row.number > last)


def _general_rows(path: Path, name: str, check: Check) -> Iterator[Row]:
    findings = check()  # before another parser opens the file
    book = _open_book(path)
    yield from _rows(_load(book, name), _odd_cells(path, Kind.XLSX, name, book, findings))


def _open_book(path: Path) -> Any:
    try:
        return calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError as error:
        raise Refused("sheet_encrypted") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Refused("sheet_damaged") from error


def _worksheets(book: Any) -> tuple[SheetName, ...]:
    visible = calamine.SheetVisibleEnum.Visible
    plain = calamine.SheetTypeEnum.WorkSheet
    return tuple(SheetName(s.name, s.visible != visible) for s in book.sheets_metadata if s.typ == plain)


def _choose(book: Any, sheets: tuple[SheetName, ...], wanted: str) -> tuple[str, Any]:
    if wanted:
        if wanted not in [sheet.name for sheet in sheets]:
            raise Refused("sheet_no_such_sheet", sheet=wanted, sheets=", ".join(s.name for s in sheets))
        return wanted, _load(book, wanted)
    for name in [sheet.name for sheet in sheets if not sheet.is_hidden]:
        sheet = _load(book, name)
        if sheet.end is not None:
            return name, sheet
    raise Refused("sheet_no_content")


def _load(book: Any, name: str) -> Any:
    try:
        return book.get_sheet_by_name(name)
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Refused("sheet_damaged") from error


def _check_box(sheet: Any, limits: Limits) -> None:
    _, width = sheet.end or (0, 0)
    if width >= limits.columns:
        raise Refused("sheet_too_wide", columns=width + 1, limit=limits.columns)


def _odd_cells(path: Path, kind: Kind, name: str, book: Any, findings: precheck.Findings) -> Odd:
    by_row: Odd = {}
    if kind is Kind.XLS:
        errors = biff.error_cells(biff.workbook_stream(path.read_bytes()))
        index = book.sheet_names.index(name)
        for (row, column), text in (errors[index] if index < len(errors) else {}).items():
            by_row.setdefault(row, {})[column] = (Flaw.ERROR_VALUE, text)
    elif findings and (scan := findings.get(part_of_sheet(path, name))):
        if scan.has_unplaced:
            raise Refused("sheet_unplaced_errors")
        for (row, column), found in scan.flaws().items():
            by_row.setdefault(row, {})[column] = found
    return by_row


def _rows(sheet: Any, odd: Odd) -> Iterator[Row]:
    """The parser's rows count from row 1; its columns from the first one used."""
    left, lossless = (sheet.start or (0, 0))[1], EXACT_INTEGER_BELOW
    index = -1
    blank_left = [""] * left
    for index, values in enumerate(sheet.iter_rows()):
        flaws: dict[int, Flaw] = {}
        for column, value in enumerate(values):
            if type(value) is not str:
                values[column] = text_of(value)
                if type(value) is float and not -lossless < value < lossless:
                    flaws[column + left] = Flaw.PRECISION_LOST
        cells = blank_left + values if left else values
        if index in odd:
            _put_odd(cells, flaws, odd[index])
        yield Row(index + 1, cells, flaws)
    for below in sorted(row for row in odd if row > index):
        _put_odd(cells := [], flaws := {}, odd[below])
        yield Row(below + 1, cells, flaws)


def _put_odd(cells: list[str], flaws: dict[int, Flaw], odd: dict[int, tuple[Flaw, str]]) -> None:
    cells.extend([""] * (max(odd) + 1 - len(cells)))
    for column, (flaw, text) in odd.items():
        if not cells[column]:
            cells[column] = text
            flaws[column] = flaw
