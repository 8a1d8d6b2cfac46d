"""Moves between statuses: one table a noun, and the only code that assigns a status."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from app.kit.errors import RuleViolation

Moves = Mapping[Any, frozenset[Any]]


def move(row: Any, target: StrEnum, moves: Moves, field: str = "status") -> None:
    """Set the status when the table allows it; a move to the present status is a no-op.

    Raises RuleViolation("illegal_move") naming both states.
    """
    present = getattr(row, field)
    if present is target:
        return
    if target not in moves.get(present, frozenset()):
        raise RuleViolation("illegal_move", noun=type(row).__name__, from_state=str(present), to_state=str(target))
    setattr(row, field, target)
