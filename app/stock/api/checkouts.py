"""Stock held for a checkout that runs elsewhere: placed for a time, confirmed, or let go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.api import paging
from app.api.routes import Asked, Call, Contract, Parameter, Reply, Together, scoped
from app.api.shapes import TEXT, WHOLE, closed, of, shape
from app.api_keys.scopes import Scope
from app.catalog.models import Sku
from app.kit.db import db
from app.kit.errors import NotFound
from app.stock import holds, holds_together, levels
from app.stock.api.reading import sku_of
from app.stock.holds_together import Line, Wanted
from app.stock.models import HoldState, StockHold, Warehouse

CHECKOUT = "checkout:"
"""Before the name that a program gives: it can touch no order's holds."""
MOST_LINES = 100
SECONDS = (30, 24 * 3600)
SECONDS_USUAL = 900
HOLDER: dict[str, Any] = {**TEXT, "minLength": 1, "maxLength": 60, "pattern": r"^[A-Za-z0-9._-]+$"}
_NAME = Parameter("holder", HOLDER, "The name of the checkout.", "path")
_PATH = "/stock/holds/<string:holder>"
_HOLD = shape(
    sku=TEXT,
    warehouse=TEXT,
    quantity=WHOLE,
    state=of(HoldState),
    expires_at=paging.MOMENT_OR_NULL,
)
HELD = shape(holder=TEXT, lines={"type": "array", "items": _HOLD})
_UNKNOWN = {404: "Nothing was ever held under that name in the shop of the key."}


def _place_together(shop_id: int, asked: Sequence[Asked]) -> list[Reply | None]:
    """Those of one line; where a checkout is named again, the first."""
    names = [one.body["holder"] for one in asked]
    wanted = {
        number: _wanted(one.body)
        for number, one in enumerate(asked)
        if len(one.body["lines"]) == 1 and names.index(names[number]) == number
    }
    held = holds_together.place(shop_id, wanted)
    return [
        Reply({"holder": name, "lines": [_line(held[number], HoldState.LIVE)]}, 201) if number in held else None
        for number, name in enumerate(names)
    ]


def _wanted(body: Mapping[str, Any]) -> Wanted:
    line = body["lines"][0]
    return Wanted(CHECKOUT + body["holder"], line["sku"], line["quantity"], body.get("seconds", SECONDS_USUAL))


@scoped(
    Scope.STOCK_WRITE,
    "POST",
    "/stock/holds",
    Contract(
        summary="Hold stock for a checkout",
        description="All lines or none. What is not confirmed within `seconds` can be sold again. Give the holder to "
        "`POST /orders` as `hold`, and the order takes over what the checkout held.",
        body=closed(
            ["holder", "lines"],
            holder={**HOLDER, "description": "Your own name for the checkout."},
            seconds={
                **WHOLE,
                "minimum": SECONDS[0],
                "maximum": SECONDS[1],
                "description": f"{SECONDS_USUAL} if left out.",
            },
            lines={
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_LINES,
                "items": closed(
                    ["sku", "quantity"],
                    sku={**TEXT, "minLength": 1, "maxLength": 64},
                    quantity={**WHOLE, "minimum": 1, "maximum": levels.MOST},
                ),
            },
        ),
        example={"holder": "cart-81f3", "seconds": 900, "lines": [{"sku": "CUP-BLUE", "quantity": 2}]},
        answers={201: ("What is held.", HELD)},
    ),
    together=Together(_place_together, turn=2),  # locks levels
)
def place_hold(call: Call) -> Reply:
    """Hold it; lines of one SKU are added up."""
    wanted: dict[int, int] = {}
    for row in call.body["lines"]:
        sku_id = sku_of(call.shop, row["sku"]).id
        wanted[sku_id] = wanted.get(sku_id, 0) + row["quantity"]
    holds.place(call.shop.id, wanted, CHECKOUT + call.body["holder"], call.body.get("seconds", SECONDS_USUAL))
    return Reply(_told(call, call.body["holder"]), 201)


@scoped(
    Scope.STOCK_READ,
    "GET",
    _PATH,
    Contract(
        summary="Read what a checkout holds",
        parameters=(_NAME,),
        answers={200: ("Everything that was held under that name, and what became of it.", HELD)},
        faults=_UNKNOWN,
    ),
)
def read_hold(call: Call, holder: str) -> Reply:
    """Its lines."""
    return Reply(_told(call, holder))


def _confirm_together(shop_id: int, asked: Sequence[Asked]) -> list[Reply | None]:
    """Those that hold what could still expire."""
    names = [one.path["holder"] for one in asked]
    kept = holds_together.confirm(shop_id, {CHECKOUT + name for name in names if "\0" not in name})
    lines = {holder: [_line(one, HoldState.CONFIRMED) for one in held] for holder, held in kept.items()}
    told = [{"holder": name, "lines": lines.get(CHECKOUT + name)} for name in names]
    return [Reply(one) if one["lines"] else None for one in told]


@scoped(
    Scope.STOCK_WRITE,
    "POST",
    f"{_PATH}/confirm",
    Contract(
        summary="Confirm what a checkout holds",
        description="It does not expire any more. A second time changes nothing.",
        parameters=(_NAME,),
        answers={200: ("What is held.", HELD)},
        faults={**_UNKNOWN, 409: "It has expired or was released; or the same request is being worked on."},
    ),
    together=Together(_confirm_together, turn=1),  # locks holds
)
def confirm_hold(call: Call, holder: str) -> Reply:
    """Keep it."""
    _told(call, holder)
    holds.confirm(call.shop.id, CHECKOUT + holder)
    return Reply(_told(call, holder))


@scoped(
    Scope.STOCK_WRITE,
    "POST",
    f"{_PATH}/release",
    Contract(
        summary="Let go of what a checkout holds",
        description="It can be sold again. A second time changes nothing.",
        parameters=(_NAME,),
        answers={200: ("What was held.", HELD)},
        faults=_UNKNOWN,
    ),
)
def release_hold(call: Call, holder: str) -> Reply:
    """Give it back."""
    _told(call, holder)
    holds.release(call.shop.id, CHECKOUT + holder)
    return Reply(_told(call, holder))


def _told(call: Call, holder: str) -> dict[str, Any]:
    """Raises NotFound when nothing was ever held."""
    mine = (StockHold.shop_id == call.shop.id, StockHold.holder == CHECKOUT + holder)
    query = (
        select(StockHold, Sku.code, Warehouse.code)
        .join(Sku, Sku.id == StockHold.sku_id)
        .join(Warehouse, Warehouse.id == StockHold.warehouse_id)
        .where(*mine)
        .order_by(StockHold.id)
        .execution_options(populate_existing=True)
    )
    found = [] if "\0" in holder else db.session.execute(query).all()
    if not found:
        raise NotFound("not_found")
    lines = [_line(Line(code, place, row.quantity, row.expires_at), row.state) for row, code, place in found]
    return {"holder": holder, "lines": lines}


def _line(line: Line, state: HoldState) -> dict[str, Any]:
    return {
        "sku": line.sku_code,
        "warehouse": line.warehouse_code,
        "quantity": line.quantity,
        "state": state.value,
        "expires_at": line.expires_at,
    }
