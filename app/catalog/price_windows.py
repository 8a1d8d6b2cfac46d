"""Price windows: make one, change it while it holds or is to come, end, cancel, bring back, decide.

What has been, stays as it was: a window that has begun is only ever ended, and one whose priority
changes while it runs goes on as another window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.dialects.postgresql import insert

from app.catalog import price_window_drafts, price_window_limits
from app.catalog.price_window_drafts import Span, WindowRule
from app.catalog.price_window_models import PriceWindow, WindowState
from app.events import (
    PriceWindowCancelled,
    PriceWindowChanged,
    PriceWindowEnded,
    PriceWindowMade,
    PriceWindowRestored,
)
from app.kit import clock, context, history, journal, people
from app.kit.db import db
from app.kit.errors import Conflict, NotFound, RuleViolation
from app.kit.merge import Clash, StaleEdit, three_way
from app.kit.shop_wall import assert_in_scope

EDITABLE = ("name", "ends_at", "priority", "note")


@dataclass(frozen=True)
class WindowDraft:
    """What a person wants laid over the base prices; `starts_at` None means at once.

    `request_key` tells a second press of the same button from a second window; without one every save makes one.
    """

    name: str
    starts_at: datetime | None
    ends_at: datetime | None
    priority: int
    note: str
    request_key: str | None

    def span(self) -> Span:
        """When it would hold if it were saved now. Raises RuleViolation("price_window_over")."""
        now = clock.now()
        starts_at = max(self.starts_at or now, now)
        if self.ends_at is not None and self.ends_at <= starts_at:
            raise RuleViolation("price_window_over")
        return Span(starts_at, self.ends_at, self.priority)


def get(window_id: int) -> PriceWindow:
    """The window of that id. Raises NotFound, also for another shop's."""
    row = db.session.scalars(select(PriceWindow).where(PriceWindow.id == window_id)).first()
    if row is None:
        raise NotFound("not_found")
    return row


def made_with(shop_id: int, request_key: str | None) -> PriceWindow | None:
    """The window that this very request has made already."""
    if request_key is None:
        return None
    query = select(PriceWindow).where(PriceWindow.shop_id == shop_id, PriceWindow.request_key == request_key)
    return db.session.scalars(query).first()


def make(shop_id: int, draft: WindowDraft, rule: WindowRule, chosen: Select[int], seen: str) -> PriceWindow:
    """Save a window with the prices that the rule gives now; the same request twice makes one.

    Beyond the limits of the shop it waits for a second person.
    Raises Conflict("price_window_drift") when they are not those of the preview (`seen` is its content hash),
    RuleViolation("price_window_empty", "price_window_over").
    """
    if (made := made_with(shop_id, draft.request_key)) is not None:
        return made
    span = draft.span()
    price_window_drafts.fill(shop_id, rule, chosen)
    found = price_window_drafts.figures()
    if found.content_hash != seen:
        raise Conflict("price_window_drift")
    if not found.skus:
        raise RuleViolation("price_window_empty")
    beyond = price_window_limits.measure(shop_id)
    state = WindowState.PENDING if beyond else WindowState.PLANNED
    values = {"rule": rule.to_json(), "content_hash": seen, "skus": found.skus, "state": state, "findings": beyond}
    if isinstance(rule, price_window_drafts.CopyOf):
        values["made_from_id"] = rule.window_id
    window_id = _insert(shop_id, draft, span, values)
    if window_id is None:  # the same request, a moment earlier
        return _made(shop_id, draft.request_key)
    price_window_drafts.insert_lines(shop_id, window_id)
    journal.record(PriceWindowMade(shop_id, window_id, found.skus))
    return get(window_id)


def change(window_id: int, base: Mapping[str, Any], mine: Mapping[str, Any]) -> PriceWindow:
    """Write what `mine` changed against `base` (fields of EDITABLE); what others changed meanwhile stays.

    Another priority while it runs ends it now and goes on as a new window, which is returned.
    Raises StaleEdit, NotFound, RuleViolation("price_window_over", "price_window_decided", "price_window_approved").
    """
    row = _locked(window_id)
    now = clock.now()
    if row.state not in (WindowState.PLANNED, WindowState.PENDING):
        raise RuleViolation("price_window_decided")
    theirs = {field: getattr(row, field) for field in EDITABLE}
    merge = three_way(base, mine, theirs)
    if merge.clashes:
        raise _stale(row, merge.clashes)
    if row.has_ended(now) and merge.changes:
        raise RuleViolation("price_window_over")
    _check_end(merge.changes, max(now, row.starts_at))
    _check_approved(row, merge.changes)
    if not merge.changes:
        return row
    journal.record(PriceWindowChanged(row.shop_id, row.id, sorted(merge.changes)))
    if "priority" in merge.changes and row.state is WindowState.PLANNED and row.has_begun(now):
        return _go_on(row, now, merge.changes)
    for field, value in merge.changes.items():
        setattr(row, field, value)
    db.session.flush()
    return row


