"""The REST API of the catalogue: SKUs to read; changes to follow and to take back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from app.api import paging
from app.api.routes import Call, Contract, Parameter, Reply, scoped
from app.api_keys.scopes import Scope
from app.catalog import change_sets, change_undos, jobs, sku_reading
from app.catalog.change_models import ChangeSet, ChangeState, LineOutcome
from app.catalog.models import ProductStatus
from app.catalog.sku_reading import Wanted
from app.kit.db import db
from app.kit.shop_wall import assert_in_scope

MOST = 500
_TEXT, _WHOLE = {"type": "string"}, {"type": "integer"}
_AMOUNT: dict[str, Any] = {"type": ["string", "null"], "description": "A decimal string in the shop's currency."}
SKU: dict[str, Any] = {
    "type": "object",
    "required": ["sku", "product", "title", "status", "price", "price_minor", "currency", "stock", "version"],
    "properties": {
        "sku": _TEXT,
        "product": {**_TEXT, "description": "The code of its product."},
        "title": _TEXT,
        "status": {**_TEXT, "enum": [status.value for status in ProductStatus]},
        "category": {"type": ["string", "null"], "description": "A path such as Kitchen > Cups."},
        "price": {**_TEXT, "description": "The base price: a decimal string in the shop's currency."},
        "price_minor": {**_WHOLE, "description": "The same in the currency's smallest unit."},
        "price_now": {**_TEXT, "description": "What holds at this moment: the base price, or a price window over it."},
        "compare_at_price": _AMOUNT,
        "cost": _AMOUNT,
        "currency": {**_TEXT, "description": "ISO 4217."},
        "stock": _WHOLE,
        "low_stock_limit": _WHOLE,
        "barcode": _TEXT,
        "options": {"type": "object", "additionalProperties": _TEXT},
        "tags": {"type": "array", "items": _TEXT},
        "attributes": {"type": "object", "additionalProperties": _TEXT},
        "freight_template": {"type": ["string", "null"]},
        "version": {**_WHOLE, "description": "Counts the saves of the SKU; see if_version."},
        "product_version": _WHOLE,
        "updated_at": {**_TEXT, "format": "date-time"},
    },
}
CHANGE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state", "source", "counts", "content_hash", "created_at"],
    "properties": {
        "id": _WHOLE,
        "state": {**_TEXT, "enum": [state.value for state in ChangeState]},
        "source": _TEXT,
        "counts": {"type": "object", "description": "Lines by what became of them."},
        "content_hash": {**_TEXT, "description": "The same for the same changes, by whatever way they came."},
        "undoes": {"type": ["integer", "null"]},
        "created_at": {**_TEXT, "format": "date-time"},
        "applied_at": {"type": ["string", "null"], "format": "date-time"},
        "links": {"type": "object", "additionalProperties": _TEXT},
    },
}
LINE: dict[str, Any] = {
    "type": "object",
    "required": ["line", "table", "code", "field", "old", "new", "outcome", "reason"],
    "properties": {
        "line": _WHOLE,
        "table": {**_TEXT, "enum": ["sku", "product"]},
        "code": {"type": ["string", "null"], "description": "Code of the SKU or product; null when it is gone."},
        "field": _TEXT,
        "old": {"type": ["string", "null"], "description": "The stored value as text; amounts in the smallest unit."},
        "new": {"type": ["string", "null"]},
        "outcome": {**_TEXT, "enum": [outcome.value for outcome in LineOutcome]},
        "reason": {"type": ["string", "null"]},
    },
}


_PAGING = paging.parameters(MOST, 100)
_ID = Parameter("change_id", _WHOLE, "Number of the change.", "path")


@scoped(
    Scope.PRODUCTS_READ,
    "GET",
    "/skus",
    Contract(
        summary="List SKUs",
        description="In the order of their making. To follow changes, remember when a run of pages began, and give "
        "that moment as `updated_since` to the next run.",
        parameters=(
            *_PAGING,
            Parameter(
                "updated_since",
                {"type": "string", "format": "date-time", "maxLength": 40},
                "Only SKUs that were changed then or later, they or their product; with an offset or Z.",
            ),
            Parameter(
                "status", {"type": "string", "enum": [status.value for status in ProductStatus]}, "Of the product."
            ),
            Parameter(
                "category", {"type": "string", "maxLength": 700}, "A path such as Kitchen > Cups; with all below it."
            ),
        ),
        answers={200: ("A page of SKUs.", paging.page_of(SKU))},
    ),
)
def list_skus(call: Call) -> Reply:
    """One page."""
    query = call.query
    wanted = Wanted(
        after=paging.after(query.get("cursor")),
        limit=query.get("limit", 100),
        updated_since=paging.moment(query["updated_since"]) if "updated_since" in query else None,
        status=ProductStatus(query["status"]) if "status" in query else None,
        category=query.get("category"),
    )
    items, last = sku_reading.page(call.shop, wanted)
    return Reply({"items": items, "next_cursor": None if last is None else paging.cursor(last)})


@scoped(
    Scope.PRODUCTS_READ,
    "GET",
    "/skus/<path:code>",
    Contract(
        summary="Read a SKU",
        description="A code that itself ends in /movements is found by GET /stock?sku=CODE: here that ending lists "
        "the movements of the code before it.",
        parameters=(Parameter("code", _TEXT, "The SKU code, URL-encoded.", "path"),),
        answers={200: ("The SKU.", SKU)},
        faults={404: "There is no such SKU in the shop of the key."},
    ),
)
def read_sku(call: Call, code: str) -> Reply:
    """One SKU."""
    return Reply(sku_reading.one(call.shop, code))


@scoped(
    Scope.CHANGES_READ,
    "GET",
    "/changes/<int(max=999999999999999999):change_id>",
    Contract(
        summary="Read a change",
        parameters=(_ID,),
        answers={200: ("The change: where it stands, and how many lines came to what.", CHANGE)},
        faults={404: "There is no such change in the shop of the key."},
    ),
)
def read_change(call: Call, change_id: int) -> Reply:
    """State and counts."""
    return Reply(_told(change_sets.get(change_id)))


@scoped(
    Scope.CHANGES_READ,
    "GET",
    "/changes/<int(max=999999999999999999):change_id>/lines",
    Contract(
        summary="List the lines of a change",
        parameters=(
            _ID,
            *_PAGING,
            Parameter(
                "outcome", {"type": "string", "enum": [one.value for one in LineOutcome]}, "Only lines of this outcome."
            ),
        ),
        answers={200: ("A page of lines.", paging.page_of(LINE))},
        faults={404: "There is no such change in the shop of the key."},
    ),
)
def list_change_lines(call: Call, change_id: int) -> Reply:
    """One page of lines."""
    change_set = change_sets.get(change_id)
    limit = call.query.get("limit", 100)
    values = {
        "id": change_set.id,
        "shop_id": assert_in_scope(change_set.shop_id),
        "after": paging.after(call.query.get("cursor")),
        "outcome": call.query.get("outcome"),
        "size": limit + 1,
    }
    rows = [dict(row) for row in db.session.execute(text(_LINES), values).mappings()]
    more = rows[limit - 1]["line"] if len(rows) > limit else None
    return Reply({"items": rows[:limit], "next_cursor": None if more is None else paging.cursor(more)})


_LINES = """
select l.line, l.target_table as table, coalesce(s.code, p.code) as code, l.field, l.old, l.new, l.outcome, l.reason
from change_line l
left join sku s on l.target_table = 'sku' and s.id = l.row_id and s.shop_id = l.shop_id
left join product p on l.target_table = 'product' and p.id = l.row_id and p.shop_id = l.shop_id
where l.change_set_id = :id and l.shop_id = :shop_id and l.line > :after
    and (cast(:outcome as text) is null or l.outcome = :outcome)
