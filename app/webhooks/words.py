"""Webhooks in words: states of endpoints and deliveries, errors, history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.kit.history import Entry
from app.webhooks.kinds import public
from app.webhooks.models import DeliveryState, PauseCause, WebhookAttempt, WebhookDelivery, WebhookEndpoint

Badge = tuple[str, str, Any]
"""Tone, icon and word."""
DELIVERY_STATES = {
    DeliveryState.WAITING: ("info", "clock", _l("Being sent")),
    DeliveryState.DELIVERED: ("success", "circle-check", _l("Arrived")),
    DeliveryState.GIVEN_UP: ("danger", "circle-x", _l("Given up")),
}
CAUSES = {
    PauseCause.STAFF: _l("Paused"),
    PauseCause.FAILING: _l("Stopped: it failed for three days"),
    PauseCause.GONE: _l("Stopped: it answered 410, “gone”"),
}
_ERRORS = {
    "bad_address": _l("The address may not be sent to."),
    "unreachable:name": _l("The name of the host is not known."),
    "unreachable:time": _l("No answer in time."),
    "unreachable:TimeoutError": _l("No answer in time."),
    "unreachable:ConnectionRefusedError": _l("The connection was refused."),
    "unreachable:ConnectionResetError": _l("The connection was cut."),
    "unreachable:RemoteDisconnected": _l("The connection was cut."),
    "unreachable:SSLCertVerificationError": _l("The certificate of the host is not valid."),
    "webhook_event_gone": _l("The event itself is not kept any more."),
}


def state(row: WebhookEndpoint) -> Badge:
    """How an endpoint stands."""
    if row.pause_cause in (PauseCause.FAILING, PauseCause.GONE):
        return "danger", "alert-circle", CAUSES[row.pause_cause]
    if not row.is_enabled:
        return "secondary", "player-pause", _l("Paused")
    if row.failing_since:
        return "warning", "alert-triangle", _l("Failing, tried again")
    return "success", "circle-check", _l("Switched on")


def delivery_state(row: WebhookDelivery) -> Badge:
    """How a delivery stands; one that has failed and waits is a warning."""
    if row.state is DeliveryState.WAITING and row.tries and (row.last_status or row.last_error):
        return "warning", "clock", _l("Tried again")
    return DELIVERY_STATES[row.state]


def outcome(row: WebhookAttempt | WebhookDelivery) -> str:
    """What came back last, in words: a status, or why there was none."""
    status, error = (row.status, row.error) if isinstance(row, WebhookAttempt) else (row.last_status, row.last_error)
    if status is not None:
        return f"HTTP {status}"
    if not error:
        return "–"
    known = _ERRORS.get(error) or _ERRORS.get(error.partition(":")[0])
    return str(known) if known else gettext("The call failed (%(error)s).", error=error.partition(":")[2] or error)


def _made(entry: Entry) -> tuple[str, str, str]:
    told = ", ".join(public(event) for event in entry.facts["events"][:6])
    more = " …" if len(entry.facts["events"]) > 6 else ""
    return "plus", "success", gettext("Made, for %(events)s", events=told + more)


def _changed(entry: Entry) -> tuple[str, str, str]:
    labels = {"name": gettext("Endpoint name"), "url": gettext("Address"), "events": gettext("Events")}
    fields = ", ".join(labels.get(field, field) for field in entry.facts["fields"])
    return "pencil", "secondary", gettext("Changed: %(fields)s", fields=fields)


def _paused(entry: Entry) -> tuple[str, str, Any]:
    cause = PauseCause(entry.facts["cause"])
    return "player-pause", "secondary" if cause is PauseCause.STAFF else "danger", CAUSES[cause]


def _replayed(entry: Entry) -> tuple[str, str, str]:
    return "repeat", "info", gettext("Sent again: %(count)s", count=entry.facts["deliveries"])


EVENTS: dict[str, Callable[[Entry], tuple[str, str, Any]]] = {
    "WebhookMade": _made,
    "WebhookChanged": _changed,
    "WebhookPaused": _paused,
    "WebhookResumed": lambda entry: ("player-play", "success", gettext("Switched on")),
    "WebhookSecretChanged": lambda entry: ("key", "warning", gettext("New secret; the old one signs for a day more")),
    "WebhookReplayed": _replayed,
}
