"""The words of spreadsheets: kinds, limits, choices, head, rows, flaws. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

ERROR_COLUMNS = ("_error_code", "_error_message", "_column")
"""Columns that an error workbook adds; the reader drops them, so that it goes straight back in."""


class Kind(StrEnum):
    """What a file is, by its content."""

    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"


class Flaw(StrEnum):
    """Why the text of one cell must not be taken at face value."""

    ERROR_VALUE = "error_value"
    """An Excel error such as #N/A; its text stands in the cell."""
    NOT_CALCULATED = "not_calculated"
    """A formula that no program has calculated; the cell is empty."""
    PRECISION_LOST = "precision_lost"
    """A number of more than 15 digits: Excel has already changed its last digits."""
    MISSING_CELL = "missing_cell"
    """The row of a CSV ends before this column (marked on the first that is missing)."""
    EXTRA_CELLS = "extra_cells"
    """There is content right of the last header (marked on the first column after it)."""
    BROKEN_QUOTES = "broken_quotes"
    """Text follows a closing quotation mark in a row of a CSV, so that its cells may be cut wrongly (first column)."""


class Row(NamedTuple):
    """One row of data: its number as Excel shows it, one text per header, flaws by column index."""

    number: int
    cells: list[str]
    flaws: dict[int, Flaw]


@dataclass(frozen=True)
class Lines:
    """Rows without a flaw, as text for PostgreSQL's COPY: number and cells apart by tabs, `\\N` for an empty cell."""

    text: str

    def __len__(self) -> int:
        """How many rows."""
        return self.text.count("\n")

    def rows(self) -> list[Row]:
        """The same as rows."""
        found = [line.split("\t") for line in self.text[:-1].split("\n")]
        return [Row(int(number), ["" if cell == r"\N" else cell for cell in cells], {}) for number, *cells in found]


class SheetName(NamedTuple):
    """A sheet of the workbook."""

    name: str
    is_hidden: bool


class Head(NamedTuple):
    """What is known before the first row: which sheet, its header, and what is odd about it."""

    kind: Kind
    sheet: str
    """Name of the sheet read; empty for CSV."""
    sheets: tuple[SheetName, ...]
    header: tuple[str, ...]
    header_row: int
    """1-based, as Excel shows it."""
    duplicate_headers: tuple[str, ...]
    blank_headers: tuple[int, ...]
    """0-based columns inside the header that have no name."""
    encoding: str
    """Of a CSV: `utf-8`, `utf-16`, `gb18030` …; empty for workbooks."""
    delimiter: str


class Options(NamedTuple):
    """What a person may choose by hand; the empty value means: find out."""

    sheet: str = ""
    header_row: int = 0
    encoding: str = ""
    delimiter: str = ""
    is_checked: bool = False
    """The very same bytes have been read or checked before: a long sheet is streamed without a check of its own."""
    as_lines: bool = False
    """Rows whose cells hold nothing that COPY would escape come as `Lines`, the others as rows."""
    only_check: bool = False
    """No head and no rows: only the check of the whole file."""


class Limits(NamedTuple):
    """Bounds of one read. The defaults fit a 200,000 × 14 workbook several times over."""

    file_bytes: int = 100 * 2**20
    entries: int = 2_000
    """Parts of the zip."""
    inflated_bytes: int = 2**30
    ratio: int = 250
    """Inflated to stored, looked at after the first 8 MiB of a part."""
    columns: int = 512
    rows: int = 1_048_576
    box_cells: int = 40_000_000
    """Columns × rows of the smallest box around every cell: a reader reserves all of it."""
    merged_cells: int = 10_000_000
    streamed_bytes: int = 32 * 2**20
    """Sheets of an .xlsx with more XML than this are read row by row, not held whole: slower, a sixth of the memory."""
    cell_chars: int = 32_767
    """Of a CSV; Excel's own limit, so that any row also fits into an error workbook."""
    memory_bytes: int = 2 * 2**30
    cpu_seconds: int = 120
    wall_seconds: float = 180.0
    """Time spent waiting for the reading process; the time that the caller takes is not counted."""


NO_CHOICE = Options()
DEFAULT_LIMITS = Limits()
