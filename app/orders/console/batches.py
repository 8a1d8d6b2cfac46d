"""`/batches`: bulk acts while they run and what became of every row."""

from __future__ import annotations

import secrets
from typing import Any

from flask import abort, flash, redirect, request, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.console import access, cells, lists
from app.console.access import needs
from app.console.base import ListPage, expose
from app.kit import clock, formats, people
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb
from app.orders import batch_sheets, batches
from app.orders.batch_models import Batch, BatchRow, BatchState, Outcome
from app.shops.models import Shop

PAGE = 100
STATES = {
    BatchState.QUEUED: ("secondary", "clock", _l("Waiting")),
    BatchState.RUNNING: ("info", "loader", _l("Running")),
    BatchState.DONE: ("success", "circle-check", _l("Done")),
    BatchState.PARTLY: ("warning", "alert-triangle", _l("Some refused")),
    BatchState.FAILED: ("danger", "circle-x", _l("All refused")),
    BatchState.CANCELLED: ("secondary", "player-stop", _l("Stopped")),
}
OUTCOMES = {
    Outcome.DONE: ("success", "circle-check", _l("Done")),
    Outcome.UNCHANGED: ("secondary", "equal", _l("Unchanged")),
    Outcome.REFUSED: ("danger", "circle-x", _l("Refused")),
}
LEFT = ("secondary", "clock", _l("Not tried"))


class BatchView(ListPage):
    """`/batches`."""

    noun = Noun.ORDERS
    route_base = "/batches"
    title = _l("Bulk acts")
    subtitle = _l("What was done to many rows at once, with a result for each.")
    empty = lists.Empty(
        "list-check",
        _l("No bulk acts yet"),
        _l("Tick orders in the list and choose what to do with them."),
        lists.Action(_l("Orders"), "shopping-cart", "OrderView.list", Noun.ORDERS, Verb.READ, primary=True),
    )

    def list_spec(self, shop: Shop) -> lists.ListSpec:
        """The list, newest first, in the zone of the shop."""
        return _spec(shop.time_zone)

    @expose("/")
    @needs(Noun.ORDERS, Verb.READ)
    def list(self) -> Any:
        return self.render_list()

    @expose("/counts")
    @needs(Noun.ORDERS, Verb.READ)
    def counts(self) -> Any:
        return self.render_counts()

    @expose("/<int:pk>")
    @needs(Noun.ORDERS, Verb.READ)
    def show(self, pk: int) -> str:
        """Counts and rows; with `?part=1` only what changes while it runs."""
        batch = batches.get(pk)
        shop = access.shop_of(batch)
        act = batches.acts[batch.act]
        outcome, after = request.args.get("outcome", ""), request.args.get("after", "")
        rows = batches.rows(pk, outcome, int(after) if after.isdecimal() and len(after) < 9 else 0, PAGE + 1)
        return self.page(
            "orders/_batch.html" if request.args.get("part") else "orders/batch.html",
            batch=batch,
            act=act,
            state=_state_badge(batch),
            rows=[(row, *_told(act, row)) for row in rows[:PAGE]],
            next=rows[PAGE - 1].position if len(rows) > PAGE else 0,
            outcome=outcome,
            first=not after,
            figures=_figures(batch),
            who=people.name_of(batch.requested_by),
            zone=shop.time_zone,
            may=access.can(act.noun, act.verb),
            key=secrets.token_urlsafe(16),
        )

    @expose("/<int:pk>/file")
    @needs(Noun.ORDERS, Verb.READ)
    def file(self, pk: int) -> Any:
        """The rows as a workbook, all or of one outcome."""
        batch = batches.get(pk)
        shop = access.shop_of(batch)
        path = batch_sheets.write(batch, request.args.get("outcome", ""), [OUTCOMES, LEFT])
        name = f"{batch.act}-{batch.id}-{clock.day_of(batch.created_at, shop.time_zone):%Y%m%d}.xlsx"
        response = send_file(path, as_attachment=True, download_name=name)
        response.call_on_close(lambda: path.unlink(missing_ok=True))
        return response

    @expose("/<int:pk>/cancel", methods=["POST"])
    @needs(Noun.ORDERS, Verb.READ)
    def cancel(self, pk: int) -> Any:
        """Stop it; what is done stays done."""
        _may(pk)
        with transaction():
            batch = batches.cancel(pk)
        if batch.state is BatchState.CANCELLED:
            flash(gettext("Stopped. What was done stays done; the rest was not tried."), "success")
        return redirect(url_for("BatchView.show", pk=pk))

    @expose("/<int:pk>/resume", methods=["POST"])
    @needs(Noun.ORDERS, Verb.READ)
    def resume(self, pk: int) -> Any:
        """Go on with what has not been tried."""
        _may(pk)
        with transaction():
            batches.resume(pk)
        return redirect(url_for("BatchView.show", pk=pk))

    @expose("/<int:pk>/again", methods=["POST"])
    @needs(Noun.ORDERS, Verb.READ)
    def again(self, pk: int) -> Any:
        """A new bulk act of the rows that were refused."""
        _may(pk)
        with transaction():
            batch = batches.again(pk, request.form.get("key") or None)
        return redirect(url_for("BatchView.show", pk=batch.id))


