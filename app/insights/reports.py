"""Sales reports: wanted, made by a job, kept with their figures and file, downloaded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.events import ReportDownloaded, ReportMade
from app.insights import figures, metrics, spans, workbook
from app.insights.metrics import Sales
from app.insights.models import Report
from app.insights.spans import Span
from app.kit import clock, context, files, jobs, journal, people
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.formats import locale_code
from app.kit.jobs import Job, JobState
from app.shops import shops
from app.shops.models import Shop

SALES = "sales"
JOB = "make_sales_report"
OnStep = Callable[[str], None]


def want(shop: Shop, first: date, last: date) -> Report:
    """Say that a sales report is wanted; while the same one is being made, that one is given back.

    Raises RuleViolation for an impossible span.
    """
    span = spans.of(shop, first, last)
    report = Report(
        shop_id=shop.id,
        kind=SALES,
        first_day=first,
        last_day=last,
        time_zone=span.zone,
        currency=span.currency,
        locale=locale_code(),
        definition=metrics.DEFINITION,
        requested_by=str(context.actor()),
        created_at=clock.now(),
    )
    db.session.add(report)
    db.session.flush()
    key = f"{JOB}:{shop.id}:{first}:{last}:{report.locale}"
    job = jobs.enqueue(JOB, shop.id, key=key, report_id=report.id)
    if job.arguments["report_id"] != report.id:
        db.session.delete(report)
        return get(job.arguments["report_id"])
    report.job_id = job.id
    return report


def get(report_id: int) -> Report:
    """A report with its job. Raises NotFound."""
    wanted = select(Report).where(Report.id == report_id).options(joinedload(Report.job))
    row = db.session.scalars(wanted).first()
    if row is None:
        raise NotFound("not_found")
    return row


def again(report_id: int) -> Report:
    """Want a report again whose job has failed or was cancelled. Raises RuleViolation("report_running")."""
    report = _locked(report_id)
    job = db.session.get(Job, report.job_id) if report.job_id else None
    if report.file or (job is not None and job.state not in (JobState.FAILED, JobState.CANCELLED)):
        raise RuleViolation("report_running")
    key = job.key if job is not None else None
    wanted = jobs.enqueue(JOB, report.shop_id, key=key, report_id=report.id)
    report.job_id = wanted.id
    return report


def cancel(report_id: int) -> Report:
    """Ask the job of a report to stop; nothing happens when it has ended. Raises NotFound."""
    report = get(report_id)
    if report.job_id is None:
        raise NotFound("not_found")
    jobs.request_cancel(report.job_id)
    return report


def make(report_id: int, path: Path, on_step: OnStep) -> Report:
    """Sum, write the workbook at `path`, keep it, and note the figures; a report made already is left alone."""
    report = _locked(report_id)
    if report.file:
        return report
    shop = shops.get(report.shop_id)
    span = Span(shop.id, report.first_day, report.last_day, report.time_zone, report.currency)
    sales = produce(span, workbook.About(shop.name, people.name_of(report.requested_by)), path, on_step)
    report.as_of, report.figures = sales.as_of, figures.kept(sales)
    report.file_name = file_name(shop, span)
    report.file = files.keep(path)
    journal.record(ReportMade(shop_id=shop.id, report_id=report.id, kind=report.kind))
    return report


def produce(span: Span, about: workbook.About, path: Path, on_step: OnStep = lambda step: None) -> Sales:
    """Read all figures of a span and write its workbook; the verb of job and command line alike."""
    sales = metrics.read(span, on_step)
    workbook.write(sales, about, path, on_step)
    return sales


def download(report_id: int) -> tuple[Path, str]:
    """The file of a finished report and the name to save it by; the journal says who took it. Raises NotFound."""
    report = get(report_id)
    if report.file is None:
        raise NotFound("not_found")
    path = files.path_of(report.file)
    journal.record(ReportDownloaded(shop_id=report.shop_id, report_id=report.id))
    return path, report.file_name or path.name


def file_name(shop: Shop, span: Span) -> str:
    """Such as `uk-giftware sales 2010-12-01 to 2011-12-09.xlsx`."""
    return _("%(shop)s sales %(first)s to %(last)s", shop=shop.code, first=span.first, last=span.last) + ".xlsx"


def _locked(report_id: int) -> Report:
    row = db.session.scalars(select(Report).where(Report.id == report_id).with_for_update()).first()
    if row is None:
        raise NotFound("not_found")
    return row
