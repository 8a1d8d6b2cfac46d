"""The REST API's bulk write: up to 10,000 SKUs a call, by code, with a result for each row."""

from __future__ import annotations

from typing import Any

from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import IntegrityError, OperationalError

from app.api.routes import Call, Contract, Reply, scoped
from app.api_keys.scopes import Scope
from app.catalog.change_models import ChangeState
from app.catalog.models import ProductStatus
from app.imports import upserts
from app.imports.models import ImportMode, OnError
from app.imports.product_writing import Overtaken
from app.imports.upserts import OUTCOMES, Outcome, Wish
from app.kit.errors import Conflict

MOST_ROWS = 10_000
BODY_BYTES = 8 * 1024 * 1024
_MODES = {"upsert": ImportMode.BOTH, "create": ImportMode.CREATE, "update": ImportMode.UPDATE}
_ON_ERROR = {"skip": OnError.SKIP, "stop": OnError.STOP, "all_or_nothing": OnError.ALL}
_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_COUNT: dict[str, Any] = {**_WHOLE, "minimum": -(10**12), "maximum": 10**12}
_CLEARABLE: dict[str, Any] = {"type": ["string", "null"]}
_NAMES: dict[str, Any] = {"type": "object", "maxProperties": 50, "additionalProperties": _CLEARABLE}
_AMOUNT = 'A decimal string in the shop\'s currency, such as "12.50"'
_STATUS = ", ".join(status.value for status in ProductStatus)
ROW: dict[str, Any] = {
    "type": "object",
    "required": ["sku"],
    "additionalProperties": False,
    "properties": {
        "sku": {**_TEXT, "description": "The SKU code, the key of the row; at most 64 characters."},
        "product": {**_TEXT, "description": "Code of its product. Left out for a new SKU, it is a product of its own."},
        "title": {**_TEXT, "description": "Of the product; needed for a new one. At most 200 characters."},
        "description": _CLEARABLE,
        "status": {**_TEXT, "description": f"Of the product: {_STATUS}. A new one is a draft."},
        "category": {**_CLEARABLE, "description": "A path such as Kitchen > Cups; what is missing is made."},
        "barcode": _CLEARABLE,
        "price": {**_TEXT, "description": f"{_AMOUNT}; needed for a new SKU."},
        "price_minor": {**_WHOLE, "minimum": 0, "description": "Instead of price: in the smallest unit."},
        "compare_at_price": {**_CLEARABLE, "description": f"{_AMOUNT}; null empties."},
        "cost": {**_CLEARABLE, "description": f"{_AMOUNT}; null empties."},
        "stock": {**_WHOLE, "description": "The stock itself."},
        "stock_was": {**_WHOLE, "description": "Only if the stock is still this; else the row is stale."},
        "stock_change": {**_COUNT, "description": "Instead of stock: pieces to add, or with a minus to take away."},
        "low_stock_limit": _WHOLE,
        "options": {**_NAMES, "description": "Option values by name; a name left out stays, null removes it."},
        "tags": {"type": ["array", "null"], "items": _TEXT, "description": "All tags of the product."},
        "attributes": {**_NAMES, "description": "Attributes of the product, as options."},
        "freight_template": {**_CLEARABLE, "description": "The name of one of the shop."},
        "if_version": {**_WHOLE, "description": "Only if the SKU still has this version; else the row is stale."},
        "was": {
            "type": "object",
            "additionalProperties": False,
            "description": "Only if these fields still have these values; else the row is stale.",
            "properties": {
                "price": _TEXT,
                "compare_at_price": _CLEARABLE,
                "cost": _CLEARABLE,
                "stock": _WHOLE,
                "low_stock_limit": _WHOLE,
                "barcode": _TEXT,
            },
        },
    },
}
BODY: dict[str, Any] = {
    "type": "object",
    "required": ["rows"],
    "additionalProperties": False,
    "properties": {
        "rows": {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": ROW},
        "mode": {**_TEXT, "enum": list(_MODES), "description": "create or update refuse the other kind of row."},
        "on_error": {
            **_TEXT,
            "enum": list(_ON_ERROR),
            "description": "Bad rows: leave them out (if left out), stop at the first, or write all rows or none.",
        },
        "dry_run": {"type": "boolean", "description": "Do everything, answer, and take it back."},
    },
}
_RESULT: dict[str, Any] = {
    "type": "object",
    "required": ["index", "sku", "outcome"],
    "properties": {
        "index": {**_WHOLE, "description": "Place in the call, from 0."},
        "sku": _TEXT,
        "outcome": {**_TEXT, "enum": list(OUTCOMES)},
        "code": {**_TEXT, "description": "Of refused and stale rows."},
        "field": _CLEARABLE,
        "message": _TEXT,
        "facts": {"type": "object"},
    },
}
ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["dry_run", "change_set_id", "state", "content_hash", "counts", "results", "links"],
    "properties": {
        "dry_run": {"type": "boolean"},
        "change_set_id": {"type": ["integer", "null"], "description": "Null when nothing was to be changed."},
        "state": {
            "type": ["string", "null"],
            "enum": [ChangeState.APPLIED.value, ChangeState.PENDING.value, None],
            "description": "pending: known rows wait for a second person in the console; new ones were made.",
        },
        "content_hash": {**_CLEARABLE, "description": "The same for the same changes, by whatever way they came."},
        "counts": {"type": "object", "additionalProperties": _WHOLE, "description": "Rows, and rows by outcome."},
        "results": {"type": "array", "items": _RESULT, "description": "One for each row, in the order of the call."},
        "links": {"type": "object", "additionalProperties": _TEXT},
    },
}
_EXAMPLE = {
    "on_error": "skip",
    "rows": [
        {"sku": "CUP-BLUE", "price": "19.90", "stock_change": -2},
        {"sku": "CUP-RED", "product": "CUP", "title": "Cup", "price": "19.90", "options": {"Colour": "Red"}},
    ],
}


