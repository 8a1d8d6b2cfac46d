"""The list of change sets, newest first."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.catalog import change_words
from app.catalog.change_models import ChangeSet, ChangeSource, ChangeState
from app.console import cells
from app.console.lists import Column, Filter, ListSpec, Tab, any_of
from app.kit import formats, people
from app.shops.models import Shop


def spec(shop: Shop) -> ListSpec:
    """The list for one shop."""
    return _spec(shop.time_zone, shop.currency)


def state_badge(change_set: ChangeSet) -> Markup:
    """Where a set stands."""
    return cells.badge(*change_words.STATES[change_set.state])


@lru_cache(maxsize=64)
def _spec(zone: str, currency: str) -> ListSpec:
    return ListSpec(
        name="changes",
        model=ChangeSet,
        columns=(
            Column("id", _l("Change"), lambda c: f"#{c.id}", sort=ChangeSet.id),
            Column("what", _l("What"), lambda c: change_words.title(c, currency)),
            Column("source", _l("By"), lambda c: change_words.SOURCES[c.source]),
            Column("state", _l("State"), state_badge),
            Column("changed", _l("Changed"), lambda c: formats.number(c.counts.get("changed")), align="end"),
            Column("refused", _l("Refused"), lambda c: formats.number(c.counts.get("refused")), align="end"),
            Column("who", _l("Who"), lambda c: c.__dict__.get("who", "")),
            Column("created", _l("Wanted"), lambda c: cells.when(c.created_at, zone)),
        ),
        default_sort="-id",
        tabs=(
            Tab("", _l("All"), (ChangeSet.state != ChangeState.DRAFT,)),
            *(Tab(s.value, look[2], (ChangeSet.state == s,)) for s, look in _tabs()),
        ),
        filters=(
            Filter("source", _l("By"), any_of(ChangeSet.source, ChangeSource), lambda: [*change_words.SOURCES.items()]),
        ),
        enrich=_name_people,
    )


def _tabs() -> list[tuple[ChangeState, Any]]:
    return [(s, look) for s, look in change_words.STATES.items() if s is not ChangeState.FAILED]


def _name_people(rows: list[Any]) -> None:
    names = people.names(row.requested_by for row in rows)
    for row in rows:
        setattr(row, "who", names[row.requested_by])  # noqa: B010 - not a mapped attribute
