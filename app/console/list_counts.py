"""How many rows of a list match, in all and under each tab, by looking at no more than so many rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, literal_column, select, true, union_all

from app.console.list_spec import Tab
from app.kit.db import among, planned_anew

COUNT_CAP = 10_000
NARROWED_CAP = 1_000
"""Under a search or filters each row counted has to be looked at; without them an index alone is read."""
AT_ONCE = 2_500
"""So many rows that a search or filters find are looked at for all tabs together."""
NEAR = 1_000
"""So many rows of a tab are looked at for what a search or filters let through."""
Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True)
class Counts:
    """How many rows match in all and under each tab; beyond `cap` nothing was counted.

    Under the tabs of `least` there are at least so many: to know it exactly would be to look at too many rows.
    """

    total: int
    cap: int
    tabs: dict[str, int]
    least: tuple[str, ...] = ()


def plain(model: Any, mine: ColumnElement[bool], tabs: Sequence[Tab]) -> Counts:
    """Without a search and filters: each tab up to COUNT_CAP, from its own index; one statement."""
    some = [tab.ids(model, mine, COUNT_CAP + 1).subquery() for tab in tabs]
    query = select(*(select(func.count()).select_from(one).scalar_subquery() for one in some))
    with planned_anew() as session:
        row = session.execute(query).one()
    return _counts(COUNT_CAP, dict(zip((tab.key for tab in tabs), row, strict=True)))


def narrowed(model: Any, mine: ColumnElement[bool], narrowing: Conditions, tabs: Sequence[Tab]) -> Counts:
    """Under a search or filters (`narrowing`): exact for what finds at most AT_ONCE rows, by one statement.

    For what finds more, tabs up to NARROWED_CAP, by one more: exact under a tab of at most NEAR rows, else at least
    what was met among AT_ONCE rows found and among NEAR rows of the tab.
    """
    found, met = _among_found(model, [mine, *narrowing], tabs)
    if found <= AT_ONCE:
        return _counts(AT_ONCE, met)
    cap = NARROWED_CAP
    known = {key: min(number, cap + 1) for key, number in met.items()}
    open_ = [tab for tab in tabs if known[tab.key] <= cap]
    seen = _among_near(model, mine, [mine, *narrowing], open_) if open_ else {}
    for key, (_, hits) in seen.items():
        known[key] = min(max(known[key], hits), cap + 1)
    return _counts(cap, known, (key for key, (rows, _) in seen.items() if rows > NEAR and known[key] <= cap))


def _counts(cap: int, tabs: dict[str, int], least: Iterable[str] = ()) -> Counts:
    return Counts(next(iter(tabs.values())), cap, tabs, tuple(least))


def _among_found(model: Any, where: Conditions, tabs: Sequence[Tab]) -> tuple[int, dict[str, int]]:
    """How many were found, up to one beyond AT_ONCE, and of those how many each tab has."""
    under = [_of_row(tab).label(f"tab_{place}") for place, tab in enumerate(tabs)]
    found = select(model.id, *under).where(*where).limit(AT_ONCE + 1).subquery()
    counts = (func.count().filter(found.c[one.name]) for one in under)
    with planned_anew() as session:
        row = session.execute(select(func.count(), *counts).select_from(found)).one()
    return row[0], dict(zip((tab.key for tab in tabs), row[1:], strict=True))


def _of_row(tab: Tab) -> ColumnElement[bool]:
    return and_(true(), *tab.where) if tab.of_row is None else tab.of_row


def _among_near(
    model: Any, mine: ColumnElement[bool], where: Conditions, tabs: list[Tab]
) -> Mapping[str, tuple[int, int]]:
    """Tab → its rows, up to one beyond NEAR, and how many of those match. The rows stand in a CTE of their own, so
    that the search is planned, and what it looks up is looked up, once for all tabs.
    """
    some = [tab.ids(model, mine, NEAR + 1).subquery() for tab in tabs]
    parts = [select(literal(place).label("place"), one.c[0].label("id")) for place, one in enumerate(some)]
    near = union_all(*parts).cte("near").prefix_with("materialized")
    found = among(model.id, select(near.c.id))
    hits = select(model.id).where(found, *where).cte("hits").prefix_with("materialized")
    met = select(near.c.place, literal_column("1").label("hit")).join(hits, hits.c.id == near.c.id)
    rows = union_all(select(near.c.place, literal_column("0").label("hit")), met).subquery()
    query = select(rows.c.place, func.count().filter(rows.c.hit == 0), func.sum(rows.c.hit)).group_by(rows.c.place)
    with planned_anew() as session:
        counted = {place: (seen, hits) for place, seen, hits in session.execute(query)}
    return {tab.key: counted.get(place, (0, 0)) for place, tab in enumerate(tabs)}
