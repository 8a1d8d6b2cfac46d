"""The mark on columns that hold personal data, read by logs, exports, erasure and docs/data-map.md."""

from __future__ import annotations

from typing import Any

KINDS = ("name", "email", "phone", "address", "account", "note")


def personal(kind: str, *, erase: str = "redact") -> dict[str, Any]:
    """`info=` of a column with personal data; `erase` is `redact`, `delete` or `keep` (a legal duty)."""
    if kind not in KINDS or erase not in ("redact", "delete", "keep"):
        raise ValueError(f"unknown kind of personal data: {kind}/{erase}")
    return {"personal": kind, "erase": erase}


def not_personal(why: str) -> dict[str, Any]:
    """`info=` of a text column about a buyer that holds no personal data; says why."""
    return {"personal": None, "why": why}
