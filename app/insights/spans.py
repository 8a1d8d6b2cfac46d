"""Spans of shop days: the presets, what may be asked, and the data's own extent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.kit import clock
from app.kit.errors import RuleViolation
from app.shops.models import Shop

LONGEST_DAYS = 3660


class Preset(StrEnum):
    """Spans by name; `newest` is the newest month with documents, `all` from the oldest to the newest."""

    NEWEST = "newest"
    LAST_30 = "last_30_days"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    THIS_YEAR = "this_year"
    ALL = "all"
    CUSTOM = "custom"


@dataclass(frozen=True)
class Span:
    """Shop days `first` to `last`, both included, in the zone and currency of one shop."""

    shop_id: int
    first: date
    last: date
    zone: str
    currency: str

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The half-open interval in UTC."""
        return clock.bounds(self.first, self.last, self.zone)

    @property
    def days(self) -> list[date]:
        """Every day of the span."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def months(self) -> list[date]:
        """The first day of every month that the span touches."""
        return sorted({day.replace(day=1) for day in self.days})


def of(shop: Shop, first: date, last: date) -> Span:
    """A span, checked. Raises RuleViolation: report_inverted, report_future, report_too_long."""
    if last < first:
        raise RuleViolation("report_inverted", first=first.isoformat(), last=last.isoformat())
    if last > (today := clock.day_of(clock.now(), shop.time_zone)):
        raise RuleViolation("report_future", last=last.isoformat(), today=today.isoformat())
    if (last - first).days >= LONGEST_DAYS:
        raise RuleViolation("report_too_long", most=LONGEST_DAYS)
    return Span(shop.id, first, last, shop.time_zone, shop.currency)


def day(text: str) -> date:
    """A day as a form or a command line gives it. Raises RuleViolation("report_bad_day")."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise RuleViolation("report_bad_day", value=text.strip()[:40]) from error


def preset_days(preset: Preset, today: date, extent: tuple[date, date]) -> tuple[date, date]:
    """First and last day of a preset; none ends after `today`. `extent` is the data's own."""
    month = today.replace(day=1)
    oldest, newest = extent
    return {
        Preset.NEWEST: lambda: (newest.replace(day=1), min(today, _month_end(newest))),
        Preset.LAST_30: lambda: (today - timedelta(days=29), today),
        Preset.THIS_MONTH: lambda: (month, today),
        Preset.LAST_MONTH: lambda: ((month - timedelta(days=1)).replace(day=1), month - timedelta(days=1)),
        Preset.THIS_YEAR: lambda: (today.replace(month=1, day=1), today),
        Preset.ALL: lambda: (oldest, min(today, newest)),
    }[preset]()


def _month_end(some_day: date) -> date:
    return (some_day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