order by l.line limit :size"""


@scoped(
    Scope.CHANGES_UNDO,
    "POST",
    "/changes/<int(max=999999999999999999):change_id>/undo",
    Contract(
        summary="Take a change back",
        description="A job does it: lines that were changed by somebody since are kept as they are. "
        "The answer is the change that takes back; read it until its state is `applied`.",
        parameters=(_ID,),
        answers={202: ("The change that takes the other one back.", CHANGE)},
        faults={
            404: "There is no such change in the shop of the key.",
            409: "The change is not applied, or was taken back; or the same request is being worked on.",
        },
    ),
)
def undo_change(call: Call, change_id: int) -> Reply:
    """Want it taken back."""
    undoing = change_undos.request_undo(change_sets.get(change_id))
    jobs.want(undoing)
    return Reply(_told(undoing), 202)


def _told(change_set: ChangeSet) -> dict[str, Any]:
    return {
        "id": change_set.id,
        "state": change_set.state.value,
        "source": change_set.source.value,
        "counts": change_set.counts,
        "content_hash": change_set.content_hash,
        "undoes": change_set.undoes_id,
        "created_at": paging.stamp(change_set.created_at),
        "applied_at": paging.stamp(change_set.applied_at),
        "links": {
            "self": f"/api/v1/changes/{change_set.id}",
            "lines": f"/api/v1/changes/{change_set.id}/lines",
            "page": f"/changes/{change_set.id}",
        },
    }
