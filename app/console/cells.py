"""Cells of list tables as markup: links, state badges, times; every value is escaped, what repeats is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from app.kit import clock, formats
from app.kit.assets import icon

_RECENT = timedelta(days=7)


def badge(tone: str, glyph: str, text: Any) -> Markup:
    """A state by colour, icon and word; `tone` as in the `status_badge` macro of ui.html."""
    return _badge(tone, glyph, str(text))


@lru_cache(maxsize=512)
def _badge(tone: str, glyph: str, text: str) -> Markup:
    return Markup('<span class="k-badge k-{}">{}{}</span>').format(tone, icon(glyph, 14), text)


def link(url: str, text: str) -> Markup:
    """A link."""
    return Markup('<a href="{}">{}</a>').format(url, text)


def quiet(text: Any) -> Markup:
    """Less important text."""
    return Markup('<span class="text-secondary">{}</span>').format(text)


def when(at: datetime | None, zone: str) -> Markup:
    """How long ago, with the exact time of the shop's zone on hover; after a week the time itself."""
    if at is None:
        return Markup("–")
    exact = formats.moment(at, zone)
    words = formats.ago(at) if clock.now() - at < _RECENT else exact
    # isoformat and moment hold digits and signs only
    return Markup(f'<time datetime="{at.isoformat()}" title="{exact}">{escape(words)}</time>')  # noqa: S704


def lines(text: str) -> Markup:
    """Text with its line breaks."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))
