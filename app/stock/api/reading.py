"""Reading stock: the counters of SKUs by warehouse, and the ledger that explains them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.api import paging
from app.api.routes import Call, Contract, Parameter, Reply, scoped
from app.api.shapes import TEXT, TEXT_OR_NULL, WHOLE, WHOLE_OR_NULL, of, shape
from app.api_keys.scopes import Scope
from app.catalog.models import Sku
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.shops.models import Shop
from app.stock import summaries, words
from app.stock.models import MovementKind, StockLevel, StockMovement, Warehouse
from app.stock.words import Standing, Sums

MOST = 100
_COUNTERS = ("on_hand", "reserved", "unavailable", "available", "incoming")
COUNTERS: dict[str, Any] = {
    "on_hand": WHOLE,
    "reserved": {**WHOLE, "description": "Held by orders and checkouts."},
    "unavailable": {**WHOLE, "description": "Damaged and the like."},
    "available": {**WHOLE, "description": "on_hand − reserved − unavailable; below zero when a count found less."},
    "incoming": WHOLE,
}
LEVEL = shape(warehouse=TEXT, **COUNTERS)
STOCK = shape(
    sku=TEXT,
    product=TEXT,
    title=TEXT,
    standing=of(Standing),
    low_stock_limit=WHOLE,
    **COUNTERS,
    levels={"type": "array", "items": LEVEL, "description": "The same by warehouse, the default one first."},
)
SKU = Parameter("sku", {**TEXT, "minLength": 1, "maxLength": 64}, "SKU code.")


@scoped(
    Scope.STOCK_READ,
    "GET",
    "/stock",
    Contract(
        summary="List stock",
        description="A row a SKU, in the order of their making.",
        parameters=(
            *paging.parameters(MOST),
            SKU,
            Parameter("standing", {**TEXT, "enum": ["low", "oversold"]}, "Only SKUs that stand so."),
        ),
        answers={200: ("A page of SKUs with their counters.", paging.page_of(STOCK))},
    ),
)
def list_stock(call: Call) -> Reply:
    """One page, by three statements."""
    query, limit = call.query, call.query.get("limit", 50)
    which = [Sku.shop_id == call.shop.id, Sku.id > paging.after(query.get("cursor"))]
    if "sku" in query:
        which.append(Sku.code == query["sku"])
    if "standing" in query:
        which.append({"low": summaries.low, "oversold": summaries.oversold}[query["standing"]](call.shop.id))
    found = select(Sku).where(*which).order_by(Sku.id).limit(limit + 1).options(joinedload(Sku.product))
    rows, last = paging.cut(db.session.scalars(found).all(), limit)
    return Reply({"items": told(rows), "next_cursor": None if last is None else paging.cursor(last.id)})


def told(skus: Sequence[Sku]) -> list[dict[str, Any]]:
    """SKUs with their counters, by one statement."""
    query = (
        select(StockLevel, Warehouse.code)
        .join(Warehouse, Warehouse.id == StockLevel.warehouse_id)
        .where(StockLevel.sku_id.in_([sku.id for sku in skus]))
        .order_by(Warehouse.is_default.desc(), Warehouse.id)
        .execution_options(populate_existing=True)
    )
    levels: dict[int, list[dict[str, Any]]] = {}
    for level, code in db.session.execute(query):
        counters = {name: getattr(level, name) for name in _COUNTERS}
        levels.setdefault(level.sku_id, []).append({"warehouse": code, **counters})
    return [_one(sku, levels.get(sku.id, [])) for sku in skus]


def _one(sku: Sku, levels: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("on_hand", "reserved", "unavailable", "incoming")
    added = {name: sum(one[name] for one in levels) for name in names}
    sums = Sums(**added, short=any(one["available"] < 0 for one in levels))
    return {
        "sku": sku.code,
        "product": sku.product.code,
        "title": sku.product.title,
        "standing": words.standing(sums, sku.low_stock_limit).value,
        "low_stock_limit": sku.low_stock_limit,
        **{name: getattr(sums, name) for name in _COUNTERS},
        "levels": levels,
    }


MOVEMENT = shape(
    id=WHOLE,
    at=paging.MOMENT,
    kind=of(MovementKind),
    warehouse=TEXT_OR_NULL,
    on_hand_delta=WHOLE,
    unavailable_delta=WHOLE,
    incoming_delta=WHOLE,
    reason=TEXT,
    note=TEXT,
    order_id=WHOLE_OR_NULL,
    change_id=WHOLE_OR_NULL,
    actor=TEXT,
)
_LEDGER = shape(
    sku=TEXT,
    items={"type": "array", "items": MOVEMENT},
    next_cursor={**TEXT_OR_NULL, "description": "Null on the last page."},
)


@scoped(
    Scope.STOCK_READ,
    "GET",
    "/skus/<path:code>/movements",
    Contract(
        summary="List the movements of a SKU",
        description="Newest first. on_hand, unavailable and incoming are the sums of this ledger; reserved is the sum "
        "of what orders and checkouts hold. The code may hold slashes; the last /movements is never part of it.",
        parameters=(Parameter("code", TEXT, "The SKU code, URL-encoded.", "path"), *paging.parameters(MOST)),
        answers={200: ("A page of the ledger.", _LEDGER)},
        faults={404: "There is no such SKU in the shop of the key."},
    ),
)
def list_stock_movements(call: Call, code: str) -> Reply:
    """One page."""
    sku = sku_of(call.shop, code, missing=NotFound)
    limit, before = call.query.get("limit", 50), paging.after(call.query.get("cursor"))
    query = select(StockMovement).where(StockMovement.sku_id == sku.id)
    if before:
        query = query.where(StockMovement.id < before)
    found = db.session.scalars(query.order_by(StockMovement.id.desc()).limit(limit + 1)).all()
    rows, last = paging.cut(found, limit)
    items = movements_told(call.shop, rows)
    return Reply({"sku": sku.code, "items": items, "next_cursor": None if last is None else paging.cursor(last.id)})


def movements_told(shop: Shop, rows: Sequence[StockMovement]) -> list[dict[str, Any]]:
    """Rows of the ledger as plain data."""
    names = ("id", "at", "on_hand_delta", "unavailable_delta", "incoming_delta", "reason", "note", "order_id", "actor")
    found = db.session.execute(select(Warehouse.id, Warehouse.code).where(Warehouse.shop_id == shop.id))
    codes = {warehouse_id: code for warehouse_id, code in found}  # noqa: C416 - a result has keys(), too
    return [
        {
            **{name: getattr(row, name) for name in names},
            "kind": row.kind.value,
            "warehouse": codes.get(row.warehouse_id),
            "change_id": row.change_set_id,
        }
        for row in rows
    ]


def sku_of(shop: Shop, code: str, missing: type[NotFound | RuleViolation] = RuleViolation) -> Sku:
    """The SKU of that code with its product. Raises `missing`("sku_not_found")."""
    query = select(Sku).where(Sku.shop_id == shop.id, Sku.code == code).options(joinedload(Sku.product))
    held = "\0" not in code  # PostgreSQL takes none
    sku = db.session.scalars(query.execution_options(populate_existing=True)).first() if held else None
    if sku is None:
        raise missing("sku_not_found", code=code[:64])
    return sku
