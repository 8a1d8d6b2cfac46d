"""Jobs of the shop: what runs, how far it is, how it ended; cancel and retry."""

from __future__ import annotations

from typing import Any

from flask import jsonify, redirect, request, url_for
from flask_babel import lazy_gettext as _l

from app.console import access
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.lists import Column, Filter, ListSpec, Tab, any_of
from app.kit import formats, jobs
from app.kit.db import transaction
from app.kit.jobs import Job, JobState
from app.kit.permissions import Noun, Verb


def _title(row: Job) -> str:
    kind = jobs.kinds.get(row.kind)
    return str(kind.title) if kind else row.kind


SPEC = ListSpec(
    name="jobs",
    model=Job,
    columns=(
        Column("id", _l("Job"), lambda j: f"#{j.id}", sort=Job.id),
        Column("kind", _l("What"), _title),
        Column("state", _l("State"), lambda j: jobs.STATE_LABELS[j.state]),
        Column(
            "progress",
            _l("Progress"),
            lambda j: "–" if j.percent is None else f"{j.percent} %",
            align="end",
        ),
        Column("created_at", _l("Wanted"), lambda j: formats.ago(j.created_at)),
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
    ),
)


class JobView(ListPage):
    """`/jobs`."""

    noun = Noun.JOBS
    route_base = "/jobs"
    spec = SPEC
    title = _l("Jobs")

    @expose("/")
    @needs(Noun.JOBS, Verb.READ)
    def list(self) -> str:
        return self.render_list()

    @expose("/counts")
    @needs(Noun.JOBS, Verb.READ)
    def counts(self) -> Any:
        return self.render_counts()

    @expose("/live")
    @needs(Noun.JOBS, Verb.READ)
    def live(self) -> Any:
        """The shop's live and just-ended jobs, for the top bar."""
        return jsonify(jobs=[_json(row) for row in jobs.recent(access.current_shop().id, 8)])

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
    kind = jobs.kinds.get(row.kind)
    return {
        "id": row.id,
        "title": _title(row),
        "state": row.state.value,
        "label": str(jobs.STATE_LABELS[row.state]),
        "done": row.done_rows,
        "total": row.total_rows,
        "percent": row.percent,
        "link": kind.link(row) if kind else None,
    }
