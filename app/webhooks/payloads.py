"""What is sent: ids, codes and amounts of one event and where to read the rest; never personal data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kit import origin
from app.kit.journal import JournalEntry
from app.shops.models import Shop
from app.webhooks.kinds import KINDS, TEST, public


@dataclass(frozen=True)
class Message:
    """A message that is ready: its id stays the same however often it is sent."""

    id: str
    body: bytes


def of_entry(entry: JournalEntry, shop: Shop) -> Message:
    """The message of an event; the same bytes every time."""
    kind = KINDS.get(entry.event)
    left_out = {"shop_id"} | (kind.hidden if kind else set())
    subject = {"type": entry.subject_type, "id": entry.subject_id}
    facts = {name: value for name, value in entry.facts.items() if name not in left_out}
    links = {"api": origin.public(kind.path.format(entry.subject_id))} if kind and kind.path else {}
    rest = {"subject": subject, "facts": facts, "links": links}
    return _message(f"evt_{entry.id}", entry.event, entry.at, shop, rest)


def of_test(delivery_id: int, at: datetime, endpoint_id: int, shop: Shop) -> Message:
    """The message of a test."""
    rest = {"subject": {"type": "webhook", "id": endpoint_id}, "facts": {}, "links": {}}
    return _message(f"test_{delivery_id}", TEST, at, shop, rest)


def _message(message_id: str, event: str, at: datetime, shop: Shop, rest: dict[str, Any]) -> Message:
    told = {
        "id": message_id,
        "type": public(event),
        "created_at": at.isoformat().replace("+00:00", "Z"),
        "shop": {"code": shop.code, "currency": shop.currency},
        **rest,
    }
    return Message(message_id, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
