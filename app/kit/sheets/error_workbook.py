"""The workbook of rows that were refused: same header, same texts, plus what is wrong; it goes straight back in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter

from .columns import Column, check_length, check_rows, legal_text
from .model import ERROR_COLUMNS, Row
from .openpyxl_writer import HEADER_FILL

_BAD_FILL = "#FBD5D5"
_SEPARATOR = "; "


class RowProblem(NamedTuple):
    """One thing wrong with a row: the header of its column (empty: the whole row), a code, a sentence."""

    column: str
    code: str
    message: str


def write_error_workbook(
    source_rows: Iterable[Row], header: Sequence[str], problems: Mapping[int, Sequence[RowProblem]], path: Path
) -> int:
    """Write the rows whose number is in `problems` to `path`, bad cells coloured; returns how many. Streams.

    Header, column order and texts are those of the source, each cell a text; three columns, which `read_rows` drops
    again, say what is wrong. Raises SheetError for a text that Excel would cut.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet()
        plain = book.add_format({"num_format": "@"})
        bad = book.add_format({"num_format": "@", "bg_color": _BAD_FILL})
        _write_header(book, sheet, header, plain)
        count = 0
        for row in source_rows:
            if found := problems.get(row.number):
                count += 1
                check_rows(count)
                _write_row(
                    sheet, count, row.cells, [bad if name in {p.column for p in found} else plain for name in header]
                )
                _write_problems(sheet, (count, len(header)), found, plain)
        sheet.autofilter(0, 0, count, len(header) + len(ERROR_COLUMNS) - 1)
    return count


def _write_header(book: Any, sheet: Any, header: Sequence[str], plain: Any) -> None:
    style = book.add_format({"bold": True, "bg_color": f"#{HEADER_FILL}"})
    sheet.freeze_panes(1, 0)
    for index, name in enumerate([*header, *ERROR_COLUMNS]):
        sheet.set_column(index, index, Column(name).shown_width, plain)
        sheet.write_string(0, index, legal_text(name), style)


def _write_row(sheet: Any, number: int, cells: Sequence[str], styles: Sequence[Any]) -> None:
    for index, (text, style) in enumerate(zip(cells, styles, strict=True)):
        check_length(text, number + 1, Column(""))
        if text:
            sheet.write_string(number, index, legal_text(text), style)
        else:
            sheet.write_blank(number, index, None, style)


def _write_problems(sheet: Any, place: tuple[int, int], problems: Sequence[RowProblem], style: Any) -> None:
    row, column = place
    for offset, texts in enumerate(
        (
            [problem.code for problem in problems],
            [problem.message for problem in problems],
            [problem.column for problem in problems if problem.column],
        )
    ):
        sheet.write_string(row, column + offset, _SEPARATOR.join(dict.fromkeys(texts))[:32_000], style)
