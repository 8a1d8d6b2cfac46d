"""Money, numbers and times as people read them; cached by locale, because a list formats hundreds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import get_currency_symbol
from flask_babel import gettext, ngettext

from app.kit import clock, texts
from app.kit.money import MICROS, exponent


def locale_code() -> str:
    """The language of the request or job: `zh` or `en`."""
    return texts.language()


@lru_cache(maxsize=256)
def _symbol(currency: str, locale: str) -> tuple[str, int]:
    return get_currency_symbol(currency, Locale.parse(locale)), exponent(currency)


def money(minor: int | None, currency: str) -> str:
    """¥1,234.50 or −£3.00; a dash for nothing. zh and en group alike."""
    if minor is None:
        return "–"
    symbol, digits = _symbol(currency, locale_code())
    sign = "−" if minor < 0 else ""
    whole, part = divmod(abs(minor), 10**digits)
    return f"{sign}{symbol}{whole:,}.{part:0{digits}d}" if digits else f"{sign}{symbol}{whole:,}"


def unit_price(micros: int, currency: str) -> str:
    """A unit price in micros with at least the currency's digits, and more where they are needed."""
    symbol, digits = _symbol(currency, locale_code())
    whole, part = divmod(abs(micros), MICROS)
    tail = f"{part:06d}".rstrip("0").ljust(digits, "0")
    return f"{'−' if micros < 0 else ''}{symbol}{whole:,}{'.' + tail if tail else ''}"


def number(value: int | None) -> str:
    """1,234; a dash for nothing."""
    return "–" if value is None else f"{value:,}".replace("-", "−")


def count(value: int, cap: int = 10_000) -> str:
    """A capped count: 312, or 10,000+."""
    return f"{cap:,}+" if value > cap else f"{value:,}"


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def moment(at: datetime | None, zone: str) -> str:
    """2026-11-23 08:26 in the shop's zone; a dash for nothing."""
    return "–" if at is None else at.astimezone(_zone(zone)).strftime("%Y-%m-%d %H:%M")


def ago(at: datetime | None) -> str:
    """3 minutes ago, in words; the exact time belongs beside it."""
    if at is None:
        return "–"
    seconds = int((clock.now() - at).total_seconds())
    for position, (size, _) in enumerate(_AGES):
        if seconds >= size:
            return _age(position, seconds // size, locale_code())
    return gettext("just now")


@lru_cache(maxsize=1024)
def _age(position: int, count: int, locale: str) -> str:
    return _AGES[position][1](count)


_AGES: tuple[tuple[int, Callable[[int], str]], ...] = (
    (86400 * 365, lambda n: ngettext("%(num)s year ago", "%(num)s years ago", n)),
    (86400 * 30, lambda n: ngettext("%(num)s month ago", "%(num)s months ago", n)),
    (86400, lambda n: ngettext("%(num)s day ago", "%(num)s days ago", n)),
    (3600, lambda n: ngettext("%(num)s hour ago", "%(num)s hours ago", n)),
    (60, lambda n: ngettext("%(num)s minute ago", "%(num)s minutes ago", n)),
)
