"""Names of those who act: `staff:7` as people know them."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext
from sqlalchemy import Select, String, cast, literal, select

from app.kit.db import Model, db


def names(actors: Iterable[str]) -> dict[str, str]:
    """A name for each actor, in the language of the request; a statement a kind."""
    wanted = set(actors)
    staff = _staff(_ids(wanted, "staff"))
    keys = _keys(_ids(wanted, "key"))
    return {actor: _name(actor, staff, keys) for actor in wanted}


def is_same(one: str, other: str) -> bool:
    """Whether one person stands behind both actors; behind an API key stands who made it."""
    return one == other or _person(one) == _person(other)


def keys_of(actor: str) -> Select[str]:
    """The API keys that a member of staff has made, as actors; a subquery."""
    key = Model.metadata.tables["api_key"]
    owned = key.c.owner_id.in_(_ids([actor], "staff"))
    return select(literal("key:").concat(cast(key.c.id, String))).where(owned)


def _person(actor: str) -> str:
    ids = _ids([actor], "key")
    if not ids:
        return actor
    key = Model.metadata.tables["api_key"]
    owner = db.session.scalar(select(key.c.owner_id).where(key.c.id.in_(ids)))
    return actor if owner is None else f"staff:{owner}"


def _ids(actors: Iterable[str], kind: str) -> set[int]:
    parts = (actor.partition(":") for actor in actors)
    return {int(key) for its, _, key in parts if its == kind and key.isdigit()}


def name_of(actor: str) -> str:
    """The name of one actor."""
    return names([actor])[actor]


def _name(actor: str, staff: dict[int, str], keys: dict[int, str]) -> str:
    kind, _, key = actor.partition(":")
    number = int(key) if key.isdigit() else 0
    if kind == "staff":
        return staff.get(number) or gettext("Former member of staff")
    if kind == "key":
        return gettext("API key %(name)s", name=keys.get(number, f"#{key}"))
    if kind == "cli":
        return gettext("Command line")
    return gettext("Kuaidan")


def _staff(ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    user = Model.metadata.tables["ab_user"]
    found = db.session.execute(
        select(user.c.id, user.c.first_name, user.c.last_name, user.c.username).where(user.c.id.in_(ids))
    )
    return {row.id: f"{row.first_name or ''} {row.last_name or ''}".strip() or row.username for row in found}


def _keys(ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    key = Model.metadata.tables["api_key"]
    return {row.id: row.name for row in db.session.execute(select(key.c.id, key.c.name).where(key.c.id.in_(ids)))}
