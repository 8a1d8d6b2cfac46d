"""`/orders/board`: what must leave the house next, and the shop's promise."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.db import transaction
from app.kit.errors import RuleViolation
from app.kit.permissions import Noun, Verb
from app.orders import board, draft_form, settings
from app.orders.settings import Rules


class OrderBoardView(ConsoleBase):
    """`/orders/board`."""

    noun = Noun.ORDERS
    route_base = "/orders/board"

    @expose("/")
    @needs(Noun.ORDERS, Verb.READ)
    def show(self) -> str:
        shop = access.current_shop()
        rows = board.rows(shop.id, _after())
        return self.page(
            "orders/board.html",
            rows=rows,
            counts=board.counts(shop.id),
            zone=shop.time_zone,
            rules=settings.of(shop.id),
            next=_cursor(rows) if len(rows) == board.PAGE else "",
            first=not request.args.get("after"),
            cap=board.COUNT_CAP,
            left_words=left_words,
        )

    @expose("/settings", methods=["POST"])
    @needs(Noun.ORDERS, Verb.EXPORT)
    def save(self) -> Any:
        """Set the shop's promise; for managers, who answer for what the shop promises."""
        promise = request.form.get("promise", "")
        days = draft_form.whole(request.form.get("days") or "0")
        hours = days * 24 if promise == "days" else draft_form.whole(promise or "0")
        with transaction():
            pauses = bool(request.form.get("after_sale_pauses"))
            settings.save(access.current_shop().id, Rules(hours, pauses))
        flash(gettext("Saved. It holds for orders made from now on."), "success")
        return redirect(url_for("OrderBoardView.show"))


def left_words(seconds: int) -> str:
    """How much time is left, or by how much it is overdue: the signal beside the colour."""
    hours, minutes = divmod(abs(seconds) // 60, 60)
    if seconds < 0:
        return gettext("Overdue by %(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
    return gettext("%(hours)s h %(minutes)s min left", hours=hours, minutes=minutes)


def _cursor(rows: list[board.Row]) -> str:
    last = rows[-1].order
    times = [at.isoformat() if at else "" for at in (last.due_at, last.paid_at)]
    return "|".join([*times, str(last.id)])


def _after() -> board.After | None:
    given = request.args.get("after", "")
    if not given:
        return None
    try:
        due, paid, order_id = given.split("|")
        after = board.After(datetime.fromisoformat(due), datetime.fromisoformat(paid), int(order_id))
    except ValueError as error:
        raise RuleViolation("bad_cursor") from error
    if after.due_at.tzinfo is None or after.paid_at.tzinfo is None or not 0 <= after.order_id < 2**63:
        raise RuleViolation("bad_cursor")
    return after
