"""`/changes`: what was changed in bulk, line by line, and the way back."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.catalog import change_lines, change_list, change_sets, change_words, jobs, reference_names
from app.catalog.change_creations import CREATED
from app.catalog.change_fields import FIELDS, REASONS
from app.catalog.change_models import ChangeSet, ChangeState, LineOutcome
from app.console import access
from app.console.access import needs
from app.console.base import ListPage, expose
from app.console.lists import Action, Empty, ListSpec
from app.kit import people
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
        """One set: its rule, counts, lines by key, and the job while it runs."""
        row = change_sets.get(pk)
        shop = access.shop_of(row)
        outcome = _outcome(request.args.get("outcome", ""))
        after = request.args.get("after", "0")
        lines = change_lines.page(row, int(after) if after.isdigit() and len(after) < 10 else 0, outcome)
        names = reference_names.of(shop.id)
        return self.page(
            "catalog/change.html",
            row=row,
            shop=shop,
            said=change_words.title(row, shop.currency),
            state=change_words.STATES[row.state],
            job=db.session.get(Job, row.job_id) if row.job_id else None,
            lines=lines[: change_lines.PAGE],
            more=lines[change_lines.PAGE - 1].line if len(lines) > change_lines.PAGE else 0,
            outcome=outcome,
            undone_by=_undoing(row),
            people=people.names({row.requested_by, *(line.who for line in lines if line.who)}),
            labels={field.name: field.label for field in FIELDS.values()} | {CREATED: _l("Made new")},
            value_text=lambda field, stored: (
                "–" if field == CREATED else change_words.value(field, stored, shop.currency, names)
            ),
            reason_text=lambda code: REASONS.get(code, code),
            outcomes=change_words.OUTCOMES,
            can_undo=row.state is ChangeState.APPLIED and _touched(row) > 0,
            touched=_touched(row),
        )

    @expose("/<int:pk>/undo", methods=["POST"])
    @needs(Noun.CHANGES, Verb.UNDO)
    def undo(self, pk: int) -> Response:
        """Want a set taken back; the undo is a set of its own, with its own job."""
        with transaction():
            undoing = change_sets.request_undo(change_sets.get(pk))
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


def _touched(row: ChangeSet) -> int:
    """Fields changed and rows made: what an undo is about."""
    return int(row.counts.get("changed", 0)) + int(row.counts.get("created", 0))


def _outcome(asked: str) -> LineOutcome | None:
    return LineOutcome(asked) if asked in {outcome.value for outcome in LineOutcome} else None


def _undoing(row: ChangeSet) -> ChangeSet | None:
    """The newest set that takes this one back."""
    query = select(ChangeSet).where(ChangeSet.undoes_id == row.id).order_by(ChangeSet.id.desc()).limit(1)
    return db.session.scalars(query).first()
