"""The one list component: tabs, search, filters, sorting and keyset paging over one model."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.kit import clock
from app.kit.db import db
from app.kit.errors import RuleViolation

COUNT_CAP = 25_000
PAGE_SIZES = (25, 50, 100, 200)


@dataclass(frozen=True)
class Column:
    """A column: `cell` renders one row; `sort` is a NOT NULL attribute with an index beneath it."""

    key: str
    label: Any
    cell: Callable[[Any], Any]
    sort: Any = None
    align: str = "start"
    shown: bool = True
    export: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Tab:
    """A status tab: the conditions that it adds."""

    key: str
    label: Any
    where: tuple[ColumnElement[bool], ...] = ()


@dataclass(frozen=True)
class Filter:
    """A filter chip; `where` gets the values of `?f_<key>=`; `choices` gives (value, label) pairs."""

    key: str
    label: Any
    where: Callable[[list[str]], ColumnElement[bool]]
    choices: Callable[[], Sequence[tuple[str, Any]]] | None = None
    kind: str = "choice"


@dataclass(frozen=True)
class ListSpec:
    """What a list shows and how it may be asked; `default_sort` like `-placed_at`."""

    name: str
    model: type[Any]
    columns: tuple[Column, ...]
    default_sort: str
    tabs: tuple[Tab, ...] = ()
    filters: tuple[Filter, ...] = ()
    search: Callable[[str], ColumnElement[bool]] | None = None
    search_hint: Any = ""
    loads: tuple[Any, ...] = ()
    page_size: int = 25


@dataclass(frozen=True)
class Asked:
    """A list's state as the URL holds it, checked."""

    tab: str
    text: str
    sort: str
    filters: Mapping[str, list[str]]
    after: str
    before: str
    size: int
    columns: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Page:
    """One page of rows and the cursors beside it; a cursor is empty where there is nothing."""

    rows: list[Any]
    next: str
    previous: str


def ask(spec: ListSpec, args: Mapping[str, Any]) -> Asked:
    """Read the state from query arguments; unknown sorts, tabs and sizes fall back to the defaults."""
    many = getattr(args, "getlist", lambda key: [args[key]] if key in args else [])
    sortable = {c.key for c in spec.columns if c.sort is not None}
    sort = args.get("sort", "")
    size = args.get("size", "")
    wanted = tuple(key for key in args.get("cols", "").split(",") if key)
    known = {c.key for c in spec.columns}
    return Asked(
        tab=args.get("tab", "") if args.get("tab", "") in {t.key for t in spec.tabs} else "",
        text=args.get("q", "").strip()[:100],
        sort=sort if sort.lstrip("-") in sortable else spec.default_sort,
        filters={f.key: [v for v in many(f"f_{f.key}") if v] for f in spec.filters if any(many(f"f_{f.key}"))},
        after=args.get("after", ""),
        before=args.get("before", ""),
        size=int(size) if size.isdigit() and int(size) in PAGE_SIZES else spec.page_size,
        columns=tuple(key for key in wanted if key in known),
    )


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


def matching(spec: ListSpec, asked: Asked, shop_id: int) -> Select[tuple[int]]:
    """The ids of all matching rows, for "select all N matching"."""
    return select(spec.model.id).where(*conditions(spec, asked, shop_id))


def page(spec: ListSpec, asked: Asked, shop_id: int) -> Page:
    """One page, by key: ids first, then the rows, so that page 20,000 costs what page 1 costs."""
    column, descending = _order(spec, asked.sort)
    backwards = bool(asked.before)
    where = conditions(spec, asked, shop_id)
    if cursor := (asked.before or asked.after):
        where.append(_beyond(column, spec.model.id, _decode(cursor, column), descending != backwards))
    direction = _directed(column, spec.model.id, descending != backwards)
    ids = list(db.session.scalars(select(spec.model.id).where(*where).order_by(*direction).limit(asked.size + 1)))
    more = len(ids) > asked.size
    ids = ids[: asked.size]
    if backwards:
        ids.reverse()
    rows = _load(spec, ids)
    has_previous, has_next = (more, True) if backwards else (bool(asked.after), more)
    return Page(
        rows,
        _encode(rows[-1], column) if rows and has_next else "",
        _encode(rows[0], column) if rows and has_previous else "",
    )


def count(spec: ListSpec, asked: Asked, shop_id: int) -> int:
    """How many rows match, counted no further than COUNT_CAP + 1."""
    capped = matching(spec, asked, shop_id).limit(COUNT_CAP + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(capped)) or 0


def tab_counts(spec: ListSpec, asked: Asked, shop_id: int) -> dict[str, int]:
    """The capped count of each tab, in one statement; search and filters apply."""
    counts = []
    narrowing = _narrowing(spec, asked, shop_id)  # once: a search may ask the database for ids
    for tab in spec.tabs:
        capped = select(spec.model.id).where(*narrowing, *tab.where).limit(COUNT_CAP + 1).subquery()
        counts.append(select(func.count()).select_from(capped).scalar_subquery().label(tab.key or "all"))
    row = db.session.execute(select(*counts)).one()
    return {tab.key: number for tab, number in zip(spec.tabs, row, strict=True)}


def any_of(column: Any, kind: type[Any] | None = None) -> Callable[[list[str]], ColumnElement[bool]]:
    """A filter condition "is any of"; values outside the enum match nothing."""

    def where(values: list[str]) -> ColumnElement[bool]:
        if kind is None:
            return column.in_(values)
        known = {member.value for member in kind}
        return column.in_([kind(value) for value in values if value in known])

    return where


def day_range(column: Any, zone: Callable[[], str]) -> Callable[[list[str]], ColumnElement[bool]]:
    """A filter condition on `2026-11-01..2026-11-30`, days of the shop, either end open."""

    def where(values: list[str]) -> ColumnElement[bool]:
        first, _, last = values[0].partition("..")
        parts = []
        if first:
            parts.append(column >= clock.start_of(_day(first), zone()))
        if last:
            parts.append(column < clock.bounds(_day(last), _day(last), zone())[1])
        return and_(True, *parts)

    return where


def number_range(column: Any, parse: Callable[[str], int]) -> Callable[[list[str]], ColumnElement[bool]]:
    """A filter condition on `10..99.50`, either end open; `parse` turns text into the stored unit."""

    def where(values: list[str]) -> ColumnElement[bool]:
        low, _, high = values[0].partition("..")
        try:
            parts = [column >= parse(low)] if low else []
            return and_(True, *parts, *([column <= parse(high)] if high else []))
        except ValueError as error:
            raise RuleViolation("bad_range", value=values[0]) from error

    return where


def contains(column: Any, value: str) -> ColumnElement[bool]:
    """Case-insensitive "contains"; served by a trigram index, wildcards in the text are plain text."""
    return column.ilike("%" + value.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%")


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise RuleViolation("bad_range", value=value) from error


def _order(spec: ListSpec, sort: str) -> tuple[InstrumentedAttribute[Any], bool]:
    by_key = {c.key: c.sort for c in spec.columns if c.sort is not None}
    return by_key[sort.lstrip("-")], sort.startswith("-")


def _directed(column: Any, key: Any, descending: bool) -> tuple[Any, Any]:
    return (column.desc(), key.desc()) if descending else (column.asc(), key.asc())


def _beyond(column: Any, key: Any, cursor: tuple[Any, int], descending: bool) -> ColumnElement[bool]:
    value, last_id = cursor
    if column is key:
        return key < last_id if descending else key > last_id
    strictly = column < value if descending else column > value
    loosely = column <= value if descending else column >= value
    tie = key < last_id if descending else key > last_id
    return and_(loosely, or_(strictly, tie))  # the outer bound is what the index can use


def _load(spec: ListSpec, ids: list[int]) -> list[Any]:
    if not ids:
        return []
    found = db.session.scalars(select(spec.model).where(spec.model.id.in_(ids)).options(*spec.loads)).unique()
    by_id = {row.id: row for row in found}
    return [by_id[i] for i in ids if i in by_id]


def _encode(row: Any, column: Any) -> str:
    value = getattr(row, column.key)
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([plain, row.id]).encode()).decode().rstrip("=")


def _decode(cursor: str, column: Any) -> tuple[Any, int]:
    try:
        value, last_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(column.type, clock.UtcDateTime):
            value = datetime.fromisoformat(value)
        return value, int(last_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise RuleViolation("bad_cursor") from error
