"""Sheets of many rows: rustpy-xlsxwriter, or XlsxWriter in constant memory where that is not installed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from .columns import Cell, Column
from .openpyxl_writer import HEADER_FILL

try:
    import rustpy_xlsxwriter
except ImportError:
    rustpy_xlsxwriter = None  # type: ignore[assignment]


def write(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], path: Path) -> int:
    """Write one sheet, streaming; returns the number of data rows."""
    titles = [column.title for column in columns]
    if rustpy_xlsxwriter is None or len(set(titles)) < len(titles):
        return write_portably(name, columns, rows, path)
    counted = _Counted(rows)
    rustpy_xlsxwriter.write_worksheet(
        (dict(zip(titles, row, strict=True)) for row in counted),
        str(path),
        sheet_name=name,
        freeze_row=1,
        autofilter=True,
        header_format=_format().set_bold().set_background_color(HEADER_FILL),
        column_widths={column.title: float(column.shown_width) for column in columns},
        column_formats={column.title: _format().set_num_format(column.number_format) for column in columns},
    )
    return counted.count


def write_portably(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], path: Path) -> int:
    """The same by XlsxWriter, some six times slower."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        header = book.add_format({"bold": True, "bg_color": f"#{HEADER_FILL}"})
        formats = [book.add_format({"num_format": column.number_format}) for column in columns]
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column.shown_width, formats[index])
            sheet.write_string(0, index, column.title, header)
        count = 0
        for count, row in enumerate(rows, start=1):
            for index, value in enumerate(row):
                _write_cell(sheet, (count, index), value, formats[index])
        sheet.autofilter(0, 0, count, len(columns) - 1)
    return count


def _write_cell(sheet: Any, place: tuple[int, int], value: Cell, style: Any) -> None:
    if isinstance(value, str):
        sheet.write_string(*place, value, style)
    elif isinstance(value, dt.date):
        sheet.write_datetime(*place, value, style)
    elif value is not None:
        sheet.write_number(*place, value, style)


def _format() -> Any:
    return rustpy_xlsxwriter.Format()


class _Counted:
    """Rows that are counted as they pass."""

    def __init__(self, rows: Iterable[Sequence[Cell]]) -> None:
        self.count = 0
        self._rows = rows

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self._rows:
            self.count += 1
            yield row
