"""The REST API of payments: what channels say of an order's money, and the link by which a buyer pays it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.api import paging
from app.api.routes import Call, Contract, Parameter, Reply, scoped
from app.api.shapes import TEXT, TEXT_OR_NULL, TRUE_OR_FALSE, WHOLE, of, shape
from app.api_keys.scopes import Scope
from app.kit.db import db
from app.orders import telling
from app.payments import links
from app.payments.models import Payment, PaymentStatus, Refund, RefundState

_ORDER_ID = Parameter("order_id", WHOLE, "Id of the order.", "path")
_PATH = "/orders/<int(max=999999999999999999):order_id>"
_NO_ORDER = {404: "There is no such order in the shop of the key."}
PAYMENT = shape(
    number={**TEXT, "description": "Our own number, made before the call to the channel."},
    channel=TEXT,
    state=of(PaymentStatus),
    amount=TEXT,
    refunded=TEXT,
    currency=TEXT,
    counted={**TRUE_OR_FALSE, "description": "Whether it is part of what the order says is paid."},
    channel_trade_no=TEXT,
    failure_code=TEXT,
    paid_at=paging.MOMENT_OR_NULL,
    expires_at=paging.MOMENT,
)
REFUND = shape(
    number=TEXT,
    payment={**TEXT_OR_NULL, "description": "Number of the payment; null for money that is paid back by hand."},
    channel=TEXT,
    state=of(RefundState, "Only succeeded means that the money is back."),
    amount=TEXT,
    subject={**TEXT, "description": "What it is for, such as after_sale:12."},
)


@scoped(
    Scope.PAYMENTS_READ,
    "GET",
    f"{_PATH}/transactions",
    Contract(
        summary="Read an order's payments and refunds through channels",
        parameters=(_ORDER_ID,),
        answers={
            200: (
                "Oldest first.",
                shape(
                    order_id=WHOLE,
                    payments={"type": "array", "items": PAYMENT},
                    refunds={"type": "array", "items": REFUND},
                ),
            )
        },
        faults=_NO_ORDER,
    ),
)
def read_transactions(call: Call, order_id: int) -> Reply:
    """All of them."""
    order = telling.get(order_id)
    payments = list(db.session.scalars(select(Payment).where(Payment.order_id == order.id).order_by(Payment.id)))
    refunds = db.session.scalars(select(Refund).where(Refund.order_id == order.id).order_by(Refund.id))
    numbers: dict[int | None, str] = {row.id: row.number for row in payments}
    told = [_refund(row, numbers.get(row.payment_id)) for row in refunds]
    return Reply({"order_id": order.id, "payments": [_payment(row) for row in payments], "refunds": told})


@scoped(
    Scope.PAYMENTS_LINK,
    "POST",
    f"{_PATH}/payment-link",
    Contract(
        summary="Make a payment link",
        description="An address by which whoever holds it sees and pays this one order, for as many days as the shop "
        "has set. Send it to the buyer and to nobody else.",
        parameters=(_ORDER_ID,),
        answers={201: ("The link.", shape(order_id=WHOLE, url=TEXT, outstanding=TEXT, currency=TEXT))},
        faults=_NO_ORDER,
    ),
)
def make_payment_link(call: Call, order_id: int) -> Reply:
    """A fresh one."""
    order = telling.get(order_id)
    owed = telling.one(order)["money"]["outstanding"]
    told = {"url": links.address_of(order), "outstanding": owed, "currency": order.currency}
    return Reply({"order_id": order.id, **told}, 201)


def _payment(row: Payment) -> dict[str, Any]:
    names = ("number", "channel", "currency", "counted", "channel_trade_no", "failure_code", "paid_at", "expires_at")
    return {
        **{name: getattr(row, name) for name in names},
        "state": row.state.value,
        "amount": telling.amount(row.amount_minor, row.currency),
        "refunded": telling.amount(row.refunded_minor, row.currency),
    }


def _refund(row: Refund, payment: str | None) -> dict[str, Any]:
    names = ("number", "channel", "subject")
    told = {name: getattr(row, name) for name in names}
    return {
        **told,
        "payment": payment,
        "state": row.state.value,
        "amount": telling.amount(row.amount_minor, row.currency),
    }
