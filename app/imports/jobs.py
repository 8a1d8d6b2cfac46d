"""Long work on imports: the dry run, the commit, the error workbook, exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l

from app.imports import error_file, intake, product_export, runs
from app.imports.models import ImportRun, ImportState, OnError
from app.kit import files, job_runs, jobs
from app.kit.db import db, transaction
from app.kit.errors import DomainError, NotFound
from app.kit.jobs import Job
from app.shops import shops

CHECK, COMMIT, EXPORT = "import_check", "import_commit", "product_export"
Work = Callable[[ImportRun, runs.Progress], dict[str, Any]]


@jobs.job(CHECK, _l("Import: check"), link=lambda job: f"/imports/{job.arguments['import_run']}")
def check(run: Any) -> dict[str, Any]:
    """The dry run of one import."""
    return _carry_out(run, ImportState.CHECKING, runs.dry_run)


@jobs.job(COMMIT, _l("Import"), link=lambda job: f"/imports/{job.arguments['import_run']}")
def commit(run: Any) -> dict[str, Any]:
    """Write the rows of one import."""
    on_error = OnError(run.arguments["on_error"])
    return _carry_out(run, ImportState.COMMITTING, lambda row, told: runs.commit(row, on_error, told))


def _carry_out(run: Any, expected: ImportState, work: Work) -> dict[str, Any]:
    import_id = int(run.arguments["import_run"])
    try:
        with run.transaction():
            row = runs.locked(import_id)
            result = work(row, _teller(run)) if row.state is expected else dict(row.counts)
    except DomainError as error:
        with transaction():
            runs.fail(runs.locked(import_id), error)
        raise
    except job_runs.Cancelled:
        with transaction():
            intake.step_back(runs.locked(import_id))
        raise
    with run.transaction():
        error_file.renew(runs.locked(import_id))
    return result


def _teller(run: Any) -> runs.Progress:
    """Progress in rows; steps after the reading count from the rows read."""
    furthest = 0

    def tell(done: int, step: str) -> None:
        nonlocal furthest
        furthest = max(furthest, done)
        run.progress(furthest, None if step == "reading" else furthest, step=str(STEPS[step]))

    return tell


STEPS = {
    "reading": _l("reading the file"),
    "checking": _l("checking every row"),
    "locking": _l("locking the rows"),
    "recording": _l("recording old and new"),
    "writing": _l("writing"),
}


def want_check(row: ImportRun) -> Job:
    """Within a transaction: the dry run shall run."""
    intake.want_check(row)
    return _want(CHECK, row)


def want_commit(row: ImportRun, on_error: OnError) -> Job:
    """Within a transaction: the rows shall be written. Raises Conflict."""
    intake.want_commit(row)
    return _want(COMMIT, row, on_error=on_error.value)


def _want(name: str, row: ImportRun, **arguments: str) -> Job:
    job = jobs.enqueue(name, row.shop_id, key=f"import:{row.id}", import_run=row.id, **arguments)
    row.job_id = job.id
    return job


@jobs.job(EXPORT, _l("Product export"), link=lambda job: f"/products/export/{job.id}")
def export(run: Any) -> dict[str, Any]:
    """The products that a person has chosen, as a workbook that goes straight back in."""
    shop = shops.get(run.shop_id)
    with files.making(".xlsx") as path:
        chosen = product_export.chosen(shop, run.arguments["chosen"])
        written = product_export.write(shop, chosen, path, run.progress)
        return {"file": files.keep(path), "rows": written}


def want_export(shop_id: int, selection: str) -> Job:
    """Within a transaction: the workbook of a selection (see `product_export.chosen`) shall be made."""
    return jobs.enqueue(EXPORT, shop_id, chosen=selection)


def export_job(job_id: int) -> Job:
    """An export of a shop in scope. Raises NotFound."""
    row = db.session.get(Job, job_id)
    if row is None or row.kind != EXPORT:
        raise NotFound("not_found")
    return row
