"""The list of reports, and how a report's state looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.console import cells
from app.console.list_spec import Column, Filter, ListSpec
from app.console.lists import any_of, day_range
from app.insights.metrics import Figures
from app.insights.models import Report
from app.kit import formats, jobs
from app.kit.jobs import Job, JobState

LOOKS = {
    JobState.QUEUED: ("secondary", "clock"),
    JobState.RUNNING: ("info", "progress"),
    JobState.DONE: ("success", "circle-check"),
    JobState.FAILED: ("danger", "alert-circle"),
    JobState.CANCELLED: ("secondary", "circle-x"),
}
Progress = Callable[[Job], Markup]
FileLink = Callable[[Report], Markup]


@lru_cache(maxsize=64)
def spec(zone: str, progress: Progress, file_link: FileLink) -> ListSpec:
    """The list in a shop's zone; `progress` renders the live state of a job, `file_link` leads to the workbook."""
    return ListSpec(
        name="reports",
        model=Report,
        columns=(
            Column("span", _l("Span"), span_text),
            Column("state", _l("State"), lambda row: _state(row, progress)),
            Column("gross", _l("Gross sales"), _money("gross_minor"), align="end"),
            Column("refunds", _l("Refunds"), _money("refunds_minor"), align="end"),
            Column("net", _l("Net sales"), _money("net_minor"), align="end"),
            Column("orders", _l("Orders"), _orders, align="end"),
            Column("created_at", _l("Wanted"), lambda row: cells.when(row.created_at, zone), sort=Report.id),
            Column("file", _l("Workbook"), file_link),
        ),
        default_sort="-created_at",
        filters=(
            Filter(
                "state",
                _l("State"),
                _in_state,
                lambda: [(state.value, jobs.STATE_LABELS[state]) for state in JobState],
            ),
            Filter("wanted", _l("Wanted"), day_range(Report.created_at, lambda: zone), kind="days"),
        ),
        loads=(joinedload(Report.job),),
    )


def span_text(report: Report) -> str:
    """2010-12-01 – 2011-12-09."""
    return f"{report.first_day.isoformat()} – {report.last_day.isoformat()}"


def state_badge(report: Report) -> Markup:
    """The state of the report's job; a finished report is ready whatever became of the job's row."""
    state = JobState.DONE if report.is_ready else report.job.state if report.job else JobState.FAILED
    return cells.badge(*LOOKS[state], jobs.STATE_LABELS[state])


def _state(report: Report, progress: Progress) -> Markup:
    job = report.job
    return state_badge(report) if report.is_ready or job is None or job.is_final else progress(job)


def _totals(report: Report) -> Figures | None:
    return Figures._make(report.figures["totals"]) if report.figures else None


def _money(field: str) -> Callable[[Report], str]:
    def cell(report: Report) -> str:
        totals = _totals(report)
        return formats.money(getattr(totals, field) if totals else None, report.currency)

    return cell


def _orders(report: Report) -> str:
    totals = _totals(report)
    return formats.number(totals.orders if totals else None)


def _in_state(values: list[str]) -> Any:
    return Report.job_id.in_(select(Job.id).where(any_of(Job.state, JobState)(values)))
