"""A list as a workbook: the matching rows with the columns on screen, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.console import list_paging, lists
from app.kit import clock, files, money, sheets
from app.kit.db import db
from app.kit.errors import RuleViolation
from app.shops.models import Shop

LIMIT = 100_000
_CHUNK = 1_000


def write(spec: lists.ListSpec, asked: lists.Asked, shop: Shop) -> Path:
    """Write the workbook into a fresh scratch file; the caller removes it. Raises RuleViolation("too_many_rows")."""
    columns = lists.shown(spec, asked)
    exponent = money.exponent(shop.currency)
    heads = [sheets.Column(str(c.label), sheets.ColumnKind(c.sheet), exponent) for c in columns]
    values = [_value(column, ZoneInfo(shop.time_zone)) for column in columns]
    path = files.scratch(".xlsx")
    try:
        sheets.write_sheet(([get(row) for get in values] for row in _rows(spec, asked, shop.id)), heads, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def file_name(spec: lists.ListSpec, shop: Shop) -> str:
    """`orders-hangzhou-20261123.xlsx`, the day in the shop's zone."""
    return f"{spec.name}-{shop.code}-{clock.day_of(clock.now(), shop.time_zone):%Y%m%d}.xlsx"


def _rows(spec: lists.ListSpec, asked: lists.Asked, shop_id: int) -> Iterator[Any]:
    """All matching rows in the list's order, a thousand in memory at a time."""
    where = lists.conditions(spec, asked, shop_id)
    state = replace(asked, after="", before="", size=_CHUNK)
    seen = 0
    while True:
        page = list_paging.page(spec, state, where)
        seen += len(page.rows)
        if seen > LIMIT:
            raise RuleViolation("too_many_rows", limit=f"{LIMIT:,}")
        yield from page.rows
        if not page.next:
            return
        db.session.expunge_all()
        state = replace(state, after=page.next)


def _value(column: lists.Column, zone: ZoneInfo) -> Callable[[Any], Any]:
    if column.export is None:
        return lambda row: _text(column.cell(row))
    if column.sheet == "text":
        return lambda row: _text(column.export(row))  # type: ignore[misc]
    if column.sheet == "datetime":
        return lambda row: _wall(column.export(row), zone)  # type: ignore[misc]
    return column.export


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.striptags() if isinstance(value, Markup) else str(value)


def _wall(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone).replace(tzinfo=None)
