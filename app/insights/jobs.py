"""Long work on reports."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.insights import metrics, reports, tables
from app.kit import files, jobs, queues

STEPS = len(metrics.STEPS) + 1 + tables.COUNT


@jobs.job(reports.JOB, _l("Sales report"), queues.LONG, lambda job: f"/reports/{job.arguments['report_id']}")
def make_sales_report(run: Any) -> dict[str, Any]:
    """Make one report; a second run of it finds it made."""
    done = 0

    def on_step(step: str) -> None:
        nonlocal done
        run.progress(done, STEPS, step=_named(step))
        done += 1

    with files.making(".xlsx") as path, run.transaction():
        report = reports.make(run.arguments["report_id"], path, on_step)
        return {"report_id": report.id}


def _named(step: str) -> str:
    """A step for people: reading one breakdown, or writing the sheet of that title."""
    if step == "lines":
        return _("Adding up the order lines")
    if step in metrics.STEPS:
        return _("Reading the figures")
    return _("Writing the sheet “%(title)s”", title=step)