@scoped(
    Scope.PRODUCTS_WRITE,
    "POST",
    "/skus/bulk",
    Contract(
        summary="Create and change many SKUs",
        description="By SKU code, at most 10,000 rows a call. A field left out stays as it is; null empties it. "
        "Everything happens in one transaction, and is one change that can be undone. The rows are locked meanwhile, "
        "so `stock_change`, `was` and `if_version` hold against everybody else. A mistake of form (an unknown field, a "
        "number for a text) refuses the whole call; a value that a rule refuses refuses its row.",
        body=BODY,
        example=_EXAMPLE,
        answers={
            200: ("What became of each row.", ANSWER),
            202: ("The change goes beyond the shop's limits: a second person must approve it.", ANSWER),
        },
        faults={
            409: "The same request is being worked on, or others wrote the same rows meanwhile: send it again.",
        },
        body_bytes=BODY_BYTES,
        cost=10,
    ),
)
def upsert_skus(call: Call) -> Reply:
    """One call, one transaction."""
    body = call.body
    wish = Wish(
        rows=body["rows"],
        mode=_MODES[body.get("mode", "upsert")],
        on_error=_ON_ERROR[body.get("on_error", "skip")],
        dry_run=body.get("dry_run", False),
    )
    try:
        outcome = upserts.carry_out(call.shop, wish)
    except (IntegrityError, Overtaken) as error:
        raise Conflict("overtaken") from error
    except OperationalError as error:
        if isinstance(error.orig, DeadlockDetected):
            raise Conflict("overtaken") from error
        raise
    waits = outcome.state is ChangeState.PENDING and not wish.dry_run
    return Reply(_told(outcome, wish.dry_run), 202 if waits else 200)


def _told(outcome: Outcome, dry_run: bool) -> dict[str, Any]:
    kept = None if dry_run else outcome.change_set_id
    return {
        "dry_run": dry_run,
        "change_set_id": kept,
        "state": outcome.state.value if outcome.state else None,
        "content_hash": outcome.content_hash,
        "counts": outcome.counts,
        "results": outcome.results,
        "links": {"change": f"/api/v1/changes/{kept}", "page": f"/changes/{kept}"} if kept else {},
    }
