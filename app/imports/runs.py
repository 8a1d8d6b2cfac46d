"""Import runs: dry run (the real run, its writing taken back) and commit, in one transaction each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import events
from app.imports import faults, kinds, loading
from app.imports.models import ImportRun, ImportState, OnError
from app.imports.staging import Counts, Kind, Stage
from app.kit import clock, files, journal
from app.kit.db import db, rehearsal
from app.kit.errors import DomainError, NotFound, RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.shops import shops

Progress = Callable[[int, str], None]
EXTRA = "option:"
"""Prefix of a mapping's keys for open-ended columns: {"option:Colour": 7}."""

TOLD = ("created", "updated", "unchanged", "failed")


def get(run_id: int) -> ImportRun:
    """The run of that id. Raises NotFound, also for another shop's."""
    row = db.session.scalars(select(ImportRun).where(ImportRun.id == run_id)).first()
    if row is None:
        raise NotFound("not_found")
    return row


def locked(run_id: int) -> ImportRun:
    """The run, locked until the end of the transaction. Raises NotFound."""
    query = select(ImportRun).where(ImportRun.id == run_id).with_for_update().execution_options(populate_existing=True)
    row = db.session.scalars(query).first()
    if row is None:
        raise NotFound("not_found")
    return row


def dry_run(run: ImportRun, on_progress: Progress) -> dict[str, Any]:
    """Do everything that `commit` does with the good rows, take it back, and keep the faults and counts.

    Needs an open transaction. Raises SheetError when the file cannot be read.
    """
    stage, kind = _staged(run, on_progress)
    first = _first_fault(stage.session)
    with rehearsal():
        counts = kind.commit(stage)
    return _record(run, stage, counts, ImportState.CHECKED, first)


def commit(run: ImportRun, on_error: OnError, on_progress: Progress) -> dict[str, Any]:
    """Check every row again and take the good ones, as `on_error` says; twice is once.

    Needs an open transaction; returns the counts. With `ALL` and any fault, or with no good row at all,
    nothing is written and the run stays `checked`. Raises SheetError when the file cannot be read.
    """
    if run.state is ImportState.DONE:
        return run.counts
    run.on_error, promised = on_error, run.counts
    stage, kind = _staged(run, on_progress)
    first = _first_fault(stage.session)
    if first is not None and on_error is OnError.STOP:
        stage.run(
            "update staged set err_code = :code where row > :first",
            code=faults.NOT_REACHED,
            first=first,
        )
    if first is not None and (on_error is OnError.ALL or not _good_rows(stage.session)):
        return _record(run, stage, Counts(), ImportState.CHECKED, first)
    counts = kind.commit(stage)
    result = _record(run, stage, counts, ImportState.DONE, first)
    if promised and on_error is not OnError.STOP and any(promised[key] != result[key] for key in TOLD):
        run.counts = result = {**result, "differs": {key: promised[key] for key in TOLD}}
    _tell(run, result)
    return result


def fail(run: ImportRun, error: DomainError) -> None:
    """Remember why the file could not be read; it can be chosen again."""
    run.state, run.finished_at = ImportState.FAILED, clock.now()
    run.error_code = error.code
    run.error_facts = {key: value if isinstance(value, int) else str(value) for key, value in error.facts.items()}


def _staged(run: ImportRun, on_progress: Progress) -> tuple[Stage, Kind]:
    """Load and check the file; raises RuleViolation when a required field has no column."""
    shop, kind, session = shops.get(assert_in_scope(run.shop_id)), kinds.of(run.kind), db.session()
    require_columns(kind, run.mapping)
    extras, places = _extras(run), _places(run)
    loading.prepare(session, [*(one.key for one in kind.fields), *extras])
    rows = loading.load(session, files.path_of(run.file), run.file_name, run.sheet, places, on_progress)
    stage = Stage(
        shop=shop,
        session=session,
        run_id=run.id,
        mapped=frozenset(places),
        extras={name: key.removeprefix(EXTRA) for name, key in extras.items()},
        mode=run.mode,
        file_name=run.file_name,
        on_progress=on_progress,
    )
    on_progress(rows, "checking")
    kind.check(stage)
    on_progress(rows, "writing")
    return stage, kind


def require_columns(kind: Kind, mapping: dict[str, Any]) -> None:
    """Raise RuleViolation("import_column_missing") naming the required fields without a column."""
    missing = [str(one.label) for one in kind.fields if one.required and one.key not in mapping]
    if missing:
        raise RuleViolation("import_column_missing", fields=", ".join(missing))


def _extras(run: ImportRun) -> dict[str, str]:
    """Column of `staged` → key in the mapping, of the open-ended columns."""
    keys = sorted(key for key in run.mapping if key.startswith(EXTRA))
    return {f"extra_{n}": key for n, key in enumerate(keys, 1)}


def _places(run: ImportRun) -> dict[str, int]:
    """Column of `staged` → column of the file (0-based)."""
    known = [one.key for one in kinds.of(run.kind).fields]
    places = {key: run.mapping[key] for key in known if key in run.mapping}
    return places | {name: run.mapping[key] for name, key in _extras(run).items()}


def _first_fault(session: Session) -> int | None:
    return session.scalar(text("select min(row) from staged where err_code is not null"))


def _good_rows(session: Session) -> bool:
    return bool(session.scalar(text("select exists (select from staged where err_code is null)")))


def _record(run: ImportRun, stage: Stage, counts: Counts, state: ImportState, first: int | None) -> dict[str, Any]:
    failed = faults.keep(stage.session, run, _extras(run), _places(run))
    rows, not_reached, before = stage.session.execute(
        text("select count(*), count(*) filter (where err_code = :c), count(*) filter (where row < :f) from staged"),
        {"c": faults.NOT_REACHED, "f": first or 2**31 - 1},
    ).one()
    numbers = {key: value for key, value in asdict(counts).items() if key not in ("change_set_id", "notes")}
    numbers |= {"notes": dict(counts.notes)} if counts.notes else {}
    result = {"rows": rows, **numbers, "failed": failed, "not_reached": not_reached, "before_first_fault": before}
    run.counts, run.state, run.error_code, run.error_facts = result, state, None, None
    if state is ImportState.DONE:
        run.change_set_id, run.finished_at = counts.change_set_id, clock.now()
    return result


def _tell(run: ImportRun, result: dict[str, Any]) -> None:
    journal.record(
        events.ImportCommitted(
            shop_id=run.shop_id,
            import_run_id=run.id,
            kind=run.kind.value,
            **{key: result[key] for key in TOLD},
        )
    )
