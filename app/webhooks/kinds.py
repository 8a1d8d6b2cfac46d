"""What programs can be told of: one table of public names, by the journal's events; and which facts stay at home."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app import events

_ORDERS, _PARCELS, _CASES, _MONEY = _l("Orders"), _l("Parcels"), _l("After-sale"), _l("Payments and refunds")
_STOCK, _GOODS = _l("Stock"), _l("Goods")


@dataclass(frozen=True)
class Kind:
    """An event as the outside knows it. `path` leads to its subject in the REST API, `{}` being the id; `hidden`
    facts are not sent, because somebody writes them freely or they say nothing outside."""

    name: str
    label: Any
    group: Any
    path: str = ""
    hidden: frozenset[str] = frozenset()


_ORDER, _CHANGE = "/api/v1/orders/{}", "/api/v1/changes/{}"
KINDS: dict[str, Kind] = {
    "OrderCreated": Kind("order.created", _l("An order was written"), _ORDERS, _ORDER),
    "OrderMoved": Kind("order.moved", _l("An order moved on one of its four axes"), _ORDERS, _ORDER),
    "OrderPaid": Kind("order.paid", _l("Money came in for an order"), _ORDERS, _ORDER),
    "OrderEdited": Kind("order.edited", _l("Receiver, address or note of an order changed"), _ORDERS, _ORDER),
    "OrderLinesChanged": Kind("order.lines_changed", _l("Lines of an order changed"), _ORDERS, _ORDER),
    "OrderMarked": Kind("order.marked", _l("Tags or flag of an order were set"), _ORDERS, _ORDER, frozenset({"tags"})),
    "OrderCommented": Kind(
        "order.commented", _l("Somebody commented on an order"), _ORDERS, _ORDER, frozenset({"mentioned"})
    ),
    "OrderGrouped": Kind("order.grouped", _l("An order is sent together with others, or no more"), _ORDERS, _ORDER),
    "OrderSplitOff": Kind("order.split", _l("An order was split in two"), _ORDERS, _ORDER),
    "OrderPutTogether": Kind("order.put_together", _l("A split order was put together again"), _ORDERS, _ORDER),
    "ParcelSent": Kind("parcel.sent", _l("A parcel left the house"), _PARCELS, _ORDER),
    "ParcelLabelled": Kind("parcel.labelled", _l("A tracking number was taken"), _PARCELS, _ORDER),
    "ParcelCorrected": Kind("parcel.corrected", _l("Carrier or tracking number were set right"), _PARCELS, _ORDER),
    "ParcelMoved": Kind("parcel.moved", _l("A parcel was signed for, lost or sent back"), _PARCELS, _ORDER),
    "ShippingBlocked": Kind("shipping.blocked", _l("An order must not leave for now"), _PARCELS, _ORDER),
    "ShippingReleased": Kind("shipping.released", _l("An order may leave again"), _PARCELS, _ORDER),
    "CaseOpened": Kind("case.opened", _l("An after-sale case was opened"), _CASES, _ORDER),
    "CaseMoved": Kind("case.moved", _l("An after-sale case went on"), _CASES, _ORDER),
    "CaseSaid": Kind("case.said", _l("A word or an offer in an after-sale case"), _CASES, _ORDER),
    "CaseAmountChanged": Kind("case.amount_changed", _l("What goes back in a case changed"), _CASES, _ORDER),
    "ReturnReceived": Kind("case.return_received", _l("Returned goods were looked at"), _CASES, _ORDER),
    "CaseRefundFailed": Kind("case.refund_failed", _l("The money of a case did not go back"), _CASES, _ORDER),
    "CaseOverdue": Kind("case.overdue", _l("The time of a case is over"), _CASES, _ORDER),
    "PaymentStarted": Kind("payment.started", _l("A buyer was offered a way to pay"), _MONEY, _ORDER),
    "PaymentSucceeded": Kind("payment.succeeded", _l("A channel says that the money is there"), _MONEY, _ORDER),
    "PaymentEnded": Kind("payment.ended", _l("A payment takes no money any more"), _MONEY, _ORDER),
    "RefundAsked": Kind("refund.asked", _l("Money shall go back to the buyer"), _MONEY, _ORDER),
    "RefundSucceeded": Kind("refund.succeeded", _l("Money is back with the buyer"), _MONEY, _ORDER),
    "RefundFailed": Kind("refund.failed", _l("Money did not go back"), _MONEY, _ORDER),
    "MoneyMatterOpened": Kind("money_matter.opened", _l("Something about money needs a person"), _MONEY),
    "StockHoldExpired": Kind("stock.hold_expired", _l("Reserved stock was not confirmed in time"), _STOCK),
    "StockCounterFixed": Kind("stock.counter_fixed", _l("A stock counter was set right"), _STOCK),
    "ProductCreated": Kind("product.created", _l("A product was made"), _GOODS),
    "ProductEdited": Kind("product.edited", _l("A product was saved"), _GOODS),
    "ProductMoved": Kind("product.moved", _l("A product went to another status"), _GOODS),
    "ChangeSetApplied": Kind("change.applied", _l("A change of many products was carried out"), _GOODS, _CHANGE),
    "ChangeSetUndone": Kind("change.undone", _l("A change of many products was taken back"), _GOODS, _CHANGE),
    "BatchEnded": Kind("batch.ended", _l("An act on many orders is through"), _ORDERS),
    "ImportCommitted": Kind("import.committed", _l("A workbook went in"), _GOODS),
    "PriceWindowMade": Kind("price_window.made", _l("Prices for a time were planned"), _GOODS),
    "PriceWindowEnded": Kind("price_window.ended", _l("Prices for a time ended early"), _GOODS),
    "PriceWindowCancelled": Kind("price_window.cancelled", _l("Prices for a time were called off"), _GOODS),
}
TEST = "webhook.test"
"""A message that says nothing but that it arrives; of no event."""


def public(event: str) -> str:
    """The name outside of a journal event."""
    return KINDS[event].name if event in KINDS else TEST if event == TEST else event


def facts(event: str) -> list[str]:
    """The names of what a message of this event says, from the event itself."""
    fields = dataclasses.fields(getattr(events, event))
    return [one.name for one in fields if one.name != "shop_id" and one.name not in KINDS[event].hidden]


def groups() -> list[tuple[str, list[tuple[str, Kind]]]]:
    """The kinds under their headings, in the order of the table."""
    found: dict[str, list[tuple[str, Kind]]] = {}
    for event, kind in KINDS.items():
        found.setdefault(str(kind.group), []).append((event, kind))
    return list(found.items())
