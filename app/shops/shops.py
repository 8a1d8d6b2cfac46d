"""Shops: find, make, and who may see them."""

from __future__ import annotations

from sqlalchemy import select

from app.kit.db import db
from app.kit.errors import NotFound
from app.shops.models import Shop, ShopMember


def any_exists() -> bool:
    """Whether there is any shop yet."""
    return db.session.scalars(select(Shop.id).limit(1)).first() is not None


def by_code(code: str) -> Shop:
    """The shop of that code. Raises NotFound."""
    row = db.session.scalars(select(Shop).where(Shop.code == code)).first()
    if row is None:
        raise NotFound("shop_unknown", code=code)
    return row


def get(shop_id: int) -> Shop:
    """The shop of that id. Raises NotFound."""
    row = db.session.get(Shop, shop_id)
    if row is None:
        raise NotFound("not_found")
    return row


def add_member(shop_id: int, user_id: int) -> None:
    """Let a member of staff see a shop; twice is once."""
    exists = select(ShopMember.id).where(ShopMember.shop_id == shop_id, ShopMember.user_id == user_id)
    if db.session.scalars(exists).first() is None:
        db.session.add(ShopMember(shop_id=shop_id, user_id=user_id))
