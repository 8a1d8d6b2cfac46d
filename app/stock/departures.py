"""Many holders' goods leave at once: what each holds is taken one after the other, and written by a few statements.

Locks in the order of `levels`: SKUs, holds, levels, each by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import insert, text

from app.kit import clock, context
from app.kit.db import db
from app.kit.errors import Conflict, RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.stock import levels
from app.stock.levels import Shift
from app.stock.models import MovementKind, StockMovement

Place = tuple[int, int]
"""(SKU id, warehouse id)."""


@dataclass
class _Hold:
    """A hold in memory; `left` is what of it has not been taken."""

    id: int
    sku_id: int
    warehouse_id: int
    quantity: int
    left: int


@dataclass
class Departures:
    """The shelf of one transaction: what some holders hold, and what of it leaves. `open` locks, `write` writes."""

    shop_id: int
    codes: Mapping[int, str]
    holds: dict[str, list[_Hold]] = field(default_factory=dict)
    on_hand: dict[Place, int] = field(default_factory=dict)
    taken: list[tuple[_Hold, int, int]] = field(default_factory=list)

    def held(self, holder: str) -> dict[int, int]:
        """Units by SKU that a holder still holds here."""
        units: dict[int, int] = {}
        for one in self.holds.get(holder, ()):
            units[one.sku_id] = units.get(one.sku_id, 0) + one.left
        return units

    def take(self, holder: str, lines: Mapping[int, int], order_id: int) -> None:
        """So many units of each SKU leave, from what the holder holds.

        Raises Conflict("holds_gone") when it holds less, RuleViolation("stock_below_zero") when a count has found
        less than is held; then nothing of it is taken.
        """
        parts = [part for sku_id, units in sorted(lines.items()) for part in self._parts(holder, sku_id, units)]
        for hold, units in parts:
            place = (hold.sku_id, hold.warehouse_id)
            if self.on_hand.get(place, 0) < units:
                code = self.codes.get(hold.sku_id, str(hold.sku_id))
                raise RuleViolation("stock_below_zero", sku=code, present=self.on_hand.get(place, 0), wanted=units)
        for hold, units in parts:
            hold.left -= units
            self.on_hand[hold.sku_id, hold.warehouse_id] -= units
            self.taken.append((hold, units, order_id))

    def _parts(self, holder: str, sku_id: int, units: int) -> list[tuple[_Hold, int]]:
        parts = []
        for hold in self.holds.get(holder, ()):
            some = min(units, hold.left) if hold.sku_id == sku_id else 0
            if some:
                parts.append((hold, some))
                units -= some
        if units:
            raise Conflict("holds_gone", holder=holder)
        return parts

    def write(self) -> int:
        """Consume the holds, lower the counters, write the ledger; gives how many units left."""
        if not self.taken:
            return 0
        now = clock.now()
        self._end_holds(now)
        sums: dict[Place, int] = {}
        for hold, units, _ in self.taken:
            sums[hold.sku_id, hold.warehouse_id] = sums.get((hold.sku_id, hold.warehouse_id), 0) + units
        shifts = [Shift(sku, place, on_hand=-units, reserved=-units) for (sku, place), units in sorted(sums.items())]
        if left := levels.shift(self.shop_id, shifts):  # cannot be: they are locked and were counted
            raise RuntimeError(f"levels moved under their locks: {left}")
        common = {
            "shop_id": self.shop_id,
            "at": now,
            "kind": MovementKind.SHIPPED,
            "actor": str(context.actor()),
            "request_id": context.request_id(),
        }
        rows = [
            {
                **common,
                "sku_id": h.sku_id,
                "warehouse_id": h.warehouse_id,
                "on_hand_delta": -units,
                "order_id": order_id,
            }
            for h, units, order_id in self.taken
        ]
        db.session.execute(insert(StockMovement), rows)
        done = sum(units for _, units, _ in self.taken)
        self.taken.clear()
        return done

    def _end_holds(self, now: object) -> None:
        """Holds that are used up are consumed; of the others a consumed part is split off."""
        parts: dict[int, int] = {}
        for hold, units, _ in self.taken:
            parts[hold.id] = parts.get(hold.id, 0) + units
        whole = {hold.id for hold, _, _ in self.taken if hold.left == 0 and parts[hold.id] == hold.quantity}
        split = {one: units for one, units in parts.items() if one not in whole}
        db.session.execute(text(_CONSUME), {"ids": sorted(whole), "now": now, "shop_id": self.shop_id})
        if split:
            values = {"ids": list(split), "units": list(split.values()), "now": now, "shop_id": self.shop_id}
            db.session.execute(text(_SPLIT), values)


def open_for(shop_id: int, holders: Iterable[str]) -> Departures:
    """Lock and read what these holders hold, and the levels it lies on."""
    values = {"shop_id": assert_in_scope(shop_id), "holders": sorted(set(holders))}
    ids = list(db.session.scalars(text(_SKUS), values))
    if not ids:
        return Departures(shop_id, {})
    found = Departures(shop_id, levels.lock_skus(shop_id, ids))
    for row in db.session.execute(text(_HOLDS), values):
        hold = _Hold(row.id, row.sku_id, row.warehouse_id, row.quantity, row.quantity)
        found.holds.setdefault(row.holder, []).append(hold)
    for level in levels.lock(shop_id, ids):
        found.on_hand[level.sku_id, level.warehouse_id] = level.on_hand
    return found


_HELD = "shop_id = :shop_id and holder = any(cast(:holders as text[])) and state in ('live', 'confirmed')"
_SKUS = f"select distinct sku_id from stock_hold where {_HELD} order by sku_id"  # noqa: S608 - our own text
_HOLDS = f"""
select id, holder, sku_id, warehouse_id, quantity from stock_hold where {_HELD} order by sku_id, id for update
"""  # noqa: S608 - our own text
_CONSUME = """
update stock_hold set state = 'consumed', ended_at = :now
where shop_id = :shop_id and id = any(cast(:ids as bigint[]))"""
_SPLIT = """
with part as (
    select * from unnest(cast(:ids as bigint[]), cast(:units as bigint[])) as p(id, units)
), less as (
    update stock_hold h set quantity = h.quantity - p.units from part p where h.id = p.id and h.shop_id = :shop_id
    returning h.shop_id, h.sku_id, h.warehouse_id, h.holder, h.created_at, p.units
)
insert into stock_hold (shop_id, sku_id, warehouse_id, holder, quantity, state, position, created_at, ended_at)
select shop_id, sku_id, warehouse_id, holder, units, 'consumed', 0, created_at, :now from less"""
