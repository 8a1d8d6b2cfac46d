"""The error workbook of a run: only the refused rows, as they stood, with their reasons; it goes straight back in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.imports import faults
from app.imports.models import ImportRun
from app.kit import files
from app.kit.sheets import Row, RowProblem, write_error_workbook

CELL_CHARS = 32_767
"""What an Excel cell holds; a longer text can only come from a CSV."""


def renew(run: ImportRun) -> None:
    """Make the run's error workbook again, or drop it when there are no faults."""
    if not run.counts.get("failed"):
        run.error_file = None
        return
    with files.making(".xlsx") as path:
        write(run, path)
        run.error_file = files.keep(path)


def write(run: ImportRun, path: Path) -> int:
    """Write the refused rows to `path`; returns how many. Holds one page of them in memory."""
    problems: dict[int, list[RowProblem]] = {}

    def rows() -> Iterator[Row]:
        for fault in faults.every(run):
            problems.clear()
            problems[fault.row] = [RowProblem(fault.column, fault.code, fault.message)]
            cells = [cell[:CELL_CHARS] for cell in fault.cells]
            yield Row(fault.row, cells + [""] * (len(run.header) - len(cells)), {})

    return write_error_workbook(rows(), run.header, problems, path)
