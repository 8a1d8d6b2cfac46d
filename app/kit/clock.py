"""Time: the only source of "now", the UTC column type, and days in a shop's zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime
from sqlalchemy.types import TypeDecorator

_frozen: ContextVar[datetime | None] = ContextVar("frozen_now", default=None)


def now() -> datetime:
    """The current time, aware, in UTC; tests set it by `frozen`."""
    return _frozen.get() or datetime.now(UTC)  # noqa: TID251 - the one allowed place


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Hold `now()` at an aware moment within the block."""
    token = _frozen.set(_aware(moment))
    try:
        yield
    finally:
        _frozen.reset(token)


def day_of(moment: datetime, zone: str) -> date:
    """The calendar day of an aware moment in a shop's zone, such as `Asia/Shanghai`."""
    return _aware(moment).astimezone(ZoneInfo(zone)).date()


def start_of(day: date, zone: str) -> datetime:
    """The first moment of a shop's day, in UTC; days of 23 and 25 hours come out right."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def bounds(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """The half-open UTC interval of the shop days `first` to `last`, both included."""
    return start_of(first, zone), start_of(last + timedelta(days=1), zone)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"naive time {moment!r}; use clock.now() or name the zone")
    return moment


class UtcDateTime(TypeDecorator[datetime]):
    """A timestamptz that refuses naive values and gives UTC back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else _aware(value).astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC)
