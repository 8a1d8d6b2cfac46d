"""What is known of the buyer beside an order: figures counted from what happened, never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import func, select

from app.after_sale.models import AfterSaleCase, CaseState
from app.fulfilment.models import Parcel, ParcelKind, ParcelOrder, ParcelState
from app.kit import formats
from app.kit.db import db
from app.orders.models import CloseCause, Order, OrderKind

NOTABLE_SHARE = 0.3
"""From this share of orders with money back on it is said in yellow, when there are at least three orders."""
LEAST = 3


@dataclass(frozen=True)
class Buyer:
    """One buyer of one shop in numbers; amounts in minor units of the shop's currency."""

    orders: int
    net_minor: int
    paid: int
    refunded: int
    refunded_minor: int
    unpaid: int
    returned: int
    disputes: int


def of(customer_id: int) -> Buyer:
    """Counted anew, by one statement; credit notes lower the value, closed and unpaid sales are told apart."""
    mine, is_sale = Order.customer_id == customer_id, Order.kind == OrderKind.SALE
    came_back = (
        select(func.count(func.distinct(Parcel.id)))
        .join(ParcelOrder, ParcelOrder.parcel_id == Parcel.id)
        .join(Order, Order.id == ParcelOrder.order_id)
        .where(mine, Parcel.kind == ParcelKind.SALE, Parcel.state == ParcelState.RETURNED)
    )
    disputed = (
        select(func.count(AfterSaleCase.id))
        .join(Order, Order.id == AfterSaleCase.order_id)
        .where(mine, AfterSaleCase.state.in_((CaseState.DISPUTED, CaseState.PLATFORM_ASKS)))
    )
    row = db.session.execute(
        select(
            func.count().filter(is_sale),
            func.coalesce(func.sum(Order.total_minor), 0),
            func.count().filter(is_sale & (Order.paid_minor > 0)),
            func.count().filter(is_sale & (Order.refunded_minor > 0)),
            func.coalesce(func.sum(Order.refunded_minor).filter(is_sale), 0),
            func.count().filter(Order.close_cause == CloseCause.UNPAID),
            came_back.scalar_subquery(),
            disputed.scalar_subquery(),
        ).where(mine)
    ).one()
    return Buyer(*(int(value) for value in row))


def facts(buyer: Buyer, currency: str) -> list[tuple[str, str, str]]:
    """(tone, icon, sentence) of what is worth knowing before sending something to them; empty for most."""
    told: list[tuple[str, str, str]] = []

    def say(count: int, glyph: str, text: str, tone: str = "warning") -> None:
        if count:
            told.append((tone, glyph, text))

    refunds: dict[str, Any] = {"amount": formats.money(buyer.refunded_minor, currency), "orders": buyer.paid}
    share = buyer.refunded / buyer.paid if buyer.paid else 0
    often = buyer.paid >= LEAST and share >= NOTABLE_SHARE
    say(
        buyer.refunded,
        "receipt-refund",
        gettext("Money back on %(count)s of %(orders)s paid orders: %(amount)s", count=buyer.refunded, **refunds),
        "warning" if often else "secondary",
    )
    say(
        buyer.unpaid,
        "clock-x",
        ngettext("%(num)s order was closed unpaid", "%(num)s orders were closed unpaid", buyer.unpaid),
        "warning" if buyer.unpaid >= LEAST else "secondary",
    )
    say(
        buyer.returned,
        "package-off",
        ngettext("%(num)s parcel came back undelivered", "%(num)s parcels came back undelivered", buyer.returned),
    )
    say(
        buyer.disputes,
        "gavel",
        ngettext("%(num)s open dispute", "%(num)s open disputes", buyer.disputes),
        "danger",
    )
    return told


def next_step(order: Order, nothing_left: bool) -> str:
    """What is to happen next with an order, in one sentence; empty when nothing is.

    With `nothing_left` all of its goods were refunded before they could leave.
    """
    if order.kind is not OrderKind.SALE:
        return ""
    if order.after_sale_state == "open":
        return gettext("Next: answer what the buyer wants put right.")
    if nothing_left:
        kept = formats.money(order.paid_minor - order.refunded_minor, order.currency)
        return gettext(
            "Nothing is left to send: its goods were refunded. Next: cancel it, and %(kept)s goes back.", kept=kept
        )
    sentences = {
        "pending_payment": gettext("Next: the rest of the money.")
        if order.payment_state == "partly_paid"
        else gettext("Next: the buyer pays, or you record the money."),
        "pending_shipment": gettext("Next: send the rest.")
        if order.fulfilment_state == "partly_fulfilled"
        else gettext("Next: pack and ship it."),
        "shipped": gettext("Next: the buyer receives it."),
        "delivered": gettext("Next: it completes, unless the buyer wants something put right."),
    }
    return sentences.get(order.status.value, "")
