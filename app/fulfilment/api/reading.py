"""Reading parcels: a page, one, those of an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, tuple_

from app.api import paging
from app.api.routes import Call, Contract, Parameter, Reply, scoped
from app.api.shapes import TEXT, WHOLE, WHOLE_OR_NULL, of, shape
from app.api_keys.scopes import Scope
from app.fulfilment import parcels, reading
from app.fulfilment.models import EventKind, Parcel, ParcelKind, ParcelLine, ParcelOrder, ParcelState, Source
from app.kit.db import db
from app.orders import telling

MOST = 100
LINE = shape(
    order_id=WHOLE,
    order_line_id={**WHOLE_OR_NULL, "description": "Null for what is sent in exchange or once more."},
    sku=TEXT,
    title=TEXT,
    quantity=WHOLE,
    serials={"type": "array", "items": TEXT},
)
EVENT = shape(at=paging.MOMENT, kind=of(EventKind), source=of(Source), actor=TEXT)
_COMMON: dict[str, Any] = {
    "id": WHOLE,
    "version": WHOLE,
    "kind": of(ParcelKind),
    "state": of(ParcelState),
    "carrier": {**TEXT, "description": "Our code: sf, zto, yto …"},
    "tracking_no": TEXT,
    "units": WHOLE,
    "orders": {"type": "array", "items": WHOLE, "description": "Ids of the orders in it."},
    "lines": {"type": "array", "items": LINE},
    "last_event": of(EventKind),
    "moved_at": paging.MOMENT,
    "sent_at": paging.MOMENT_OR_NULL,
    "signed_at": paging.MOMENT_OR_NULL,
}
LISTED = shape(**_COMMON)
PARCEL = shape(**_COMMON, events={"type": "array", "items": EVENT, "description": "Newest first."})
PARCEL_ID = Parameter("parcel_id", WHOLE, "Id of the parcel.", "path")
PATH = "/parcels/<int(max=999999999999999999):parcel_id>"
NO_PARCEL = {404: "There is no such parcel in the shop of the key."}


@scoped(
    Scope.PARCELS_READ,
    "GET",
    "/parcels",
    Contract(
        summary="List parcels",
        description="Those that something was heard of last first.",
        parameters=(
            *paging.parameters(MOST),
            Parameter("state", of(ParcelState), "Only parcels that stand here."),
            Parameter("carrier", {**TEXT, "maxLength": 24}, "Only of this carrier, by our code."),
            Parameter("tracking_no", {**TEXT, "maxLength": 40}, "Only of this number."),
        ),
        answers={200: ("A page of parcels.", paging.page_of(LISTED))},
    ),
)
def list_parcels(call: Call) -> Reply:
    """One page, by three statements."""
    query, limit = call.query, call.query.get("limit", 50)
    found = select(Parcel).where(Parcel.shop_id == call.shop.id)
    for name, column in (
        ("state", Parcel.state),
        ("carrier", Parcel.carrier_code),
        ("tracking_no", Parcel.tracking_no),
    ):
        if name in query:
            found = found.where(column == query[name])
    if after := paging.place(query.get("cursor"), str, int):
        found = found.where(tuple_(Parcel.moved_at, Parcel.id) < (paging.moment(after[0]), after[1]))
    found = found.order_by(Parcel.moved_at.desc(), Parcel.id.desc()).limit(limit + 1)
    rows, last = paging.cut(db.session.scalars(found).all(), limit)
    cursor = None if last is None else paging.cursor(last.moved_at.isoformat(), last.id)
    return Reply({"items": told(rows), "next_cursor": cursor})


@scoped(
    Scope.PARCELS_READ,
    "GET",
    PATH,
    Contract(
        summary="Read a parcel",
        parameters=(PARCEL_ID,),
        answers={200: ("The parcel with its way.", PARCEL)},
        faults=NO_PARCEL,
    ),
)
def read_parcel(call: Call, parcel_id: int) -> Reply:
    """One parcel."""
    row = parcels.get(parcel_id)
    return Reply(one(row), version=row.version)


@scoped(
    Scope.PARCELS_READ,
    "GET",
    "/orders/<int(max=999999999999999999):order_id>/parcels",
    Contract(
        summary="List the parcels of an order",
        description="Oldest first. An order is shipped when all of its units have left.",
        parameters=(Parameter("order_id", WHOLE, "Id of the order.", "path"),),
        answers={200: ("The parcels.", shape(items={"type": "array", "items": LISTED}))},
        faults={404: "There is no such order in the shop of the key."},
    ),
)
def list_order_parcels(call: Call, order_id: int) -> Reply:
    """All of them."""
    order = telling.get(order_id)
    return Reply({"items": told([shown.row for shown in reading.of_order(order.id)])})


def told(rows: Sequence[Parcel]) -> list[dict[str, Any]]:
    """Parcels as plain data, by two statements."""
    ids = [row.id for row in rows]
    lines: dict[int, list[dict[str, Any]]] = {one: [] for one in ids}
    found = db.session.scalars(select(ParcelLine).where(ParcelLine.parcel_id.in_(ids)).order_by(ParcelLine.id))
    for line in found:
        names = ("order_id", "order_line_id", "title", "quantity")
        values = {name: getattr(line, name) for name in names}
        lines[line.parcel_id].append({**values, "sku": line.code, "serials": list(line.serials)})
    orders: dict[int, list[int]] = {one: [] for one in ids}
    links = select(ParcelOrder.parcel_id, ParcelOrder.order_id).where(ParcelOrder.parcel_id.in_(ids))
    for parcel_id, order_id in db.session.execute(links.order_by(ParcelOrder.order_id)):
        orders[parcel_id].append(order_id)
    return [{**_plain(row), "orders": orders[row.id], "lines": lines[row.id]} for row in rows]


def one(row: Parcel) -> dict[str, Any]:
    """A parcel with its way; what somebody has written about it is not told, because it may name people."""
    names = ("at", "actor")
    events = [
        {**{name: getattr(event, name) for name in names}, "kind": event.kind.value, "source": event.source.value}
        for event in reading.events(row.id)
    ]
    return {**told([row])[0], "events": events}


def _plain(row: Parcel) -> dict[str, Any]:
    names = ("id", "version", "tracking_no", "units", "moved_at", "sent_at", "signed_at")
    states = {name: getattr(row, name).value for name in ("kind", "state", "last_event")}
    return {**{name: getattr(row, name) for name in names}, **states, "carrier": row.carrier_code}
