"""Columns of a sheet to be written: kind, number format, width, and the value that goes into each cell."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from .errors import SheetError

CELL_CHARS_AT_MOST = 32_767
"""Excel's limit (Excel specifications and limits, support.microsoft.com); it cuts what is longer."""
ROWS_AT_MOST = 1_048_575
"""Data rows of one sheet beside its header."""

Cell = str | int | float | dt.date | dt.datetime | None
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


class ColumnKind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    """str; shown as text, so that Excel keeps leading zeros when the file is saved again."""
    INTEGER = "integer"
    """int."""
    MONEY = "money"
    """int, in units of 10^-exponent of the currency (fen: 2, yen: 0, micros: 6)."""
    DATE = "date"
    """datetime.date."""
    DATETIME = "datetime"
    """datetime.datetime; its own wall time is shown, Excel knows no zones."""
    PERCENT = "percent"
    """Decimal or float, a fraction: 0.125 is shown as 12.5 %."""


@dataclass(frozen=True)
class Column:
    """One column; `exponent` is for MONEY, `width` (in characters) is found from kind and title if 0."""

    title: str
    kind: ColumnKind = ColumnKind.TEXT
    exponent: int = 2
    width: int = 0

    @property
    def number_format(self) -> str:
        """Excel's format code."""
        if self.kind is ColumnKind.MONEY:
            shown = min(self.exponent, 2)
            places = "0" * shown + "#" * (self.exponent - shown)
            return "#,##0" + (f".{places}" if places else "")
        return _FORMATS[self.kind]

    @property
    def shown_width(self) -> int:
        """Characters; a Chinese one takes two."""
        title = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in self.title)
        return self.width or min(max(title + 4, _WIDTHS[self.kind]), 60)


_FORMATS = {
    ColumnKind.TEXT: "@",
    ColumnKind.INTEGER: "0",
    ColumnKind.DATE: "yyyy-mm-dd",
    ColumnKind.DATETIME: "yyyy-mm-dd hh:mm:ss",
    ColumnKind.PERCENT: "0.0%",
}
_WIDTHS = {
    ColumnKind.TEXT: 18,
    ColumnKind.INTEGER: 10,
    ColumnKind.MONEY: 14,
    ColumnKind.DATE: 12,
    ColumnKind.DATETIME: 20,
    ColumnKind.PERCENT: 9,
}


def legal_text(value: str) -> str:
    """The text without what XML cannot hold at all: halves of surrogate pairs and two non-characters become U+FFFD."""
    return _NOT_IN_XML.sub("\ufffd", value)


def converters(columns: Sequence[Column]) -> list[Callable[[Any], Cell]]:
    """One function a column, from the caller's value to what the cell holds."""
    return [_converter(column) for column in columns]


def check_length(text: str, row: int, column: Column) -> None:
    """Raises SheetError where Excel would cut the text."""
    if len(text) > CELL_CHARS_AT_MOST:
        raise SheetError(
            "sheet_text_too_long", row=row, column=column.title, length=len(text), limit=CELL_CHARS_AT_MOST
        )


def check_rows(count: int) -> None:
    """Raises SheetError where the sheet is full."""
    if count > ROWS_AT_MOST:
        raise SheetError("sheet_too_many_rows", limit=ROWS_AT_MOST)


def _converter(column: Column) -> Callable[[Any], Cell]:
    if column.kind is ColumnKind.MONEY:
        return _money(column.exponent)
    return _CONVERTERS[column.kind]


def _money(exponent: int) -> Callable[[Any], Cell]:
    scale = 10**exponent

    def amount(minor: int | None) -> Cell:
        return None if minor is None else minor / scale if exponent else minor

    return amount


def _text(value: object) -> Cell:
    return None if value is None else legal_text(str(value))


def _integer(value: int | None) -> Cell:
    return value


def _fraction(value: Decimal | float | None) -> Cell:
    return None if value is None else float(value)


def _date(value: dt.date | None) -> Cell:
    return value


def _datetime(value: dt.datetime | None) -> Cell:
    return None if value is None else value.replace(tzinfo=None)


_CONVERTERS: dict[ColumnKind, Callable[[Any], Cell]] = {
    ColumnKind.TEXT: _text,
    ColumnKind.INTEGER: _integer,
    ColumnKind.DATE: _date,
    ColumnKind.DATETIME: _datetime,
    ColumnKind.PERCENT: _fraction,
}