def _may(pk: int) -> None:
    """Whoever may ask for the act may stop it and try it again; the others are refused."""
    act = batches.acts[batches.get(pk).act]
    if not access.can(act.noun, act.verb):
        abort(403)


def _state_badge(batch: Batch) -> Markup:
    return cells.badge(*STATES[batch.state])


def _figures(batch: Batch) -> list[tuple[str, str, str, Any, int]]:
    """Filter, tone, icon, words and number of each outcome."""
    counts = {Outcome.DONE: batch.done, Outcome.UNCHANGED: batch.unchanged, Outcome.REFUSED: batch.refused}
    figures = [(outcome.value, *OUTCOMES[outcome], count) for outcome, count in counts.items()]
    return [*figures, ("left", *LEFT, batch.total - batch.tried)]


def _told(act: batches.Act, row: BatchRow) -> tuple[Markup, Any, str]:
    """Badge, where it stood, and why it was refused."""
    badge = cells.badge(*(OUTCOMES[row.outcome] if row.outcome else LEFT))
    return badge, act.subject.state_word(row.from_state) if row.from_state else "–", batches.reason(row)


def _spec(zone: str) -> lists.ListSpec:
    def name_those_who_asked(found: list[Any]) -> None:
        names = people.names(batch.requested_by for batch in found)
        for batch in found:
            batch.who = names[batch.requested_by]

    return lists.ListSpec(
        name="batches",
        model=Batch,
        columns=(
            lists.Column("act", _l("Act"), lambda b: f"{batches.acts[b.act].title} #{b.id}"),
            lists.Column("asked", _l("Asked"), lambda b: cells.when(b.created_at, zone), sort=Batch.id),
            lists.Column("who", _l("By"), lambda b: b.who),
            lists.Column("total", _l("Rows"), lambda b: formats.number(b.total), align="end"),
            lists.Column("done", _l("Done"), lambda b: formats.number(b.done), align="end"),
            lists.Column("unchanged", _l("Unchanged"), lambda b: formats.number(b.unchanged), align="end"),
            lists.Column("refused", _l("Refused"), lambda b: formats.number(b.refused), align="end"),
            lists.Column("state", _l("Status"), _state_badge),
        ),
        default_sort="-asked",
        filters=(
            lists.Filter(
                "state",
                _l("Status"),
                lists.any_of(Batch.state, BatchState),
                lambda: [(state, words) for state, (_, _, words) in STATES.items()],
            ),
        ),
        enrich=name_those_who_asked,
    )
