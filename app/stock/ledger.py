"""The ledger: writing its rows, and reading them by key, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.kit import clock, context
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope
from app.stock.models import MovementKind, StockMovement

PAGE = 25


@dataclass(frozen=True)
class Why:
    """The cause of a movement: a reason code, a note, the order it is for, and a key that makes it happen once."""

    reason: str = ""
    note: str = ""
    key: str | None = None
    order_id: int | None = None


NO_MORE = Why()
"""The kind of the movement says it all."""


@dataclass(frozen=True)
class Entry:
    """What one row of the ledger says about counters."""

    sku_id: int
    warehouse_id: int
    on_hand: int = 0
    unavailable: int = 0
    incoming: int = 0


def write(shop_id: int, kind: MovementKind, entries: list[Entry], why: Why) -> list[StockMovement]:
    """Add rows to the ledger, under the actor and request of the moment."""
    rows = [
        StockMovement(
            shop_id=assert_in_scope(shop_id),
            sku_id=one.sku_id,
            warehouse_id=one.warehouse_id,
            at=clock.now(),
            kind=kind,
            on_hand_delta=one.on_hand,
            unavailable_delta=one.unavailable,
            incoming_delta=one.incoming,
            reason=why.reason[:40],
            note=why.note.strip()[:500],
            actor=str(context.actor()),
            request_id=context.request_id(),
            order_id=why.order_id,
            key=why.key,
            id_in_key=position,
        )
        for position, one in enumerate(entries)
    ]
    db.session.add_all(rows)
    db.session.flush()
    return rows


def of_key(shop_id: int, kind: MovementKind, key: str | None) -> list[StockMovement]:
    """The rows that a request with this key has written before; call it when the SKUs are locked."""
    if key is None:
        return []
    of_shop = (StockMovement.shop_id == assert_in_scope(shop_id), StockMovement.key == key, StockMovement.kind == kind)
    return list(db.session.scalars(select(StockMovement).where(*of_shop).order_by(StockMovement.id_in_key)))


def page(sku_id: int, before: int | None = None) -> list[StockMovement]:
    """PAGE + 1 rows of one SKU, newest first, older than the row `before`."""
    query = select(StockMovement).where(StockMovement.sku_id == sku_id)
    if before is not None:
        query = query.where(StockMovement.id < before)
    return list(db.session.scalars(query.order_by(StockMovement.id.desc()).limit(PAGE + 1)))
