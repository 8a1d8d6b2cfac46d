"""The names of what a parcel can be and what happens to it, for people."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.console import cells
from app.fulfilment.carriers import BY_CODE, Carrier
from app.fulfilment.models import BlockReason, EventKind, Parcel, ParcelKind, ParcelState, Source

STATES = {
    ParcelState.CREATED: ("warning", "tag", _l("Not sent yet")),
    ParcelState.SENT: ("info", "truck-delivery", _l("On its way")),
    ParcelState.SIGNED: ("success", "home-check", _l("Signed for")),
    ParcelState.RETURNED: ("danger", "arrow-back-up", _l("Came back")),
    ParcelState.CANCELLED: ("secondary", "circle-x", _l("Cancelled")),
}
KINDS = {
    ParcelKind.SALE: _l("Goods sold"),
    ParcelKind.EXCHANGE: _l("Exchange"),
    ParcelKind.RESEND: _l("Sent once more"),
    ParcelKind.RETURN: _l("From the buyer"),
}
EVENTS = {
    EventKind.CREATED: ("secondary", "tag", _l("Number taken")),
    EventKind.SENT: ("info", "truck-delivery", _l("Sent")),
    EventKind.CORRECTED: ("warning", "pencil", _l("Carrier or number corrected")),
    EventKind.PICKED_UP: ("info", "package-export", _l("Picked up by the carrier")),
    EventKind.IN_TRANSIT: ("info", "truck", _l("On its way")),
    EventKind.DELIVERING: ("info", "map-pin", _l("Out for delivery")),
    EventKind.PROBLEM: ("danger", "alert-triangle", _l("Problem")),
    EventKind.SIGNED: ("success", "home-check", _l("Signed for")),
    EventKind.RETURNED: ("danger", "arrow-back-up", _l("Came back")),
    EventKind.CANCELLED: ("secondary", "circle-x", _l("Cancelled")),
}
NOTED = (EventKind.PICKED_UP, EventKind.IN_TRANSIT, EventKind.DELIVERING, EventKind.PROBLEM)
"""What staff may write down by hand; the other events come with the deed itself."""
SOURCES = {
    Source.STAFF: _l("Staff"),
    Source.CARRIER: _l("Carrier"),
    Source.IMPORT: _l("Workbook"),
    Source.API: _l("Program"),
    Source.SYSTEM: _l("Kuaidan"),
}
BLOCKS = {
    BlockReason.GROUP_BUY: _l("The buying group has not formed"),
    BlockReason.RISK: _l("Held because of a risk"),
    BlockReason.SHOP: _l("Held back by the shop"),
}


def state_badge(row: Parcel) -> Markup:
    """Where a parcel is; a problem on the way comes first."""
    if row.state is ParcelState.SENT and row.last_event is EventKind.PROBLEM:
        return cells.badge(*EVENTS[EventKind.PROBLEM])
    return cells.badge(*STATES[row.state])


def carrier(code: str) -> str:
    """The carrier's name; an unknown code is shown as it is."""
    known: Carrier | None = BY_CODE.get(code)
    return known.name if known else code
