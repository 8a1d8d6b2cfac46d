"""Reading orders: a page, one, what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.api import paging
from app.api.routes import Call, Contract, Parameter, Reply, scoped
from app.api.shapes import TEXT, WHOLE, of, shape
from app.api_keys.scopes import Scope
from app.kit import history, journal
from app.kit.db import transaction
from app.orders import telling
from app.orders.api.shapes import LISTED, NO_ORDER, ORDER, ORDER_ID, PATH, PERSONAL, STATES
from app.orders.models import Order, OrderKind
from app.orders.telling import Wanted
from app.program_events import PersonalDataRead

MOST = 100
_STATE_PARAMETERS = tuple(Parameter(name, schema, "Only orders that stand here.") for name, schema in STATES.items())
_TIME = {"type": "string", "format": "date-time", "maxLength": 40}


@scoped(
    Scope.ORDERS_READ,
    "GET",
    "/orders",
    Contract(
        summary="List orders",
        description="Newest first. With `updated_since` in the order of their last change, oldest change first: read "
        "to the end, remember when the run began, and begin the next run a minute before that moment, because a change "
        "counts from when it was made and can be read once it is complete.",
        parameters=(
            *paging.parameters(MOST),
            *_STATE_PARAMETERS,
            Parameter("kind", of(OrderKind), "sale if left out."),
            Parameter("tag", {**TEXT, "maxLength": 20}, "Only orders with this tag."),
            Parameter("number", {**TEXT, "maxLength": 64}, "Only the order of this number."),
            Parameter("placed_from", _TIME, "Placed then or later."),
            Parameter("placed_until", _TIME, "Placed before."),
            Parameter("updated_since", _TIME, "Changed then or later."),
            PERSONAL,
        ),
        answers={200: ("A page of orders.", paging.page_of(LISTED))},
    ),
)
def list_orders(call: Call) -> Reply:
    """One page."""
    shown = _may_show(call)
    wanted = _wanted(call)
    rows, last = paging.cut(telling.page(call.shop, wanted), wanted.limit)
    items = telling.all_of(rows, personal=shown)
    if shown:
        note_reading(call, rows)
    return Reply({"items": items, "next_cursor": None if last is None else _cursor(last, wanted)})


def _wanted(call: Call) -> Wanted:
    query = call.query
    times = {
        name: paging.moment(query[name]) for name in ("placed_from", "placed_until", "updated_since") if name in query
    }
    after = paging.place(query.get("cursor"), str, int)
    return Wanted(
        kind=OrderKind(query.get("kind", OrderKind.SALE)),
        states=tuple((name, query[name]) for name in STATES if name in query),
        tag=query.get("tag"),
        number=query.get("number"),
        after=(paging.moment(after[0]), after[1]) if after else None,
        limit=query.get("limit", 50),
        **times,
    )


def _cursor(last: Order, wanted: Wanted) -> str:
    moment: datetime = last.placed_at if wanted.updated_since is None else last.updated_at
    return paging.cursor(moment.isoformat(), last.id)


@scoped(
    Scope.ORDERS_READ,
    "GET",
    PATH,
    Contract(
        summary="Read an order",
        parameters=(ORDER_ID, PERSONAL),
        answers={200: ("The order, with its version as ETag.", ORDER)},
        faults=NO_ORDER,
    ),
)
def read_order(call: Call, order_id: int) -> Reply:
    """One order."""
    shown = _may_show(call)
    order = telling.get(order_id)
    told, version = telling.one(order, personal=shown), order.version
    if shown:
        note_reading(call, [order])
    return Reply(told, version=version)


ENTRY = shape(
    at=paging.MOMENT,
    actor={**TEXT, "description": "Such as staff:7, key:3, system:ticker."},
    event={**TEXT, "description": "Empty for a change of fields that no event speaks of."},
    facts={"type": "object"},
    changes={"type": "object", "description": "Fields with [old, new]; buyers' data says only that it changed."},
)


@scoped(
    Scope.ORDERS_READ,
    "GET",
    f"{PATH}/timeline",
    Contract(
        summary="Read what happened to an order",
        parameters=(ORDER_ID,),
        answers={
            200: (
                "Events and changes of fields, newest first, at most 400.",
                shape(order=WHOLE, items={"type": "array", "items": ENTRY}),
            )
        },
        faults=NO_ORDER,
    ),
)
def read_order_timeline(call: Call, order_id: int) -> Reply:
    """The timeline."""
    order = telling.get(order_id)
    names = ("at", "actor", "event", "facts", "changes")
    entries = [{name: getattr(entry, name) for name in names} for entry in history.of("order", "orders", order.id)]
    return Reply({"order": order.id, "items": entries})


def _may_show(call: Call) -> bool:
    shown = bool(call.query.get("personal") == "shown")
    if shown:
        call.require(Scope.PERSONAL_READ)
    return shown


def note_reading(call: Call, orders: Sequence[Order]) -> None:
    """Write down that buyers' data of these orders was read, and by which key."""
    if orders:
        with transaction():
            journal.record(PersonalDataRead(call.shop.id, call.key.id, "order", [order.id for order in orders]))
