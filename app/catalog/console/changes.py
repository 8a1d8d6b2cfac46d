"""`/changes`: what was changed in bulk, line by line, and the way back."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.catalog import (
    change_approvals,
    change_figures,
    change_lines,
    change_list,
    change_plans,
    change_previews,
    change_retries,
    change_sets,
    change_undos,
    change_words,
    jobs,
    reference_names,
)
from app.catalog.change_creations import CREATED
from app.catalog.change_fields import FIELDS, REASONS, FieldKind
from app.catalog.change_models import ChangeLine, ChangeSet, ChangeState, LineOutcome
from app.catalog.console import affected
from app.console import access
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.lists import Action, Empty, ListSpec
from app.imports import change_errors
from app.kit import context, files, people
from app.kit.db import db, transaction
from app.kit.errors import NotFound
from app.kit.jobs import Job
from app.kit.permissions import Noun, Verb
from app.shops.models import Shop


class ChangeView(ListPage):
    """`/changes`."""

    noun = Noun.CHANGES
    route_base = "/changes"
    title = _l("Changes")
    actions = (Action(_l("Limits"), "user-check", "LimitsView.show", Noun.CHANGES, Verb.READ),)
    empty = Empty(
        "history",
        _l("No bulk changes yet"),
        _l("Tick products in the list and change their prices or stock; every change can be undone here."),
        Action(_l("Products"), "package", "ProductView.list", Noun.PRODUCTS, Verb.READ, primary=True),
    )

    def list_spec(self, shop: Shop) -> ListSpec:
        """The list for the shop on screen."""
        return change_list.spec(shop)

    @expose("/")
    @needs(Noun.CHANGES, Verb.READ)
    def list(self) -> Any:
        """The list."""
        return self.render_list()

    @expose("/counts")
    @needs(Noun.CHANGES, Verb.READ)
    def counts(self) -> Any:
        """How many sets each tab has."""
        return self.render_counts()

    @expose("/<int:pk>")
    @needs(Noun.CHANGES, Verb.READ)
    def show(self, pk: int) -> str:
        """One set: its preview while it waits for somebody, its lines by key, and the job while it runs."""
        row = change_sets.get(pk)
        shop = access.shop_of(row)
        outcome = _outcome(request.args.get("outcome", ""))
        strongest = row.has_lines and not row.applied_at and "outcome" not in request.args
        lines = [] if strongest else change_lines.page(row, _after(), outcome)
        seen = change_previews.preview(row) if strongest else None
        shown = seen.changed if seen else lines[: change_lines.PAGE]
        return self.page(
            "catalog/change.html",
            row=row,
            shop=shop,
            said=change_words.title(row, shop.currency, reference_names.of(shop.id)),
            state=change_words.STATES[row.state],
            guards=change_words.guards(row),
            job=db.session.get(Job, row.job_id) if row.job_id else None,
            seen=seen,
            affected=_affected(row) if seen else "",
            figures=change_figures.figures(row) if seen else None,
            percent_text=change_words.percent,
            plan_late=change_plans.is_late(row),
            lines=shown,
            more=lines[change_lines.PAGE - 1].line if len(lines) > change_lines.PAGE else 0,
            outcome=outcome,
            undone_by=_undoing(row),
            own=people.is_same(str(context.actor()), row.requested_by),
            people=people.names({row.requested_by, row.decided_by or "", *(line.who for line in shown if line.who)}),
            can_undo=row.state is ChangeState.APPLIED and _touched(row) > 0,
            touched=_touched(row),
            **_words(row, shop),
        )

    @expose("/<int:pk>/confirm", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def confirm(self, pk: int) -> Any:
        """Want a draft carried out as it was shown; beyond the limits it waits for a second person."""
        with transaction():
            row = change_sets.get(pk)
            if change_sets.confirm(row) is ChangeState.QUEUED:
                jobs.want(row)
            where, state, job_id = url_for("ChangeView.show", pk=pk), row.state, row.job_id
        if request.accept_mimetypes.best == "application/json":
            return {"id": pk, "state": state.value, "job": job_id, "page": where}
        return redirect(where)

    @expose("/<int:pk>/discard", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def discard(self, pk: int) -> Response:
        """Forget a draft; nothing was written."""
        with transaction():
            change_sets.discard(change_sets.get(pk))
        flash(gettext("The preview was discarded. Nothing was changed."), "info")
        return redirect(url_for("ProductView.list"))

    @expose("/<int:pk>/approve", methods=["POST"])
    @needs(Noun.CHANGES, Verb.APPROVE)
    def approve(self, pk: int) -> Response:
        """Agree to exactly what the page has shown."""
        with transaction():
            row = change_sets.get(pk)
            change_approvals.approve(row, request.form.get("hash", ""), request.form.get("note", ""))
            if row.state is ChangeState.QUEUED:
                jobs.want(row)
        return redirect(url_for("ChangeView.show", pk=pk))

    @expose("/<int:pk>/reject", methods=["POST"])
    @needs(Noun.CHANGES, Verb.APPROVE)
    def reject(self, pk: int) -> Response:
        """Turn a set down; nothing of it will be written."""
        with transaction():
            change_approvals.reject(change_sets.get(pk), request.form.get("note", ""))
        return redirect(url_for("ChangeView.show", pk=pk))

    @expose("/<int:pk>/withdraw", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def withdraw(self, pk: int) -> Response:
        """Take one's own request back while it waits."""
        with transaction():
            row = change_sets.get(pk)
            if not people.is_same(str(context.actor()), row.requested_by):
                raise NotFound("not_found")
            change_approvals.reject(row)
        return redirect(url_for("ChangeView.show", pk=pk))

    @expose("/<int:pk>/retry", methods=["POST"])
    @needs(Noun.PRODUCTS, Verb.BULK)
    def retry(self, pk: int) -> Response:
        """A new preview of the lines that were refused or left alone."""
        with transaction():
            again = change_retries.propose_again(change_sets.get(pk)).id
        return redirect(url_for("ChangeView.show", pk=again))

    @expose("/<int:pk>/errors.xlsx")
    @needs(Noun.CHANGES, Verb.READ)
    def errors(self, pk: int) -> Response:
        """The lines that were not written, as a workbook that goes straight back into the import."""
        row = change_sets.get(pk)
        path = files.scratch(".xlsx")
        change_errors.write(row, access.shop_of(row), path)
        answer = send_file(path, as_attachment=True, download_name=f"change-{row.id}-errors.xlsx")
        answer.call_on_close(lambda: path.unlink(missing_ok=True))
        return answer

    @expose("/<int:pk>/undo", methods=["POST"])
    @needs(Noun.CHANGES, Verb.UNDO)
    def undo(self, pk: int) -> Response:
        """Want a set taken back; the undo is a set of its own, with its own job."""
        with transaction():
            undoing = change_undos.request_undo(change_sets.get(pk))
            jobs.want(undoing)
            where = url_for("ChangeView.show", pk=undoing.id)
        return redirect(where)

    @expose("/<int:pk>/again", methods=["POST"])
    @needs(Noun.CHANGES, Verb.UNDO)
    def again(self, pk: int) -> Response:
        """Want a set carried out whose job was cancelled or failed."""
        with transaction():
            row = change_sets.get(pk)
            if row.state is not ChangeState.QUEUED or not jobs.is_ours(row):
                raise NotFound("not_found")
            jobs.want(row)
        return redirect(url_for("ChangeView.show", pk=pk))


