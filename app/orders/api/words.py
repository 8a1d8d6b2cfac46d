"""Comments on an order: what staff and programs say to each other about it."""

from __future__ import annotations

from typing import Any

from app.api import paging
from app.api.routes import Call, Contract, Reply, scoped
from app.api.shapes import TEXT, WHOLE, closed, shape
from app.api_keys.scopes import Scope
from app.orders import comments, telling
from app.orders.api.reading import note_reading
from app.orders.api.shapes import NO_ORDER, ORDER_ID, PATH
from app.orders.side_models import OrderComment

COMMENT = shape(id=WHOLE, author=TEXT, body=TEXT, created_at=paging.MOMENT)


@scoped(
    Scope.PERSONAL_READ,
    "GET",
    f"{PATH}/comments",
    Contract(
        summary="List the comments on an order",
        description="Staff write freely, so this needs the scope for buyers' data. The newest 200, newest first.",
        parameters=(ORDER_ID,),
        answers={200: ("The comments.", shape(items={"type": "array", "items": COMMENT}))},
        faults=NO_ORDER,
    ),
)
def list_order_comments(call: Call, order_id: int) -> Reply:
    """All that were made."""
    order = telling.get(order_id)
    told = [_told(row) for row in comments.of(order.id).values()]
    note_reading(call, [order])
    return Reply({"items": told})


@scoped(
    Scope.ORDERS_WRITE,
    "POST",
    f"{PATH}/comments",
    Contract(
        summary="Comment on an order",
        description="Members of the shop that are named as @username find it on their home page.",
        parameters=(ORDER_ID,),
        body=closed(["body"], body={**TEXT, "minLength": 1, "maxLength": comments.LENGTH}),
        example={"body": "@lina the warehouse asks for the colour"},
        answers={201: ("The comment.", COMMENT)},
        faults=NO_ORDER,
    ),
)
def comment_on_order(call: Call, order_id: int) -> Reply:
    """Say it."""
    return Reply(_told(comments.add(order_id, call.body["body"])), 201)


def _told(row: OrderComment) -> dict[str, Any]:
    return {"id": row.id, "author": row.author, "body": row.body, "created_at": row.created_at}
