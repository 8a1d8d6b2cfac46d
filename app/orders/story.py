"""How an order tells its history: a sentence for each fact, a name for each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from app.console.timeline import Telling, Words
from app.kit import formats
from app.kit.history import Entry
from app.orders import names
from app.orders.lifecycle import Axis
from app.orders.listing import STATUS_LOOKS
from app.orders.models import Order, OrderState, OrderStatus, PaymentMethod
from app.orders.names import KIND_LABELS, LABELS
from app.orders.side_models import OrderComment

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
    "phone": _l("Phone"),
    "order_state": _l("Order"),
    "payment_state": _l("Payment"),
    "fulfilment_state": _l("Fulfilment"),
    "after_sale_state": _l("After-sale"),
    "close_cause": _l("Cause"),
    "closed_at": _l("Closed"),
    "platform_code": _l("Kuaishou status"),
    "shipping_minor": _l("Shipping"),
    "discount_minor": _l("Discounts"),
    "paid_minor": _l("Paid"),
    "refunded_minor": _l("Refunded"),
    "paid_at": _l("Paid at"),
    "promise_hours": _l("Ship promise (hours)"),
    "due_at": _l("Ship by"),
    "pay_by": _l("Closes unless paid by"),
    "ship_group_id": _l("Sent together"),
    "split_from_id": _l("Split from"),
    "tags": _l("Tags"),
    "flag": _l("Flag"),
    "flag_text": _l("Flag text"),
}

OTHERS: dict[str, Callable[[Entry, str], Telling]] = {}
"""Sentences of features above orders, by event; each takes the entry and the order's currency."""
TOLD = frozenset({*Axis, "close_cause", "closed_at"})


more: dict[str, Callable[[Entry], Telling]] = {}
"""What features above say of the facts that they record on an order's timeline; each adds its own at import."""


def words(order: Order, zone: str, comments: Mapping[int, OrderComment]) -> Words:
    """The words of one order: its amounts are in its currency, its times in the shop's zone."""

    def value(field: str, stored: Any) -> str:
        if stored is None or stored == "":
            return "–"
        if field.endswith("_minor"):
            return formats.money(int(stored), order.currency)
        if field.endswith("_at"):
            return formats.moment(datetime.fromisoformat(stored), zone)
        return str(_word(field, stored))

    return Words({**_events(order.currency, comments), **more}, FIELDS, value, TOLD)


def _events(currency: str, comments: Mapping[int, OrderComment]) -> dict[str, Callable[[Entry], Telling]]:
    def said(entry: Entry) -> Telling:
        comment = comments.get(entry.facts["comment_id"])
        return "message-circle", "info", comment.body if comment else gettext("A comment")

    def paid(entry: Entry) -> Telling:
        amount = formats.money(entry.facts["amount_minor"], currency)
        method = names.METHOD_LABELS[PaymentMethod(entry.facts["method"])]
        return "cash", "success", gettext("%(amount)s received (%(method)s)", amount=amount, method=method)

    def relined(entry: Entry) -> Telling:
        totals = (formats.money(entry.facts[f"{end}_total_minor"], currency) for end in ("from", "to"))
        before, after = totals
        told = "; ".join(_line_words(change, currency) for change in entry.facts["lines"])
        text = gettext("Lines changed: %(before)s → %(after)s. %(told)s", before=before, after=after, told=told)
        return "list-details", "secondary", text

    return {
        "OrderMoved": _moved,
        "OrderEdited": _edited,
        "OrderCreated": lambda entry: ("plus", "secondary", gettext("Written by hand")),
        "OrderCommented": said,
        "OrderPaid": paid,
        "OrderLinesChanged": relined,
        **_split_events(currency),
        "OrderGrouped": _grouped,
        **{event: _with(tell, currency) for event, tell in OTHERS.items()},
        "OrderMarked": lambda entry: ("flag", "secondary", gettext("Tags and flag set")),
    }


