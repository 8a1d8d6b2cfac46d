"""The one list component: its state from the URL, the rows that match, their counts and selections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import BigInteger, ColumnElement, Select, and_, any_, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from werkzeug.datastructures import MultiDict

from app.console import list_paging, selection
from app.console.list_conditions import any_of, contains, day_range, number_range
from app.console.list_spec import (
    Action,
    Asked,
    BulkAction,
    Column,
    Empty,
    Filter,
    ListSpec,
    Page,
    Tab,
)
from app.kit.db import db
from app.kit.errors import RuleViolation

COUNT_CAP = 25_000
NARROWED_CAP = 1_000
"""Under a search or filters each row counted may have to be looked at; without them an index alone is read."""
AT_ONCE = 5_000
"""So many rows that a search or filters find are looked at once for all tabs."""
PAGE_SIZES = (25, 50, 100, 200)


def ask(spec: ListSpec, args: Mapping[str, Any]) -> Asked:
    """Read the state from query arguments; unknown sorts, tabs and sizes fall back to the defaults."""
    many = getattr(args, "getlist", lambda key: [args[key]] if key in args else [])
    sortable = {c.key for c in spec.columns if c.sort is not None}
    known = {c.key for c in spec.columns}
    sort, size, tab = args.get("sort", ""), args.get("size", ""), args.get("tab", "")
    view = args.get("view", "")
    return Asked(
        tab=tab if tab in {t.key for t in spec.tabs} else "",
        text=args.get("q", "").replace("\0", "").strip()[:100],
        sort=sort if sort.removeprefix("-") in sortable else spec.default_sort,
        filters={f.key: values for f in spec.filters if (values := _values(many(f"f_{f.key}")))},
        after=args.get("after", ""),
        before=args.get("before", ""),
        size=int(size) if size in {str(s) for s in PAGE_SIZES} else spec.page_size,
        columns=tuple(dict.fromkeys(key for key in args.get("cols", "").split(",") if key in known)),
        view=view if view.isdecimal() and len(view) < 19 else "",
    )


def _values(given: list[str]) -> list[str]:
    return [v.replace("\0", "")[:200] for v in given[:50] if v and v != ".."]


def query_of(spec: ListSpec, asked: Asked, **changes: Any) -> str:
    """The state as a query string, without paging; `changes` replace parts (`f_status=None` removes a chip)."""
    state: dict[str, Any] = {
        "tab": asked.tab,
        "q": asked.text,
        **{f"f_{key}": values for key, values in asked.filters.items()},
        "sort": "" if asked.sort == spec.default_sort else asked.sort,
        "cols": ",".join(asked.columns),
        "size": "" if asked.size == spec.page_size else asked.size,
        "view": asked.view,
    }
    return urlencode({key: value for key, value in {**state, **changes}.items() if value}, doseq=True)


def shown(spec: ListSpec, asked: Asked) -> list[Column]:
    """The columns on screen, in the person's order."""
    if not asked.columns:
        return [column for column in spec.columns if column.shown]
    by_key = {column.key: column for column in spec.columns}
    return [by_key[key] for key in asked.columns]


def conditions(spec: ListSpec, asked: Asked, shop_id: int) -> list[ColumnElement[bool]]:
    """Everything that limits the rows, but for paging."""
    tab = next((t for t in spec.tabs if t.key == asked.tab), spec.tabs[0] if spec.tabs else None)
    return [*_narrowing(spec, asked, shop_id), *(tab.where if tab else ())]


def _narrowing(spec: ListSpec, asked: Asked, shop_id: int) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [spec.model.shop_id == shop_id]
    if asked.text and spec.search:
        where.append(spec.search(asked.text))
    for one in spec.filters:
        if values := asked.filters.get(one.key):
            where.append(one.where(values))
    return where


def matching(spec: ListSpec, asked: Asked, shop_id: int) -> Select[int]:
    """The ids of all matching rows, for "select all N matching"."""
    return select(spec.model.id).where(*conditions(spec, asked, shop_id))


def selection_from(form: MultiDict[str, str], spec: ListSpec, shop_id: int) -> Select[int]:
    """The ids that a bulk form is about: those ticked, or all that match the list's `query`; never another shop's.

    Raises RuleViolation("nothing_selected"), and Forbidden when a ticked id is not a row of this shop.
    """
    if form.get("selection") == "matching":
        state = MultiDict(parse_qsl(form.get("query", "").lstrip("?")))
        return matching(spec, ask(spec, state), shop_id)
    ids = selection.own_ids(spec.model, form.getlist("ids"), shop_id)
    if not ids:
        raise RuleViolation("nothing_selected")
    return select(spec.model.id).where(spec.model.shop_id == shop_id, spec.model.id.in_(ids))


def page(spec: ListSpec, asked: Asked, shop_id: int) -> Page:
    """One page, by key."""
    return list_paging.page(spec, asked, conditions(spec, asked, shop_id))


@dataclass(frozen=True)
class Counts:
    """How many rows match in all and under each tab; beyond `cap` nothing was counted."""

    total: int
    cap: int
    tabs: dict[str, int]


def counts(spec: ListSpec, asked: Asked, shop_id: int) -> Counts:
    """Search and filters apply to each tab. One statement; a second one where they find more than AT_ONCE."""
    tabs = spec.tabs or (Tab("", ""),)
    narrowing = _narrowing(spec, asked, shop_id)  # once: a search may ask the database for ids
    narrowed = bool(asked.text or asked.filters)
    if narrowed and (row := _looked_at(spec.model, narrowing, tabs)):
        return _told(spec, asked, AT_ONCE, row)
    cap = NARROWED_CAP if narrowed else COUNT_CAP
    return _told(spec, asked, cap, _capped(spec.model, narrowing, tabs, cap))


def _told(spec: ListSpec, asked: Asked, cap: int, row: Sequence[int]) -> Counts:
    tabs = {tab.key: number for tab, number in zip(spec.tabs, row, strict=False)}
    return Counts(tabs.get(asked.tab, row[0]), cap, tabs)


def _looked_at(model: Any, narrowing: list[ColumnElement[bool]], tabs: tuple[Tab, ...]) -> Sequence[int]:
    """The exact counts, from one look at what is found; nothing when that is more than AT_ONCE."""
    found = select(model.id).where(*narrowing).limit(AT_ONCE + 1).scalar_subquery()
    under = [func.count().filter(and_(true(), *tab.where)) for tab in tabs]
    row = db.session.execute(
        select(func.count(), *under).where(model.id == any_(func.array(found, type_=ARRAY(BigInteger))))
    ).one()
    return row[1:] if row[0] <= AT_ONCE else ()


def _capped(model: Any, narrowing: list[ColumnElement[bool]], tabs: tuple[Tab, ...], cap: int) -> Sequence[int]:
    """The count of each tab, no further than one beyond the cap."""
    some = [select(model.id).where(*narrowing, *tab.where).limit(cap + 1).subquery() for tab in tabs]
    return tuple(
        db.session.execute(select(*(select(func.count()).select_from(one).scalar_subquery() for one in some))).one()
    )


__all__ = [
    "COUNT_CAP",
    "PAGE_SIZES",
    "Action",
    "Asked",
    "BulkAction",
    "Column",
    "Empty",
    "Filter",
    "ListSpec",
    "Page",
    "Tab",
    "any_of",
    "ask",
    "conditions",
    "contains",
    "counts",
    "day_range",
    "matching",
    "number_range",
    "page",
    "query_of",
    "selection_from",
    "shown",
]
