"""Spreadsheets in and out: .xlsx, .xls, CSV read as text within bounds; both written safely."""

from __future__ import annotations

from .columns import Column, ColumnKind
from .csv_writer import write_csv
from .error_workbook import RowProblem, write_error_workbook
from .errors import SheetError
from .mapping import FieldName, Guess, guess_mapping
from .model import ERROR_COLUMNS, Flaw, Head, Kind, Limits, Lines, Options, Row, SheetName
from .openpyxl_writer import streamed_book
from .reading import FileCheck, SheetReader, check, checking, read_rows, sniff
from .writing import SheetContent, write_sheet, write_workbook

__all__ = [
    "ERROR_COLUMNS",
    "Column",
    "ColumnKind",
    "FieldName",
    "FileCheck",
    "Flaw",
    "Guess",
    "Head",
    "Kind",
    "Limits",
    "Lines",
    "Options",
    "Row",
    "RowProblem",
    "SheetContent",
    "SheetError",
    "SheetName",
    "SheetReader",
    "check",
    "checking",
    "guess_mapping",
    "read_rows",
    "sniff",
    "streamed_book",
    "write_csv",
    "write_error_workbook",
    "write_sheet",
    "write_workbook",
]
