"""Small pieces of JSON Schema that the shapes of all features are made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
TEXT_OR_NULL: dict[str, Any] = {"type": ["string", "null"]}
WHOLE_OR_NULL: dict[str, Any] = {"type": ["integer", "null"]}
TRUE_OR_FALSE: dict[str, Any] = {"type": "boolean"}
AMOUNT: dict[str, Any] = {**TEXT, "maxLength": 20, "description": 'A decimal string in the shop\'s currency: "148.00".'}


def of(enum: type[StrEnum], description: str = "") -> dict[str, Any]:
    """One of the values of an enum."""
    return {**TEXT, "enum": [one.value for one in enum], **({"description": description} if description else {})}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    """An object of a request: nothing but these."""
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


def shape(**properties: Any) -> dict[str, Any]:
    """An object of an answer: all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}
