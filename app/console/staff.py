"""Staff: who may sign in, with which role, for which shops; and their passwords.

Writes FAB's user table directly, because FAB's security manager commits by itself.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_appbuilder.security.sqla.models import Role as FabRole
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import selectinload
from werkzeug.security import check_password_hash, generate_password_hash

from app.console.roles import Role
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.shops.models import Shop, ShopMember

log = logging.getLogger("app.security")
SHORTEST_PASSWORD = 12


@dataclass(frozen=True)
class Person:
    """What a form says about one member of staff; `shop_ids` means nothing to an administrator, who sees all."""

    name: str
    email: str
    role: Role
    shop_ids: frozenset[int]
    active: bool = True


def everybody(text: str = "") -> list[User]:
    """All staff, those who may sign in first, by user name; `text` looks in names."""
    query = select(User).options(selectinload(User.roles)).order_by(User.active.desc(), User.username)
    if text:
        query = query.where(
            or_(User.username.icontains(text, autoescape=True), User.first_name.icontains(text, autoescape=True))
        )
    return list(db.session.scalars(query))


def get(user_id: int) -> User:
    """One member of staff. Raises NotFound."""
    user = db.session.scalars(select(User).where(User.id == user_id).options(selectinload(User.roles))).first()
    if user is None:
        raise NotFound("not_found")
    return user


def role_of(user: User) -> Role | None:
    """The role; None for one that was made by hand."""
    known = {role.value for role in Role}
    return next((Role(role.name) for role in user.roles if role.name in known), None)


def shops_of(user_ids: Iterable[int]) -> dict[int, list[Shop]]:
    """The shops that each person was added to, by name; one statement."""
    found: dict[int, list[Shop]] = {user_id: [] for user_id in user_ids}
    query = select(ShopMember.user_id, Shop).join(Shop, Shop.id == ShopMember.shop_id).order_by(Shop.name)
    for user_id, shop in db.session.execute(query.where(ShopMember.user_id.in_(found))):
        found[user_id].append(shop)
    return found


def add(username: str, person: Person) -> tuple[User, str]:
    """Make a member of staff; returns them with their first password, which is kept nowhere.

    Raises RuleViolation("username_taken" | "email_taken").
    """
    if db.session.scalars(select(User.id).where(func.lower(User.username) == username.lower())).first():
        raise RuleViolation("username_taken", username=username)
    password = secrets.token_urlsafe(12)
    user = User(username=username, last_name="", password=hashed(password), login_count=0, fail_login_count=0)
    user.groups = []
    _write(user, person)
    db.session.add(user)
    db.session.flush()
    _set_shops(user.id, person.shop_ids)
    log.info("staff added", extra={"staff_id": user.id, "role": person.role.value})
    return user, password


def edit(user_id: int, person: Person) -> User:
    """Change name, role, shops or whether they may sign in. Raises RuleViolation("last_administrator")."""
    user = get(user_id)
    stays = person.active and person.role is Role.ADMINISTRATOR
    if role_of(user) is Role.ADMINISTRATOR and user.active and not stays and _administrators() == 1:
        raise RuleViolation("last_administrator")
    _write(user, person)
    db.session.flush()
    _set_shops(user.id, person.shop_ids)
    log.info("staff changed", extra={"staff_id": user.id, "role": person.role.value, "active": person.active})
    return user


def reset_password(user_id: int) -> tuple[User, str]:
    """Give a member of staff a new password, which is kept nowhere."""
    user, password = get(user_id), secrets.token_urlsafe(12)
    user.password, user.fail_login_count = hashed(password), 0
    log.info("staff password reset", extra={"staff_id": user.id})
    return user, password


def change_own_password(user_id: int, old: str, new: str) -> None:
    """Replace one's own password. Raises RuleViolation("password_wrong" | "password_weak")."""
    user = get(user_id)
    if not check_password_hash(user.password, old):
        raise RuleViolation("password_wrong")
    if len(new) < SHORTEST_PASSWORD or user.username.lower() in new.lower():
        raise RuleViolation("password_weak", length=SHORTEST_PASSWORD)
    user.password = hashed(new)
    log.info("own password changed", extra={"staff_id": user.id})


def rename(user_id: int, name: str) -> None:
    """Change one's own name. Raises RuleViolation("name_missing")."""
    if not name.strip():
        raise RuleViolation("name_missing")
    user = get(user_id)
    user.first_name, user.last_name = name.strip()[:64], ""


def hashed(password: str) -> str:
    """A salted scrypt hash."""
    return str(generate_password_hash(password, method="scrypt", salt_length=16))


def _write(user: User, person: Person) -> None:
    email = person.email.strip() or f"{user.username}@localhost"
    taken = select(User.id).where(func.lower(User.email) == email.lower(), User.id != (user.id or 0))
    with db.session.no_autoflush:
        if db.session.scalars(taken).first():
            raise RuleViolation("email_taken", email=email)
        user.roles = [db.session.scalars(select(FabRole).where(FabRole.name == person.role.value)).one()]
    user.first_name, user.last_name = person.name.strip(), ""
    user.email, user.active = email, person.active


def _set_shops(user_id: int, shop_ids: Iterable[int]) -> None:
    wanted = set(db.session.scalars(select(Shop.id).where(Shop.id.in_(list(shop_ids)))))
    had = set(db.session.scalars(select(ShopMember.shop_id).where(ShopMember.user_id == user_id)))
    dropped: Any = (ShopMember.user_id == user_id, ShopMember.shop_id.in_(had - wanted))
    db.session.execute(delete(ShopMember).where(*dropped))
    db.session.add_all(ShopMember(user_id=user_id, shop_id=shop_id) for shop_id in wanted - had)


def _administrators() -> int:
    may = (User.active, User.roles.any(FabRole.name == Role.ADMINISTRATOR.value))
    return db.session.scalar(select(func.count(User.id)).where(*may)) or 0
