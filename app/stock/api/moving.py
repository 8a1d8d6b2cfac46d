"""Moving stock by hand: counted against what was expected, received, adjusted, damaged, transferred."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from app.api.routes import Call, Contract, Reply, scoped
from app.api.shapes import TEXT, WHOLE, closed, of, shape
from app.api_keys.scopes import Scope
from app.catalog.change_rules import StockReason
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.shops.models import Shop
from app.stock import levels, movements
from app.stock.api.reading import MOVEMENT, STOCK, movements_told, sku_of, told
from app.stock.deeds import NOTE_LENGTH
from app.stock.ledger import Why
from app.stock.models import StockMovement, Warehouse
from app.stock.movements import StockAt


class Deed(StrEnum):
    """What is done."""

    COUNT = "count"
    ADJUST = "adjust"
    RECEIVE = "receive"
    EXPECT = "expect"
    DAMAGE = "damage"
    REPAIR = "repair"
    WRITE_OFF = "write_off"
    TRANSFER = "transfer"


_CODE = {**TEXT, "minLength": 1, "maxLength": 64}
_WAREHOUSE = {**TEXT, "maxLength": 40}


@scoped(
    Scope.STOCK_WRITE,
    "POST",
    "/stock/movements",
    Contract(
        summary="Move stock",
        description="`count` says what is on hand now, and is written only while it is still what you `expected`; "
        "`adjust` and `expect` add, or with a minus take away; `receive`, `damage`, `repair`, `write_off` and "
        "`transfer` take a number of pieces from 1. `count` and `adjust` need a reason.",
        body=closed(
            ["deed", "sku", "quantity"],
            deed=of(Deed),
            sku={**_CODE, "description": "SKU code."},
            quantity={**WHOLE, "minimum": -levels.MOST, "maximum": levels.MOST},
            expected={**WHOLE, "description": "Of a count: what on_hand was when it was last read."},
            warehouse={**_WAREHOUSE, "description": "Code; the default one if left out."},
            to={**_WAREHOUSE, "description": "Of a transfer: where to."},
            reason=of(StockReason),
            note={**TEXT, "maxLength": NOTE_LENGTH},
        ),
        example={"deed": "count", "sku": "CUP-BLUE", "quantity": 12, "expected": 14, "reason": "count"},
        answers={
            200: (
                "What was written (nothing when a count agrees), and the stock after it.",
                shape(movements={"type": "array", "items": MOVEMENT}, stock=STOCK),
            )
        },
        faults={409: "On hand is not what you expected any more; or the same request is being worked on."},
    ),
)
def move_stock(call: Call) -> Reply:
    """Do it."""
    sku = sku_of(call.shop, call.body["sku"])
    rows = _do(call.shop, sku.id, call.body)
    db.session.flush()
    told_rows = movements_told(call.shop, rows)
    return Reply({"movements": told_rows, "stock": told([sku_of(call.shop, call.body["sku"])])[0]})


def _do(shop: Shop, sku_id: int, body: Mapping[str, Any]) -> list[StockMovement]:
    at = StockAt(shop.id, sku_id, _warehouse(shop, body["warehouse"]) if "warehouse" in body else None)
    quantity, why = body["quantity"], Why(body.get("reason", ""), body.get("note", ""))
    match Deed(body["deed"]):
        case Deed.COUNT:
            if "expected" not in body:
                raise RuleViolation("expected_missing")
            if quantity < 0:
                raise RuleViolation("stock_quantity", most=f"{levels.MOST:,}")
            return movements.count(at, quantity, body["expected"], why)
        case Deed.TRANSFER:
            return movements.transfer(at, _warehouse(shop, body.get("to", "")), quantity, why)
        case deed:
            return _SIMPLE[deed](at, quantity, why)


_SIMPLE: dict[Deed, Callable[[StockAt, int, Why], list[StockMovement]]] = {
    Deed.ADJUST: movements.adjust,
    Deed.RECEIVE: movements.receive,
    Deed.EXPECT: movements.expect,
    Deed.DAMAGE: movements.damage,
    Deed.REPAIR: movements.repair,
    Deed.WRITE_OFF: movements.write_off,
}


def _warehouse(shop: Shop, code: str) -> int:
    found = db.session.scalars(select(Warehouse.id).where(Warehouse.shop_id == shop.id, Warehouse.code == code)).first()
    if found is None:
        raise RuleViolation("warehouse_unknown", code=code)
    return found
