"""How an order tells its history: a sentence for each fact, a name for each field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.console.timeline import Telling, Words
from app.kit import formats
from app.kit.history import Entry
from app.orders.lifecycle import KIND_LABELS, LABELS
from app.orders.listing import STATUS_LOOKS
from app.orders.models import Order, OrderKind, OrderStatus

FIELDS = {
    "number": _l("Number"),
    "kind": _l("Kind"),
    "status": _l("Status"),
    "placed_at": _l("Placed"),
    "currency": _l("Currency"),
    "country": _l("Country"),
    "customer_id": _l("Customer"),
    "reverses_id": _l("Reversed sale"),
    "units": _l("Units"),
    "items_minor": _l("Items"),
    "charges_minor": _l("Charges"),
    "total_minor": _l("Total"),
    "receiver": _l("Receiver"),
    "address": _l("Address"),
    "staff_note": _l("Staff note"),
}


def words(order: Order, zone: str) -> Words:
    """The words of one order: its amounts are in its currency, its times in the shop's zone."""

    def value(field: str, stored: Any) -> str:
        if stored is None or stored == "":
            return "–"
        if field.endswith("_minor"):
            return formats.money(int(stored), order.currency)
        if field == "placed_at":
            return formats.moment(datetime.fromisoformat(stored), zone)
        if field == "status":
            return str(LABELS[OrderStatus(stored)])
        return str(KIND_LABELS[OrderKind(stored)]) if field == "kind" else str(stored)

    return Words({"OrderMoved": _moved, "OrderEdited": _edited}, FIELDS, value)


def _moved(entry: Entry) -> Telling:
    before, after = OrderStatus(entry.facts["from_status"]), OrderStatus(entry.facts["to_status"])
    tone, glyph = STATUS_LOOKS[after]
    return glyph, tone, gettext("%(before)s → %(after)s", before=LABELS[before], after=LABELS[after])


def _edited(entry: Entry) -> Telling:
    return "pencil", "secondary", gettext("Edited by hand")
