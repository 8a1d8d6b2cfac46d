"""Stock in words: kinds of movements, states of holds, reasons, holders, badges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.catalog.rule_words import STOCK_REASONS
from app.console import cells
from app.stock.models import Counter, HoldState, MovementKind

KINDS = {
    MovementKind.OPENING: ("secondary", "flag", _l("Opening")),
    MovementKind.RECEIVED: ("success", "package-import", _l("Received")),
    MovementKind.EXPECTED: ("info", "truck-loading", _l("Expected")),
    MovementKind.ADJUSTED: ("secondary", "adjustments", _l("Adjusted")),
    MovementKind.SHIPPED: ("info", "truck-delivery", _l("Shipped")),
    MovementKind.RETURNED: ("success", "arrow-back-up", _l("Returned")),
    MovementKind.DAMAGED: ("warning", "alert-triangle", _l("Damaged")),
    MovementKind.REPAIRED: ("success", "tool", _l("Repaired")),
    MovementKind.WRITTEN_OFF: ("danger", "trash", _l("Written off")),
    MovementKind.TRANSFERRED: ("secondary", "arrows-exchange", _l("Transferred")),
    MovementKind.PROVED: ("warning", "shield-check", _l("Set right by the proof")),
}
STATES = {
    HoldState.LIVE: ("warning", "clock", _l("Until paid")),
    HoldState.CONFIRMED: ("info", "lock", _l("Confirmed")),
    HoldState.CONSUMED: ("success", "truck-delivery", _l("Shipped")),
    HoldState.RELEASED: ("secondary", "lock-open", _l("Released")),
    HoldState.EXPIRED: ("secondary", "clock-off", _l("Expired")),
}
COUNTERS = {
    Counter.ON_HAND: _l("On hand"),
    Counter.RESERVED: _l("Reserved"),
    Counter.UNAVAILABLE: _l("Unavailable"),
    Counter.INCOMING: _l("Incoming"),
    Counter.TOTAL: _l("Stock of the SKU"),
}


class Standing(StrEnum):
    """How a SKU stands: what its badge and the list's filter say."""

    OVERSOLD = "oversold"
    OUT = "out"
    LOW = "low"
    FINE = "fine"


STANDINGS = {
    Standing.OVERSOLD: ("danger", "alert-octagon", _l("Oversold")),
    Standing.OUT: ("danger", "package-off", _l("Sold out")),
    Standing.LOW: ("warning", "alert-triangle", _l("Low stock")),
    Standing.FINE: ("success", "circle-check", _l("In stock")),
}


@dataclass(frozen=True)
class Sums:
    """The counters of a SKU over some levels; `short` says that a level of them is oversold."""

    on_hand: int = 0
    reserved: int = 0
    unavailable: int = 0
    incoming: int = 0
    short: bool = False

    @property
    def available(self) -> int:
        """What can still be sold."""
        return self.on_hand - self.reserved - self.unavailable


def standing(sums: Sums, low_limit: int) -> Standing:
    """Oversold in one of its warehouses, sold out, at or under its limit, or fine."""
    if sums.short:
        return Standing.OVERSOLD
    if sums.available <= 0:
        return Standing.OUT
    return Standing.LOW if sums.available <= low_limit else Standing.FINE


def standing_badge(found: Standing) -> Markup:
    """A standing by colour, icon and word."""
    return cells.badge(*STANDINGS[found])


def kind_badge(kind: MovementKind) -> Markup:
    """A movement's kind by colour, icon and word."""
    return cells.badge(*KINDS[kind])


def state_badge(state: HoldState) -> Markup:
    """A hold's state by colour, icon and word."""
    return cells.badge(*STATES[state])


def reason(code: str) -> str:
    """The reason of a movement; one that is not ours is shown as it is."""
    known = {one.value: label for one, label in STOCK_REASONS.items()} | {"proof": _l("Proof")}
    return str(known.get(code, code))


def order_of(holder: str) -> int | None:
    """The id of the order that `order:7` is; None for any other holder."""
    kind, _, key = holder.partition(":")
    return int(key) if kind == "order" and key.isdecimal() and len(key) < 19 else None
