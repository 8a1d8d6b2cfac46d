"""Sending: one parcel of an order, or hundreds of tracking numbers with a result for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.api.routes import Call, Contract, Parameter, Reply, scoped
from app.api.shapes import TEXT, TEXT_OR_NULL, WHOLE, WHOLE_OR_NULL, closed, of, shape
from app.api_keys.scopes import Scope
from app.fulfilment import carriers, knowing, parcels, sending
from app.fulfilment.api.reading import PARCEL, one
from app.fulfilment.models import Source
from app.fulfilment.wanted import Outcome, Sending, Unit, Wanted
from app.kit.db import db
from app.kit.errors import DomainError
from app.orders import handling
from app.orders.batch_models import Outcome as RowOutcome
from app.orders.models import Order
from app.shops.models import Shop

MOST_ROWS = 500
BODY_BYTES = 1024 * 1024
CARRIER: dict[str, Any] = {
    **TEXT,
    "minLength": 1,
    "maxLength": 40,
    "description": "Our code (sf, zto, own, pickup …), a name such as 中通, or Kuaishou's number.",
}
TRACKING_NO: dict[str, Any] = {**TEXT, "maxLength": 40, "description": "Empty for carriers without numbers."}
SERIALS: dict[str, Any] = {"type": "array", "maxItems": 1000, "items": {**TEXT, "minLength": 1, "maxLength": 60}}
_UNITS = {**WHOLE, "minimum": 1, "maximum": 10**9}
_LINE = closed(["order_line_id", "quantity"], order_line_id=WHOLE, quantity=_UNITS, serials=SERIALS)


@scoped(
    Scope.PARCELS_WRITE,
    "POST",
    "/orders/<int(max=999999999999999999):order_id>/parcels",
    Contract(
        summary="Send a parcel of an order",
        description="Without `lines` all that is left of the order. The same number for the same units again changes "
        "nothing. What Kuaishou would refuse is refused here.",
        parameters=(Parameter("order_id", WHOLE, "Id of the order.", "path"),),
        body=closed(
            ["carrier"],
            carrier=CARRIER,
            tracking_no=TRACKING_NO,
            lines={"type": "array", "minItems": 1, "maxItems": 100, "items": _LINE},
        ),
        example={"carrier": "sf", "tracking_no": "SF1234567890123"},
        answers={200: ("The parcel.", PARCEL)},
        faults={
            404: "There is no such order in the shop of the key.",
            409: "The stock that the order held is gone, or the number is being used at this moment.",
        },
        versioned=True,
        cost=2,
    ),
)
def send_parcel(call: Call, order_id: int) -> Reply:
    """Send it."""
    body = call.body
    call.check_version(handling.locked(order_id).version)
    units = tuple(
        Unit(row["order_line_id"], row["quantity"], tuple(row.get("serials", ()))) for row in body.get("lines", ())
    )
    wanted = Sending(carrier_code(body["carrier"]), body.get("tracking_no", ""), units)
    return Reply(one(parcels.send(order_id, wanted, source=Source.API)))


_ROW = closed(
    ["order", "carrier"],
    order={**TEXT, "minLength": 1, "maxLength": 64, "description": "Number of the order."},
    carrier=CARRIER,
    tracking_no=TRACKING_NO,
    sku={
        **TEXT,
        "minLength": 1,
        "maxLength": 64,
        "description": "Only units of this SKU; all that is left if left out.",
    },
    quantity=_UNITS,
    serials=SERIALS,
)
_RESULT = shape(
    index={**WHOLE, "description": "Place in the call, from 0."},
    order=TEXT,
    outcome=of(RowOutcome),
    parcel_id=WHOLE_OR_NULL,
    code={**TEXT_OR_NULL, "description": "Why it was refused."},
    field={**TEXT_OR_NULL, "description": "The field that is at fault."},
    message=TEXT_OR_NULL,
)


@scoped(
    Scope.PARCELS_BULK,
    "POST",
    "/parcels/bulk",
    Contract(
        summary="Send many parcels",
        description=f"Up to {MOST_ROWS} tracking numbers, by the number of the order, with a result for each row: "
        "done, unchanged (it had left with this number before) or refused with its reason. Good rows are written, bad "
        "ones are not. The same call again sends nothing twice.",
        body=closed(["rows"], rows={"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": _ROW}),
        example={
            "rows": [
                {"order": "M20261123-7", "carrier": "顺丰", "tracking_no": "SF1234567890123"},
                {
                    "order": "M20261123-8",
                    "carrier": "zto",
                    "tracking_no": "75312345678901",
                    "sku": "CUP",
                    "quantity": 1,
                },
            ]
        },
        answers={
            200: (
                "What became of each row.",
                shape(
                    counts=shape(done=WHOLE, unchanged=WHOLE, refused=WHOLE),
                    results={"type": "array", "items": _RESULT},
                ),
            )
        },
        faults={409: "A number is being used by somebody else at this moment: send it again."},
        body_bytes=BODY_BYTES,
        cost=10,
    ),
)
def send_parcels(call: Call) -> Reply:
    """Send them in the order of the rows."""
    rows: list[dict[str, Any]] = call.body["rows"]
    results = _judged(call.shop, rows)
    told = [_result(place, row, one) for place, (row, one) in enumerate(zip(rows, results, strict=True))]
    counts = {name.value: sum(one["outcome"] == name.value for one in told) for name in RowOutcome}
    return Reply({"counts": counts, "results": told})


def _judged(shop: Shop, rows: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """A result for each row; rows that name no order or line of ours are refused before anything is sent."""
    ids = _ids(shop, [row["order"] for row in rows])
    lines = knowing.lines_of(sorted(ids.values()))
    results: dict[int, Outcome] = {}
    wanted: list[tuple[int, Wanted]] = []
    for place, row in enumerate(rows):
        order_id = ids.get(row["order"])
        if order_id is None:
            results[place] = Outcome(0, "refused", None, "order_unknown", "order", {"value": row["order"]})
            continue
        units = _units(row, lines.get(order_id, []))
        if units is None:
            facts = {"order": row["order"], "sku": row["sku"]}
            results[place] = Outcome(order_id, "refused", None, "line_unknown", "sku", facts)
            continue
        number = carriers.tidy(row.get("tracking_no", ""))
        parcel = Sending(carrier_code(row["carrier"]), number, units)
        wanted.append((place, Wanted(order_id, parcel, source=Source.API)))
    sent = sending.send_many(shop.id, [one for _, one in wanted]) if wanted else []
    results |= {place: outcome for (place, _), outcome in zip(wanted, sent, strict=True)}
    return [results[place] for place in range(len(rows))]


def _ids(shop: Shop, numbers: Sequence[str]) -> dict[str, int]:
    query = select(Order.number, Order.id).where(Order.shop_id == shop.id, Order.number.in_(set(numbers)))
    return {number: order_id for number, order_id in db.session.execute(query)}  # noqa: C416 - a result has keys(), too


def _units(row: Mapping[str, Any], lines: Sequence[knowing.LineFacts]) -> tuple[Unit, ...] | None:
    """The units that a row names; none for all that is left, None where the order has no such line."""
    if "sku" not in row:
        return ()
    line = next((one for one in lines if one.code == row["sku"]), None)
    if line is None:
        return None
    quantity = row.get("quantity", line.left or line.ordered)
    return (Unit(line.id, quantity, tuple(row.get("serials", ()))),)


def _result(place: int, row: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    refused = outcome.outcome == "refused"
    return {
        "index": place,
        "order": row["order"],
        "outcome": outcome.outcome,
        "parcel_id": outcome.parcel_id,
        "code": outcome.code if refused else None,
        "field": (outcome.column or None) if refused else None,
        "message": DomainError(outcome.code, **outcome.facts).message() if refused else None,
    }


def carrier_code(given: str) -> str:
    """Our code of a carrier that somebody has named; an unknown name stays, and is refused by its rule."""
    found = carriers.find(given)
    return found.code if found is not None else given[:24]
