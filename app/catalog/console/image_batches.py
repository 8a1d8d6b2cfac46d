"""`/products/images`: pictures in bulk from a zip or from addresses: a job, a result for each, the way back."""

from __future__ import annotations

from collections import Counter

from flask import Response, flash, redirect, request, url_for
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from app.catalog import image_batches, image_sources, jobs
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit import files
from app.kit.db import db, transaction
from app.kit.errors import NotFound, RuleViolation
from app.kit.jobs import Job, JobState
from app.kit.permissions import Noun, Verb

SHOWN = 500
MOST_TYPED = 1_000_000


class ImageBatchView(ConsoleBase):
    """`/products/images`."""

    noun = Noun.PRODUCTS
    route_base = "/products/images"

    @expose("/")
    @needs(Noun.PRODUCTS, Verb.BULK)
    def form(self) -> str:
        """Where to drop a zip, or write codes and addresses."""
        return self.page("catalog/image_batch_form.html", most=image_sources.MOST)

    @expose("/", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def start(self) -> Answer:
        """Keep what was sent, look whether it can be read at all, and want the job."""
        source, address = _kept()
        with transaction():
            job = jobs.want_pictures(access.current_shop().id, source, address)
            where = url_for(f"{self.endpoint}.show", pk=job.id)
        return redirect(where)

    @expose("/<int:pk>")
    @needs(Noun.PRODUCTS, Verb.BULK)
    def show(self, pk: int) -> str:
        """A batch: its progress, then what became of each picture."""
        job = _job(pk)
        rows = _rows(job)
        return self.page(
            "catalog/image_batch.html",
            job=job,
            rows=sorted(rows, key=lambda row: row.result == "ok")[:SHOWN],
            counts=Counter(row.result for row in rows),
            results=image_batches.RESULTS,
        )

    @expose("/<int:pk>/faults")
    @needs(Noun.PRODUCTS, Verb.BULK)
    def faults(self, pk: int) -> Response:
        """The pictures that were not added, with the reason."""
        rows = _rows(_job(pk))
        answer = Response(image_batches.faults_csv(rows), mimetype="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f"attachment; filename=pictures-{pk}.csv"
        return answer

    @expose("/<int:pk>/undo", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def undo(self, pk: int) -> Answer:
        """Take the added pictures off again."""
        with transaction():
            removed = image_batches.take_back(_rows(_job(pk)))
        flash(ngettext("%(num)s picture removed.", "%(num)s pictures removed.", removed), "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk))


def _kept() -> tuple[str, str]:
    """What was sent, kept: ("zip" or "lines", content address). Raises RuleViolation."""
    upload, typed = request.files.get("zip"), request.form.get("lines", "").strip()[:MOST_TYPED]
    is_zip = upload is not None and bool(upload.filename)
    if not is_zip and not typed:
        raise RuleViolation("no_pictures_sent")
    with files.making(".zip" if is_zip else ".txt") as path:
        if is_zip and upload is not None:
            upload.save(path)
            with image_sources.from_zip(path):
                pass  # opening it refuses what is no zip of pictures
            return "zip", files.keep(path)
        image_sources.from_lines(typed)
        path.write_text(typed, encoding="utf-8")
        return "lines", files.keep(path)


def _job(pk: int) -> Job:
    job = db.session.scalars(select(Job).where(Job.id == pk, Job.kind == "add_pictures")).first()
    if job is None:
        raise NotFound("not_found")
    return job


def _rows(job: Job) -> list[image_batches.Row]:
    return image_batches.kept(job.result["file"]) if job.state is JobState.DONE and job.result else []
