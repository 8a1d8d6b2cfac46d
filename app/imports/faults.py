"""The refused rows of a run: kept beside it, read page by page, each with its reason in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app.imports import kinds
from app.imports.models import ImportFault, ImportRun
from app.kit.db import db
from app.kit.errors import DomainError
from app.kit.shop_wall import assert_in_scope

NOT_REACHED = "not_reached"
"""Marks the rows after the first fault when the import stops there; they are not faults."""


@dataclass(frozen=True)
class Shown:
    """A fault as people read it; `value` is the text of the cell."""

    row: int
    column: str
    code: str
    message: str
    value: str
    cells: list[str]


def keep(session: Session, run: ImportRun, keys: dict[str, str], places: dict[str, int]) -> int:
    """Replace the run's faults by those of `staged`; returns how many.

    `keys`: column of `staged` → field key; `places`: column of `staged` → column of the file.
    """
    session.execute(delete(ImportFault).where(ImportFault.run_id == run.id))
    at = {index: name for name, index in places.items()}
    cells = ", ".join(f"coalesce(s.{at[index]}, '')" if index in at else "''" for index in range(len(run.header)))
    sql = text(
        'insert into import_fault (run_id, shop_id, row, "column", code, facts, cells) '  # noqa: S608 - names are ours
        "select :run_id, :shop_id, s.row, coalesce(cast(:keys as jsonb) ->> s.err_column, s.err_column, ''), "
        "s.err_code, coalesce(s.err_facts, '{}'::jsonb), case when c.row is null then array["
        f"{cells}]::text[] else array(select json_array_elements_text(c.cells)) end "
        "from staged s left join staged_cells c using (row) "
        "where s.err_code is not null and s.err_code <> :not_reached"
    )
    values = {"run_id": run.id, "shop_id": assert_in_scope(run.shop_id), "not_reached": NOT_REACHED}
    return int(session.execute(sql, {**values, "keys": json.dumps(keys)}).rowcount)  # type: ignore[attr-defined]


def page(run: ImportRun, after: int = 0, limit: int = 50) -> list[Shown]:
    """The faults after row `after`, in the order of the file."""
    of_run = select(ImportFault).where(ImportFault.run_id == run.id, ImportFault.row > after)
    return [shown(run, fault) for fault in db.session.scalars(of_run.order_by(ImportFault.row).limit(limit))]


def every(run: ImportRun) -> Iterator[Shown]:
    """All faults, in the order of the file, fetched in pages."""
    after = 0
    while found := page(run, after, 1_000):
        yield from found
        after = found[-1].row


def shown(run: ImportRun, fault: ImportFault) -> Shown:
    """One fault in the language of the request."""
    index = run.mapping.get(fault.column)
    return Shown(
        row=fault.row,
        column=header_of(run, fault.column),
        code=fault.code,
        message=message_of(fault.code, fault.facts),
        value=fault.cells[index] if isinstance(index, int) and index < len(fault.cells) else "",
        cells=fault.cells,
    )


def header_of(run: ImportRun, key: str) -> str:
    """The header over a field's column in the file; the field's own name where no column is mapped."""
    index = run.mapping.get(key)
    if isinstance(index, int) and index < len(run.header) and run.header[index]:
        return run.header[index]
    return kinds.of(run.kind).label(key) if key else ""


def message_of(code: str, facts: dict[str, Any]) -> str:
    """The reason in words."""
    return DomainError(code, **facts).message()
