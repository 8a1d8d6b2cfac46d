"""Sheets of a streamed workbook: styles made once, text that is never a formula, Decimals for money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.properties import PageSetupProperties

from app.insights import row_xml
from app.insights.row_xml import add_streamed
from app.kit.money import exponent


class Style(Enum):
    """How a cell looks and what it may hold."""

    TITLE = auto()
    LABEL = auto()
    HEAD = auto()
    TEXT = auto()
    NOTE = auto()
    DAY = auto()
    MONTH = auto()
    COUNT = auto()
    MONEY = auto()
    TOTAL_TEXT = auto()
    TOTAL_COUNT = auto()
    TOTAL_MONEY = auto()
    TEXT_FORMULA = auto()
    COUNT_FORMULA = auto()
    MONEY_FORMULA = auto()


MONEY_STYLES = frozenset({Style.MONEY, Style.TOTAL_MONEY})
FORMULAS = frozenset({Style.TEXT_FORMULA, Style.COUNT_FORMULA, Style.MONEY_FORMULA})
COUNT_FORMAT = "#,##0;[Red]-#,##0"
HEAD_FILL = PatternFill("solid", fgColor="FFE9EEF5")
TOTAL_FILL = PatternFill("solid", fgColor="FFF3F4F6")


class Styles:
    """Number formats of one currency, by style."""

    def __init__(self, currency: str) -> None:
        self.places = exponent(currency)
        digits = "#,##0" + ("." + "0" * self.places if self.places else "")
        money = f"{digits};[Red]-{digits}"
        self.formats = {
            Style.DAY: "yyyy-mm-dd",
            Style.MONTH: "yyyy-mm",
            **dict.fromkeys((Style.COUNT, Style.TOTAL_COUNT, Style.COUNT_FORMULA), COUNT_FORMAT),
            **dict.fromkeys((Style.MONEY, Style.TOTAL_MONEY, Style.MONEY_FORMULA), money),
        }

    def cell(self, sheet: Any, style: Style) -> Any:
        """A cell to be used for every row: its looks cost more than its value."""
        cell = WriteOnlyCell(sheet)
        cell.number_format = self.formats.get(style, "@" if style is Style.TEXT else "General")
        if style in (Style.HEAD, Style.LABEL, Style.TITLE, Style.TOTAL_TEXT, Style.TOTAL_COUNT, Style.TOTAL_MONEY):
            cell.font = Font(bold=True, size=16 if style is Style.TITLE else 11)
        if style is Style.HEAD:
            cell.fill, cell.alignment = HEAD_FILL, Alignment(wrap_text=True, vertical="top")
        if style in (Style.NOTE, Style.LABEL):
            cell.alignment = Alignment(wrap_text=style is Style.NOTE, vertical="top")
        if style in (Style.TOTAL_TEXT, Style.TOTAL_COUNT, Style.TOTAL_MONEY):
            cell.fill = TOTAL_FILL
        return cell


class Sheet:
    """One sheet, written from top to bottom; frozen at `head_rows` rows and `frozen_columns` columns."""

    def __init__(
        self,
        book: Workbook,
        title: str,
        styles: Styles,
        *,
        widths: Sequence[int],
        head_rows: int = 0,
        frozen_columns: int = 0,
    ) -> None:
        self.sheet = add_streamed(book, title)
        self.styles = styles
        self._cells: dict[tuple[Style, str], Any] = {}
        if head_rows:
            self.sheet.freeze_panes = f"{get_column_letter(frozen_columns + 1)}{head_rows + 1}"
            self.sheet.print_title_rows = f"1:{head_rows}"
        for index, width in enumerate(widths, 1):
            self.sheet.column_dimensions[get_column_letter(index)].width = width
        self._print_setup()

    def _print_setup(self) -> None:
        self.sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        self.sheet.page_setup.orientation = "landscape"
        self.sheet.page_setup.paperSize = 9  # A4
        self.sheet.page_setup.fitToWidth, self.sheet.page_setup.fitToHeight = 1, 0
        self.sheet.oddFooter.center.text = "&A · &P / &N"

    def head(self, labels: Sequence[str]) -> None:
        """The header row."""
        self.line(*((label, Style.HEAD) for label in labels))

    def line(self, *values: tuple[Any, Style], currency: str = "") -> None:
        """One row of cells, each in its own style; in `currency` when that is not the workbook's."""
        styles = Styles(currency) if currency else self.styles
        cells = [(copy(self._of(style, currency)), value, style) for value, style in values]
        self.sheet.append([self._put(*one, styles.places) for one in cells])

    def rows(self, kinds: Sequence[Style], rows: Iterable[Sequence[Any]]) -> None:
        """Many rows of the same styles."""
        writers = [self._writer(kind, column) for column, kind in enumerate(kinds, 1)]
        for row in rows:
            number = self.sheet.next_row
            pairs = zip(writers, row, strict=True)
            self.sheet.append_xml("".join([write(value, number) for write, value in pairs if value is not None]))

    def _writer(self, kind: Style, column: int) -> row_xml.CellWriter:
        style_id = self._of(kind).style_id
        if kind in MONEY_STYLES:
            return row_xml.number_writer(column, style_id, self.styles.places)
        if kind is Style.COUNT:
            return row_xml.number_writer(column, style_id)
        if kind in (Style.DAY, Style.MONTH):
            return row_xml.day_writer(column, style_id)
        return row_xml.text_writer(column, style_id)

    def filter(self, columns: int, last_row: int) -> None:
        """A filter on the header row, down to the last data row."""
        self.sheet.auto_filter.ref = f"A1:{get_column_letter(columns)}{max(last_row, 2)}"

    def reference(self, title: str, letter: str, last_row: int) -> str:
        """The cells of one column of a sheet, from the second row."""
        return f"{quote_sheetname(title)}!{letter}2:{letter}{max(last_row, 2)}"

    def _of(self, style: Style, currency: str = "") -> Any:
        if (style, currency) not in self._cells:
            styles = Styles(currency) if currency else self.styles
            self._cells[style, currency] = styles.cell(self.sheet, style)
        return self._cells[style, currency]

    def _put(self, cell: Any, value: Any, style: Style, places: int) -> Any:
        if value is None:
            return None
        if style in MONEY_STYLES:
            cell.value = Decimal(value).scaleb(-places)
        elif isinstance(value, int | date) or style in FORMULAS:
            cell.value = value
        else:
            cell.value = row_xml.plain(value)
            cell.data_type = "s"  # text that begins with = stays text
        return cell
