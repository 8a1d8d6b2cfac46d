"""Hundreds of files on which other programs stumbled: each is read, or refused by name, within seconds.

They are shared test data, not part of this repository; the tests are skipped where they are not there.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.kit.sheets import Limits, SheetError, read_rows
from tests.conftest import SHARED_DATA
from tests.lengths import SOAK

FOLDER = SHARED_DATA / "awkward-spreadsheets"
STRIDE = 10 if SOAK else 25
"""Of so many files one is read in `make test` and in `make soak`."""
LIMITS = Limits(cpu_seconds=15, wall_seconds=15)
FILE_SECONDS = 60.0  # a hang, not slowness, fails here
ANSWERS = {
    "ok", "sheet_no_content", "sheet_unsupported", "sheet_encrypted", "sheet_damaged", "sheet_too_wide",
    "sheet_forbidden_xml", "sheet_truncated", "sheet_reader_died", "sheet_too_sparse", "sheet_unplaced_errors",
    "sheet_cell_too_long", "sheet_unclosed_quote",
}  # fmt: skip

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no {FOLDER.name} in the shared data"),
]
EVERY_FILE = [
    pytest.mark.slow,
    pytest.mark.skipif("KUAIDAN_EVERY_FILE" not in os.environ, reason="a minute; set KUAIDAN_EVERY_FILE=1"),
]
SOME_AND_ALL = pytest.mark.parametrize("stride", [STRIDE, pytest.param(1, marks=EVERY_FILE)])


def answer(path: Path) -> tuple[str, str, int, int]:
    """Code, sheet, data rows, columns."""
    began = time.monotonic()
    try:
        with read_rows(path, path.name, limits=LIMITS) as sheet:
            result = ("ok", sheet.head.sheet, sum(len(batch) for batch in sheet.batches()), len(sheet.head.header))
    except SheetError as error:
        result = (error.code, "", 0, 0)
    assert time.monotonic() - began < FILE_SECONDS, path.name
    return result


def expected(stride: int) -> list[dict[str, Any]]:
    entries = json.loads((FOLDER / "expected.json").read_text())
    workbooks = [entry for entry in entries if not entry["file"].startswith("pollock")]
    marked = [entry for entry in workbooks if {"encrypted", "bomb"} & set(entry["traits"])]
    return [*workbooks[::stride], *(marked if stride > 1 else [])]


@SOME_AND_ALL
def test_every_file_is_read_or_refused_by_name(stride: int) -> None:
    died = 0
    for entry in expected(stride):
        code, sheet, rows, columns = answer(FOLDER / entry["file"])
        seen = {s["name"]: s for s in entry.get("calamine", {}).get("sheets", [])}.get(sheet)

        assert code in ANSWERS, entry["file"]
        died += code == "sheet_reader_died"
        if "encrypted" in entry["traits"]:
            assert code == "sheet_encrypted", entry["file"]
        if "bomb" in entry["traits"]:
            assert code != "ok", entry["file"]
        if seen and code == "ok":
            assert rows <= seen["rows"], entry["file"]
            if seen["non_empty"] == seen["rows"] * seen["cols"] and seen["cols"] > 1:
                assert (rows, columns) == (seen["rows"] - 1, seen["cols"]), entry["file"]
    assert died <= 2


@SOME_AND_ALL
def test_long_and_short_sheets_are_read_alike(stride: int) -> None:
    """Held whole by one reader, streamed by the other. Before 1900 there are no dates: the first shows times there."""
    for entry in expected(stride * 2):
        path = FOLDER / entry["file"]
        if path.suffix == ".xlsx" and not path.name.startswith(("LONumbers", "number_format")):
            assert rows_of(path, streamed_bytes=0) == rows_of(path, streamed_bytes=2**40), path.name


@SOME_AND_ALL
def test_a_polluted_csv_is_right_or_says_which_rows_are_not(stride: int) -> None:
    """Each file has one defect, such as a separator too many in one row; the clean table knows what was meant."""
    folder = FOLDER / "pollock" / "polluted_files"
    outcome: Counter[str] = Counter()
    for path in sorted((folder / "csv").iterdir())[::stride]:
        meant = {tuple(trimmed(row)) for row in csv_rows(folder / "clean" / path.name)}
        with read_rows(path, path.name, limits=LIMITS) as sheet:
            wrong = [row for row in sheet if tuple(trimmed(row.cells)) not in meant]
        outcome["right" if not wrong else "marked"] += 1

        assert all(row.flaws for row in wrong), path.name
        assert len(wrong) <= 2, path.name
    sys.stdout.write(f"polluted files: {dict(outcome)}\n")


@SOME_AND_ALL
def test_csv_from_open_data_portals(stride: int) -> None:
    """Real files. The clean tables also mend typing errors, join two header lines and drop preambles and notes."""
    folder = FOLDER / "pollock" / "survey_sample"
    outcome: Counter[str] = Counter()
    for path in sorted((folder / "csv").iterdir())[:: min(stride, 10)]:  # they are few, and most are asked to be equal
        parameters = json.loads((folder / "parameters" / f"{path.name}_parameters.json").read_text())
        meant = [row for row in map(trimmed, csv_rows(folder / "clean" / path.name)) if row]
        with read_rows(path, path.name, limits=LIMITS) as sheet:
            read = [trimmed(sheet.head.header), *(trimmed(row.cells) for row in sheet)]
        if int(parameters["header_lines"]) == 0:
            meant = meant[1:]
        outcome["equal" if read == meant else "differs"] += 1
    sys.stdout.write(f"survey sample: {dict(outcome)}\n")

    assert outcome["equal"] > outcome["differs"]


def rows_of(path: Path, *, streamed_bytes: int) -> object:
    try:
        with read_rows(path, path.name, limits=LIMITS._replace(streamed_bytes=streamed_bytes)) as sheet:
            return sheet.head, list(sheet)
    except SheetError:
        return None


def csv_rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def trimmed(row: Any) -> list[str]:
    """Cells without outer spaces, and the row without blank ones at its end."""
    cells = [cell.strip() for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells
