"""The one list component: its state from the URL, the rows that match, their counts and selections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import BigInteger, ColumnElement, Select, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from werkzeug.datastructures import MultiDict

from app.console import list_counts, list_paging, selection
from app.console.list_conditions import any_of, contains, day_range, number_range
from app.console.list_counts import COUNT_CAP, Counts
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

PAGE_SIZES = (25, 50, 100, 200)
FEW = 2_000
"""So many ids of a tab go into the statement as a list; of more, a page is soon full."""


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
    tab = _tab(spec, asked)
    return [*_narrowing(spec, asked, shop_id), *(_under(tab, spec.model, shop_id) if tab else ())]


def _tab(spec: ListSpec, asked: Asked) -> Tab | None:
    return next((t for t in spec.tabs if t.key == asked.tab), spec.tabs[0] if spec.tabs else None)


def _under(tab: Tab, model: Any, shop_id: int) -> Sequence[ColumnElement[bool]]:
    if tab.rows is None or tab.of_row is None:
        return tab.where
    ids = list(db.session.scalars(tab.ids(model, model.shop_id == shop_id, FEW + 1)))
    return (tab.of_row if len(ids) > FEW else model.id == any_(literal(ids, ARRAY(BigInteger))),)


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
    tab = _tab(spec, asked)
    collected = tab is not None and tab.collected
    return list_paging.page(spec, asked, conditions(spec, asked, shop_id), collected=collected)


def counts(spec: ListSpec, asked: Asked, shop_id: int) -> Counts:
    """How many rows match, in all and under each tab; search and filters apply to each tab. At most two statements."""
    tabs = spec.tabs or (Tab("", ""),)
    mine, *narrowing = _narrowing(spec, asked, shop_id)  # once: a search may ask the database for ids
    if narrowing:
        found = list_counts.narrowed(spec.model, mine, narrowing, tabs)
    else:
        found = list_counts.plain(spec.model, mine, tabs)
    return replace(found, total=found.tabs.get(asked.tab, found.total))


__all__ = [
    "COUNT_CAP",
    "PAGE_SIZES",
    "Action",
    "Asked",
    "BulkAction",
    "Column",
    "Counts",
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
