"""From raw rows to a table: where its header is, what is odd about it, rows of its width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from .model import ERROR_COLUMNS, Flaw, Row
from .refusal import Refused

_HEADER_WITHIN_ROWS = 100


class Header(NamedTuple):
    """The header as it is shown, where it is, and which raw columns stand under it."""

    names: tuple[str, ...]
    row: int
    kept: tuple[int, ...]
    width: int
    cells_in_row: int
    """Of the raw row, with the blank ones after the last name."""

    @property
    def duplicates(self) -> tuple[str, ...]:
        """Names that stand more than once."""
        return tuple(name for name, count in Counter(self.names).items() if name and count > 1)

    @property
    def blanks(self) -> tuple[int, ...]:
        """0-based columns without a name."""
        return tuple(index for index, name in enumerate(self.names) if not name)


def split_header(rows: Iterator[Row], wanted_row: int) -> tuple[Header, Iterator[Row]]:
    """The header and the rows after it: the row asked for, else the first with two cells filled.

    Where none has two, it is the first with one. Raises Refused: no such row, or nothing at all.
    """
    if wanted_row:
        return _wanted_header(rows, wanted_row), rows
    looked_at: list[Row] = []
    for row in rows:
        filled = _filled(row)
        if filled >= 2:
            return _header(row), rows
        if filled:
            looked_at.append(row)
        if len(looked_at) >= _HEADER_WITHIN_ROWS:
            break
    if not looked_at:
        raise Refused("sheet_no_content")
    return _header(looked_at[0]), chain(looked_at[1:], rows)


def _wanted_header(rows: Iterator[Row], wanted_row: int) -> Header:
    for row in rows:
        if row.number == wanted_row and _filled(row):
            return _header(row)
        if row.number >= wanted_row:
            break
    raise Refused("sheet_no_header", row=wanted_row)


def _filled(row: Row) -> int:
    return sum(1 for cell in row.cells if cell.strip())


def _header(row: Row) -> Header:
    names = [cell.strip() for cell in row.cells]
    while names and not names[-1]:
        names.pop()
    kept = tuple(index for index, name in enumerate(names) if name not in ERROR_COLUMNS)
    return Header(tuple(names[index] for index in kept), row.number, kept, len(names), len(row.cells))


def mark_ragged(header: Header, rows: Iterator[Row]) -> Iterator[Row]:
    """Rows of a CSV, those marked that have fewer cells than the header or more than it and the first row have."""
    usual = 0
    for row in rows:
        count = len(row.cells)
        if any(row.cells):
            usual = usual or max(header.cells_in_row, count)
            if count < header.width:
                row.flaws[count] = Flaw.MISSING_CELL
            elif count > usual:
                row.flaws[header.width] = Flaw.EXTRA_CELLS
        yield row


def shape(header: Header, rows: Iterator[Row]) -> Iterator[Row]:
    """Rows as wide as the header, without blank ones; content right of the header is a flaw."""
    width, kept = header.width, header.kept
    is_whole = len(kept) == width
    for row in rows:
        if not any(row.cells) and not row.flaws:
            continue
        whole = row if len(row.cells) == width else _fit(row, width)
        if is_whole:
            yield whole
        else:
            cells = [whole.cells[index] for index in kept]
            flaws = _kept_flaws(whole.flaws, kept, width)
            if any(cells) or flaws:
                yield Row(whole.number, cells, flaws)


def _fit(row: Row, width: int) -> Row:
    number, cells, flaws = row
    flaws = {index: flaw for index, flaw in flaws.items() if index <= width}
    if any(cells[width:]):
        flaws[width] = Flaw.EXTRA_CELLS
    return Row(number, cells[:width] + [""] * (width - len(cells)), flaws)


def _kept_flaws(flaws: dict[int, Flaw], kept: tuple[int, ...], width: int) -> dict[int, Flaw]:
    places = {old: new for new, old in enumerate(kept)} | {width: len(kept)}
    return {places[index]: flaw for index, flaw in flaws.items() if index in places}
