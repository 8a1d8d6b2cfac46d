"""Files and runs for the tests of imports."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from app.imports import mapping, runs
from app.imports.models import ImportKind, ImportMode, ImportRun, ImportState, OnError
from app.kit import clock, context, files
from app.kit.db import db, transaction
from app.kit.sheets import Column, ColumnKind, write_sheet

Rows = Sequence[Sequence[str]]


def csv_text(header: Sequence[str], rows: Rows) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()


def workbook(header: Sequence[str], rows: Rows) -> str:
    """A kept .xlsx whose cells are all text; its content address."""
    path = files.scratch(".xlsx")
    write_sheet(rows, [Column(name, ColumnKind.TEXT) for name in header], path)
    return files.keep(path)


def run_of(shop: Any, header: Sequence[str], rows: Rows, *, as_csv: bool = True, **values: Any) -> ImportRun:
    """An import run over these rows, mapped by their header."""
    if as_csv:
        path = files.scratch(".csv")
        path.write_text(csv_text(header, rows), encoding="utf-8")
        file, name = files.keep(path), "rows.csv"
    else:
        file, name = workbook(header, rows), "rows.xlsx"
    defaults: dict[str, Any] = {
        "kind": ImportKind.PRODUCTS,
        "state": ImportState.CHECKING,
        "file_name": name,
        "file": file,
        "header": list(header),
        "mapping": mapping.guess(ImportKind.PRODUCTS, header),
        "requested_by": "staff:1",
        "created_at": clock.now(),
    }
    run = ImportRun(shop_id=shop.id, **{**defaults, **values})
    db.session.add(run)
    db.session.flush()
    return run


def seen(run_id: int) -> ImportRun:
    """The run as it stands now, after requests that have left every scope."""
    with context.every_shop("test"):
        return db.session.get(ImportRun, run_id, populate_existing=True)


def silent(done: int, step: str) -> None:
    pass


def dry(run: ImportRun) -> dict[str, Any]:
    with transaction():
        return runs.dry_run(run, silent)


def take(run: ImportRun, on_error: OnError = OnError.SKIP) -> dict[str, Any]:
    with transaction():
        return runs.commit(run, on_error, silent)


def four(result: dict[str, Any]) -> tuple[int, int, int, int]:
    """created, updated, unchanged, failed."""
    return tuple(result[key] for key in ("created", "updated", "unchanged", "failed"))


__all__ = ["ImportMode", "OnError", "csv_text", "dry", "four", "run_of", "seen", "silent", "take", "workbook"]
