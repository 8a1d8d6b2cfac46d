"""Spreadsheets in and out: .xlsx, .xls, CSV read as text within bounds; both written safely."""

from __future__ import annotations

from .errors import SheetError
from .model import ERROR_COLUMNS, Flaw, Head, Kind, Limits, Options, Row, SheetName
from .reading import SheetReader, check, read_rows, sniff

__all__ = [
    "ERROR_COLUMNS",
    "Flaw",
    "Head",
    "Kind",
    "Limits",
    "Options",
    "Row",
    "SheetError",
    "SheetName",
    "SheetReader",
    "check",
    "read_rows",
    "sniff",
]
