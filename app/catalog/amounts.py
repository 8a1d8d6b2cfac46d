"""Amounts as people type them into forms: money by the currency's digits, whole counts, percentages."""

from __future__ import annotations

import re

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.catalog.change_fields import LARGEST
from app.kit.formats import money as shown
from app.kit.money import exponent, to_minor

_PLAIN = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")
_SIGNS = str.maketrans({"，": ",", "．": ".", "。": ".", "－": "-", "−": "-", "￥": "¥"})


class BadAmount(ValueError):
    """What was typed is no such amount; the text says what to write instead."""


def money(typed: str, currency: str) -> int:
    """ "1,234.50" or "¥12" as minor units. Raises BadAmount, saying what is wrong."""
    plain = re.sub(r"^-?\s*[¥£$€]|[¥£$€]$", lambda m: "-" if "-" in m[0] else "", _clean(typed))
    digits = exponent(currency)
    if not _PLAIN.fullmatch(plain):
        raise BadAmount(
            gettext("“%(typed)s” is not an amount. Write it like %(example)s.", typed=typed, example="12.50")
        )
    try:
        minor = to_minor(plain.replace(",", ""), currency)
    except ValueError as error:
        raise BadAmount(_too_fine(digits, currency)) from error
    return _bounded(minor, shown(LARGEST, currency))


def count(typed: str) -> int:
    """A whole number of pieces. Raises BadAmount, saying what is wrong."""
    plain = _clean(typed)
    if not _PLAIN.fullmatch(plain) or "." in plain:
        raise BadAmount(gettext("“%(typed)s” is not a whole number.", typed=typed))
    return _bounded(int(plain.replace(",", "")), f"{LARGEST:,}")


def not_negative(amount: int) -> int:
    """The amount when it is 0 or more. Raises BadAmount."""
    if amount < 0:
        raise BadAmount(str(_l("It cannot be below zero.")))
    return amount


def _too_fine(digits: int, currency: str) -> str:
    if digits == 0:
        return gettext("%(currency)s has no decimals.", currency=currency)
    return gettext("%(currency)s takes at most %(digits)s decimals.", currency=currency, digits=digits)


def _clean(typed: str) -> str:
    return typed.translate(_SIGNS).replace("\u00a0", "").replace(" ", "").strip()


def _bounded(amount: int, largest: str) -> int:
    if abs(amount) > LARGEST:
        raise BadAmount(gettext("The number is too large; the most is %(largest)s.", largest=largest))
    return amount
