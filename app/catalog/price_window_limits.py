"""Price windows beyond the shop's limits: measured like a change of the base price, approved by a second person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from app.catalog import change_judging, change_limits
from app.catalog.price_window_models import PriceWindow, WindowState
from app.events import PriceWindowDecided
from app.kit import clock, context, journal, people
from app.kit.db import db
from app.kit.errors import Conflict, Forbidden, RuleViolation
from app.kit.shop_wall import assert_in_scope


def measure(shop_id: int) -> dict[str, Any]:
    """What of the session's `window_draft` goes beyond the limits of the shop; empty when nothing does.

    A window's price counts as if it became the base price. Marks the lines' `warning`.
    """
    session = db.session()
    session.execute(text(change_judging.JUDGED))
    session.execute(text("truncate judged"))
    session.execute(text(_JUDGED))
    session.execute(text("analyze judged"))
    found = change_limits.measure(session, assert_in_scope(shop_id))
    if not change_limits.is_beyond(found):
        return {}
    session.execute(text(_MARK))
    return found


_JUDGED = """insert into judged (line, target_table, row_id, field, old, new, outcome)
    select row_number() over (order by sku_id), 'sku', sku_id, 'price_minor', base_minor::text, price_minor::text,
        case when price_minor = base_minor then 'unchanged' else 'changed' end
    from window_draft where reason is null"""
_MARK = (
    "update window_draft d set warning = j.warning from judged j where j.row_id = d.sku_id and j.warning is not null"
)


def approve(window: PriceWindow, seen: str) -> int:
    """Agree to exactly what was seen (its `seal`); it then begins by the clock, now at the earliest.

    Prices whose base price has moved since are left out; returns how many. Raises Forbidden("own_approval") for
    the person who asked, Conflict("approval_void", "not_pending"), RuleViolation("price_window_over",
    "price_window_empty").
    """
    _take(window)
    if people.is_same(str(context.actor()), window.requested_by):
        raise Forbidden("own_approval")
    if seen != window.seal:
        raise Conflict("approval_void")
    now = clock.now()
    if window.has_ended(now):
        raise RuleViolation("price_window_over")
    left_out = _leave_out_moved(window)
    if left_out == window.skus:
        raise RuleViolation("price_window_empty")
    window.skus -= left_out
    window.starts_at = max(window.starts_at, now)
    _decide(window, WindowState.PLANNED)
    return left_out


def reject(window: PriceWindow) -> None:
    """Turn a window down; it never holds. Raises Conflict("not_pending")."""
    _take(window)
    _decide(window, WindowState.REJECTED)


def _take(window: PriceWindow) -> None:
    db.session.flush()
    db.session.refresh(window, with_for_update=True)
    if window.state is not WindowState.PENDING:
        raise Conflict("not_pending")


def _leave_out_moved(window: PriceWindow) -> int:
    values = {"shop_id": assert_in_scope(window.shop_id), "window_id": window.id}
    return len(db.session.execute(text(_MOVED), values).all())


_MOVED = """delete from price_window_line l using sku s where l.window_id = :window_id and l.shop_id = :shop_id
    and s.id = l.sku_id and s.price_minor <> l.base_minor returning l.id"""


def _decide(window: PriceWindow, state: WindowState) -> None:
    window.state = state
    window.decided_by, window.decided_at = str(context.actor()), clock.now()
    journal.record(PriceWindowDecided(window.shop_id, window.id, approved=state is WindowState.PLANNED))
    db.session.flush()
