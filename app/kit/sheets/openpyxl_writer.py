"""Sheets written by openpyxl, row by row, with every text forced to be one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from .columns import Cell, Column

HEADER_FILL = "E7EDF5"
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b\x0c\r\x0e-\x1f]")


def write(sheets: Iterable[tuple[str, Sequence[Column], Iterable[Sequence[Cell]]]], path: Path) -> int:
    """Write (name, columns, rows) of each sheet; returns the number of data rows of all."""
    total = 0
    with streamed_book(path) as book:
        for name, columns, rows in sheets:
            total += _fill(book.create_sheet(name), columns, rows)
    return total


@contextmanager
def streamed_book(path: Path) -> Iterator[Workbook]:
    """A write-only workbook that is saved to `path` on leaving.

    When the block fails, what its sheets have put aside on disk is deleted: openpyxl leaves that to the end of the
    process, which the process of a job does not live to see in order.
    """
    book = Workbook(write_only=True)
    try:
        yield book
        book.save(path)
    except BaseException:
        for sheet in book.worksheets:
            _drop(sheet)
        raise


def _drop(sheet: Any) -> None:
    writer = sheet._writer
    if writer is None or not Path(writer.out).exists():
        return
    with suppress(Exception):  # a row that failed half written leaves elements open; all of it goes away
        sheet.close()
    writer.cleanup()


def escaped(text: str) -> str:
    """Control characters as Excel writes them, `_x000B_`, and a text that looks like one of those kept as it is.

    Source: ECMA-376 part 1, 22.4.2.4 bstr.
    """
    return _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _fill(sheet: Any, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> int:
    sheet.freeze_panes = "A2"
    for index, column in enumerate(columns, start=1):
        dimension = sheet.column_dimensions[get_column_letter(index)]
        dimension.width = column.shown_width
        dimension.number_format = column.number_format
    sheet.append(_header(sheet, columns))
    count = 0
    for cells in _styled(sheet, columns, rows):
        sheet.append(cells)
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count + 1}"
    return count


def _header(sheet: Any, columns: Sequence[Column]) -> list[Any]:
    cells = []
    for column in columns:
        cell = WriteOnlyCell(sheet, value=escaped(column.title))
        cell.data_type = "s"
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color=HEADER_FILL)
        cells.append(cell)
    return cells


def _styled(sheet: Any, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> Iterator[list[Any]]:
    """The same cells, refilled for each row: making and styling new ones would take half of the time."""
    cells = [WriteOnlyCell(sheet) for _ in columns]
    for cell, column in zip(cells, columns, strict=True):
        cell.number_format = column.number_format
    for row in rows:
        for cell, value in zip(cells, row, strict=True):
            if isinstance(value, str):
                cell.value = escaped(value)
                cell.data_type = "s"
            else:
                cell.value = value
        yield cells
