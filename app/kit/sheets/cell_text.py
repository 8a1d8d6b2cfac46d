"""The text of a cell: what a person sees in Excel's formula bar, with dates in ISO order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

EXACT_INTEGER_BELOW = 10.0**15
"""Excel keeps 15 significant digits; an integer from here on has lost its last ones."""

_SURELY_EXACT_CHARS = 16


def number_text(value: float) -> str:
    """42.0 → 42, 12.300000000000001 → 12.3: 15 significant digits, as Excel shows them."""
    if value.is_integer():
        return str(int(value)) if abs(value) < EXACT_INTEGER_BELOW else _plain(f"{value:.14e}")
    text = repr(value)
    return text if len(text) <= _SURELY_EXACT_CHARS and "e" not in text else _plain(f"{value:.15g}")


def _plain(text: str) -> str:
    if "e" not in text:
        return text
    digits, _, exponent = text.partition("e")
    power = int(exponent)
    if not -20 < power < 40:
        return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}E{power:+d}"
    places = max(0, len(digits.lstrip("-").replace(".", "")) - 1 - power)
    text = f"{float(text):.{places}f}" if power < 0 else _shift(digits, power)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _shift(digits: str, power: int) -> str:
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    figures = digits.replace(".", "")
    if len(figures) <= power + 1:
        return sign + figures.ljust(power + 1, "0")
    return f"{sign}{figures[: power + 1]}.{figures[power + 1 :]}"


def _datetime_text(value: dt.datetime) -> str:
    if value.microsecond:
        value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    return value.isoformat()


def _duration_text(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"


def _bool_text(value: bool) -> str:
    return "TRUE" if value else "FALSE"


_TEXT_OF: dict[type, Callable[[Any], str]] = {
    str: str,
    float: number_text,
    int: str,
    bool: _bool_text,
    dt.datetime: _datetime_text,
    dt.date: dt.date.isoformat,
    dt.time: lambda value: value.replace(microsecond=0).isoformat(),
    dt.timedelta: _duration_text,
}


def text_of(value: object) -> str:
    """Text of one parsed cell; the kinds are those that the parser yields."""
    return _TEXT_OF[type(value)](value)
