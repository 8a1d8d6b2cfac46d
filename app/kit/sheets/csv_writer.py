"""Write rows as CSV for Excel and for programs, with formulas disarmed.

A CSV has no types: Excel turns 000123 into 123 and shortens long digits when it opens one. Offer .xlsx to people.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from .columns import Column, ColumnKind

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def write_csv(rows: Iterable[Sequence[Any]], columns: Sequence[Column], path: Path) -> int:
    """Write UTF-8 with a byte order mark; returns the number of rows. Values as for `write_sheet`; streams.

    A text that a spreadsheet program would run as a formula gets a leading apostrophe, which programs that read the
    file have to take off; plain numbers such as -5 or +8613800000000 stay as they are.
    Source: OWASP, CSV Injection.
    """
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([disarmed(column.title) for column in columns])
        for row in rows:
            writer.writerow([_text(value, column) for value, column in zip(row, columns, strict=True)])
            count += 1
    return count


def disarmed(text: str) -> str:
    """The text, behind an apostrophe if a spreadsheet program might run it."""
    if text.startswith(_DANGEROUS) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _text(value: Any, column: Column) -> str:
    if value is None:
        return ""
    if column.kind is ColumnKind.TEXT:
        return disarmed(str(value))
    if column.kind is ColumnKind.MONEY:
        return str(Decimal(value).scaleb(-column.exponent))
    if column.kind is ColumnKind.DATETIME:
        return str(value.replace(tzinfo=None).isoformat())
    return str(value)
