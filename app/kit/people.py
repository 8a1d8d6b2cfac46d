"""Names of those who act: `staff:7` as people know them."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext
from sqlalchemy import select

from app.kit.db import Model, db


def names(actors: Iterable[str]) -> dict[str, str]:
    """A name for each actor, in the language of the request; one statement."""
    wanted = set(actors)
    staff = _staff({int(a[6:]) for a in wanted if a.startswith("staff:") and a[6:].isdigit()})
    return {actor: _name(actor, staff) for actor in wanted}


def name_of(actor: str) -> str:
    """The name of one actor."""
    return names([actor])[actor]


def _name(actor: str, staff: dict[int, str]) -> str:
    kind, _, key = actor.partition(":")
    if kind == "staff":
        return staff.get(int(key) if key.isdigit() else 0) or gettext("Former member of staff")
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
