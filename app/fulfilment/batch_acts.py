"""The bulk acts that ship: parcels of a batch leave by the same rules as one from the order's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.fulfilment import sending
from app.fulfilment.models import Source
from app.fulfilment.wanted import Label, Outcome, Sending, Unit, Wanted
from app.kit.permissions import Noun, Verb
from app.orders import batches
from app.orders.batch_acts import ORDER
from app.orders.batch_models import BatchRow
from app.orders.batches import Result

SHIP = "ship"
SHIP_TYPED = "ship_typed"


def given(wanted: Sending) -> dict[str, Any]:
    """A parcel as a row of a batch keeps it."""
    return {
        "carrier": wanted.carrier_code,
        "tracking_no": wanted.tracking_no,
        "lines": [[unit.order_line_id, unit.quantity, list(unit.serials)] for unit in wanted.lines],
        "picked_up_at": wanted.picked_up_at.isoformat() if wanted.picked_up_at else None,
        "label": [wanted.label.carrier_code, wanted.label.tracking_no, wanted.label.address],
    }


def wanted_of(row: BatchRow, source: Source = Source.IMPORT) -> Wanted:
    """The parcel that a row of a batch wants."""
    kept = row.given or {}
    lines = tuple(Unit(line_id, quantity, tuple(serials)) for line_id, quantity, serials in kept.get("lines", []))
    at = datetime.fromisoformat(kept["picked_up_at"]) if kept.get("picked_up_at") else None
    label = Label(*kept.get("label", []))
    parcel = Sending(kept.get("carrier", ""), kept.get("tracking_no", ""), lines, at, label)
    return Wanted(row.subject_id, parcel, source=source)


@batches.act(SHIP, _l("Ship"), ORDER, in_chunks=True, noun=Noun.PARCELS, verb=Verb.BULK)
def ship(rows: Sequence[BatchRow], facts: Mapping[str, Any]) -> list[Result]:
    """Send what each row wants, in order; a row that was sent before is unchanged."""
    found = sending.send_many(rows[0].shop_id, [wanted_of(row) for row in rows])
    return [result(one) for one in found]


@batches.act(SHIP_TYPED, _l("Ship"), ORDER, in_chunks=True, noun=Noun.PARCELS, verb=Verb.WRITE)
def ship_typed(rows: Sequence[BatchRow], facts: Mapping[str, Any]) -> list[Result]:
    """As `ship`, for numbers that somebody has typed: who may send one order may send a page of them."""
    found = sending.send_many(rows[0].shop_id, [wanted_of(row, Source.STAFF) for row in rows])
    return [result(one) for one in found]


def result(outcome: Outcome) -> Result:
    """What became of a parcel, as a batch writes it down."""
    if outcome.outcome == "refused":
        return batches.refused(outcome.code, **outcome.facts)
    return batches.DONE if outcome.outcome == "done" else batches.UNCHANGED
