"""Holds: stock kept for a holder such as `order:7`; all lines of a cart or none, never more than is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from app.catalog.models import Sku
from app.events import StockHoldExpired
from app.kit import clock, journal
from app.kit.db import db
from app.kit.errors import Conflict, RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.stock import levels
from app.stock.levels import Shift
from app.stock.models import HELD, HoldState, StockHold, StockLevel

SWEEP_ROWS = 1_000


@dataclass(frozen=True)
class Held:
    """A line of a cart as it was placed: from which warehouse, under which hold."""

    hold_id: int
    sku_id: int
    warehouse_id: int
    quantity: int


def place(
    shop_id: int, lines: Mapping[int, int], holder: str, seconds: int | None, key: str | None = None
) -> list[Held]:
    """Reserve `lines` (SKU id → units) for a holder, all or none; for so many seconds, or with None until it ends.

    One warehouse for the whole cart where one has it all, the default first; else each line whole from one.
    The same key again gives the same holds. Raises RuleViolation("insufficient_stock") naming SKU and available,
    Conflict("idempotency_key_reused").
    """
    if not lines:
        raise RuleViolation("no_lines")
    wanted = {sku_id: levels.checked(lines[sku_id]) for sku_id in sorted(lines)}
    moment = clock.now()
    common = {
        "shop_id": assert_in_scope(shop_id),
        "holder": holder,
        "key": key,
        "now": moment,
        "expires_at": None if seconds is None else moment + timedelta(seconds=seconds),
    }
    if len(wanted) == 1 and (held := _place_one(common, *next(iter(wanted.items())))):
        return held
    return _place_planned(common, wanted)


def _place_one(common: Mapping[str, Any], sku_id: int, quantity: int) -> list[Held]:
    """The hot path: counter and hold by one statement, so that the row is locked for as short as can be."""
    values = {**common, "sku_id": sku_id, "quantity": quantity}
    row = db.session.connection().exec_driver_sql(_TAKE_ONE, values).first()
    if row is None:
        return []
    if row.id is not None:
        return [Held(row.id, sku_id, row.warehouse_id, quantity)]
    levels.shift(common["shop_id"], [Shift(sku_id, row.warehouse_id, reserved=-quantity)])
    return _placed_before(common, {sku_id: quantity})


def _place_planned(common: Mapping[str, Any], wanted: Mapping[int, int]) -> list[Held]:
    """Several lines, or not in the default warehouse: lock all levels in order, choose, then take."""
    shop_id = common["shop_id"]
    rows = levels.lock(shop_id, list(wanted))
    if before := _placed_before(common, wanted):
        return before
    chosen = _choose(rows, wanted, levels.default_warehouse(shop_id))
    if not chosen.keys() >= wanted.keys():
        _refuse(next(sku_id for sku_id in wanted if sku_id not in chosen), wanted, rows)
    shifts = [Shift(sku_id, chosen[sku_id], reserved=units) for sku_id, units in wanted.items()]
    if left := levels.shift(shop_id, shifts, keep_available=True):
        _refuse(left[0].sku_id, wanted, rows)
    values = {**common, "skus": list(wanted), "units": list(wanted.values())}
    found = db.session.execute(_HOLD, {**values, "warehouses": [chosen[sku_id] for sku_id in wanted]})
    held = [Held(row.id, row.sku_id, row.warehouse_id, row.quantity) for row in found]
    if len(held) != len(wanted):  # another request with the key of this one, for other goods
        raise Conflict("idempotency_key_reused")
    return sorted(held, key=lambda one: one.sku_id)


def _choose(rows: Sequence[StockLevel], wanted: Mapping[int, int], default: int) -> dict[int, int]:
    """SKU id → warehouse id; a SKU that no warehouse has whole is left out."""
    able: dict[int, set[int]] = {}
    for row in rows:
        if row.available >= wanted[row.sku_id]:
            able.setdefault(row.warehouse_id, set()).add(row.sku_id)
    ordered = sorted(able, key=lambda warehouse_id: (warehouse_id != default, warehouse_id))
    whole = next((one for one in ordered if able[one] == wanted.keys()), None)
    if whole is not None:
        return dict.fromkeys(wanted, whole)
    return {sku_id: one for one in reversed(ordered) for sku_id in able[one]}


def _placed_before(common: Mapping[str, Any], wanted: Mapping[int, int]) -> list[Held]:
    if common["key"] is None:
        return []
    mine = (StockHold.shop_id == common["shop_id"], StockHold.key == common["key"])
    rows = list(db.session.scalars(select(StockHold).where(*mine).order_by(StockHold.position)))
    if rows and ({row.sku_id for row in rows} != wanted.keys() or rows[0].holder != common["holder"]):
        raise Conflict("idempotency_key_reused")
    return [Held(row.id, row.sku_id, row.warehouse_id, row.quantity) for row in rows]


def _refuse(sku_id: int, wanted: Mapping[int, int], rows: Sequence[StockLevel]) -> None:
    code = db.session.scalars(select(Sku.code).where(Sku.id == sku_id)).first()
    most = max((row.available for row in rows if row.sku_id == sku_id), default=0)
    raise RuleViolation("insufficient_stock", sku=code or str(sku_id), wanted=wanted[sku_id], available=most)


def confirm(shop_id: int, holder: str) -> int:
    """The holder's live holds no longer expire; gives how many lines it holds. A second time is a no-op.

    Raises Conflict("holds_gone") when nothing is held any more, because it has expired or was released.
    """
    values = {"shop_id": assert_in_scope(shop_id), "holder": holder}
    connection = db.session.connection()
    if changed := connection.exec_driver_sql(_CONFIRM, values).rowcount:
        for hold in _known(holder):
            db.session.expire(hold)
        return changed
    if kept := connection.exec_driver_sql(_KEPT, values).scalar():
        return int(kept)
    raise Conflict("holds_gone", holder=holder)


def _known(holder: str) -> list[StockHold]:
    """The holder's rows that the session has read before."""
    rows = db.session().identity_map.values()
    return [row for row in rows if isinstance(row, StockHold) and row.__dict__.get("holder") == holder]


