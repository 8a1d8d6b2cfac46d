"""What has changed on orders that somebody looks at: marks that are cheap to compare, and differ after any change."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.kit.db import db
from app.kit.errors import NotFound
from app.kit.journal import JournalEntry
from app.kit.shop_wall import assert_in_scope
from app.orders import shortages
from app.orders.models import Order

MOST = 200
"""Rows of the longest page of the list."""


def mark_of_rows(shop_id: int, ids: Sequence[int]) -> str:
    """The same as long as none of these orders has been written; one statement by primary key."""
    query = select(Order.id, Order.version).where(Order.shop_id == assert_in_scope(shop_id), Order.id.in_(ids))
    rows = sorted((row.id, row.version) for row in db.session.execute(query))
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:20]


def rows(shop_id: int, ids: Sequence[int]) -> list[Order]:
    """These orders of a shop, with what a row of the list shows."""
    query = select(Order).where(Order.shop_id == assert_in_scope(shop_id), Order.id.in_(ids))
    found = list(db.session.scalars(query.options(joinedload(Order.customer))))
    shortages.attach(found)
    return found


def mark_of_order(order_id: int) -> tuple[str, int]:
    """A mark that differs after any change of the order or any fact about it, and how many facts there are.

    Raises NotFound.
    """
    facts = select(func.count(JournalEntry.id)).where(
        JournalEntry.subject_type == "order", JournalEntry.subject_id == order_id
    )
    row = db.session.execute(
        select(Order.version, facts.scalar_subquery().label("facts")).where(Order.id == order_id)
    ).first()
    if row is None:
        raise NotFound("not_found")
    return f"{row.version}-{row.facts}", row.facts
