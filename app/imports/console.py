"""`/imports`: upload, map, check, decide; and the export that goes back in."""

from __future__ import annotations

import json
from typing import Any

from flask import abort, current_app, redirect, request, send_file, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.catalog.models import Product
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, ListPage, expose
from app.console.lists import Action, Empty, ListSpec
from app.console.selection import own_ids
from app.imports import blank_sheet, faults, intake, jobs, kinds, mapping, product_export, run_list, runs
from app.imports.models import ImportKind, ImportMode, ImportRun, ImportState, OnError
from app.kit import files
from app.kit.db import db, transaction
from app.kit.errors import MESSAGES, DomainError, RuleViolation
from app.kit.jobs import Job
from app.kit.permissions import Noun, Verb
from app.kit.sheets import SheetError
from app.shops.models import Shop

FAULTS_A_PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WRITES = {
    ImportKind.PRODUCTS: (Noun.PRODUCTS, Verb.BULK),
    ImportKind.ORDERS: (Noun.ORDERS, Verb.WRITE),
    ImportKind.TRACKING: (Noun.PARCELS, Verb.BULK),
}
"""What a person must be allowed beside importing: an import is no way around it."""
MESSAGES.update({"no_file_chosen": _l("Choose a file first.")})


class ImportView(ListPage):
    """`/imports`."""

    noun = Noun.IMPORTS
    route_base = "/imports"
    title = _l("Imports")
    subtitle = _l("Workbooks and CSV files of products, tracking numbers and past orders")
    actions = (Action(_l("Import a file"), "upload", "ImportView.new", Noun.IMPORTS, Verb.IMPORT, primary=True),)
    empty = Empty(
        "file-import",
        _l("No imports yet"),
        _l("Upload a workbook or a CSV file. Nothing is written before you have seen the result of the check."),
    )

    def list_spec(self, shop: Shop) -> ListSpec:
        """The list for the shop on screen."""
        return run_list.spec(shop)

    @expose("/")
    @needs(Noun.IMPORTS, Verb.READ)
    def list(self) -> Response:
        """The list."""
        return self.render_list()

    @expose("/counts")
    @needs(Noun.IMPORTS, Verb.READ)
    def counts(self) -> Response:
        """How many each tab has."""
        return self.render_counts()

    @expose("/new")
    @needs(Noun.IMPORTS, Verb.IMPORT)
    def new(self) -> str:
        """Where to drop a file."""
        return self._upload_page()

    def _upload_page(self, error: str = "") -> str:
        allowed = {kind: label for kind, label in run_list.KINDS.items() if access.can(*WRITES[kind])}
        return self.page(
            "imports/upload.html",
            kinds=allowed,
            chosen=request.values.get("kind", next(iter(allowed), ImportKind.PRODUCTS).value),
            error=error,
            limit=current_app.config["KUAIDAN_MAX_UPLOAD_MB"],
        )

    @expose("/upload", methods=["POST"])
    @needs(Noun.IMPORTS, Verb.IMPORT)
    def upload(self) -> Any:
        """Keep the file and open its run; a file that cannot be read is refused with the reason."""
        shop = access.current_shop()
        try:
            run_id = _take_upload(shop)
        except (SheetError, RuleViolation) as error:
            return self._upload_page(error.message()), error.status
        return redirect(url_for("ImportView.show", pk=run_id))

    @expose("/template")
    @needs(Noun.IMPORTS, Verb.READ)
    def template(self) -> Response:
        """The empty workbook to fill in, of `?kind=`."""
        kind = request.args.get("kind", ImportKind.PRODUCTS.value)
        if kind not in set(ImportKind):
            abort(404)
        path = files.scratch(".xlsx")
        blank_sheet.write(ImportKind(kind), path)
        return _send_once(path, f"{kind}-template.xlsx")

    @expose("/<int:pk>")
    @needs(Noun.IMPORTS, Verb.READ)
    def show(self, pk: int) -> str:
        """One import: its columns to map, how far it is, or its result with the refused rows."""
        run = runs.get(pk)
        access.shop_of(run)
        job = db.session.get(Job, run.job_id) if run.job_id else None
        stuck = intake.is_stuck(run, job)
        if run.state in (ImportState.UPLOADED, ImportState.FAILED) or "map" in request.args or stuck:
            return self._mapping_page(run, job if stuck else None)
        after = request.args.get("after", "0")
        found = faults.page(run, int(after) if after.isdigit() and len(after) < 10 else 0, FAULTS_A_PAGE + 1)
        return self.page(
            "imports/run.html",
            run=run,
            job=job,
            badge=run_list.badge(run),
            kind=run_list.KINDS[run.kind],
            faults=found[:FAULTS_A_PAGE],
            more=found[FAULTS_A_PAGE - 1].row if len(found) > FAULTS_A_PAGE else 0,
            after=after,
            choices=OnError,
            has_changes="ChangeView.show" in current_app.view_functions,
        )

    def _mapping_page(self, run: ImportRun, broken: Job | None = None, error: str = "") -> str:
        if run.error_code and not error:
            error = faults.message_of(run.error_code, run.error_facts or {})
        if broken is not None and broken.error_code and not error:
            error = faults.message_of(broken.error_code, broken.error_facts or {})
        return self.page(
            "imports/mapping.html",
            run=run,
            badge=run_list.badge(run),
            kind=kinds.of(run.kind),
            chosen=mapping.choices(run.mapping),
            modes=ImportMode,
            error=error,
            saved=mapping.is_saved(run.shop_id, run.kind, run.header),
        )

    @expose("/<int:pk>/sheet", methods=["POST"])
    @needs(Noun.IMPORTS, Verb.IMPORT)
    def sheet(self, pk: int) -> Response:
        """Take another sheet of the file."""
        run = _mine(runs.get(pk))
        seen = intake.look(files.path_of(run.file), run.file_name, request.form.get("sheet", "")[:80])
        with transaction():
            intake.look_again(runs.locked(pk), seen)
        return redirect(url_for("ImportView.show", pk=pk, map=1))

    @expose("/<int:pk>/check", methods=["POST"])
    @needs(Noun.IMPORTS, Verb.IMPORT)
    def check(self, pk: int) -> Any:
        """Keep the mapping and want the dry run."""
        try:
            with transaction():
                run = _mine(_reopened(pk))
                places = mapping.by_choice(run.kind, run.header, _choices(len(run.header)))
                runs.require_columns(kinds.of(run.kind), places)
                intake.set_mapping(run, places, _mode())
                jobs.want_check(run)
        except RuleViolation as error:
            run = runs.get(pk)
            return self._mapping_page(run, error=error.message()), error.status
        return redirect(url_for("ImportView.show", pk=pk))

    @expose("/<int:pk>/commit", methods=["POST"])
    @needs(Noun.IMPORTS, Verb.IMPORT)
    def commit(self, pk: int) -> Response:
        """Want the rows written, as the person says about bad ones."""
        choice = request.form.get("on_error", "")
        if choice not in set(OnError):
            abort(400)
        with transaction():
            jobs.want_commit(_mine(runs.locked(pk)), OnError(choice))
        return redirect(url_for("ImportView.show", pk=pk))

    @expose("/<int:pk>/errors")
    @needs(Noun.IMPORTS, Verb.READ)
    def errors(self, pk: int) -> Response:
        """The error workbook."""
        run = runs.get(pk)
        if not run.error_file:
            abort(404)
        stem = run.file_name.rsplit(".", 1)[0][:100]
        return send_file(files.path_of(run.error_file), as_attachment=True, download_name=f"{stem}-errors.xlsx")


