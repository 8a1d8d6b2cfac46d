"""Price windows in words: where one stands by the clock, what it does, who wins when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.catalog import change_words, price_window_drafts
from app.catalog.price_layers import Segment
from app.catalog.price_window_drafts import NEW_ID, CopyOf, WindowRule
from app.catalog.price_window_models import PriceWindow, WindowState
from app.console import cells
from app.kit import clock, formats
from app.kit.errors import RuleViolation
from app.kit.history import Entry
from app.kit.money import divide_half_up
from app.shops.models import Shop

STANDINGS = {
    "running": ("success", "player-play", _l("Running")),
    "planned": ("info", "clock", _l("Planned")),
    "ended": ("secondary", "flag", _l("Ended")),
    "pending": ("warning", "user-check", _l("Waits for approval")),
    "cancelled": ("secondary", "circle-x", _l("Cancelled")),
    "rejected": ("danger", "thumb-down", _l("Rejected")),
}
FIELDS = {
    "name": _l("Window name"),
    "starts_at": _l("From"),
    "ends_at": _l("To"),
    "priority": _l("Priority"),
    "note": _l("Note"),
    "state": _l("State"),
}


def standing(window: PriceWindow, moment: datetime | None = None) -> str:
    """The key of STANDINGS at a moment, now when none is given."""
    at = moment or clock.now()
    if window.state is not WindowState.PLANNED:
        return window.state.value
    if window.has_ended(at):
        return "ended"
    return "running" if window.has_begun(at) else "planned"


def badge(window: PriceWindow) -> Markup:
    """Where a window stands, by colour, icon and word."""
    return cells.badge(*STANDINGS[standing(window)])


def moment_text(at: datetime | None, zone: str) -> str:
    """A time of the shop, to the second where it has seconds; open ends in words."""
    if at is None:
        return gettext("for good")
    shown = formats.moment(at, zone)
    return f"{shown}:{at:%S}" if at.second else shown


def rule(found: WindowRule, currency: str) -> str:
    """What a window's prices are made of."""
    if isinstance(found, CopyOf):
        return gettext("Prices of window #%(number)s", number=found.window_id)
    return change_words.rule(found, currency)


def rule_of(window: PriceWindow, currency: str) -> str:
    """The same for a saved window; a dash when it was not made by a rule."""
    try:
        return rule(price_window_drafts.rule_from_json(window.rule), currency)
    except RuleViolation:
        return "–"


def segment(found: Segment, shop: Shop) -> dict[str, Any]:
    """One stretch of time as the templates show it; `own` marks the window that is being made."""
    layer = found.layer
    return {
        "from": moment_text(found.starts_at, shop.time_zone),
        "to": moment_text(found.ends_at, shop.time_zone),
        "price": formats.money(found.price_minor, shop.currency),
        "name": layer.name if layer else gettext("Base price"),
        "window_id": layer.window_id if layer and layer.window_id != NEW_ID else None,
        "own": bool(layer and layer.window_id == NEW_ID),
    }


def percent_less(base: int, price: int) -> str:
    """From 1000 to 900 in words: "−10 %", to a tenth of a percent."""
    if base == 0:
        return "–"
    return change_words.percent(divide_half_up((price - base) * 1000, base) * 1000) if price != base else "0 %"


def _ended(entry: Entry) -> tuple[str, str, Any]:
    following = entry.facts.get("continued_by_id")
    if following is not None:
        return "arrow-right", "info", gettext("Goes on as window #%(number)s with another priority", number=following)
    return "flag", "secondary", gettext("Ended")


def _decided(entry: Entry) -> tuple[str, str, Any]:
    if entry.facts.get("approved"):
        return "thumb-up", "success", gettext("Approved")
    return "thumb-down", "danger", gettext("Rejected")


EVENTS: Mapping[str, Any] = {
    "PriceWindowMade": lambda entry: ("plus", "success", gettext("Made")),
    "PriceWindowChanged": lambda entry: ("pencil", "secondary", gettext("Edited")),
    "PriceWindowEnded": _ended,
    "PriceWindowCancelled": lambda entry: ("circle-x", "warning", gettext("Cancelled")),
    "PriceWindowRestored": lambda entry: ("arrow-back-up", "info", gettext("Brought back")),
    "PriceWindowDecided": _decided,
}


def field_value(name: str, stored: Any, zone: str) -> str:
    """A value out of the field history of a window."""
    if name in ("starts_at", "ends_at"):
        return moment_text(datetime.fromisoformat(stored) if stored else None, zone)
    if name == "state" and stored in STANDINGS:
        return str(STANDINGS[stored][2])
    return "–" if stored in (None, "") else str(stored)
