"""Webhooks in the OpenAPI document: the shape of a message, and what a receiver answers."""

from __future__ import annotations

from typing import Any

from app.webhooks.kinds import KINDS, TEST, facts

_TEXT = {"type": "string"}
EXAMPLE: dict[str, Any] = {
    "id": "evt_4711",
    "type": "order.moved",
    "created_at": "2026-11-23T12:00:00Z",
    "shop": {"code": "tea", "currency": "CNY"},
    "subject": {"type": "order", "id": 7},
    "facts": {
        "order_id": 7,
        "from_status": "pending_payment",
        "to_status": "pending_shipment",
        "axis": "payment_state",
        "from_state": "unpaid",
        "to_state": "paid",
        "cause": "received",
    },
    "links": {"api": "/api/v1/orders/7"},
}
MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": list(EXAMPLE),
    "properties": {
        "id": {**_TEXT, "description": "The same however often it is sent; also the header webhook-id."},
        "type": {**_TEXT, "enum": [*(kind.name for kind in KINDS.values()), TEST]},
        "created_at": {**_TEXT, "format": "date-time"},
        "shop": {"type": "object", "properties": {"code": _TEXT, "currency": _TEXT}},
        "subject": {"type": "object", "properties": {"type": _TEXT, "id": {"type": "integer"}}},
        "facts": {"type": "object", "description": "Ids, codes, amounts in the smallest unit; never a buyer's data."},
        "links": {"type": "object", "additionalProperties": _TEXT},
    },
}
_HEADERS = {
    "webhook-id": "Names the message.",
    "webhook-timestamp": "When it was sent, in seconds since 1970.",
    "webhook-signature": "v1, and HMAC-SHA256 of id.timestamp.body in base64; several while a secret is changed.",
}


def paths() -> dict[str, Any]:
    """The `webhooks` of an OpenAPI 3.1 document."""
    parameters = [
        {"name": name, "in": "header", "required": True, "description": told, "schema": _TEXT}
        for name, told in _HEADERS.items()
    ]
    body = {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WebhookMessage"}}},
    }
    answer = {"2XX": {"description": "Accepted. Anything else, or nothing in ten seconds, is tried again."}}
    return {
        kind.name: {
            "post": {
                "operationId": f"on_{event}",
                "description": f"facts: {', '.join(facts(event))}.",
                "parameters": parameters,
                "requestBody": body,
                "responses": answer,
            }
        }
        for event, kind in KINDS.items()
    }
