"""What is to be taken from the shelves and packed: waiting orders, their units by warehouse and SKU, and by order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, select

from app.fulfilment import knowing, reading
from app.fulfilment.knowing import LineFacts
from app.fulfilment.models import ShippingBlock
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.orders import reserving
from app.orders.models import FulfilmentState, Order, OrderKind, OrderState, PaymentState
from app.stock.models import HELD, StockHold, Warehouse

MOST = 1_000
"""Orders in one list or set of slips."""


@dataclass
class Slip:
    """One order to be packed; `lines` have units left, `places` names the warehouse of each SKU."""

    order: Order
    lines: list[LineFacts]
    places: dict[int, str] = field(default_factory=dict)

    def place_of(self, line: LineFacts) -> str:
        """Where a line's units lie."""
        return self.places.get(line.sku_id or 0, "")


@dataclass
class Pick:
    """So many units of a SKU are wanted from a warehouse, for so many orders."""

    warehouse: str
    code: str
    title: str
    units: int = 0
    orders: int = 0


@dataclass(frozen=True)
class Work:
    """Slips in the order in which they are due, the sums, and how many of those asked for cannot leave now."""

    slips: list[Slip]
    picks: list[Pick]
    left_out: int = 0

    @property
    def units(self) -> int:
        """Units in all."""
        return sum(pick.units for pick in self.picks)


def work(shop_id: int, which: Select[int] | None = None) -> Work:
    """What is to be packed of the chosen orders, or of all that wait; those that are due first come first.

    Orders that cannot leave now are left out and counted. Raises RuleViolation("parcel_limit").
    """
    waiting = _waiting(shop_id)
    chosen = [Order.id.in_(which)] if which is not None else []
    query = select(Order).where(*waiting, *chosen).order_by(Order.due_at, Order.id).limit(MOST + 1)
    orders = list(db.session.scalars(query))
    if len(orders) > MOST:
        raise RuleViolation("parcel_limit", limit=MOST)
    slips = _slips(shop_id, orders)
    asked = 0
    if which is not None:
        asked = len(list(db.session.scalars(which.limit(MOST * 10))))
    return Work(slips, _sums(slips), max(asked - len(slips), 0))


def _waiting(shop_id: int) -> list[ColumnElement[bool]]:
    """Paid, open, not all sent, not held back."""
    blocked = select(ShippingBlock.id).where(ShippingBlock.order_id == Order.id).exists()
    return [
        Order.shop_id == assert_in_scope(shop_id),
        Order.kind == OrderKind.SALE,
        Order.order_state == OrderState.OPEN,
        Order.payment_state.in_((PaymentState.PAID, PaymentState.PARTLY_REFUNDED)),
        Order.fulfilment_state.in_((FulfilmentState.UNFULFILLED, FulfilmentState.PARTLY_FULFILLED)),
        ~blocked,
    ]


def _slips(shop_id: int, orders: Sequence[Order]) -> list[Slip]:
    if not orders:
        return []
    lines = knowing.lines_of([order.id for order in orders])
    names = {row.id: row for row in db.session.scalars(select(Warehouse).where(Warehouse.shop_id == shop_id))}
    usual = next((row.name for row in names.values() if row.is_default), "")
    places: dict[str, dict[int, str]] = {}
    held = select(StockHold.holder, StockHold.sku_id, StockHold.warehouse_id).where(
        StockHold.shop_id == shop_id,
        StockHold.holder.in_([reserving.holder(order) for order in orders]),
        StockHold.state.in_(HELD),
    )
    for holder, sku_id, warehouse_id in db.session.execute(held):
        places.setdefault(holder, {})[sku_id] = names[warehouse_id].name
    slips = []
    for order in orders:
        left = [line for line in lines.get(order.id, []) if line.left]
        own = places.get(reserving.holder(order), {})
        slips.append(Slip(order, left, {line.sku_id or 0: own.get(line.sku_id or 0, usual) for line in left}))
    return [slip for slip in slips if slip.lines and reading.can_ship(slip.order)]


def _sums(slips: Sequence[Slip]) -> list[Pick]:
    """By warehouse and SKU code, as somebody walks along the shelves."""
    found: dict[tuple[str, str], Pick] = {}
    for slip in slips:
        for code in dict.fromkeys(line.code for line in slip.lines):
            mine = [line for line in slip.lines if line.code == code]
            place = slip.place_of(mine[0])
            pick = found.setdefault((place, code), Pick(place, code, mine[0].title))
            pick.units += sum(line.left for line in mine)
            pick.orders += 1
    return [found[key] for key in sorted(found)]
