"""Saved views: a list's state under a name, private or shared with the shop."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import select

from app.console.models import SavedView
from app.kit import clock
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.shop_wall import assert_in_scope

_STATE = ("tab", "q", "sort", "cols", "size")


class Seen(NamedTuple):
    """A view as its menu shows it."""

    id: int
    user_id: int
    name: str
    query: str
    shared: bool


_VISIBLE = (
    "select id, user_id, name, query, shared from saved_view where shop_id = %(shop_id)s "
    "and list_name = %(list_name)s and (user_id = %(user_id)s or shared) order by name, id"
)


def visible(list_name: str, shop_id: int, user_id: int) -> list[Seen]:
    """A person's own views of one list and those shared with the shop, by name; every list page asks."""
    values = {"shop_id": assert_in_scope(shop_id), "list_name": list_name, "user_id": user_id}
    return [Seen(*row) for row in db.session.connection().exec_driver_sql(_VISIBLE, values)]


def state_of(query: str) -> str:
    """The part of a query string that describes a list's state: no cursor, no shop, nothing foreign."""
    pairs = [(key, value) for key, value in parse_qsl(query.lstrip("?")) if key in _STATE or key.startswith("f_")]
    return urlencode(pairs)[:4000]


def save(view: SavedView) -> SavedView:
    """Keep a view; the same person's view of that name is replaced. Raises RuleViolation("view_name")."""
    view.name, view.query = " ".join(view.name.split())[:80], state_of(view.query)
    if not view.name:
        raise RuleViolation("view_name")
    mine = select(SavedView).where(
        SavedView.shop_id == view.shop_id,
        SavedView.list_name == view.list_name,
        SavedView.user_id == view.user_id,
        SavedView.name == view.name,
    )
    existing = db.session.scalars(mine).first()
    if existing is not None:
        existing.query, existing.shared = view.query, view.shared
        return existing
    view.created_at = clock.now()
    db.session.add(view)
    db.session.flush()
    return view


def remove(view_id: int, user_id: int) -> SavedView:
    """Drop one's own view. Raises NotFound for somebody else's."""
    row = db.session.scalars(select(SavedView).where(SavedView.id == view_id)).first()
    if row is None or row.user_id != user_id:
        raise NotFound("not_found")
    db.session.delete(row)
    return row
