"""Asking for a bulk act on orders: what it needs to know, how many it is about, then the batch."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import redirect, request, url_for
from sqlalchemy import Select, func, select

from app.console import access, selection
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.kit.permissions import Noun, Verb
from app.orders import batches, jobs, marks
from app.orders.models import CloseCause
from app.orders.names import CAUSE_CHOICES, FLAG_LABELS

NOTE_LENGTH = 300


class OrderBatchView(ConsoleBase):
    """Below `/orders`: the bulk bar of the list leads here."""

    noun = Noun.ORDERS
    route_base = "/orders"

    @expose("/cancel", methods=["GET", "POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def cancel(self) -> Any:
        """Ask for the cause, then close the orders ticked or all that match."""
        return self._ask("cancel", _cause)

    @expose("/tag", methods=["GET", "POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def tag(self) -> Any:
        """Ask for the tags, then add them."""
        return self._ask("tag", _tags)

    @expose("/untag", methods=["GET", "POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def untag(self) -> Any:
        """Ask for the tags, then take them away."""
        return self._ask("untag", _tags)

    @expose("/flag", methods=["GET", "POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def flag(self) -> Any:
        """Ask for the flag, then set it."""
        return self._ask("flag", _flag)

    @expose("/note", methods=["GET", "POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def note(self) -> Any:
        """Ask for the note, then add it."""
        return self._ask("note", _note)

    @expose("/merge", methods=["GET", "POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def merge(self) -> Any:
        """Have each sent together with the others of its person and address."""
        return self._ask("merge", _agreed)

    @expose("/unmerge", methods=["GET", "POST"])
    @needs(Noun.ORDERS, Verb.WRITE)
    def unmerge(self) -> Any:
        """Take each out of its group."""
        return self._ask("unmerge", _agreed)

    def _ask(self, name: str, read: Callable[[], dict[str, Any] | None]) -> Any:
        """The form until its answers are there, then the batch; a form sent twice makes one batch."""
        shop = access.current_shop()
        form = selection.asked()
        which, facts = jobs.chosen(shop, form), read()
        if facts is None and (elsewhere := selection.moved(f"OrderBatchView.{name}", shop)):
            return elsewhere
        if facts is None:
            return self.page(
                "orders/bulk.html",
                act=batches.acts[name],
                form=form,
                number=_countable(which),
                key=secrets.token_urlsafe(16),
                causes=CAUSE_CHOICES,
                flags=FLAG_LABELS,
                lengths={"note": NOTE_LENGTH, "flag_text": marks.FLAG_LENGTH},
            )
        with transaction():
            batch = batches.propose_matching(shop.id, name, which, facts, key=request.form.get("key") or None)
        return redirect(url_for("BatchView.show", pk=batch.id))


def _countable(which: Select[Any]) -> int:
    number = db.session.scalar(select(func.count()).select_from(which.limit(batches.LIMIT + 1).subquery())) or 0
    if number > batches.LIMIT:
        raise RuleViolation("batch_too_large", limit=f"{batches.LIMIT:,}")
    if not number:
        raise RuleViolation("nothing_selected")
    return number


def _agreed() -> dict[str, Any] | None:
    """An act that asks nothing else: the page says what it will do, its button agrees."""
    return {} if request.form.get("key") else None


def _cause() -> dict[str, Any] | None:
    if "cause" not in request.form:
        return None
    given = request.form["cause"]
    return {"cause": next((cause.value for cause in CAUSE_CHOICES if cause == given), CloseCause.STAFF.value)}


def _tags() -> dict[str, Any] | None:
    tags = marks.read_tags(request.form.get("tags", ""))
    return {"tags": tags} if tags else None


def _flag() -> dict[str, Any] | None:
    if "flag" not in request.form:
        return None
    flag, flag_text = request.form["flag"], request.form.get("flag_text", "").strip()
    marks.check_flag(flag, flag_text)
    return {"flag": flag, "flag_text": flag_text if flag else ""}


def _note() -> dict[str, Any] | None:
    if "note" not in request.form:
        return None
    note = request.form["note"].replace("\r\n", "\n").strip()
    if not note:
        raise RuleViolation("note_empty")
    if len(note) > NOTE_LENGTH:
        raise RuleViolation("too_long", field="note", limit=NOTE_LENGTH)
    return {"note": note}
