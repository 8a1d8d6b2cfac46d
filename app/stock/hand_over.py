"""Held units that go from one holder to another: nothing is given back in between, so nobody else can take them."""

from __future__ import annotations

from collections.abc import Mapping

from app.kit.db import db
from app.stock import holds
from app.stock.models import StockHold


def hand_over(shop_id: int, holder: str, to: str, lines: Mapping[int, int]) -> dict[int, int]:
    """Give `to` up to so many held units of each SKU (SKU id → units), from the same warehouses; gives what went.

    What the holder does not hold is not invented: an order from elsewhere holds nothing. No counter changes.
    """
    left, went = dict(lines), dict.fromkeys(lines, 0)
    for row in holds.lock_held(shop_id, holder):
        units = min(left.get(row.sku_id, 0), row.quantity)
        if not units:
            continue
        left[row.sku_id] -= units
        went[row.sku_id] += units
        _give(row, to, units)
    db.session.flush()
    return {sku_id: units for sku_id, units in went.items() if units}


def _give(row: StockHold, to: str, units: int) -> None:
    if units == row.quantity:
        row.holder, row.key = to, None  # the key was the old holder's
        return
    row.quantity -= units
    same = ("shop_id", "sku_id", "warehouse_id", "state", "created_at", "expires_at")
    db.session.add(StockHold(**{name: getattr(row, name) for name in same}, holder=to, quantity=units))
