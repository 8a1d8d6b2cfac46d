"""Two people edit one row: a three-way merge by field, and the refusal when they touched the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kit.errors import Conflict


@dataclass(frozen=True)
class Clash:
    """One field that both have changed; `base` is what mine was made from."""

    field: str
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True)
class Merge:
    """What is left to write over their row, and where mine and theirs collide."""

    changes: dict[str, Any]
    clashes: tuple[Clash, ...]


class StaleEdit(Conflict):
    """Somebody else changed the same fields meanwhile; nothing was written.

    The values are in `clashes`, apart from `facts`, because they may be personal data.
    """

    def __init__(self, who: str, at: datetime, clashes: tuple[Clash, ...]) -> None:
        super().__init__("stale", who=who, when=f"{at:%Y-%m-%d %H:%M} UTC")
        self.who, self.at, self.clashes = who, at, clashes


def three_way(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merge:
    """Merge by the fields of `mine`: what only I changed is kept, what only they changed stays.

    A field that both set to the same value is no clash. `base` and `theirs` hold every field of `mine`.
    """
    changes, clashes = {}, []
    for field, wanted in mine.items():
        if wanted == base[field] or wanted == theirs[field]:
            continue
        if theirs[field] == base[field]:
            changes[field] = wanted
        else:
            clashes.append(Clash(field, base[field], wanted, theirs[field]))
    return Merge({} if clashes else changes, tuple(clashes))
