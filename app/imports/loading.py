"""From a file to the temp table `staged`: read in batches by the bounded reader, written by COPY."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kit.sheets import Flaw, Lines, Options, Row, read_rows

BATCHES_AT_ONCE = 5
FAULT_OF_FLAW = {
    Flaw.ERROR_VALUE: "cell_error_value",
    Flaw.NOT_CALCULATED: "cell_not_calculated",
    Flaw.PRECISION_LOST: "cell_precision_lost",
    Flaw.MISSING_CELL: "row_too_short",
    Flaw.EXTRA_CELLS: "row_too_long",
}
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": "\ufffd"}
_ESCAPED = re.compile(r"[\\\t\n\r\x00]")
Write = Callable[[str], object]


def prepare(session: Session, columns: Iterable[str]) -> None:
    """Make the empty temp tables `staged` and `staged_cells`; they end with the transaction.

    `staged_cells` holds the cells of those rows that `staged` does not hold to the letter.
    """
    texts = "".join(f'"{name}" text, ' for name in columns)
    for statement in (
        "drop table if exists staged, staged_cells",
        f"create temp table staged (row integer, {texts}err_column text, err_code text, err_facts jsonb) "
        "on commit drop",
        "create temp table staged_cells (row integer, cells json) on commit drop",
    ):
        session.execute(text(statement))


def load(
    session: Session,
    path: Path,
    file_name: str,
    sheet: str | None,
    places: Mapping[str, int],
    on_progress: Callable[[int, str], None],
) -> int:
    """Stage every row of the file and return how many there are. Raises SheetError.

    `places` says which column of the file (0-based) each column of `staged` takes.
    """
    connection = session.connection().connection.dbapi_connection
    done = 0
    # It was checked when its header was read: no run begins without that.
    options = Options(sheet=sheet or "", is_checked=True, as_lines=True)
    with read_rows(path, file_name, options) as reader:
        width = len(reader.head.header)
        is_whole = sorted(places.values()) == list(range(width))
        batches = reader.lines()
        while some := list(islice(batches, BATCHES_AT_ONCE)):
            lines, rows = _apart(some, is_whole)
            _copy_lines(connection, lines, places)
            _copy(connection, rows, places, width)
            done += len(rows) + sum(map(len, lines))
            on_progress(done, "reading")
    index(session)
    return done


def index(session: Session) -> None:
    """Give the filled `staged` its key and statistics."""
    session.execute(text("alter table staged add primary key (row)"))
    session.execute(text("analyze staged (row, err_code)"))


def _apart(batches: Sequence[list[Row] | Lines], is_whole: bool) -> tuple[list[Lines], list[Row]]:
    """What goes in as it was read, and what row by row: where not every column is wanted, all of it."""
    lines: list[Lines] = []
    rows: list[Row] = []
    for one in batches:
        if not isinstance(one, Lines):
            rows += one
        elif is_whole:
            lines.append(one)
        else:
            rows += one.rows()
    return lines, rows


def _copy_lines(connection: Any, lines: Sequence[Lines], places: Mapping[str, int]) -> None:
    """What is in the file column by column goes in as the reader has written it."""
    names = ", ".join(f'"{name}"' for name in ("row", *sorted(places, key=places.__getitem__)))
    if lines:
        with connection.cursor() as cursor, cursor.copy(f"copy staged ({names}) from stdin") as copy:
            for one in lines:
                copy.write(one.text)


def _copy(connection: Any, batch: Sequence[Row], places: Mapping[str, int], width: int) -> None:
    names = ", ".join(f'"{name}"' for name in ("row", *places, "err_column", "err_code", "err_facts"))
    if not batch:
        return
    lines, others = _lines(batch, places, width)
    with connection.cursor() as cursor:
        with cursor.copy(f"copy staged ({names}) from stdin") as copy:
            copy.write("".join(lines).encode("utf-8", "replace"))
        if others:
            with cursor.copy("copy staged_cells (row, cells) from stdin") as copy:
                copy.write("".join(map(_cell_line, others)).encode("utf-8", "replace"))


def _lines(batch: Sequence[Row], places: Mapping[str, int], width: int) -> tuple[list[str], list[Row]]:
    """COPY text of each row, and the rows whose cells are not all in it as they are written."""
    columns, keys, lines, others = tuple(places.values()), tuple(places), [], []
    take = itemgetter(*columns, columns[0])  # always two or more, so that it gives a tuple
    is_whole = sorted(columns) == list(range(width))
    for row in batch:
        number, cells, flaws = row
        texts = [cell.strip() for cell in cells]
        if not is_whole or texts != cells:
            others.append(row)
        line = "\t".join([text or "\\N" for text in take(texts)[:-1]])
        if _ESCAPED.search("".join(texts)):
            line = "\t".join([_escape(text) or "\\N" for text in take(texts)[:-1]])
        fault = _fault(flaws, cells, places, keys, width) if flaws else "\\N\t\\N\t\\N"
        lines.append(f"{number}\t{line}\t{fault}\n")
    return lines, others


def _cell_line(row: Row) -> str:
    packed = json.dumps(row.cells, ensure_ascii=False, separators=(",", ":"))
    if "\\" in packed:
        packed = packed.replace("\\u0000", "\ufffd").replace("\\", "\\\\")
    return f"{row.number}\t{packed}\n"


def _escape(cell: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES[found.group()], cell)


def _fault(
    flaws: Mapping[int, Flaw], cells: Sequence[str], places: Mapping[str, int], keys: Sequence[str], width: int
) -> str:
    """COPY text of the first flaw that matters: one in a mapped column, or in the shape of the row."""
    key_at = {index: key for key, index in places.items()}
    for index, flaw in sorted(flaws.items()):
        if flaw is Flaw.EXTRA_CELLS or (flaw is Flaw.MISSING_CELL and any(at >= index for at in key_at)):
            facts = {"columns": width}
            return f"\t{FAULT_OF_FLAW[flaw]}\t{_escape(json.dumps(facts))}"
        if index in key_at:
            facts_of_cell = {"value": cells[index][:120]}
            return f"{key_at[index]}\t{FAULT_OF_FLAW[flaw]}\t{_escape(json.dumps(facts_of_cell))}"
    return "\\N\t\\N\t\\N"
