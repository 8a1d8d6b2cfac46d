"""Sentences for an order's timeline about its payments and refunds."""

from __future__ import annotations

from flask_babel import gettext

from app.console.timeline import Telling
from app.kit import formats
from app.kit.history import Entry
from app.orders import story
from app.payments import names
from app.payments.models import PaymentStatus


def _amount(entry: Entry, currency: str) -> str:
    return formats.money(entry.facts["amount_minor"], currency)


def _started(entry: Entry, currency: str) -> Telling:
    channel = names.channel(entry.facts["channel"])
    return (
        "credit-card",
        "secondary",
        gettext("Payment begun: %(amount)s by %(channel)s", amount=_amount(entry, currency), channel=channel),
    )


def _succeeded(entry: Entry, currency: str) -> Telling:
    amount, channel = _amount(entry, currency), names.channel(entry.facts["channel"])
    if not entry.facts["counted"]:
        text = gettext("%(amount)s by %(channel)s that the order does not need", amount=amount, channel=channel)
        return "alert-triangle", "warning", text
    return "cash", "success", gettext("%(amount)s paid by %(channel)s", amount=amount, channel=channel)


def _ended(entry: Entry, currency: str) -> Telling:
    state, channel = PaymentStatus(entry.facts["state"]), names.channel(entry.facts["channel"])
    tone, glyph = names.PAYMENT_LOOKS[state]
    told = gettext("Payment by %(channel)s: %(state)s", channel=channel, state=names.PAYMENT_LABELS[state])
    code = entry.facts["code"]
    return glyph, tone, gettext("%(told)s (%(reason)s)", told=told, reason=names.reason(code)) if code else told


def _asked(entry: Entry, currency: str) -> Telling:
    return "receipt-refund", "info", gettext("Refund asked for: %(amount)s", amount=_amount(entry, currency))


def _refunded(entry: Entry, currency: str) -> Telling:
    return "receipt-refund", "success", gettext("%(amount)s paid back to the buyer", amount=_amount(entry, currency))


def _refund_failed(entry: Entry, currency: str) -> Telling:
    reason = names.reason(entry.facts["code"])
    text = gettext("Refund of %(amount)s failed: %(reason)s", amount=_amount(entry, currency), reason=reason)
    return "alert-circle", "danger", text


story.OTHERS.update(
    PaymentStarted=_started,
    PaymentSucceeded=_succeeded,
    PaymentEnded=_ended,
    RefundAsked=_asked,
    RefundSucceeded=_refunded,
    RefundFailed=_refund_failed,
)
