"""What is done to stock: ship, receive, expect, adjust, damage, repair, write off, take back, transfer.

Each locks its SKUs, changes counters by one conditional UPDATE and writes the ledger, in the caller's transaction.
With a key in `Why`, a second time changes nothing and gives the first rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import select, text

from app.kit.db import db
from app.kit.errors import Conflict, RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.stock import holds, ledger, levels
from app.stock.ledger import NO_MORE, Entry, Why
from app.stock.levels import Shift, checked
from app.stock.models import HoldState, MovementKind, StockLevel, StockMovement


@dataclass(frozen=True)
class StockAt:
    """A SKU in a warehouse of a shop; without one it is the default warehouse."""

    shop_id: int
    sku_id: int
    warehouse_id: int | None = None


def ship(
    shop_id: int, holder: str, lines: Mapping[int, int], key: str | None = None, order_id: int | None = None
) -> list[StockMovement]:
    """Send out units that the holder holds: on hand and reserved go down together, the holds are consumed.

    Raises Conflict("holds_gone") when it holds less, RuleViolation("stock_below_zero") when a count has found less.
    """
    codes = levels.lock_skus(shop_id, lines)
    if before := ledger.of_key(shop_id, MovementKind.SHIPPED, key):
        return before
    wanted = {sku_id: checked(units) for sku_id, units in lines.items()}
    parts = holds.end(holds.lock_held(shop_id, holder), wanted, HoldState.CONSUMED)
    order = sorted(parts)
    shifts = [Shift(sku, place, on_hand=-parts[sku, place], reserved=-parts[sku, place]) for sku, place in order]
    if left := levels.shift(shop_id, shifts):
        raise _below_zero(codes[left[0].sku_id], left[0], -left[0].on_hand)
    entries = [Entry(sku, place, on_hand=-parts[sku, place]) for sku, place in order]
    return ledger.write(shop_id, MovementKind.SHIPPED, entries, Why(key=key, order_id=order_id))


def receive(at: StockAt, quantity: int, why: Why = NO_MORE) -> list[StockMovement]:
    """Goods have come in; what was expected of them is no longer incoming."""
    units = checked(quantity)

    def entry(level: StockLevel) -> Entry:
        return Entry(level.sku_id, level.warehouse_id, on_hand=units, incoming=-min(level.incoming, units))

    return _move(at, MovementKind.RECEIVED, entry, why)


def expect(at: StockAt, change: int, why: Why = NO_MORE) -> list[StockMovement]:
    """So many more units are on their way (or fewer, below zero). Raises RuleViolation("stock_below_zero")."""
    checked(abs(change))
    return _move(at, MovementKind.EXPECTED, lambda one: Entry(one.sku_id, one.warehouse_id, incoming=change), why)


def adjust(at: StockAt, change: int, why: Why) -> list[StockMovement]:
    """So many units more or, below zero, fewer than was thought; the reason is required.

    It may leave less than is reserved. Raises RuleViolation("reason_missing", "stock_below_zero").
    """
    checked(abs(change))
    _need_reason(why)
    return _move(at, MovementKind.ADJUSTED, lambda one: Entry(one.sku_id, one.warehouse_id, on_hand=change), why)


def count(at: StockAt, found: int, expected: int, why: Why) -> list[StockMovement]:
    """On hand is `found`, as against the `expected` that the counter was told; no row when they agree.

    Raises Conflict("stock_moved_on") when it is no longer `expected`, RuleViolation("reason_missing").
    """
    _need_reason(why)
    if found:
        checked(found)

    def entry(level: StockLevel) -> Entry:
        if level.on_hand != expected:
            raise Conflict("stock_moved_on", sku=_code(at), present=level.on_hand, expected=expected)
        return Entry(level.sku_id, level.warehouse_id, on_hand=found - expected)

    return _move(at, MovementKind.ADJUSTED, entry, why)


def damage(at: StockAt, quantity: int, why: Why = NO_MORE) -> list[StockMovement]:
    """Available units cannot be sold. Raises RuleViolation("insufficient_stock")."""
    units = checked(quantity)
    return _move(at, MovementKind.DAMAGED, lambda one: Entry(one.sku_id, one.warehouse_id, unavailable=units), why)


def repair(at: StockAt, quantity: int, why: Why = NO_MORE) -> list[StockMovement]:
    """Unavailable units can be sold again. Raises RuleViolation("stock_below_zero")."""
    units = checked(quantity)
    return _move(at, MovementKind.REPAIRED, lambda one: Entry(one.sku_id, one.warehouse_id, unavailable=-units), why)


def write_off(at: StockAt, quantity: int, why: Why = NO_MORE) -> list[StockMovement]:
    """Unavailable units are gone for good. Raises RuleViolation("stock_below_zero")."""
    units = checked(quantity)

    def entry(level: StockLevel) -> Entry:
        return Entry(level.sku_id, level.warehouse_id, on_hand=-units, unavailable=-units)

    return _move(at, MovementKind.WRITTEN_OFF, entry, why)


def take_back(at: StockAt, quantity: int, why: Why = NO_MORE, *, damaged: bool = False) -> list[StockMovement]:
    """Sold units have come back: to be sold again or, damaged, as unavailable ones."""
    units, broken = checked(quantity), quantity if damaged else 0

    def entry(level: StockLevel) -> Entry:
        return Entry(level.sku_id, level.warehouse_id, on_hand=units, unavailable=broken)

    return _move(at, MovementKind.RETURNED, entry, why)


def transfer(at: StockAt, to_warehouse_id: int, quantity: int, why: Why = NO_MORE) -> list[StockMovement]:
    """Available units go to another warehouse; the total stays. Raises RuleViolation("insufficient_stock")."""
    units = checked(quantity)
    at = _placed(at)
    source = at.warehouse_id or 0
    if to_warehouse_id == source:
        raise RuleViolation("same_warehouse")
    codes = levels.lock_skus(at.shop_id, [at.sku_id])
    if before := ledger.of_key(at.shop_id, MovementKind.TRANSFERRED, why.key):
        return before
    for warehouse_id in sorted((source, to_warehouse_id)):
        levels.open_level(at.shop_id, at.sku_id, warehouse_id)
    moves = [Entry(at.sku_id, source, on_hand=-units), Entry(at.sku_id, to_warehouse_id, on_hand=units)]
    with following_off():
        shifts = [Shift(one.sku_id, one.warehouse_id, on_hand=one.on_hand) for one in moves]
        left = levels.shift(at.shop_id, shifts, keep_available=True)
    if left:
        raise _insufficient(codes[at.sku_id], at, units)
    return ledger.write(at.shop_id, MovementKind.TRANSFERRED, moves, why)


@contextmanager
def following_off() -> Iterator[None]:
    """Within, neither trigger follows: what is written leaves the total right, or writes both sides itself."""
    db.session.execute(text("select set_config('app.stock_follow', 'off', true)"))
    yield  # after an error it stays off: the transaction may have failed, and ends
    db.session.execute(text("select set_config('app.stock_follow', '', true)"))


def _move(at: StockAt, kind: MovementKind, entry_of: Callable[[StockLevel], Entry], why: Why) -> list[StockMovement]:
    """One level, one row of the ledger; `entry_of(level)` says what changes, of the locked level."""
    at = _placed(at)
    code = levels.lock_skus(at.shop_id, [at.sku_id])[at.sku_id]
    if before := ledger.of_key(at.shop_id, kind, why.key):
        return before
    levels.open_level(at.shop_id, at.sku_id, at.warehouse_id or 0)
    found = {row.warehouse_id: row for row in levels.lock(at.shop_id, [at.sku_id])}
    entry = entry_of(found[at.warehouse_id or 0])
    if not (entry.on_hand or entry.unavailable or entry.incoming):
        return []
    shift = Shift(entry.sku_id, entry.warehouse_id, entry.on_hand, 0, entry.unavailable, entry.incoming)
    if levels.shift(at.shop_id, [shift], keep_available=kind is MovementKind.DAMAGED):
        if kind is MovementKind.DAMAGED:
            raise _insufficient(code, at, entry.unavailable)
        raise _below_zero(code, shift, -min(entry.on_hand, entry.unavailable, entry.incoming))
    return ledger.write(at.shop_id, kind, [entry], why)


def _placed(at: StockAt) -> StockAt:
    warehouse_id = at.warehouse_id or levels.default_warehouse(at.shop_id)
    return replace(at, shop_id=assert_in_scope(at.shop_id), warehouse_id=warehouse_id)


def _level(sku_id: int, warehouse_id: int | None) -> StockLevel:
    query = select(StockLevel).where(StockLevel.sku_id == sku_id, StockLevel.warehouse_id == warehouse_id)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _code(at: StockAt) -> str:
    return levels.lock_skus(at.shop_id, [at.sku_id])[at.sku_id]


def _insufficient(code: str, at: StockAt, wanted: int) -> RuleViolation:
    present = _level(at.sku_id, at.warehouse_id).available
    return RuleViolation("insufficient_stock", sku=code, wanted=wanted, available=present)


def _below_zero(code: str, shift: Shift, wanted: int) -> RuleViolation:
    """Names the counter that is too small."""
    level = _level(shift.sku_id, shift.warehouse_id)
    name = min(("on_hand", "unavailable", "incoming"), key=lambda one: getattr(level, one) + getattr(shift, one))
    return RuleViolation("stock_below_zero", sku=code, present=getattr(level, name), wanted=wanted)


def _need_reason(why: Why) -> None:
    if not why.reason:
        raise RuleViolation("reason_missing")
