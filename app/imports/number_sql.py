"""Numbers as people type them, as SQL: strict first, then tolerant where there is no doubt."""

from __future__ import annotations

import re
import unicodedata

from babel.numbers import get_currency_symbol

from app.kit.money import exponent

MORE_MARKS = {"CNY": ("元", "RMB", "人民币"), "JPY": ("円", "¥"), "GBP": ("£",), "USD": ("$", "US$")}
LARGEST_DIGITS = 15
"""Digits in minor units: what Excel keeps exactly, and what a change set takes."""
WHOLE = r"^\d{1,15}$"
PLAIN = r"^-?\d+(\.\d+)?$"


def money_pattern(currency: str) -> str:
    """A regex for amounts that need no second look: digits, and at most the currency's decimals."""
    digits = exponent(currency)
    whole = r"^\d{1," + str(LARGEST_DIGITS - digits) + "}"
    return whole + (r"(\.\d{1," + str(digits) + r"})?$" if digits else "$")


def minor_sql(column: str, currency: str) -> str:
    """The minor units of a text that matches `money_pattern` (or its tidied form)."""
    return f"({column}::numeric * {10 ** exponent(currency)})::bigint"


def tidy_sql(column: str, currency: str | None) -> str:
    """The number without the shop's currency mark and thousands separators, where they are unambiguous.

    Full-width forms count as plain ones. `1,234` is taken as thousands, but for a currency of three decimals,
    where it could mean 1.234. Anything else stays, and is refused.
    """
    text = f"replace(btrim(normalize({column}, NFKC)), '−', '-')"
    if currency:
        marks = "|".join(re.escape(mark) for mark in _marks(currency)).replace("'", "''")
        text = f"regexp_replace({text}, '^(-?)\\s*({marks})\\s*|\\s*({marks})$', '\\1', 'i')"
    grouped = r"^-?\d{1,3}(,\d{3})+(\.\d+)?$"
    if currency and exponent(currency) >= 3:
        grouped = r"^-?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,})$"
    return f"(select case when t ~ '{grouped}' then replace(t, ',', '') else t end from (select {text} as t) as tidied)"


def _marks(currency: str) -> list[str]:
    symbols = {get_currency_symbol(currency, locale) for locale in ("zh", "en")}
    every = {unicodedata.normalize("NFKC", mark) for mark in (*symbols, currency, *MORE_MARKS.get(currency, ()))}
    return sorted(every, key=len, reverse=True)


def fault_sql(column: str, currency: str | None) -> str:
    """The fault code of a tidied text, or null when it is a good amount (or, without a currency, a whole number)."""
    digits = exponent(currency) if currency else 0
    surplus = "'too_many_decimals'" if currency else "'not_whole'"
    return (
        f"case when {column} !~ '{PLAIN}' then 'not_a_number' "
        f"when {column} like '-%' then 'number_negative' "
        f"when length(split_part({column}, '.', 2)) > {digits} then {surplus} "
        f"when length(ltrim(split_part({column}, '.', 1), '0')) > {LARGEST_DIGITS - digits} then 'number_too_large' end"
    )
