"""Conditions of filter chips and search boxes; what people type never becomes a pattern or an error page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_

from app.kit import clock
from app.kit.errors import RuleViolation

Condition = Callable[[list[str]], ColumnElement[bool]]


def any_of(column: Any, kind: type[Any] | None = None) -> Condition:
    """A filter condition "is any of"; values outside the enum match nothing."""

    def where(values: list[str]) -> ColumnElement[bool]:
        if kind is None:
            return column.in_(values)
        known = {member.value for member in kind}
        return column.in_([kind(value) for value in values if value in known])

    return where


def day_range(column: Any, zone: Callable[[], str]) -> Condition:
    """A filter condition on `2026-11-01..2026-11-30`, days of the shop, either end open."""

    def where(values: list[str]) -> ColumnElement[bool]:
        first, _, last = values[0].partition("..")
        parts = []
        try:
            if first:
                parts.append(column >= clock.start_of(date.fromisoformat(first), zone()))
            if last:
                day = date.fromisoformat(last)
                parts.append(column < clock.bounds(day, day, zone())[1])
        except (ValueError, OverflowError) as error:
            raise RuleViolation("bad_range", value=values[0]) from error
        return and_(True, *parts)

    return where


def number_range(column: Any, parse: Callable[[str], int]) -> Condition:
    """A filter condition on `10..99.50`, either end open; `parse` turns text into the stored unit."""

    def where(values: list[str]) -> ColumnElement[bool]:
        low, _, high = values[0].partition("..")
        try:
            parts = [column >= _fitting(parse(low))] if low else []
            return and_(True, *parts, *([column <= _fitting(parse(high))] if high else []))
        except ValueError as error:
            raise RuleViolation("bad_range", value=values[0]) from error

    return where


def _fitting(value: int) -> int:
    if abs(value) >= 2**63:
        raise ValueError("too large")
    return value


def contains(column: Any, value: str) -> ColumnElement[bool]:
    """Case-insensitive "contains"; served by a trigram index, wildcards in the text are plain text."""
    return column.ilike("%" + value.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%")
