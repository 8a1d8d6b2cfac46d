"""Shops: find, make, and who may see them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from app.kit.db import db
from app.kit.errors import Conflict, NotFound, RuleViolation
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


def open_shop(code: str, currency: str, values: Mapping[str, str]) -> Shop:
    """Make a shop; `values` as in `change`. Raises RuleViolation("shop_code_taken")."""
    if db.session.scalars(select(Shop.id).where(Shop.code == code)).first() is not None:
        raise RuleViolation("shop_code_taken", code=code)
    shop = Shop(code=code, currency=currency, **values)
    db.session.add(shop)
    db.session.flush()
    return shop


def change(shop_id: int, version: int | None, values: Mapping[str, str]) -> Shop:
    """Write name, time_zone, country and locale. Raises NotFound, or Conflict when `version` is an old one."""
    shop = get(shop_id)
    if version != shop.version:
        raise Conflict("shop_stale")
    for field, value in values.items():
        setattr(shop, field, value)
    db.session.flush()
    return shop


def add_member(shop_id: int, user_id: int) -> None:
    """Let a member of staff see a shop; twice is once."""
    exists = select(ShopMember.id).where(ShopMember.shop_id == shop_id, ShopMember.user_id == user_id)
    if db.session.scalars(exists).first() is None:
        db.session.add(ShopMember(shop_id=shop_id, user_id=user_id))