def end_now(window_id: int) -> PriceWindow:
    """End a running window at this moment; one that has ended stays as it is.

    Raises RuleViolation("price_window_not_begun") for one that does not hold yet.
    """
    row = _locked(window_id)
    now = clock.now()
    if row.has_ended(now):
        return row
    if row.state is not WindowState.PLANNED or not row.has_begun(now):
        raise RuleViolation("price_window_not_begun")
    row.ends_at = now
    journal.record(PriceWindowEnded(row.shop_id, row.id))
    db.session.flush()
    return row


def cancel(window_id: int) -> PriceWindow:
    """Call a window off that has not begun; twice is once. Raises RuleViolation("price_window_begun")."""
    row = _locked(window_id)
    if row.state is WindowState.CANCELLED:
        return row
    if row.state is WindowState.REJECTED or (row.state is WindowState.PLANNED and row.has_begun(clock.now())):
        raise RuleViolation("price_window_begun")
    row.state = WindowState.CANCELLED
    journal.record(PriceWindowCancelled(row.shop_id, row.id))
    db.session.flush()
    return row


def restore(window_id: int) -> PriceWindow:
    """Bring a cancelled window back; what it missed meanwhile stays missed: it begins now at the earliest.

    One that still needs a second person waits again. Raises RuleViolation("price_window_over",
    "price_window_not_cancelled").
    """
    row = _locked(window_id)
    now = clock.now()
    if row.state is not WindowState.CANCELLED:
        raise RuleViolation("price_window_not_cancelled")
    if row.has_ended(now):
        raise RuleViolation("price_window_over")
    row.starts_at = max(row.starts_at, now)
    row.state = WindowState.PENDING if row.findings and row.decided_by is None else WindowState.PLANNED
    journal.record(PriceWindowRestored(row.shop_id, row.id))
    db.session.flush()
    return row


def _insert(shop_id: int, draft: WindowDraft, span: Span, values: Mapping[str, Any]) -> int | None:
    """The id of the new row; None when the same request has made one at the same time."""
    now = clock.now()
    statement = insert(PriceWindow).values(
        shop_id=assert_in_scope(shop_id),
        name=draft.name,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        priority=draft.priority,
        note=draft.note,
        request_key=draft.request_key,
        requested_by=str(context.actor()),
        created_at=now,
        updated_at=now,
        **values,
    )
    once = statement.on_conflict_do_nothing(constraint="uq_price_window_request")
    return db.session.scalar(once.returning(PriceWindow.id))


def _made(shop_id: int, request_key: str | None) -> PriceWindow:
    made = made_with(shop_id, request_key)
    if made is None:
        raise NotFound("not_found")
    return made


def _go_on(row: PriceWindow, now: datetime, changes: Mapping[str, Any]) -> PriceWindow:
    """End a running window at `now` and go on from then with the changes, so that the past keeps its winner."""
    kept = ("name", "ends_at", "priority", "note", "rule", "findings", "content_hash", "skus", "state", "shop_id")
    values = {field: getattr(row, field) for field in kept} | dict(changes)
    following = PriceWindow(starts_at=now, made_from_id=row.id, requested_by=str(context.actor()), **values)
    row.ends_at = now
    db.session.add(following)
    db.session.flush()
    db.session.execute(text(_LINES), {"old": row.id, "new": following.id, "shop_id": assert_in_scope(row.shop_id)})
    journal.record(PriceWindowEnded(row.shop_id, row.id, continued_by_id=following.id))
    journal.record(PriceWindowMade(row.shop_id, following.id, row.skus))
    return following


_LINES = """insert into price_window_line (shop_id, window_id, sku_id, price_minor, base_minor)
    select shop_id, :new, sku_id, price_minor, base_minor from price_window_line
    where window_id = :old and shop_id = :shop_id order by sku_id"""


def _locked(window_id: int) -> PriceWindow:
    query = select(PriceWindow).where(PriceWindow.id == window_id).with_for_update()
    row = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound("not_found")
    return row


def _check_end(changes: Mapping[str, Any], after: datetime) -> None:
    if changes.get("ends_at") is not None and changes["ends_at"] <= after:
        raise RuleViolation("price_window_over")


def _check_approved(row: PriceWindow, changes: Mapping[str, Any]) -> None:
    """What a second person has agreed to may be called otherwise and end earlier, nothing more."""
    if row.decided_by is None:
        return
    longer = "ends_at" in changes and (
        changes["ends_at"] is None or (row.ends_at is not None and changes["ends_at"] > row.ends_at)
    )
    if longer or "priority" in changes:
        raise RuleViolation("price_window_approved")


def _stale(row: PriceWindow, clashes: tuple[Clash, ...]) -> StaleEdit:
    latest = history.last_to_change("price_window", row.id, {clash.field for clash in clashes})
    who, at = latest or ("system:unknown", row.updated_at)
    return StaleEdit(people.name_of(who), at, clashes)
