"""Tags and flags of orders: free words, and one colour with a text."""

from __future__ import annotations

from collections.abc import Sequence

from app.kit import journal
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.order_events import OrderMarked
from app.orders import handling
from app.orders.models import Order

FLAGS = ("red", "orange", "yellow", "green", "blue", "purple")
"""Kuaishou's flag codes 1 to 6 in this order; 0 is none."""
MOST_TAGS, TAG_LENGTH, FLAG_LENGTH = 10, 20, 60


def read_tags(text: str) -> list[str]:
    """Tags typed with commas, Chinese or Latin; each once. Raises RuleViolation("too_many_tags")."""
    for comma in "，、;；\n":
        text = text.replace(comma, ",")
    tags = list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if len(tags) > MOST_TAGS or any(len(tag) > TAG_LENGTH for tag in tags):
        raise RuleViolation("too_many_tags", limit=MOST_TAGS, length=TAG_LENGTH)
    return tags


def mark(order_id: int, tags: Sequence[str], flag: str, flag_text: str) -> Order:
    """Set tags and flag of an order. Raises RuleViolation("flag_unknown", "too_long", "too_many_tags"), NotFound."""
    check_flag(flag, flag_text)
    order = handling.locked(order_id)
    wanted = (list(tags), flag, flag_text if flag else "")
    if (order.tags, order.flag, order.flag_text) != wanted:
        order.tags, order.flag, order.flag_text = wanted
        journal.record(OrderMarked(order.shop_id, order.id, order.tags, order.flag))
        db.session.flush()
    return order


def check_flag(flag: str, flag_text: str) -> None:
    """Raises RuleViolation("flag_unknown", "too_long")."""
    if flag and flag not in FLAGS:
        raise RuleViolation("flag_unknown")
    if len(flag_text) > FLAG_LENGTH:
        raise RuleViolation("too_long", field="flag_text", limit=FLAG_LENGTH)


def add_tags(order_id: int, tags: Sequence[str]) -> bool:
    """Add tags to those that an order has; False when it has them all. Raises as `mark`."""
    order = handling.locked(order_id)
    wanted = list(dict.fromkeys([*order.tags, *tags]))
    if wanted == order.tags:
        return False
    if len(wanted) > MOST_TAGS:
        raise RuleViolation("too_many_tags", limit=MOST_TAGS, length=TAG_LENGTH)
    mark(order_id, wanted, order.flag, order.flag_text)
    return True


def remove_tags(order_id: int, tags: Sequence[str]) -> bool:
    """Take tags away from an order; False when it has none of them. Raises NotFound."""
    order = handling.locked(order_id)
    wanted = [one for one in order.tags if one not in tags]
    if wanted == order.tags:
        return False
    mark(order_id, wanted, order.flag, order.flag_text)
    return True


def set_flag(order_id: int, flag: str, flag_text: str) -> bool:
    """Set or, with an empty one, remove the flag; False when it is so already. Raises as `mark`."""
    order = handling.locked(order_id)
    if (order.flag, order.flag_text) == (flag, flag_text if flag else ""):
        return False
    mark(order_id, order.tags, flag, flag_text)
    return True
