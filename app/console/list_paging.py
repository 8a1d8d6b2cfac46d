"""Paging by key, so that page 20,000 costs what page 1 costs."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.console.list_spec import Asked, Column, ListSpec, Page
from app.kit import clock
from app.kit.db import db
from app.kit.errors import RuleViolation

_LARGEST = 2**63 - 1


def page(spec: ListSpec, asked: Asked, where: list[ColumnElement[bool]], *, collected: bool = False) -> Page:
    """One page of the rows under `where`; `collected` when they are few. Raises RuleViolation("bad_cursor")."""
    sorted_by, descending = _order(spec, asked.sort)
    column = sorted_by.sort
    backwards = bool(asked.before)
    limits = list(where)
    if place := (asked.before or asked.after):
        limits.append(_beyond(column, spec.model.id, _decode(place, column), descending != backwards))
    collected = collected or not asked.filters.keys().isdisjoint(sorted_by.follows)
    query = _rows(spec.model, column, limits, descending != backwards, asked.size + 1, collected)
    rows = list(db.session.scalars(query.options(*spec.loads)).unique())
    more = len(rows) > asked.size
    rows = rows[: asked.size]
    if backwards:
        rows.reverse()
    if spec.enrich and rows:
        spec.enrich(rows)
    has_previous, has_next = (more, True) if backwards else (bool(asked.after), more)
    return Page(
        rows,
        cursor(rows[-1], column) if rows and has_next else "",
        cursor(rows[0], column) if rows and has_previous else "",
    )


def _rows(
    model: Any, column: Any, where: list[ColumnElement[bool]], descending: bool, count: int, collected: bool
) -> Select[Any]:
    """So many rows in this order. `collected`: their keys are found and sorted first, from an index that has both;
    the server could not know that a walk in this order would pass all other rows before the first that matches.
    """
    direction = _directed(column, model.id, descending)
    if not collected:
        return select(model).where(*where).order_by(*direction).limit(count)
    apart = _directed(func.coalesce(column, column), model.id, descending)
    keys = select(model.id).where(*where).order_by(*apart).limit(count)
    return select(model).where(model.id.in_(keys)).order_by(*direction)


def _order(spec: ListSpec, sort: str) -> tuple[Column, bool]:
    by_key = {c.key: c for c in spec.columns if c.sort is not None}
    return by_key[sort.lstrip("-")], sort.startswith("-")


def _directed(column: Any, key: Any, descending: bool) -> tuple[Any, ...]:
    if column is key:
        return (key.desc(),) if descending else (key.asc(),)
    return (column.desc(), key.desc()) if descending else (column.asc(), key.asc())


def _beyond(column: Any, key: Any, cursor: tuple[Any, int], descending: bool) -> ColumnElement[bool]:
    value, last_id = cursor
    if column is key:
        return key < last_id if descending else key > last_id
    strictly = column < value if descending else column > value
    loosely = column <= value if descending else column >= value
    tie = key < last_id if descending else key > last_id
    return and_(loosely, or_(strictly, tie))  # the outer bound is what the index can use


def cursor(row: Any, column: Any) -> str:
    """The place of a row under this sort order, as `after` and `before` take it."""
    value = getattr(row, column.key)
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([plain, row.id]).encode()).decode().rstrip("=")


def _decode(cursor: str, column: Any) -> tuple[Any, int]:
    """The value and id in a cursor; whatever has been typed into the address, PostgreSQL gets the right types."""
    try:
        value, last_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(column.type, clock.UtcDateTime):
            value = datetime.fromisoformat(value)
        _check(value, column)
        _check_int(last_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise RuleViolation("bad_cursor") from error
    return value, last_id


def _check(value: Any, column: Any) -> None:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("naive")
        return
    expected = column.type.python_type
    if expected is int:
        _check_int(value)
    elif not isinstance(value, expected) or "\0" in str(value):
        raise TypeError("a value of another kind")


def _check_int(value: Any) -> None:
    if type(value) is not int or abs(value) > _LARGEST:
        raise TypeError("not a whole number that fits")
