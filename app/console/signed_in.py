"""Who is signed in and the shops that they may see, as the database has it now: one statement a request.

The answer comes as one text. What was made of a text is kept under that text, so that nothing is ever older than
the database, and hardly anything is made twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask_login import UserMixin

from app.console.roles import Role
from app.kit.db import db
from app.shops.models import Shop

_ASK = """
with person as (select id, username, first_name, last_name, email from ab_user where id = %(id)s and active),
own as (select r.id, r.name from ab_user_role ur join ab_role r on r.id = ur.role_id where ur.user_id = %(id)s),
lent as (select g.name as "group", r.id, r.name from ab_user_group ug join ab_group g on g.id = ug.group_id
    join ab_group_role gr on gr.group_id = g.id join ab_role r on r.id = gr.role_id where ug.user_id = %(id)s),
seen as (select s.* from shop s where exists (select from own where name = %(sees_all)s)
    or s.id in (select m.shop_id from shop_member m where m.user_id = %(id)s))
select json_build_object('person', (select row_to_json(p) from person p),
    'own', (select json_agg(o order by o.id) from own o),
    'lent', (select json_agg(l order by l.group, l.id) from lent l),
    'shops', (select json_agg(s order by s.name, s.id) from seen s))::text
"""


@dataclass(frozen=True)
class SeenRole:
    """A role as FAB asks for it."""

    id: int
    name: str


@dataclass(frozen=True)
class SeenGroup:
    """A group by the roles that it lends."""

    name: str
    roles: tuple[SeenRole, ...]


@dataclass(frozen=True)
class SignedIn(UserMixin):
    """A member of staff at the screen: what pages and FAB ask of a user, read-only, without the password.

    `shops` are those that they may see, by name; rows outside any session, to read alone.
    """

    id: int
    username: str
    first_name: str
    last_name: str
    email: str
    roles: list[SeenRole]
    groups: list[SeenGroup]
    shops: tuple[Shop, ...]

    def get_full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


def find(user_id: int) -> SignedIn | None:
    """The person with that id as they stand now; None when there is none, or when they are locked out."""
    values = {"id": user_id, "sees_all": Role.ADMINISTRATOR.value}
    answer = db.session.connection().exec_driver_sql(_ASK, values).scalar_one()
    return _made_of(answer)


@lru_cache(maxsize=512)
def _made_of(answer: str) -> SignedIn | None:
    found: dict[str, Any] = json.loads(answer)
    if found["person"] is None:
        return None
    lent: dict[str, list[SeenRole]] = {}
    for one in found["lent"] or []:
        lent.setdefault(one["group"], []).append(SeenRole(one["id"], one["name"]))
    return SignedIn(
        **found["person"],
        roles=[SeenRole(**one) for one in found["own"] or []],
        groups=[SeenGroup(name, tuple(roles)) for name, roles in lent.items()],
        shops=tuple(_shop(one) for one in found["shops"] or []),
    )


def _shop(values: dict[str, Any]) -> Shop:
    times = {key: datetime.fromisoformat(values[key]) for key in ("created_at", "updated_at")}
    return Shop(**{**values, **times})