def _split_events(currency: str) -> dict[str, Callable[[Entry], Telling]]:
    def split_off(entry: Entry) -> Telling:
        facts = {"number": entry.facts["other_number"], "units": entry.facts["units"]}
        facts |= {name: formats.money(entry.facts[f"{name}_minor"], currency) for name in ("total", "paid")}
        if entry.facts["first"]:
            told = gettext("%(units)s units went into order %(number)s: %(total)s, of it paid %(paid)s", **facts)
        else:
            told = gettext("Split from order %(number)s: %(units)s units, %(total)s, of it paid %(paid)s", **facts)
        return "arrows-split", "info", told

    def put_together(entry: Entry) -> Telling:
        facts = {"number": entry.facts["other_number"], "total": formats.money(entry.facts["total_minor"], currency)}
        if entry.facts["first"]:
            return "arrows-join", "info", gettext("Order %(number)s was put back into this one: %(total)s", **facts)
        return "arrows-join", "info", gettext("Put back into order %(number)s: %(total)s", **facts)

    return {"OrderSplitOff": split_off, "OrderPutTogether": put_together}


def _grouped(entry: Entry) -> Telling:
    if entry.facts["group_id"] is not None:
        number = len(entry.facts["with_ids"])
        told = ngettext("Sent together with %(num)s other order", "Sent together with %(num)s other orders", number)
        return "packages", "info", told
    causes = {"closed": gettext("it was closed"), "moved_away": gettext("its address was changed")}
    cause = causes.get(entry.facts["cause"])
    told = gettext("Sent alone again")
    return "package-off", "secondary", gettext("%(told)s (%(cause)s)", told=told, cause=cause) if cause else told


def _with(tell: Callable[[Entry, str], Telling], currency: str) -> Callable[[Entry], Telling]:
    return lambda entry: tell(entry, currency)


def _line_words(change: list[str], currency: str) -> str:
    """`Quantity CUP 1 → 2`; prices, which are micros, as people know them."""
    kind, _, code = change[0].partition(":")
    labels = {"quantity": gettext("Quantity"), "price": gettext("Unit price"), "shipping": gettext("Shipping")}
    show: dict[str, Callable[[str], str]] = {
        "quantity": str,
        "price": lambda one: formats.unit_price(int(one), currency),
        "shipping": lambda one: formats.money(int(one), currency),
    }
    before, after = (show[kind](one) if one else "–" for one in change[1:])
    return " ".join(filter(None, (labels[kind], code, before, "→", after)))


def _word(field: str, stored: Any) -> Any:
    if field == "status":
        return LABELS[OrderStatus(stored)]
    if field in names.STATE_LABELS:
        return names.STATE_LABELS[Axis(field)].get(stored, stored)
    if field == "tags":
        return ", ".join(stored)
    found: dict[str, dict[Any, Any]] = {"kind": KIND_LABELS, "close_cause": names.CAUSE_LABELS}
    return found.get(field, {}).get(stored, stored)


def _moved(entry: Entry) -> Telling:
    before, after = OrderStatus(entry.facts["from_status"]), OrderStatus(entry.facts["to_status"])
    tone, glyph = STATUS_LOOKS[after]
    if before is after:
        told = _on_axis(entry.facts)
    else:
        told = gettext("%(before)s → %(after)s", before=LABELS[before], after=LABELS[after])
    closing = entry.facts.get("to_state") == OrderState.CLOSED and entry.facts.get("axis") == Axis.ORDER
    cause = (names.CAUSE_LABELS if closing else names.MOVE_CAUSES).get(entry.facts.get("cause", ""))
    return glyph, tone, gettext("%(told)s (%(cause)s)", told=told, cause=cause) if cause else told


def _on_axis(facts: dict[str, Any]) -> str:
    """A move that leaves the headline as it is, such as the first of two parcels."""
    words = names.STATE_LABELS[Axis(facts["axis"])]
    return gettext(
        "%(axis)s: %(before)s → %(after)s",
        axis=names.AXIS_LABELS[Axis(facts["axis"])],
        before=words[facts["from_state"]],
        after=words[facts["to_state"]],
    )


def _edited(entry: Entry) -> Telling:
    return "pencil", "secondary", gettext("Edited by hand")