def _after() -> int:
    after = request.args.get("after", "0")
    return int(after) if after.isdigit() and len(after) < 10 else 0


def _words(row: ChangeSet, shop: Shop) -> dict[str, Any]:
    """What the templates need to put lines into words."""
    names = reference_names.of(shop.id)
    return {
        "labels": {field.name: field.label for field in FIELDS.values()} | {CREATED: _l("Made new")},
        "money_fields": {field.name for field in FIELDS.values() if field.kind is FieldKind.MONEY},
        "value_text": lambda field, stored: (
            "–" if field == CREATED else change_words.value(field, stored, shop.currency, names)
        ),
        "reason_text": lambda code: REASONS.get(code, code),
        "warning_text": lambda warning: change_words.WARNINGS[warning],
        "outcomes": change_words.OUTCOMES if row.applied_at else change_words.EXPECTED,
    }


def _affected(row: ChangeSet) -> str:
    """What taking products down means for open orders."""
    down = select(ChangeLine.row_id).where(
        ChangeLine.change_set_id == row.id, ChangeLine.field == "status", ChangeLine.new.in_(("off_shelf", "archived"))
    )
    return affected.sentence(row.shop_id, down)


def _touched(row: ChangeSet) -> int:
    """Fields changed and rows made: what an undo is about."""
    return int(row.counts.get("changed", 0)) + int(row.counts.get("created", 0))


def _outcome(asked: str) -> LineOutcome | None:
    return LineOutcome(asked) if asked in {outcome.value for outcome in LineOutcome} else None


def _undoing(row: ChangeSet) -> ChangeSet | None:
    """The newest set that takes this one back."""
    query = select(ChangeSet).where(ChangeSet.undoes_id == row.id).order_by(ChangeSet.id.desc()).limit(1)
    return db.session.scalars(query).first()
