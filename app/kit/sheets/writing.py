"""Write rows as an .xlsx: by openpyxl while there are few, by the fast writer for exports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from . import fast_writer, openpyxl_writer
from .columns import Cell, Column, check_length, check_rows, converters

FEW_ROWS = 5_000
"""Up to here openpyxl takes two or three seconds; the fast writer is some ten times faster."""

RowValues = Sequence[Any]


@dataclass(frozen=True)
class SheetContent:
    """One sheet of a workbook: rows of values in the order of its columns (see `ColumnKind` for their types)."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[RowValues]


def write_sheet(rows: Iterable[RowValues], columns: Sequence[Column], path: Path, *, name: str = "Sheet1") -> int:
    """Write one sheet with a frozen, filterable header; returns the number of rows. Streams beyond `FEW_ROWS`.

    No text becomes a formula, an error or a number. Raises SheetError for a text that Excel would cut and for more
    rows than a sheet has; the file is then incomplete.
    """
    cells = _cells(rows, columns)
    first = list(islice(cells, FEW_ROWS + 1))
    whole = chain(first, cells)
    if len(first) <= FEW_ROWS:
        return openpyxl_writer.write([(name, columns, whole)], path)
    return fast_writer.write(name, columns, whole, path)


def write_workbook(sheets: Sequence[SheetContent], path: Path) -> int:
    """Write several sheets by openpyxl; returns the number of rows of all. Streams; see `write_sheet`."""
    return openpyxl_writer.write([(s.name, s.columns, _cells(s.rows, s.columns)) for s in sheets], path)


def _cells(rows: Iterable[RowValues], columns: Sequence[Column]) -> Iterator[list[Cell]]:
    convert = converters(columns)
    for number, row in enumerate(rows, start=1):
        check_rows(number)
        cells = [function(value) for function, value in zip(convert, row, strict=True)]
        for index, cell in enumerate(cells):
            if type(cell) is str and len(cell) > 32_000:
                check_length(cell, number + 1, columns[index])
        yield cells
