"""The shapes of orders in the REST API, as JSON Schemas."""

from __future__ import annotations

from typing import Any

from app.api.paging import MOMENT, MOMENT_OR_NULL
from app.api.routes import Parameter
from app.api.shapes import TEXT, TEXT_OR_NULL, WHOLE, WHOLE_OR_NULL, of, shape
from app.orders.marks import FLAGS
from app.orders.models import (
    AfterSaleState,
    CloseCause,
    DiscountPayer,
    FulfilmentState,
    LineKind,
    OrderKind,
    OrderState,
    OrderStatus,
    PaymentMethod,
    PaymentState,
)

STATES: dict[str, dict[str, Any]] = {
    "status": of(OrderStatus, "The headline, derived from the four axes."),
    "order_state": of(OrderState),
    "payment_state": of(PaymentState),
    "fulfilment_state": of(FulfilmentState),
    "after_sale_state": of(AfterSaleState),
}
MONEY = shape(
    items={**TEXT, "description": "Goods before discounts."},
    shipping=TEXT,
    other_charges=TEXT,
    discount={**TEXT, "description": "What all discounts take off."},
    total={**TEXT, "description": "What the buyer pays: items + shipping + other_charges − discount."},
    paid=TEXT,
    refunded=TEXT,
    outstanding={**TEXT, "description": "total − paid; with a minus when too much was paid."},
)
LINE = shape(
    id=WHOLE,
    position=WHOLE,
    kind=of(LineKind, "Shipping and discounts are lines of the kind charge, so that all lines add up to the total."),
    code=TEXT,
    sku=TEXT_OR_NULL,
    title=TEXT,
    quantity=WHOLE,
    unit_price={**TEXT, "description": "Up to six decimals."},
    list_price={**TEXT_OR_NULL, "description": "What it would have cost, when somebody set another price."},
    price_reason=TEXT,
    amount={**TEXT, "description": "quantity × unit_price, rounded half away from zero."},
    discount={**TEXT, "description": "This line's share of the order's discounts."},
    net={**TEXT, "description": "amount − discount: what a refund of the whole line gives back."},
)
DISCOUNT = shape(
    amount=TEXT,
    payer=of(DiscountPayer),
    payer_code={**WHOLE, "description": "Kuaishou's code of who bears it: 1001, 1002, 1003."},
    label=TEXT,
)
PAYMENT = shape(
    id=WHOLE,
    method=of(PaymentMethod),
    amount=TEXT,
    reference={**TEXT_OR_NULL, "description": "Null while buyers' data is masked."},
    received_at=MOMENT,
    actor=TEXT,
)
_COMMON: dict[str, Any] = {
    "id": WHOLE,
    "number": TEXT,
    "version": {**WHOLE, "description": "Counts the saves; send it back as If-Match."},
    "kind": of(OrderKind),
    **STATES,
    "close_cause": {"type": ["string", "null"], "enum": [*(cause.value for cause in CloseCause), None]},
    "platform_code": {**WHOLE_OR_NULL, "description": "Kuaishou's own status, as it last told us."},
    "placed_at": MOMENT,
    "paid_at": MOMENT_OR_NULL,
    "due_at": {**MOMENT_OR_NULL, "description": "When it must have left the house."},
    "closed_at": MOMENT_OR_NULL,
    "updated_at": MOMENT,
    "promise_hours": WHOLE_OR_NULL,
    "country": TEXT,
    "currency": {**TEXT, "description": "ISO 4217."},
    "units": WHOLE,
    "money": MONEY,
    "discounts": {"type": "array", "items": DISCOUNT},
    "lines": {"type": "array", "items": LINE},
    "tags": {"type": "array", "items": TEXT},
    "flag": {**TEXT, "enum": ["", *FLAGS]},
    "personal": {**TEXT, "enum": ["masked", "shown"]},
    "customer": {"type": ["object", "null"], "properties": {"id": WHOLE, "number": TEXT_OR_NULL}},
    "delivery": shape(receiver=TEXT, phone=TEXT, address=TEXT),
    "staff_note": TEXT_OR_NULL,
    "flag_text": TEXT_OR_NULL,
}
LISTED = shape(**_COMMON)
LINKS = {"type": "object", "additionalProperties": TEXT}
ORDER = shape(**_COMMON, payments={"type": "array", "items": PAYMENT}, links=LINKS)

ORDER_ID = Parameter("order_id", WHOLE, "Id of the order.", "path")
PERSONAL = Parameter(
    "personal",
    {"type": "string", "enum": ["masked", "shown"]},
    "shown gives receiver, phone, address and notes in full. It needs the scope personal:read as well, and the "
    "reading is written down.",
)
PATH = "/orders/<int(max=999999999999999999):order_id>"
NO_ORDER = {404: "There is no such order in the shop of the key."}
MOVES = {
    **NO_ORDER,
    409: "The same request is being worked on, or what was to be taken is gone by now.",
}
