"""Which styles of an .xlsx show a number as a date, a time or a length of time; and the text of such a number.

Source: ECMA-376 part 1, 18.8.30 (built-in formats, with those of Chinese Excel) and 18.17.4 (dates as serial numbers).
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from functools import lru_cache

from .cell_text import number_text, text_of
from .package import elements

DATE, DURATION = "date", "duration"

_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)}
_BUILT_IN_DURATION = 46
_QUOTED = re.compile(r'"[^"]*"|\\.|_.')
_LENGTH = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\]]*\]")
_DATE_LETTER = re.compile(r"[dmhysDMHYS]")
_SECONDS_A_DAY = 86_400
_LAST_DAY = 2_958_465
"""31 December 9999."""


def styles_of(archive: zipfile.ZipFile, part: str) -> list[str]:
    """For each cell style in order: DATE, DURATION, or empty for a plain number."""
    codes: dict[int, str] = {}
    styles: list[str] = []
    for element in elements(archive, part, ("numFmt", "cellXfs")):
        if element.tag.endswith("numFmt"):
            codes[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
        else:
            styles = [_meaning(int(style.get("numFmtId", "0")), codes) for style in element]
    return styles


def _meaning(number: int, codes: dict[int, str]) -> str:
    if number in codes:
        return meaning_of(codes[number])
    if number == _BUILT_IN_DURATION:
        return DURATION
    return DATE if number in _BUILT_IN_DATES else ""


def meaning_of(code: str) -> str:
    """DATE, DURATION or empty: what the first section of a format code shows."""
    bare = _QUOTED.sub("", code).split(";", 1)[0]
    if _LENGTH.search(bare):
        return DURATION
    bare = _BRACKETS.sub("", bare)
    return DATE if _DATE_LETTER.search(bare.replace("General", "")) else ""


def serial_text(value: float, meaning: str, *, is_1904: bool) -> str:
    """The text of a serial number shown as a date or duration; of one that is no date, the number."""
    if meaning == DURATION:
        return text_of(dt.timedelta(days=value))
    if is_1904:
        value += 1462
    if not 0 <= value <= _LAST_DAY + 1:
        return number_text(value)
    days, seconds = divmod(round(value * _SECONDS_A_DAY), _SECONDS_A_DAY)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if value < 1:
        return f"{hours:02d}:{minutes:02d}:{rest:02d}"
    return f"{_day_text(days)}T{hours:02d}:{minutes:02d}:{rest:02d}" if seconds else _day_text(days)


@lru_cache(maxsize=4096)
def _day_text(days: int) -> str:
    """Excel's calendar has a 29 February 1900; days before it count from a day later."""
    return (dt.date(1899, 12, 31 if days < 60 else 30) + dt.timedelta(days=days)).isoformat()
