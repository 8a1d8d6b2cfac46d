"""The empty workbook to fill in: the columns of a kind, drop-downs where words are fixed, and instructions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask_babel import gettext
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from app.catalog.lifecycle import LABELS
from app.imports import kinds
from app.imports.models import ImportKind
from app.imports.product_fields import ATTRIBUTE_HEADER, OPTION_HEADER
from app.imports.staging import Field
from app.kit.sheets import Column

FORMATTED_ROWS = 2_000
"""Rows that have a drop-down and keep what is typed as text."""
_HEAD = PatternFill("solid", fgColor="FFE8EEF7")
_NEEDED = PatternFill("solid", fgColor="FFFFE8B3")


def write(kind: ImportKind, path: Path) -> None:
    """Write the template of one kind, in the language of the request."""
    fields = kinds.of(kind).fields
    book = Workbook()
    sheet: Any = book.active
    sheet.title = str(kinds.of(kind).title)
    _head(sheet, fields, kind)
    if kind is ImportKind.PRODUCTS:
        _status_choices(sheet, [one.key for one in fields].index("status") + 1)
    _instructions(book.create_sheet(gettext("Instructions")), fields)
    book.save(path)


def _head(sheet: Any, fields: Sequence[Field], kind: ImportKind) -> None:
    titles = [str(one.label) for one in fields]
    needed = [one.required for one in fields]
    if kind is ImportKind.PRODUCTS:
        titles.append(str(OPTION_HEADER) % {"name": gettext("Colour")})
        titles.append(str(ATTRIBUTE_HEADER) % {"name": gettext("Material")})
        needed += [False, False]
    for number, (title, is_needed) in enumerate(zip(titles, needed, strict=True), 1):
        cell = sheet.cell(1, number, title)
        cell.font, cell.fill = Font(bold=True), _NEEDED if is_needed else _HEAD
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = Column(title).shown_width
        sheet.column_dimensions[letter].number_format = "@"
        for row in range(2, FORMATTED_ROWS + 2):  # a column's format alone is ignored by WPS when pasting
            sheet.cell(row, number).number_format = "@"
    sheet.freeze_panes = "A2"


def _status_choices(sheet: Any, number: int) -> None:
    words = ",".join(str(label) for label in LABELS.values())
    choice = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True)
    letter = get_column_letter(number)
    choice.add(f"{letter}2:{letter}{FORMATTED_ROWS + 1}")
    sheet.add_data_validation(choice)


def _instructions(sheet: Any, fields: Sequence[Field]) -> None:
    sheet.append([gettext("Column"), gettext("Required"), gettext("What to write")])
    for one in fields:
        sheet.append([str(one.label), gettext("yes") if one.required else "", str(one.hint)])
    sheet.append([])
    for line in (
        gettext("A blank cell or a missing column changes nothing. #CLEAR empties a field that may be empty."),
        gettext("Nothing is written before you have seen the result of the check."),
    ):
        sheet.append([line])
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), _HEAD
    for letter, width in (("A", 24), ("B", 12), ("C", 80)):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows(min_row=2, max_col=3):
        row[2].alignment = Alignment(wrap_text=True, vertical="top")
