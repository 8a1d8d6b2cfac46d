"""Why somebody wants something put right, and why a shop refuses; a refusal's code says what it must be proved with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app.after_sale.models import CaseKind, CaseState
from app.kit.errors import RuleViolation

MOST_PICTURES = 6
MOST_TEXT = 500

WISHES: dict[str, Any] = {
    "changed_mind": _l("Changed their mind"),
    "not_as_described": _l("Not as described"),
    "damaged": _l("Arrived damaged"),
    "quality": _l("Poor quality"),
    "wrong_item": _l("The wrong item came"),
    "missing_parts": _l("Something is missing"),
    "wrong_size": _l("The wrong size"),
    "not_received": _l("Nothing has arrived"),
    "late": _l("Sent too late"),
    "price": _l("It is cheaper elsewhere now"),
    "goodwill": _l("Goodwill of the shop"),
    "out_of_stock": _l("The shop cannot deliver"),
    "other": _l("Another reason"),
}


@dataclass(frozen=True)
class Refusal:
    """What a refusal says, and what the buyer has to be given with it."""

    label: Any
    needs_text: bool = False
    needs_pictures: bool = False
    states: frozenset[CaseState] = frozenset({CaseState.REFUND_ASKED, CaseState.RETURN_ASKED})


_CHECK = frozenset({CaseState.WAITS_FOR_CHECK})
REFUSALS: dict[str, Refusal] = {
    "sent_already": Refusal(_l("The parcel is on its way"), needs_text=True),
    "no_fault": Refusal(_l("The goods are as described"), needs_text=True),
    "too_late": Refusal(_l("The time for returns is over")),
    "no_proof": Refusal(_l("The pictures do not show the fault"), needs_text=True),
    "used": Refusal(_l("The goods were used"), needs_text=True, needs_pictures=True),
    "agreed_otherwise": Refusal(_l("Agreed with the buyer in another way")),
    "came_worn": Refusal(_l("What came back was used or broken"), True, True, _CHECK),
    "came_other": Refusal(_l("Something else came back"), True, True, _CHECK),
    "other": Refusal(
        _l("Another reason"), True, False, frozenset({CaseState.REFUND_ASKED, CaseState.RETURN_ASKED}) | _CHECK
    ),
}


def refusals_at(state: CaseState) -> dict[str, Refusal]:
    """The reasons that a shop may give for refusing from there."""
    return {code: one for code, one in REFUSALS.items() if state in one.states}


def check_refusal(state: CaseState, code: str, text: str, pictures: int) -> None:
    """Raises RuleViolation("reason_unknown", "refusal_text", "refusal_pictures", "too_much_proof")."""
    found = refusals_at(state).get(code)
    if found is None:
        raise RuleViolation("reason_unknown")
    if found.needs_text and not text:
        raise RuleViolation("refusal_text")
    if found.needs_pictures and not pictures:
        raise RuleViolation("refusal_pictures")
    if pictures > MOST_PICTURES:
        raise RuleViolation("too_much_proof", limit=MOST_PICTURES)


def check_wish(code: str, kind: CaseKind) -> None:
    """Raises RuleViolation("reason_unknown"); "nothing has arrived" asks for nothing to be sent back."""
    returns = kind in (CaseKind.RETURN_REFUND, CaseKind.EXCHANGE, CaseKind.REPAIR)
    if code not in WISHES or (code == "not_received" and returns):
        raise RuleViolation("reason_unknown")
