"""Lists for programs: cursors, page shapes, and moments as text."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.api.routes import Parameter
from app.kit.errors import RuleViolation

MOMENT = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL = {"type": ["string", "null"], "format": "date-time"}


def parameters(most: int, usual: int = 50) -> tuple[Parameter, Parameter]:
    """`cursor` and `limit` of a list."""
    return (
        Parameter("cursor", {"type": "string", "maxLength": 120}, "The next_cursor of the page before."),
        Parameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": most},
            f"Rows a page, at most {most}; {usual} if left out.",
        ),
    )


def page_of(item: dict[str, Any]) -> dict[str, Any]:
    """The schema of a page."""
    return {
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": {"type": "array", "items": item},
            "next_cursor": {"type": ["string", "null"], "description": "Null on the last page."},
        },
    }


def cursor(*place: int | str) -> str:
    """Where a page ends, as one word."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place(given: str | None, *types: type) -> list[Any] | None:
    """What `cursor` was made of, checked against the types; None without a cursor.

    Raises RuleViolation("bad_cursor").
    """
    if given is None:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
    except (ValueError, binascii.Error) as error:
        raise RuleViolation("bad_cursor") from error
    if not isinstance(found, list) or [type(one) for one in found] != list(types):
        raise RuleViolation("bad_cursor")
    if any(isinstance(one, int) and not 0 <= one < 2**63 for one in found):
        raise RuleViolation("bad_cursor")
    return found


def after(given: str | None) -> int:
    """The id that a page of ascending ids goes on after; 0 on the first. Raises RuleViolation("bad_cursor")."""
    found = place(given, int)
    return found[0] if found else 0


def cut(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], Any]:
    """Of `limit` + 1 rows that were asked for: the page, and its last row when there is more."""
    return rows[:limit], rows[limit - 1] if len(rows) > limit else None


def stamp(moment: datetime | None) -> str | None:
    """A moment as text: 2026-11-23T08:30:00Z."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def moment(given: str) -> datetime:
    """An ISO 8601 moment with its offset; a plus sign that was not encoded arrives as a blank.

    Raises RuleViolation("bad_moment").
    """
    try:
        found = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError as error:
        raise RuleViolation("bad_moment", value=given) from error
    if found.tzinfo is None:
        raise RuleViolation("bad_moment", value=given)
    return found
