"""What is done to an order: paid, cancelled, opened again, completed, tagged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.api.routes import Call, Contract, Reply, scoped
from app.api.shapes import AMOUNT, TEXT, closed, of
from app.api_keys.scopes import Scope
from app.kit.db import db
from app.orders import draft_form, handling, marks, paying, reopening, telling
from app.orders.api.shapes import MOVES, NO_ORDER, ORDER, ORDER_ID, PATH
from app.orders.marks import FLAG_LENGTH, FLAGS, MOST_TAGS, TAG_LENGTH
from app.orders.models import CloseCause, PaymentMethod
from app.orders.names import CAUSE_CHOICES

_THE_ORDER = {200: ("The order, its buyer's data masked.", ORDER)}


def _act(summary: str, description: str, **more: Any) -> Contract:
    return Contract(
        summary=summary,
        description=description,
        parameters=(ORDER_ID,),
        answers=_THE_ORDER,
        faults=MOVES,
        versioned=True,
        **more,
    )


def _done(call: Call, order_id: int, act: Callable[[], Any]) -> Reply:
    """Lock the order, compare its version where the caller names one, act, and tell how it stands."""
    call.check_version(handling.locked(order_id).version)
    act()
    db.session.flush()
    return Reply(telling.one(telling.get(order_id)))


@scoped(
    Scope.ORDERS_WRITE,
    "POST",
    f"{PATH}/payments",
    _act(
        "Record a payment",
        "Money that came in elsewhere. When nothing is owed any more the order waits for shipment.",
        body=closed(
            ["amount", "method"],
            amount=AMOUNT,
            method=of(PaymentMethod),
            reference={**TEXT, "maxLength": 120, "description": "The number on the receipt."},
        ),
        example={"amount": "148.00", "method": "transfer", "reference": "2026112300017"},
    ),
)
def record_order_payment(call: Call, order_id: int) -> Reply:
    """Write it down."""
    body = call.body

    def record() -> None:
        currency = handling.locked(order_id).currency
        minor = draft_form.minor(body["amount"], currency)
        paying.record(
            order_id, paying.Received(minor, PaymentMethod(body["method"]), body.get("reference", "").strip())
        )

    return _done(call, order_id, record)


@scoped(
    Scope.ORDERS_WRITE,
    "POST",
    f"{PATH}/cancel",
    _act(
        "Cancel an order",
        "It is closed, and the stock that it held can be sold again. Money that came in is not sent back by this. "
        "A second time changes nothing.",
        body=closed(["cause"], cause={**TEXT, "enum": [cause.value for cause in CAUSE_CHOICES]}),
        example={"cause": "buyer"},
    ),
)
def cancel_order(call: Call, order_id: int) -> Reply:
    """Close it."""
    return _done(call, order_id, lambda: handling.close(order_id, CloseCause(call.body["cause"])))


@scoped(
    Scope.ORDERS_WRITE,
    "POST",
    f"{PATH}/reopen",
    _act(
        "Open a cancelled order again",
        "On the day on which it was closed, while nothing was paid or sent, and if its stock can be held again.",
    ),
)
def reopen_order(call: Call, order_id: int) -> Reply:
    """Open it."""
    return _done(call, order_id, lambda: reopening.reopen(order_id, call.shop))


@scoped(
    Scope.ORDERS_WRITE,
    "POST",
    f"{PATH}/complete",
    _act("Complete an order", "The buyer has it and is content. A second time changes nothing."),
)
def complete_order(call: Call, order_id: int) -> Reply:
    """Complete it."""
    return _done(call, order_id, lambda: handling.complete(order_id))


@scoped(
    Scope.ORDERS_WRITE,
    "PUT",
    f"{PATH}/marks",
    Contract(
        summary="Set tags and flag",
        description="Both as they shall be; what is left out is emptied.",
        parameters=(ORDER_ID,),
        body=closed(
            [],
            tags={
                "type": "array",
                "maxItems": MOST_TAGS,
                "items": {**TEXT, "minLength": 1, "maxLength": TAG_LENGTH, "pattern": r"^[^\s,，、;；][^,，、;；\n]*$"},
            },
            flag={**TEXT, "enum": ["", *FLAGS]},
            flag_text={**TEXT, "maxLength": FLAG_LENGTH},
        ),
        example={"tags": ["gift", "live 11-23"], "flag": "red", "flag_text": "Call before delivery"},
        answers=_THE_ORDER,
        faults=NO_ORDER,
        versioned=True,
    ),
)
def mark_order(call: Call, order_id: int) -> Reply:
    """Set them."""
    body = call.body
    tags = marks.read_tags(",".join(body.get("tags", ())))
    flag_text = body.get("flag_text", "").strip()
    return _done(call, order_id, lambda: marks.mark(order_id, tags, body.get("flag", ""), flag_text))
