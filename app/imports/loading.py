"""From a file to the temp table `staged`: read in batches by the bounded reader, written by COPY."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kit.sheets import Flaw, Options, Row, read_rows

BATCH_ROWS = 5_000
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
    """Make the empty temp tables `staged` and `staged_cells`; they end with the transaction."""
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
    with read_rows(path, file_name, Options(sheet=sheet or "")) as reader:
        width = len(reader.head.header)
        rows = iter(reader)
        while batch := list(islice(rows, BATCH_ROWS)):
            _copy(connection, batch, places, width)
            done += len(batch)
            on_progress(done, "reading")
    _index(session)
    return done


def _index(session: Session) -> None:
    session.execute(text("alter table staged add primary key (row)"))
    session.execute(text("analyze staged (row)"))


def _copy(connection: Any, batch: Sequence[Row], places: Mapping[str, int], width: int) -> None:
    names = ", ".join(f'"{name}"' for name in ("row", *places, "err_column", "err_code", "err_facts"))
    with connection.cursor() as cursor:
        with cursor.copy(f"copy staged ({names}) from stdin") as copy:
            copy.write("".join(_staged_lines(batch, places, width)).encode("utf-8", "replace"))
        with cursor.copy("copy staged_cells (row, cells) from stdin") as copy:
            copy.write("".join(_cell_lines(batch)).encode("utf-8", "replace"))


def _staged_lines(batch: Sequence[Row], places: Mapping[str, int], width: int) -> Iterator[str]:
    columns = tuple(places.values())
    keys = tuple(places)
    for number, cells, flaws in batch:
        if _ESCAPED.search("\x1e".join(cells)):
            texts = [_escape(cells[index].strip()) or "\\N" for index in columns]
        else:
            texts = [cells[index].strip() or "\\N" for index in columns]
        fault = _fault(flaws, cells, places, keys, width) if flaws else "\\N\t\\N\t\\N"
        yield f"{number}\t" + "".join(t + "\t" for t in texts) + fault + "\n"


def _cell_lines(batch: Sequence[Row]) -> Iterator[str]:
    for number, cells, _ in batch:
        packed = json.dumps(cells, ensure_ascii=False, separators=(",", ":"))
        if "\\" in packed:
            packed = packed.replace("\\u0000", "\ufffd").replace("\\", "\\\\")
        yield f"{number}\t{packed}\n"


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
