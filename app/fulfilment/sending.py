"""Parcels leave: judged one after the other, written together: units, holds, ledger, axes and journal at once.

One parcel or five hundred take the same way, and about the same number of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from app.fulfilment import confirming, judging, knowing, lifecycle
from app.fulfilment.judging import Plan
from app.fulfilment.knowing import Known, OrderFacts, ParcelFacts
from app.fulfilment.models import (
    EventKind,
    Parcel,
    ParcelEvent,
    ParcelKind,
    ParcelLine,
    ParcelOrder,
    ParcelState,
    Source,
)
from app.fulfilment.wanted import Outcome, Refused, Wanted
from app.fulfilment_events import ParcelSent
from app.kit import clock, context, journal
from app.kit.db import db, rehearsal
from app.kit.errors import Conflict, DomainError
from app.kit.shop_wall import assert_in_scope
from app.orders import handling, reserving
from app.orders.lifecycle import Axis
from app.orders.models import FulfilmentState, Order

CAUSE = "parcel"


@dataclass
class _Sheet:
    """What is to be written: filled while judging, row by row."""

    parcels: list[ParcelFacts] = field(default_factory=list)
    lines: list[tuple[ParcelFacts, dict[str, Any]]] = field(default_factory=list)
    links: list[tuple[ParcelFacts, int]] = field(default_factory=list)
    events: list[tuple[ParcelFacts, EventKind, datetime, Source]] = field(default_factory=list)
    told: dict[tuple[int, int], int] = field(default_factory=dict)
    by_id: dict[int, ParcelFacts] = field(default_factory=dict)
    """By `id()` of the facts: new parcels have no number yet."""
    outcomes: list[tuple[Wanted, Plan | DomainError]] = field(default_factory=list)


def send_many(shop_id: int, wanted: Sequence[Wanted]) -> list[Outcome]:
    """Send these parcels of one shop, in the order given; each is done, unchanged or refused by itself.

    Within the caller's transaction. Raises Conflict("in_progress") when somebody else used one of the numbers
    at the same moment: nothing has been written then, and the same call can be made again.
    """
    known = knowing.load(assert_in_scope(shop_id), wanted)
    sheet = _Sheet()
    _judge(known, sheet, wanted)
    _write(known, sheet)
    return [_outcome(one, result) for one, result in sheet.outcomes]


def preview(shop_id: int, wanted: Sequence[Wanted]) -> list[Outcome]:
    """What `send_many` would say of these parcels; nothing is written. Needs an open transaction."""
    with rehearsal():
        known = knowing.load(assert_in_scope(shop_id), wanted)
        sheet = _Sheet()
        with db.session.no_autoflush:
            _judge(known, sheet, wanted)
        for facts in known.numbers.values():  # labels may have been moved in memory
            if facts.row in db.session:
                db.session.expire(facts.row)
        return [_outcome(one, result) for one, result in sheet.outcomes]


def _judge(known: Known, sheet: _Sheet, wanted: Sequence[Wanted]) -> None:
    for one in wanted:
        try:
            plan = judging.judge(known, one)
            if not plan.unchanged:
                _take_stock(known, plan)
                _note(known, sheet, one, plan)
            sheet.outcomes.append((one, plan))
        except DomainError as refused:
            sheet.outcomes.append((one, refused))


def _take_stock(known: Known, plan: Plan) -> None:
    """What the order holds of these units leaves the shelf; orders from elsewhere hold nothing."""
    holder = reserving.holder(plan.facts.order)
    held = known.shelf.held(holder)
    units: dict[int, int] = {}
    for part in plan.parts:
        if part.line.sku_id in held:
            units[part.line.sku_id] = units.get(part.line.sku_id, 0) + part.quantity
    known.shelf.take(
        holder, {sku: min(wanted, held[sku]) for sku, wanted in units.items() if held[sku]}, plan.facts.order.id
    )


def _note(known: Known, sheet: _Sheet, wanted: Wanted, plan: Plan) -> None:
    """Put an accepted parcel on the sheet, and let the rows after it see what it has taken."""
    now, order_id = clock.now(), plan.facts.order.id
    facts = plan.parcel = plan.parcel or _opened(known, sheet, wanted, plan)
    if facts.row.state is ParcelState.CREATED:
        facts.row.sent_at = now
        lifecycle.move(facts.row, ParcelState.SENT)
        facts.row.last_event = EventKind.SENT
        sheet.events.append((facts, EventKind.SENT, now, wanted.source))
    if order_id not in facts.order_ids:
        facts.order_ids.add(order_id)
        sheet.links.append((facts, order_id))
    facts.row.moved_at = now
    for part in plan.parts:
        part.line.sent += part.quantity
        facts.row.units += part.quantity
        facts.contents[part.line.id] = facts.contents.get(part.line.id, 0) + part.quantity
        known.serials.update(part.serials)
        values = {"order_id": order_id, "order_line_id": part.line.id, "sku_id": part.line.sku_id}
        told = {"code": part.line.code, "title": part.line.title, "quantity": part.quantity}
        sheet.lines.append((facts, {**values, **told, "serials": list(part.serials)}))
    facts.contained.add(order_id)
    if wanted.sending.picked_up_at is not None:
        facts.row.last_event = EventKind.PICKED_UP
        sheet.events.append((facts, EventKind.PICKED_UP, wanted.sending.picked_up_at, wanted.source))
    sheet.by_id[id(facts)] = facts
    key = (id(facts), order_id)
    sheet.told[key] = sheet.told.get(key, 0) + sum(part.quantity for part in plan.parts)


def _opened(known: Known, sheet: _Sheet, wanted: Wanted, plan: Plan) -> ParcelFacts:
    """A new parcel, still in the house for a moment."""
    now = clock.now()
    row = Parcel(
        shop_id=known.shop_id,
        kind=ParcelKind.SALE,
        state=ParcelState.CREATED,
        carrier_code=plan.carrier.code,
        tracking_no=wanted.sending.tracking_no,
        address_key=plan.facts.address_key,
        units=0,
        key=wanted.key,
        source=wanted.source,
        last_event=EventKind.CREATED,
        moved_at=now,
    )
    facts = ParcelFacts(row)
    sheet.parcels.append(facts)
    plan.facts.parcels.append(facts)
    if row.tracking_no:
        known.numbers[row.tracking_no] = facts
    if row.key:
        known.keys[row.key] = facts
    return facts


def _write(known: Known, sheet: _Sheet) -> None:
    try:
        db.session.add_all([facts.row for facts in sheet.parcels])
        db.session.flush()
    except IntegrityError as error:
        raise Conflict("in_progress") from error
    shop_id, actor = known.shop_id, str(context.actor())
    if sheet.links:
        links = [{"shop_id": shop_id, "parcel_id": one.row.id, "order_id": order} for one, order in sheet.links]
        db.session.execute(insert(ParcelOrder), links)
    if sheet.lines:
        lines = [{"shop_id": shop_id, "parcel_id": one.row.id, **values} for one, values in sheet.lines]
        db.session.execute(insert(ParcelLine), lines)
    if sheet.events:
        events = [
            {"shop_id": shop_id, "parcel_id": one.row.id, "kind": kind, "at": at, "source": source, "actor": actor}
            for one, kind, at, source in sheet.events
        ]
        db.session.execute(insert(ParcelEvent), events)
    known.shelf.write()
    for (facts_id, order_id), units in sheet.told.items():
        row = sheet.by_id[facts_id].row
        told = (row.kind.value, row.carrier_code, row.tracking_no, units)
        journal.record(ParcelSent(shop_id, order_id, row.id, *told))
    _settle([known.orders[order_id] for order_id in sorted({order_id for _, order_id in sheet.told})])
    db.session.flush()


def _settle(orders: Sequence[OrderFacts]) -> None:
    """The goods' axis follows from the units: all have left, or some; saved by one statement, not one an order."""
    if not orders:
        return
    moved: list[Order] = []
    whole = [facts.order.id for facts in orders if not facts.left]
    with db.session.no_autoflush:
        for facts in orders:
            target = FulfilmentState.PARTLY_FULFILLED if facts.left else FulfilmentState.FULFILLED
            if handling.move(facts.order, Axis.FULFILMENT, target, CAUSE):
                moved.append(facts.order)
        now = clock.now()
        columns: dict[str, Any] = {"ids": [one.id for one in moved], "now": now}
        columns |= {"statuses": [one.status.value for one in moved]}
        columns |= {"states": [one.fulfilment_state.value for one in moved]}
        db.session.execute(text(_MOVED), columns)
        for one in moved:
            db.session.expire(one)
    confirming.plan(orders[0].order.shop_id, whole)


def _outcome(wanted: Wanted, result: Plan | DomainError) -> Outcome:
    if isinstance(result, DomainError):
        column = result.column if isinstance(result, Refused) else ""
        return Outcome(wanted.order_id, "refused", None, result.code, column, result.facts)
    parcel_id = result.parcel.row.id if result.parcel else None
    return Outcome(wanted.order_id, "unchanged" if result.unchanged else "done", parcel_id)


_MOVED = """
update orders o set status = m.status, fulfilment_state = m.state, version = o.version + 1, updated_at = :now
from unnest(cast(:ids as bigint[]), cast(:statuses as text[]), cast(:states as text[])) as m(id, status, state)
where o.id = m.id"""
"""Of orders that are locked and behind the shop wall already."""
