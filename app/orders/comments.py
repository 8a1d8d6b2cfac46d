"""What staff say to each other about an order: comments, and who is named in them with @."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Select, func, select, update

from app.kit import clock, context, journal
from app.kit.db import Model, db
from app.kit.errors import RuleViolation
from app.kit.shop_wall import assert_in_scope
from app.order_events import OrderCommented
from app.orders import handling
from app.orders.models import Order
from app.orders.side_models import OrderComment, OrderMention
from app.shops.models import ShopMember

LENGTH = 1000
_NAMED = re.compile(r"(?<![\w.\-])@([\w.\-]{1,64})")
"""A name after an @ that stands alone; within a mail address it names nobody."""


@dataclass(frozen=True)
class Unread:
    """A comment that names me and that I have not seen."""

    order_id: int
    number: str
    comment: OrderComment


def add(order_id: int, body: str) -> OrderComment:
    """Say something about an order; members of its shop named as @username find it on their home page.

    Raises RuleViolation("comment_empty", "too_long"), NotFound.
    """
    body = body.strip()
    if not body:
        raise RuleViolation("comment_empty")
    if len(body) > LENGTH:
        raise RuleViolation("too_long", field="comment", limit=LENGTH)
    order = handling.locked(order_id)
    comment = OrderComment(
        shop_id=order.shop_id, order_id=order.id, author=str(context.actor()), body=body, created_at=clock.now()
    )
    db.session.add(comment)
    db.session.flush()
    named = _members(order.shop_id, set(_NAMED.findall(body)))
    db.session.add_all(
        OrderMention(shop_id=order.shop_id, comment_id=comment.id, order_id=order.id, user_id=user_id)
        for user_id in named
    )
    journal.record(OrderCommented(order.shop_id, order.id, comment.id, named))
    db.session.flush()
    return comment


def of(order_id: int) -> dict[int, OrderComment]:
    """The comments on an order by id."""
    query = select(OrderComment).where(OrderComment.order_id == order_id).order_by(OrderComment.id.desc()).limit(200)
    return {row.id: row for row in db.session.scalars(query)}


def unread(shop_id: int, user_id: int, limit: int = 20) -> list[Unread]:
    """Comments that name somebody and that they have not seen, newest first."""
    query = (
        select(OrderMention.order_id, Order.number, OrderComment)
        .join(OrderComment, OrderComment.id == OrderMention.comment_id)
        .join(Order, Order.id == OrderMention.order_id)
        .where(
            OrderMention.shop_id == assert_in_scope(shop_id),
            OrderMention.user_id == user_id,
            OrderMention.read_at.is_(None),
        )
        .order_by(OrderMention.id.desc())
        .limit(limit)
    )
    return [Unread(*row) for row in db.session.execute(query)]


def unread_count(shop_id: int, user_id: int) -> int:
    """How many comments name somebody and wait to be seen."""
    mine = (OrderMention.shop_id == assert_in_scope(shop_id), OrderMention.user_id == user_id)
    return db.session.scalar(select(func.count(OrderMention.id)).where(*mine, OrderMention.read_at.is_(None))) or 0


def mark_read(order_id: int, user_id: int) -> None:
    """Somebody has seen what was said to them about this order."""
    mine = (OrderMention.order_id == order_id, OrderMention.user_id == user_id, OrderMention.read_at.is_(None))
    statement = update(OrderMention).where(*mine).values(read_at=clock.now())
    db.session.execute(statement, execution_options={"synchronize_session": False})


def usernames(shop_id: int) -> list[str]:
    """Who can be named in a shop."""
    user = Model.metadata.tables["ab_user"]
    return list(db.session.scalars(_in_shop(user.c.username, shop_id).order_by(user.c.username)))


def unknown(shop_id: int, body: str) -> list[str]:
    """The names after an @ that nobody in the shop has, as they are written; they have been told nothing."""
    named = list(dict.fromkeys(name.rstrip(".-") or name for name in _NAMED.findall(body)))
    there = set(usernames(shop_id)) if named else set()
    return [name for name in named if name not in there]


def _members(shop_id: int, names: Iterable[str]) -> list[int]:
    user = Model.metadata.tables["ab_user"]
    wanted = {name.rstrip(".-") for name in names} | set(names)
    query = _in_shop(user.c.id, shop_id).where(user.c.username.in_(wanted)).order_by(user.c.id)
    return list(db.session.scalars(query))


def _in_shop(column: Column[Any], shop_id: int) -> Select[Any]:
    user = Model.metadata.tables["ab_user"]
    member = ShopMember.user_id == user.c.id
    return (
        select(column)
        .select_from(user)
        .join(ShopMember, member)
        .where(ShopMember.shop_id == assert_in_scope(shop_id), user.c.active)
    )