def release(shop_id: int, holder: str, lines: Mapping[int, int] | None = None) -> int:
    """Give back all that the holder holds, or so many units of some SKUs; gives the units. Twice is once.

    Raises RuleViolation("holds_gone") when it holds less of a SKU than `lines` says.
    """
    rows = lock_held(shop_id, holder)
    if lines is None:
        lines = {}
        for row in rows:
            lines[row.sku_id] = lines.get(row.sku_id, 0) + row.quantity
    parts = end(rows, lines, HoldState.RELEASED)
    if parts:
        levels.shift(shop_id, [Shift(sku, place_, reserved=-units) for (sku, place_), units in parts.items()])
    return sum(parts.values())


def lock_held(shop_id: int, holder: str) -> list[StockHold]:
    """What a holder holds now, locked in order."""
    query = (
        select(StockHold)
        .where(StockHold.shop_id == assert_in_scope(shop_id), StockHold.holder == holder, StockHold.state.in_(HELD))
        .order_by(StockHold.sku_id, StockHold.id)
        .with_for_update()
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def end(rows: Sequence[StockHold], lines: Mapping[int, int], state: HoldState) -> dict[tuple[int, int], int]:
    """End so many held units of each SKU; a hold ended in part is split. Gives the units by (SKU, warehouse).

    Counters are not touched. Raises Conflict("holds_gone") when less is held.
    """
    moment, left = clock.now(), dict(lines)
    parts: dict[tuple[int, int], int] = {}
    for row in rows:
        units = min(left.get(row.sku_id, 0), row.quantity)
        if not units:
            continue
        left[row.sku_id] -= units
        parts[row.sku_id, row.warehouse_id] = parts.get((row.sku_id, row.warehouse_id), 0) + units
        _end_one(row, units, state, moment)
    if any(left.values()):
        raise Conflict("holds_gone", holder=rows[0].holder if rows else "–")
    db.session.flush()
    return parts


def _end_one(row: StockHold, units: int, state: HoldState, moment: datetime) -> None:
    if units == row.quantity:
        row.state, row.ended_at = state, moment
        return
    row.quantity -= units
    same = {name: getattr(row, name) for name in ("shop_id", "sku_id", "warehouse_id", "holder", "created_at")}
    db.session.add(StockHold(**same, quantity=units, state=state, ended_at=moment))


def expire_due() -> int:
    """Give back what nobody has confirmed in time, of every shop; gives how many holds. For the ticker."""
    count = 0
    while rows := _due():
        shifts: dict[tuple[int, int, int], int] = {}
        for row in rows:
            where = (row.shop_id, row.sku_id, row.warehouse_id)
            shifts[where] = shifts.get(where, 0) + row.quantity
            row.state, row.ended_at = HoldState.EXPIRED, clock.now()
            journal.record(StockHoldExpired(row.shop_id, row.sku_id, row.id, row.holder, row.quantity))
        db.session.flush()
        for shop_id in sorted({where[0] for where in shifts}):
            own = [Shift(w[1], w[2], reserved=-units) for w, units in shifts.items() if w[0] == shop_id]
            levels.shift(shop_id, sorted(own, key=lambda one: (one.sku_id, one.warehouse_id)))
        count += len(rows)
    return count


def _due() -> list[StockHold]:
    query = (
        select(StockHold)
        .where(StockHold.state == HoldState.LIVE, StockHold.expires_at <= clock.now())
        .order_by(StockHold.sku_id, StockHold.id)
        .limit(SWEEP_ROWS)
        .with_for_update(skip_locked=True)
    )
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


_TAKE_ONE = """
with taken as (
    update stock_level set reserved = reserved + %(quantity)s
    where sku_id = %(sku_id)s and shop_id = %(shop_id)s
        and warehouse_id = (select id from warehouse where shop_id = %(shop_id)s and is_default)
        and on_hand - reserved - unavailable >= %(quantity)s
    returning warehouse_id
), held as (
    insert into stock_hold (shop_id, sku_id, warehouse_id, quantity, holder, state, key, created_at, expires_at)
    select %(shop_id)s, %(sku_id)s, warehouse_id, %(quantity)s, %(holder)s, 'live', %(key)s, %(now)s, %(expires_at)s
    from taken
    on conflict do nothing returning id
)
select taken.warehouse_id, (select id from held) as id from taken"""
_HOLD = text("""
insert into stock_hold (shop_id, sku_id, warehouse_id, quantity, holder, state, key, position, created_at, expires_at)
select :shop_id, sku_id, warehouse_id, units, :holder, 'live', :key, position - 1, :now, :expires_at
from unnest(cast(:skus as bigint[]), cast(:warehouses as bigint[]), cast(:units as bigint[]))
    with ordinality as w(sku_id, warehouse_id, units, position)
on conflict do nothing returning id, sku_id, warehouse_id, quantity""")
_CONFIRM = """
update stock_hold set state = 'confirmed', expires_at = null
where shop_id = %(shop_id)s and holder = %(holder)s and state || '' = 'live'"""
"""The state is written so that no index of live holds fits: the server would read all for those of one holder."""
_KEPT = """
select count(*) from stock_hold
where shop_id = %(shop_id)s and holder = %(holder)s and state in ('confirmed', 'consumed')"""
