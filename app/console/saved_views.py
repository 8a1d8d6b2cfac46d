"""Saved views: a list's state under a name, private or shared with the shop."""

from __future__ import annotations

from sqlalchemy import or_, select

from app.console.models import SavedView
from app.kit import clock
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation


def visible(list_name: str, shop_id: int, user_id: int) -> list[SavedView]:
    """A person's own views of one list and those shared with the shop, by name."""
    query = select(SavedView).where(
        SavedView.shop_id == shop_id,
        SavedView.list_name == list_name,
        or_(SavedView.user_id == user_id, SavedView.shared),
    )
    return list(db.session.scalars(query.order_by(SavedView.name)))


def save(view: SavedView) -> SavedView:
    """Keep a view; the same person's view of that name is replaced. Raises RuleViolation("view_name")."""
    if not view.name.strip():
        raise RuleViolation("view_name")
    mine = select(SavedView).where(
        SavedView.shop_id == view.shop_id,
        SavedView.list_name == view.list_name,
        SavedView.user_id == view.user_id,
        SavedView.name == view.name.strip(),
    )
    existing = db.session.scalars(mine).first()
    if existing is not None:
        existing.query, existing.shared = view.query, view.shared
        return existing
    view.name, view.created_at = view.name.strip(), clock.now()
    db.session.add(view)
    return view


def remove(view_id: int, user_id: int) -> None:
    """Drop one's own view. Raises NotFound for somebody else's."""
    row = db.session.get(SavedView, view_id)
    if row is None or row.user_id != user_id:
        raise NotFound("not_found")
    db.session.delete(row)
