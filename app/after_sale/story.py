"""How after-sale tells its facts in the timeline of an order and of a case."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext

from app.after_sale.lifecycle import Act
from app.after_sale.models import CaseKind, CaseState, OfferState, Party
from app.after_sale.names import ACT_LABELS, KIND_LABELS, PARTY_LABELS, STATE_LABELS, STATE_LOOKS
from app.after_sale.reasons import REFUSALS, WISHES
from app.console.timeline import Telling, Words
from app.kit import formats
from app.kit.errors import MESSAGES
from app.kit.history import Entry


def _opened(entry: Entry) -> Telling:
    facts = entry.facts
    kind = KIND_LABELS[CaseKind(facts["kind"])]
    told = {"number": facts["number"], "kind": kind, "reason": WISHES.get(facts["reason"], facts["reason"])}
    if facts["amount_minor"]:
        amount = formats.money(facts["amount_minor"], facts["currency"])
        text = gettext("Case %(number)s opened: %(kind)s, %(amount)s (%(reason)s)", amount=amount, **told)
    else:
        text = gettext("Case %(number)s opened: %(kind)s (%(reason)s)", **told)
    return "message-report", "warning", text


def _amount_changed(entry: Entry) -> Telling:
    before, after = (formats.money(entry.facts[f"{end}_minor"], entry.facts["currency"]) for end in ("from", "to"))
    less = gettext("less came back") if entry.facts["cause"] == "missing_units" else gettext("agreed")
    facts = {"before": before, "after": after, "why": less}
    return "cash", "info", gettext("To be refunded: %(before)s → %(after)s (%(why)s)", **facts)


def _said(entry: Entry) -> Telling:
    who = PARTY_LABELS[Party(entry.facts["party"])]
    if entry.facts["offer"] == OfferState.SAID.value:
        return "message-circle", "info", gettext("%(who)s wrote", who=who)
    kind = KIND_LABELS[CaseKind(entry.facts["kind"])]
    amount = entry.facts["amount_minor"]
    told = f"{kind}, {formats.money(amount, entry.facts['currency'])}" if amount is not None else str(kind)
    return "message-circle", "info", gettext("%(who)s offers: %(terms)s", who=who, terms=told)


def _moved(entry: Entry) -> Telling:
    facts = entry.facts
    state = CaseState(facts["to_state"])
    tone, glyph = STATE_LOOKS[state]
    who = PARTY_LABELS[Party(facts["party"])]
    told = gettext(
        "%(who)s: %(act)s → %(state)s", who=who, act=ACT_LABELS[Act(facts["act"])], state=STATE_LABELS[state]
    )
    why = _cause(facts.get("cause", ""))
    return glyph, tone, gettext("%(told)s (%(cause)s)", told=told, cause=why) if why else told


def _cause(code: str) -> str:
    named = {
        "time_over": gettext("the time was over"),
        "cancelled": gettext("order cancelled"),
        "offer_accepted": gettext("an offer was accepted"),
        "nothing_back": gettext("nothing came back"),
    }
    return named.get(code) or (str(REFUSALS[code].label) if code in REFUSALS else "")


def _received(entry: Entry) -> Telling:
    counts = {name: entry.facts[name] for name in ("restocked", "damaged", "written_off", "missing")}
    text = gettext(
        "Return checked: %(restocked)s to stock, %(damaged)s damaged, %(written_off)s written off, "
        "%(missing)s not in the parcel",
        **counts,
    )
    return "package", "info", text


def _failed(entry: Entry) -> Telling:
    return "alert-circle", "danger", gettext("The refund failed (%(code)s)", code=entry.facts["code"])


def _overdue(entry: Entry) -> Telling:
    state = STATE_LABELS[CaseState(entry.facts["state"])]
    code = entry.facts["code"]
    if not code:
        return "alarm", "danger", gettext("The time of “%(state)s” is over", state=state)
    known = code in MESSAGES
    why = gettext("a rule refused it") if known else code
    return (
        "alarm",
        "danger",
        gettext("The time of “%(state)s” is over; nothing was done: %(why)s", state=state, why=why),
    )


EVENTS: dict[str, Callable[[Entry], Telling]] = {
    "CaseOpened": _opened,
    "CaseMoved": _moved,
    "CaseSaid": _said,
    "CaseAmountChanged": _amount_changed,
    "ReturnReceived": _received,
    "CaseRefundFailed": _failed,
    "CaseOverdue": _overdue,
}
"""A sentence for each fact of after-sale."""
WORDS = Words(EVENTS, {}, lambda field, stored: str(stored), frozenset({"after_sale_state"}))
"""The words of a case."""
