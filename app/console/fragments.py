"""Parts of a page that are the same for a minute or for everybody, kept as markup between requests."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any

from markupsafe import Markup

from app.kit import texts

SECONDS = 60
"""So long a kept part may be behind the database: choices of filters, nothing that a person decides on."""
_LARGEST = 2_000
_parts: dict[Hashable, Markup] = {}


def kept(key: tuple[Hashable, ...], make: Callable[..., Markup], *arguments: Any) -> Markup:
    """The markup that `make(*arguments)` gave within the last minute for this key and language.

    The key names everything that the markup depends on, the shop first of all when rows are in it; no
    token, name or other word about one person may be in it.
    """
    whole = (texts.language(), int(monotonic() / SECONDS), *key)
    part = _parts.get(whole)
    if part is None:
        if len(_parts) >= _LARGEST:
            _parts.clear()
        part = _parts[whole] = make(*arguments)
    return part
