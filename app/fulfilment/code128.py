"""Code 128, the bar code that every hand scanner reads: a text as the widths of its bars and gaps."""

from __future__ import annotations

_WIDTHS = [
    "212222",
    "222122",
    "222221",
    "121223",
    "121322",
    "131222",
    "122213",
    "122312",
    "132212",
    "221213",
    "221312",
    "231212",
    "112232",
    "122132",
    "122231",
    "113222",
    "123122",
    "123221",
    "223211",
    "221132",
    "221231",
    "213212",
    "223112",
    "312131",
    "311222",
    "321122",
    "321221",
    "312212",
    "322112",
    "322211",
    "212123",
    "212321",
    "232121",
    "111323",
    "131123",
    "131321",
    "112313",
    "132113",
    "132311",
    "211313",
    "231113",
    "231311",
    "112133",
    "112331",
    "132131",
    "113123",
    "113321",
    "133121",
    "313121",
    "211331",
    "231131",
    "213113",
    "213311",
    "213131",
    "311123",
    "311321",
    "331121",
    "312113",
    "312311",
    "332111",
    "314111",
    "221411",
    "431111",
    "111224",
    "111422",
    "121124",
    "121421",
    "141122",
    "141221",
    "112214",
    "112412",
    "122114",
    "122411",
    "142112",
    "142211",
    "241211",
    "221114",
    "413111",
    "241112",
    "134111",
    "111242",
    "121142",
    "121241",
    "114212",
    "124112",
    "124211",
    "411212",
    "421112",
    "421211",
    "212141",
    "214121",
    "412121",
    "111143",
    "111341",
    "131141",
    "114113",
    "114311",
    "411113",
    "411311",
    "113141",
    "114131",
    "311141",
    "411131",
    "211412",
    "211214",
    "211232",
    "2331112",
]
"""By value; a bar first, then a gap, in modules."""
_TO_C, _TO_B, _START_B, _STOP = 99, 100, 104, 106
QUIET = 10
"""Modules of blank space that a scanner wants before and after."""


def widths(text: str) -> list[int]:
    """Bars and gaps in modules, a bar first. Code B, and C for runs of six digits and more.

    Raises ValueError for an empty text and for characters other than printable ASCII.
    """
    values = [_START_B]
    place, in_c = 0, False
    if not text or not all(32 <= ord(one) < 127 for one in text):
        raise ValueError(f"Code 128 cannot hold {text!r}")
    while place < len(text):
        run = len(text[place:]) - len(text[place:].lstrip("0123456789"))
        if in_c and run < 2:
            values, in_c = [*values, _TO_B], False
        elif not in_c and run >= 6 and run % 2 == 0:
            values, in_c = [*values, _TO_C], True
        if in_c:
            values.append(int(text[place : place + 2]))
            place += 2
        else:
            values.append(ord(text[place]) - 32)
            place += 1
    total = values[0] + sum(n * value for n, value in enumerate(values[1:], 1))
    return [int(one) for value in [*values, total % 103, _STOP] for one in _WIDTHS[value]]


def bars(text: str) -> list[tuple[int, int]]:
    """Each bar as (left, width) in modules, after the quiet zone. Raises ValueError."""
    found, left = [], QUIET
    for place, width in enumerate(widths(text)):
        if place % 2 == 0:
            found.append((left, width))
        left += width
    return found


def modules(text: str) -> int:
    """The width of the whole, quiet zones included. Raises ValueError."""
    return sum(widths(text)) + 2 * QUIET


__all__ = ["QUIET", "bars", "modules", "widths"]
