"""Jobs of the shop: what runs, how far it is, how it ended; cancel and retry."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy import select

from app.console import access, cells
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.lists import Column, Empty, Filter, ListSpec, Tab, any_of, day_range
from app.kit import clock, jobs
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.kit.jobs import Job, JobState
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop


def _title(row: Job) -> str:
    kind = jobs.kinds.get(row.kind)
    return str(kind.title) if kind else row.kind


LOOKS = {
    JobState.QUEUED: ("secondary", "clock"),
    JobState.RUNNING: ("info", "progress"),
    JobState.DONE: ("success", "circle-check"),
    JobState.FAILED: ("danger", "alert-circle"),
    JobState.CANCELLED: ("secondary", "circle-x"),
}


def _state(row: Job) -> Markup:
    """The state; a live job is kept live by console.js."""
    if row.is_final:
        return cells.badge(*LOOKS[row.state], jobs.STATE_LABELS[row.state])
    return Markup(render_template("console/job_live.html", row=row))  # noqa: S704 - a template of ours


def _outcome(row: Job) -> Markup:
    return Markup(render_template("console/job_outcome.html", row=row, error=error_text(row), link=_link(row)))  # noqa: S704


@lru_cache(maxsize=256)
def _spec(zone: str) -> ListSpec:
    return ListSpec(
        name="jobs",
        model=Job,
        columns=(
            Column("kind", _l("What"), _title),
            Column("id", _l("Number"), lambda j: f"#{j.id}", sort=Job.id),
            Column("state", _l("State"), _state),
            Column("created_at", _l("Wanted"), lambda j: cells.when(j.created_at, zone)),
            Column("outcome", _l("Result"), _outcome),
        ),
        default_sort="-id",
        tabs=(
            Tab("", _l("All")),
            Tab("live", _l("Live"), (Job.state.in_((JobState.QUEUED, JobState.RUNNING)),)),
            Tab("failed", _l("Failed"), (Job.state == JobState.FAILED,)),
        ),
        filters=(
            Filter(
                "state",
                _l("State"),
                any_of(Job.state, JobState),
                lambda: [(s.value, jobs.STATE_LABELS[s]) for s in JobState],
            ),
            Filter("wanted", _l("Wanted"), day_range(Job.created_at, lambda: zone), kind="days"),
        ),
    )


class JobView(ListPage):
    """`/jobs`."""

    noun = Noun.JOBS
    route_base = "/jobs"
    title = _l("Jobs")
    empty = Empty(
        "progress", _l("No job has run yet"), _l("Imports, bulk changes and reports appear here while they run.")
    )

    def list_spec(self, shop: Shop) -> ListSpec:
        return _spec(shop.time_zone)

    @expose("/")
    @needs(Noun.JOBS, Verb.READ)
    def list(self) -> Response:
        return self.render_list()

    @expose("/counts")
    @needs(Noun.JOBS, Verb.READ)
    def counts(self) -> Any:
        return self.render_counts()

    @expose("/live")
    @needs(Noun.JOBS, Verb.READ)
    def live(self) -> Any:
        """The newest jobs of the shop and those asked for by `?ids=1,2`, for the top bar and live bars."""
        asked = {int(part) for part in request.args.get("ids", "").split(",")[:50] if part.isdigit()}
        rows = jobs.recent(access.current_shop().id, 8)
        missing = asked - {row.id for row in rows}
        if missing:
            rows += db.session.scalars(select(Job).where(Job.id.in_(missing)))
        return jsonify(jobs=[_json(row) for row in rows])

    @expose("/<int:pk>/cancel", methods=["POST"])
    @needs(Noun.JOBS, Verb.RUN)
    def cancel(self, pk: int) -> Any:
        with transaction():
            jobs.request_cancel(pk)
        return redirect(request.referrer or url_for("JobView.list"))

    @expose("/<int:pk>/retry", methods=["POST"])
    @needs(Noun.JOBS, Verb.RUN)
    def retry(self, pk: int) -> Any:
        with transaction():
            jobs.retry(pk)
        return redirect(request.referrer or url_for("JobView.list"))


def _json(row: Job) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": _title(row),
        "state": row.state.value,
        "label": str(jobs.STATE_LABELS[row.state]),
        "final": row.is_final,
        "step": row.step,
        "done": row.done_rows,
        "total": row.total_rows,
        "percent": row.percent,
        "left": _time_left(row),
        "error": error_text(row),
        "link": _link(row),
    }


def _link(row: Job) -> str | None:
    kind = jobs.kinds.get(row.kind)
    return kind.link(row) if kind else None


def error_text(row: Job) -> str:
    """The sentence on how the job failed; empty when it did not."""
    return DomainError(row.error_code, **(row.error_facts or {})).message() if row.error_code else ""


def _time_left(row: Job) -> str:
    """About how long a running job still needs, from its rate so far."""
    if row.state is not JobState.RUNNING or not row.total_rows or not row.done_rows or row.started_at is None:
        return ""
    spent = (clock.now() - row.started_at).total_seconds()
    seconds = int(spent * (row.total_rows - row.done_rows) / row.done_rows)
    if seconds < 60:
        return ngettext("%(num)s second left", "%(num)s seconds left", max(seconds, 1))
    return ngettext("%(num)s minute left", "%(num)s minutes left", round(seconds / 60))
