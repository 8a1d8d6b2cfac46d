"""The names of what an order can be, and why it cannot go somewhere, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.kit.errors import MESSAGES
from app.orders.lifecycle import Axis
from app.orders.models import (
    AfterSaleState,
    CloseCause,
    DiscountPayer,
    FulfilmentState,
    OrderKind,
    OrderState,
    PaymentMethod,
    PaymentState,
)
from app.orders.models import OrderStatus as S

LABELS = {
    S.PENDING_PAYMENT: _l("To be paid"),
    S.PENDING_SHIPMENT: _l("To be shipped"),
    S.SHIPPED: _l("Shipped"),
    S.DELIVERED: _l("Delivered"),
    S.COMPLETED: _l("Order completed"),
    S.CLOSED: _l("Order closed"),
}
KIND_LABELS = {
    OrderKind.SALE: _l("Sale"),
    OrderKind.CREDIT_NOTE: _l("Credit note"),
    OrderKind.ADJUSTMENT: _l("Adjustment"),
}
AXIS_LABELS = {
    Axis.ORDER: _l("Order"),
    Axis.PAYMENT: _l("Payment"),
    Axis.FULFILMENT: _l("Fulfilment"),
    Axis.AFTER_SALE: _l("After-sale"),
}
STATE_LABELS: dict[Axis, dict[Any, Any]] = {
    Axis.ORDER: {
        OrderState.OPEN: _l("Open"),
        OrderState.COMPLETED: _l("Order completed"),
        OrderState.CLOSED: _l("Order closed"),
    },
    Axis.PAYMENT: {
        PaymentState.UNPAID: _l("Unpaid"),
        PaymentState.PARTLY_PAID: _l("Partly paid"),
        PaymentState.PAID: _l("Paid"),
        PaymentState.PARTLY_REFUNDED: _l("Partly refunded"),
        PaymentState.REFUNDED: _l("Refunded"),
    },
    Axis.FULFILMENT: {
        FulfilmentState.UNFULFILLED: _l("Unfulfilled"),
        FulfilmentState.PARTLY_FULFILLED: _l("Partly fulfilled"),
        FulfilmentState.FULFILLED: _l("Fulfilled"),
        FulfilmentState.DELIVERED: _l("Delivered"),
    },
    Axis.AFTER_SALE: {
        AfterSaleState.NONE: _l("No after-sale"),
        AfterSaleState.OPEN: _l("After-sale open"),
        AfterSaleState.CLOSED: _l("After-sale closed"),
    },
}
CAUSE_LABELS = {
    CloseCause.BUYER: _l("The buyer changed their mind"),
    CloseCause.UNPAID: _l("Not paid in time"),
    CloseCause.OUT_OF_STOCK: _l("Out of stock"),
    CloseCause.REFUNDED: _l("Refunded in full"),
    CloseCause.DUPLICATE: _l("Ordered twice"),
    CloseCause.FRAUD: _l("Suspected fraud"),
    CloseCause.STAFF: _l("Closed by staff"),
    CloseCause.PUT_TOGETHER: _l("Put together again with the order it was split from"),
    CloseCause.UNKNOWN: _l("Not recorded"),
}
MOVE_CAUSES = {
    "staff": _l("by hand"),
    "received": _l("money recorded"),
    "channel": _l("through a payment channel"),
    "price_changed": _l("the price was changed"),
    "reopened": _l("opened again"),
    "parcel": _l("a parcel left"),
    "signed": _l("every parcel was signed for"),
    "auto_confirm": _l("by itself, after the shop’s days"),
    "refund": _l("money went back"),
    "rest_refunded": _l("the rest was refunded"),
    "case": _l("after-sale"),
}
"""Why an order moved, by the code that its fact holds; closing has causes of its own."""
_NOT_CHOSEN = (CloseCause.PUT_TOGETHER, CloseCause.UNKNOWN)
CAUSE_CHOICES = {cause: label for cause, label in CAUSE_LABELS.items() if cause not in _NOT_CHOSEN}
"""Those that staff may give."""
PAYER_LABELS = {
    DiscountPayer.MERCHANT: _l("Borne by the shop"),
    DiscountPayer.PLATFORM: _l("Borne by the platform"),
    DiscountPayer.STREAMER: _l("Borne by the streamer"),
}
PAYER_CODES = {DiscountPayer.MERCHANT: 1001, DiscountPayer.PLATFORM: 1002, DiscountPayer.STREAMER: 1003}
"""Kuaishou's codes of who bears a discount."""
FLAG_LABELS = {
    "red": _l("Red"),
    "orange": _l("Orange"),
    "yellow": _l("Yellow"),
    "green": _l("Green"),
    "blue": _l("Blue"),
    "purple": _l("Purple"),
}
METHOD_LABELS = {
    PaymentMethod.CASH: _l("Cash"),
    PaymentMethod.TRANSFER: _l("Bank transfer"),
    PaymentMethod.OTHER: _l("Another way"),
}

_WHY_NOT: dict[S, Any] = {
    S.PENDING_PAYMENT: _l("it has not been paid for yet."),
    S.PENDING_SHIPMENT: _l("it has been paid for and not been shipped yet."),
    S.SHIPPED: _l("it is on its way to the buyer."),
    S.DELIVERED: _l("the buyer has it already."),
    S.COMPLETED: _l("it is finished; money goes back by a credit note."),
    S.CLOSED: _l("it is closed, and nothing more can happen to it."),
}
_REASONS = {
    "not_open": _l("the order is not open any more."),
    "not_paid": _l("it has not been paid for yet."),
    "not_delivered": _l("the buyer does not have it yet."),
    "after_sale_open": _l("the buyer wants something put right; settle that first."),
    "money_has_moved": _l("money has moved for it."),
    "goods_have_moved": _l("goods have left the house for it."),
    "money_has_gone_back": _l("money has gone back for it."),
    "after_sale": _l("the buyer has wanted something put right."),
    "another_day": _l("it was closed on an earlier day; make a new order instead."),
}


def why_not(present: S, reason: str = "") -> Any:
    """Why an order with the headline `present` cannot make a move that was refused with `reason`."""
    return _REASONS.get(reason, _WHY_NOT[present])


def refused_move(facts: Mapping[str, Any]) -> str:
    """The sentence of a refused move, from its codes: number, axis, from_state, to_state, headline, reason."""
    words: dict[Any, Any] = STATE_LABELS[Axis(facts["axis"])] if facts.get("axis") else LABELS
    told = {end: words[facts[end]] for end in ("from_state", "to_state")}
    why = why_not(S(facts["headline"]), facts["reason"])
    return str(MESSAGES["order_move"]) % {"number": facts["number"], **told, "reason": why}


def time_left(seconds: int) -> str:
    """How much time is left, or by how much it is overdue: the signal beside the colour."""
    hours, minutes = divmod(abs(seconds) // 60, 60)
    days, rest = divmod(hours, 24)
    if seconds < 0:
        return gettext("Overdue by %(hours)s h %(minutes)s min", hours=hours, minutes=minutes)
    if days >= 2:
        return gettext("%(days)s d %(hours)s h left", days=days, hours=rest)
    if not hours:
        return gettext("%(minutes)s min left", minutes=minutes)
    return gettext("%(hours)s h %(minutes)s min left", hours=hours, minutes=minutes)
