"""Acts on many orders at once: asked for by one call, carried out by a job, with a result for each order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

from app.api import paging
from app.api.routes import Call, Contract, Parameter, Reply, scoped
from app.api.shapes import TEXT, TEXT_OR_NULL, WHOLE, closed, of, shape
from app.api_keys.scopes import Scope
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.orders import batches, marks
from app.orders.api.shapes import LINKS
from app.orders.batch_models import Batch, BatchRow, BatchState, Outcome
from app.orders.edits import LENGTHS
from app.orders.models import Order
from app.orders.names import CAUSE_CHOICES

MOST = 1_000
MOST_ROWS = 500
BATCH = shape(
    id=WHOLE,
    act=TEXT,
    state=of(BatchState),
    total=WHOLE,
    done=WHOLE,
    unchanged=WHOLE,
    refused=WHOLE,
    created_at=paging.MOMENT,
    finished_at=paging.MOMENT_OR_NULL,
    links=LINKS,
)
ROW = shape(
    position=WHOLE,
    subject_id={**WHOLE, "description": "Id of the order (or case)."},
    label=TEXT,
    outcome={"type": ["string", "null"], "enum": [*(one.value for one in Outcome), None]},
    from_state={**TEXT, "description": "Where it stood."},
    code=TEXT_OR_NULL,
    message=TEXT_OR_NULL,
)
_FACTS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "cancel": lambda body: {"cause": body["cause"]},
    "tag": lambda body: {"tags": marks.read_tags(",".join(body["tags"]))},
    "untag": lambda body: {"tags": marks.read_tags(",".join(body["tags"]))},
    "flag": lambda body: {"flag": body["flag"], "flag_text": body.get("flag_text", "")},
    "note": lambda body: {"note": body["note"]},
}
_BATCH_ID = Parameter("batch_id", WHOLE, "Id of the act.", "path")
_PATH = "/batches/<int(max=999999999999999999):batch_id>"
_NO_BATCH = {404: "There is no such act in the shop of the key."}


@scoped(
    Scope.ORDERS_WRITE,
    "POST",
    "/batches",
    Contract(
        summary="Do one thing to many orders",
        description=f"Up to {MOST:,} orders a call. A job carries it out; read it until its state is neither queued "
        "nor running. Orders that the act does not fit are refused with their reason, the others are done.",
        body=closed(
            ["act", "orders"],
            act={**TEXT, "enum": list(_FACTS)},
            orders={"type": "array", "minItems": 1, "maxItems": MOST, "items": {**WHOLE, "minimum": 1}},
            cause={**TEXT, "enum": [cause.value for cause in CAUSE_CHOICES], "description": "Of cancel."},
            tags={"type": "array", "minItems": 1, "maxItems": marks.MOST_TAGS, "items": TEXT},
            flag={**TEXT, "enum": ["", *marks.FLAGS]},
            flag_text={**TEXT, "maxLength": marks.FLAG_LENGTH},
            note={**TEXT, "minLength": 1, "maxLength": LENGTHS["staff_note"]},
        ),
        example={"act": "tag", "orders": [1, 2], "tags": ["gift"]},
        answers={202: ("The act, which a job carries out.", BATCH)},
        faults={404: "One of the orders is not in the shop of the key; nothing was begun."},
    ),
)
def start_batch(call: Call) -> Reply:
    """Want it."""
    body = call.body
    try:
        facts = _FACTS[body["act"]](body)
    except KeyError as missing:
        raise RuleViolation("batch_fact_missing", field=str(missing.args[0])) from missing
    ids = sorted(set(body["orders"]))
    query = select(Order.id, Order.number).where(Order.shop_id == call.shop.id, Order.id.in_(ids))
    numbers = {order_id: number for order_id, number in db.session.execute(query)}  # noqa: C416 - a result has keys()
    if len(numbers) < len(ids):
        raise NotFound("not_found")
    rows = [batches.Row(order_id, numbers[order_id]) for order_id in ids]
    return Reply(_told(batches.propose(call.shop.id, body["act"], rows, facts)), 202)


@scoped(
    Scope.ORDERS_READ,
    "GET",
    _PATH,
    Contract(
        summary="Read an act on many orders",
        parameters=(_BATCH_ID,),
        answers={200: ("Where it stands, and how many rows came to what.", BATCH)},
        faults=_NO_BATCH,
    ),
)
def read_batch(call: Call, batch_id: int) -> Reply:
    """State and counts."""
    return Reply(_told(batches.get(batch_id)))


@scoped(
    Scope.ORDERS_READ,
    "GET",
    f"{_PATH}/rows",
    Contract(
        summary="List the rows of an act on many orders",
        parameters=(
            _BATCH_ID,
            *paging.parameters(MOST_ROWS, 100),
            Parameter("outcome", {**TEXT, "enum": [*(one.value for one in Outcome), "left"]}, "left: not tried yet."),
        ),
        answers={200: ("A page of rows.", paging.page_of(ROW))},
        faults=_NO_BATCH,
    ),
)
def list_batch_rows(call: Call, batch_id: int) -> Reply:
    """One page."""
    batch, limit = batches.get(batch_id), call.query.get("limit", 100)
    found = batches.rows(batch.id, call.query.get("outcome", ""), paging.after(call.query.get("cursor")), limit + 1)
    rows, last = paging.cut(found, limit)
    cursor = None if last is None else paging.cursor(last.position)
    return Reply({"items": [_row(row) for row in rows], "next_cursor": cursor})


def _told(batch: Batch) -> dict[str, Any]:
    names = ("id", "act", "total", "done", "unchanged", "refused", "created_at", "finished_at")
    base = f"/api/v1/batches/{batch.id}"
    links = {"self": base, "rows": f"{base}/rows", "page": f"/batches/{batch.id}"}
    return {**{name: getattr(batch, name) for name in names}, "state": batch.state.value, "links": links}


def _row(row: BatchRow) -> dict[str, Any]:
    names = ("position", "subject_id", "label", "from_state")
    return {
        **{name: getattr(row, name) for name in names},
        "outcome": row.outcome.value if row.outcome else None,
        "code": row.code or None,
        "message": str(batches.reason(row)) if row.code else None,
    }
