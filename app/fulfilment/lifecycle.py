"""Where a parcel can go from where it is: the only code that assigns its state."""

from __future__ import annotations

from app.fulfilment.models import Parcel
from app.fulfilment.models import ParcelState as S
from app.kit import lifecycle
from app.kit.lifecycle import Moves

MOVES: Moves = {
    S.CREATED: frozenset({S.SENT, S.CANCELLED}),
    S.SENT: frozenset({S.SIGNED, S.RETURNED}),
    S.SIGNED: frozenset(),
    S.RETURNED: frozenset(),
    S.CANCELLED: frozenset(),
}
OUT = (S.SENT, S.SIGNED, S.RETURNED)
"""It has left the house."""


def move(parcel: Parcel, target: S) -> None:
    """Set the state; where it stands already is a no-op. Raises RuleViolation("illegal_move")."""
    lifecycle.move(parcel, target, MOVES, "state")
