"""`/orders/board`: what must leave the house next."""

from __future__ import annotations

from datetime import datetime

from flask import request

from app.after_sale import deadlines
from app.after_sale import listing as case_listing
from app.console import access
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.kit.errors import RuleViolation
from app.kit.permissions import Noun, Verb
from app.orders import board, names

CASES = 50
"""After-sale requests that stand beside the orders; the after-sale list has all."""


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
            cases=deadlines.rows(shop.id, CASES) if access.can(Noun.AFTER_SALE) else [],
            case_counts=deadlines.counts(shop.id) if access.can(Noun.AFTER_SALE) else None,
            case_badge=case_listing.state_badge,
            zone=shop.time_zone,
            next=_cursor(rows) if len(rows) == board.PAGE else "",
            first=not request.args.get("after"),
            cap=board.COUNT_CAP,
            left_words=names.time_left,
        )


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
