"""How parcels are told on the timeline of their orders, and on their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext, ngettext

from app.console.timeline import Telling
from app.fulfilment import names
from app.fulfilment.models import BlockReason, ParcelEvent, ParcelKind, ParcelState
from app.kit import formats, people
from app.kit.history import Entry


def _parcel(facts: dict[str, Any], prefix: str = "") -> str:
    """中通快递 7531…, or the carrier alone."""
    return f"{names.carrier(facts[f'{prefix}carrier'])} {facts[f'{prefix}tracking_no']}".strip()


def _sent(entry: Entry) -> Telling:
    units = entry.facts["units"]
    parcel = _parcel(entry.facts)
    if entry.facts["kind"] == ParcelKind.RETURN:
        came = ngettext(
            "%(num)s unit sent back with %(parcel)s", "%(num)s units sent back with %(parcel)s", units, parcel=parcel
        )
        return "truck-return", "info", came
    text = ngettext("%(num)s unit sent with %(parcel)s", "%(num)s units sent with %(parcel)s", units, parcel=parcel)
    return "truck-delivery", "info", text


def _moved(entry: Entry) -> Telling:
    tone, glyph, word = names.STATES[ParcelState(entry.facts["to_state"])]
    number = entry.facts.get("tracking_no") or f"#{entry.facts['parcel_id']}"
    return glyph, tone, gettext("Parcel %(id)s: %(state)s", id=number, state=word)


def _corrected(entry: Entry) -> Telling:
    before, after = _parcel(entry.facts, "from_"), _parcel(entry.facts, "to_")
    return "pencil", "warning", gettext("Parcel corrected: %(before)s → %(after)s", before=before, after=after)


def _labelled(entry: Entry) -> Telling:
    return "tag", "secondary", gettext("Number taken: %(parcel)s", parcel=_parcel(entry.facts))


def _blocked(entry: Entry) -> Telling:
    reason = names.BLOCKS[BlockReason(entry.facts["reason"])]
    return "hand-stop", "warning", gettext("Shipping stopped: %(reason)s", reason=reason)


def _released(entry: Entry) -> Telling:
    return "player-play", "success", gettext("Shipping allowed again")


EVENTS: dict[str, Callable[[Entry], Telling]] = {
    "ParcelSent": _sent,
    "ParcelMoved": _moved,
    "ParcelCorrected": _corrected,
    "ParcelLabelled": _labelled,
    "ShippingBlocked": _blocked,
    "ShippingReleased": _released,
}
"""For the order's timeline: a sentence for each fact about its parcels."""


def told(events: Sequence[ParcelEvent], zone: str) -> list[dict[str, Any]]:
    """A parcel's own timeline as the macro takes it; one statement for the names."""
    who = people.names(one.actor for one in events)
    return [
        {
            "icon": names.EVENTS[one.kind][1],
            "tone": names.EVENTS[one.kind][0],
            "text": names.EVENTS[one.kind][2],
            "who": f"{who[one.actor]} · {names.SOURCES[one.source]}",
            "ago": formats.ago(one.at),
            "exact": formats.moment(one.at, zone),
            "note": one.note,
        }
        for one in events
    ]
