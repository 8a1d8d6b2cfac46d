"""Reports in the console: the history, a new one, the report on screen, its charts and its workbook."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, jsonify, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.console import access, cells
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.jobs_page import error_text
from app.console.list_spec import Action, Empty, ListSpec
from app.insights import charts, figures, listing, metrics, reports, settlement_table, spans, tables
from app.insights import jobs as insight_jobs  # noqa: F401 - registers the job
from app.insights.models import Report
from app.insights.spans import Preset
from app.kit import clock, people
from app.kit.db import transaction
from app.kit.errors import DomainError, RuleViolation
from app.kit.jobs import Job
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop

PRESET_LABELS = {
    Preset.NEWEST: _l("Newest month with orders"),
    Preset.LAST_30: _l("Last 30 days"),
    Preset.THIS_MONTH: _l("This month"),
    Preset.LAST_MONTH: _l("Last month"),
    Preset.THIS_YEAR: _l("This year"),
    Preset.ALL: _l("Everything so far"),
    Preset.CUSTOM: _l("Other days"),
}
NEW = Action(_l("New report"), "plus", "ReportView.new", Noun.REPORTS, Verb.RUN, primary=True)
CHART_TITLES = {
    "days": _l("Sales by day"),
    "months": _l("Sales by month"),
    "weekdays": _l("Sales by weekday"),
    "categories": _l("Categories"),
    "products": _l("Top products"),
    "countries": _l("Top countries"),
}


def _progress(job: Job) -> Markup:
    return Markup(render_template("console/job_live.html", row=job))  # noqa: S704 - a template of ours


def _file_link(report: Report) -> Markup:
    if not (report.is_ready and access.can(Noun.REPORTS, Verb.EXPORT)):
        return Markup("–")
    return cells.link(url_for("ReportView.download", pk=report.id), gettext("Download"))


class ReportView(ListPage):
    """`/reports`."""

    noun = Noun.REPORTS
    route_base = "/reports"
    title = _l("Reports")
    subtitle = _l("Sales by day, month, category, product, country and customer, on screen and as a workbook.")
    actions = (NEW,)
    empty = Empty(
        "chart-bar",
        _l("No report has been made yet"),
        _l("A report adds up the sales of some days, with charts, and can be taken away as an Excel workbook."),
        NEW,
    )

    def list_spec(self, shop: Shop) -> ListSpec:
        return listing.spec(shop.time_zone, _progress, _file_link)

    @expose("/")
    @needs(Noun.REPORTS, Verb.READ)
    def list(self) -> Response:
        return self.render_list()

    @expose("/counts")
    @needs(Noun.REPORTS, Verb.READ)
    def counts(self) -> Any:
        return self.render_counts()

    @expose("/new")
    @needs(Noun.REPORTS, Verb.RUN)
    def new(self) -> str:
        return self._form()

    @expose("/new", methods=["POST"])
    @needs(Noun.REPORTS, Verb.RUN)
    def create(self) -> Any:
        """Want a report; an impossible span comes back with the form as it was filled in."""
        shop = access.current_shop()
        try:
            with transaction():
                report = reports.want(shop, *_asked_days(shop))
        except RuleViolation as refused:
            return self._form(refused), refused.status
        return redirect(url_for("ReportView.show", pk=report.id))

    @expose("/<int:pk>")
    @needs(Noun.REPORTS, Verb.READ)
    def show(self, pk: int) -> str:
        report = reports.get(pk)
        shop = access.shop_of(report)
        values: dict[str, Any] = {
            "report": report,
            "shop_name": shop.name,
            "span": listing.span_text(report),
            "badge": listing.state_badge(report),
            "asked_by": people.name_of(report.requested_by),
            "error": error_text(report.job) if report.job else "",
        }
        if not report.is_ready:
            return self.page("insights/making.html", **values)
        return self.page("insights/report.html", **values, **_contents(report))

    @expose("/<int:pk>/charts")
    @needs(Noun.REPORTS, Verb.READ)
    def charts(self, pk: int) -> Response:
        """The plotly figures of a finished report, by breakdown."""
        report = _ready(pk)
        sales = figures.restored(report)
        return jsonify(charts.build(sales, tables.on_screen(sales)))

    @expose("/<int:pk>/download")
    @needs(Noun.REPORTS, Verb.EXPORT)
    def download(self, pk: int) -> Response:
        """The workbook; the journal says who took it."""
        with transaction():
            path, name = reports.download(pk)
        return send_file(path, as_attachment=True, download_name=name)

    @expose("/<int:pk>/cancel", methods=["POST"])
    @needs(Noun.REPORTS, Verb.RUN)
    def cancel(self, pk: int) -> Any:
        with transaction():
            reports.cancel(pk)
        flash(gettext("The report will stop at its next step."), "info")
        return redirect(url_for("ReportView.show", pk=pk))

    @expose("/<int:pk>/again", methods=["POST"])
    @needs(Noun.REPORTS, Verb.RUN)
    def again(self, pk: int) -> Any:
        with transaction():
            reports.again(pk)
        return redirect(url_for("ReportView.show", pk=pk))

    def _form(self, refused: DomainError | None = None) -> str:
        shop = access.current_shop()
        today = clock.day_of(clock.now(), shop.time_zone)
        extent = metrics.extent(shop.id, shop.time_zone)
        days = {p: spans.preset_days(p, today, extent or (today, today)) for p in Preset if p is not Preset.CUSTOM}
        if extent is None:
            del days[Preset.NEWEST], days[Preset.ALL]
        chosen = request.form.get("preset") or next(iter(days)).value
        return self.page(
            "insights/new.html",
            presets=[(preset.value, PRESET_LABELS[preset], *span) for preset, span in days.items()],
            custom_label=PRESET_LABELS[Preset.CUSTOM],
            chosen=chosen,
            first=request.form.get("first") or days[next(iter(days))][0].isoformat(),
            last=request.form.get("last") or days[next(iter(days))][1].isoformat(),
            today=today.isoformat(),
            extent=extent,
            error=refused.message() if refused else "",
            zone=shop.time_zone,
        )


def _asked_days(shop: Shop) -> tuple[Any, Any]:
    """First and last day of the form. Raises RuleViolation: report_preset, report_bad_day."""
    name = request.form.get("preset", "")
    if name not in {preset.value for preset in Preset}:
        raise RuleViolation("report_preset")
    if (preset := Preset(name)) is Preset.CUSTOM:
        return spans.day(request.form.get("first", "")), spans.day(request.form.get("last", ""))
    today = clock.day_of(clock.now(), shop.time_zone)
    return spans.preset_days(preset, today, metrics.extent(shop.id, shop.time_zone) or (today, today))


def _ready(report_id: int) -> Report:
    report = reports.get(report_id)
    if not report.is_ready:
        abort(404)
    return report


def _contents(report: Report) -> dict[str, Any]:
    """What the page of a finished report shows."""
    sales = figures.restored(report)
    on_screen = tables.on_screen(sales)
    return {
        "sales": sales,
        "totals": sales.totals,
        "labels": tables.figure_labels(),
        "definitions": [*tables.definitions(), *(settlement_table.definitions() if sales.settlement.rows else ())],
        "by_channel": settlement_table.table(sales.settlement),
        "tables": [(table, CHART_TITLES[name], charts.summary(sales, table)) for name, table in on_screen.items()],
        "is_empty": not (sales.totals.lines or sales.totals.refunds_minor or sales.totals.adjustments_minor),
    }
