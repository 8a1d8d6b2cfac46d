"""Rows of a CSV as text, in the child process. Source: RFC 4180, read leniently as Excel does."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from .model import Flaw, Limits, Row
from .refusal import Refused
from .text_file import Dialect, lines

_DIGITS_LOST = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+\d{2}")
_SUSPECT = re.compile(r'"[^",;\t|\r\n]')
_GUARDED = re.compile(r'="([^"]*)"')


def rows(path: Path, dialect: Dialect, limits: Limits) -> Iterator[Row]:
    """Rows from row 1, blank ones included (as no cells). Row numbers count records, as Excel does.

    `="000123"`, by which shops' exports keep digits, is read as its text; 6.93217E+12, which
    Excel left of a long
    code, is marked. Raises Refused: a quote never closed, a cell too long, too many rows or
    columns.
    """
    csv.field_size_limit(limits.cell_chars)
    pending: list[str] = []
    number = 0
    try:
        for cells in csv.reader(_remembered(lines(path, dialect), pending), delimiter=dialect.delimiter):
            number += 1
            _check_size(number, len(cells), limits)
            row = _row(number, cells)
            last = "".join(pending)
            pending.clear()
            if _SUSPECT.search(last) and _strict_error(last, dialect.delimiter):
                row.flaws[0] = Flaw.BROKEN_QUOTES
            yield row
    except csv.Error as error:
        raise Refused("sheet_cell_too_long", row=number + 1, limit=limits.cell_chars) from error
    if number and "unexpected end" in _strict_error(last, dialect.delimiter):
        raise Refused("sheet_unclosed_quote", row=number)


def _remembered(source: Iterator[str], pending: list[str]) -> Iterator[str]:
    for line in source:
        pending.append(line)
        yield line


def _strict_error(record: str, delimiter: str) -> str:
    """What a strict reader says of one record; empty if nothing."""
    try:
        for _ in csv.reader(record.splitlines(keepends=True), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return str(error)
    return ""


def _check_size(number: int, width: int, limits: Limits) -> None:
    if width > limits.columns:
        raise Refused("sheet_too_wide", columns=width, limit=limits.columns)
    if number > limits.rows:
        raise Refused("sheet_too_long", rows=number, limit=limits.rows)


def _row(number: int, cells: list[str]) -> Row:
    flaws: dict[int, Flaw] = {}
    joined = "\n".join(cells)
    if '="' in joined:
        cells = [found[1] if (found := _GUARDED.fullmatch(cell)) else cell for cell in cells]
    if "E+" in joined or "e+" in joined:
        flaws = {i: Flaw.PRECISION_LOST for i, cell in enumerate(cells) if _DIGITS_LOST.fullmatch(cell.strip())}
    return Row(number, cells, flaws)
