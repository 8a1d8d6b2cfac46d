"""What the page of an order shows of after-sale: its cases, and whether one can be opened or the order be cancelled."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from markupsafe import Markup

from app.after_sale import case_page, listing
from app.after_sale.models import AfterSaleCase
from app.after_sale.reasons import WISHES
from app.orders.models import FulfilmentState, Order, OrderKind, OrderState, PaymentState

_MONEY_IN = (PaymentState.PARTLY_PAID, PaymentState.PAID, PaymentState.PARTLY_REFUNDED)


@dataclass(frozen=True)
class Beside:
    """The cases of an order with their badges, newest first; `cancels`: giving up the order gives its money back."""

    cases: list[tuple[AfterSaleCase, Markup]]
    openable: bool
    cancels: bool
    key: str
    reasons: dict[str, object]


def of_order(order: Order) -> Beside:
    """For one order; cheap where there is nothing."""
    is_sale = order.kind is OrderKind.SALE and order.order_state is not OrderState.CLOSED
    has_money = is_sale and order.payment_state in _MONEY_IN
    unsent = order.order_state is OrderState.OPEN and order.fulfilment_state is FulfilmentState.UNFULFILLED
    found = case_page.of_order(order.id) if order.kind is OrderKind.SALE else []
    return Beside(
        [(case, listing.state_badge(case)) for case in found],
        has_money,
        has_money and unsent,
        secrets.token_hex(12),
        WISHES,
    )