class ProductExportView(ConsoleBase):
    """`/products/export`: the workbook that the import takes back."""

    noun = Noun.PRODUCTS
    route_base = "/products/export"

    @expose("/", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.EXPORT)
    def want(self) -> Response:
        """The ticked products, all that match the list, or the whole shop; many are written by a job."""
        shop = access.current_shop()
        selection = json.dumps(_selection(shop))
        chosen = product_export.chosen(shop, selection)
        if product_export.count(shop, chosen) > product_export.BY_JOB_ABOVE:
            with transaction():
                job = jobs.want_export(shop.id, selection)
                where = url_for("ProductExportView.show", pk=job.id)
            return redirect(where)
        path = files.scratch(".xlsx")
        product_export.write(shop, chosen, path, lambda done, total: None)
        return _send_once(path, product_export.file_name(shop))

    @expose("/<int:pk>")
    @needs(Noun.PRODUCTS, Verb.EXPORT)
    def show(self, pk: int) -> str:
        """How far the workbook is, and where to take it."""
        return self.page("imports/export.html", job=jobs.export_job(pk))

    @expose("/<int:pk>/file")
    @needs(Noun.PRODUCTS, Verb.EXPORT)
    def file(self, pk: int) -> Response:
        """The finished workbook."""
        job = jobs.export_job(pk)
        if not job.result:
            abort(404)
        path = files.path_of(job.result["file"])
        return send_file(path, as_attachment=True, download_name=product_export.file_name(access.current_shop()))


VIEWS = [ImportView, ProductExportView]


def _take_upload(shop: Shop) -> int:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise RuleViolation("no_file_chosen")
    kind = request.form.get("kind", "")
    if kind not in set(ImportKind):
        abort(400)
    if not access.can(*WRITES[ImportKind(kind)]):
        abort(403)
    name = intake.plain_name(sent.filename)
    path = files.scratch("." + name.rsplit(".", 1)[-1][:7] if "." in name else "")
    try:
        sent.save(path)
        seen = intake.look(path, name)
        with transaction():
            return intake.start(shop.id, ImportKind(kind), path, name, seen).id
    except DomainError:
        path.unlink(missing_ok=True)
        raise


def _mine(run: ImportRun) -> ImportRun:
    """The run, when the person may write what it holds."""
    if not access.can(*WRITES[run.kind]):
        abort(403)
    return run


def _reopened(pk: int) -> ImportRun:
    """The locked run; one whose job has ended without a result goes back to where it can be started."""
    run = runs.locked(pk)
    if intake.is_stuck(run, db.session.get(Job, run.job_id) if run.job_id else None):
        intake.step_back(run)
    return run


def _choices(width: int) -> dict[int, str]:
    return {index: request.form.get(f"column_{index}", "") for index in range(width)}


def _mode() -> ImportMode:
    mode = request.form.get("mode", "")
    return ImportMode(mode) if mode in set(ImportMode) else ImportMode.BOTH


def _selection(shop: Shop) -> dict[str, Any]:
    """What the list has sent; without a selection the whole shop. Raises Forbidden on a foreign id."""
    if request.form.get("selection") == "matching":
        return {"query": request.form.get("query", "").lstrip("?")[:4000]}
    sent = request.form.getlist("ids")
    return {"ids": own_ids(Product, sent, shop.id)} if sent else {}


def _send_once(path: Any, name: str) -> Response:
    response = send_file(path, mimetype=XLSX, as_attachment=True, download_name=name)
    response.call_on_close(lambda: path.unlink(missing_ok=True))
    return response
