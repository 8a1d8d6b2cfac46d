"""What the business records about after-sale: a part of `app/events.py`, the page of all facts.

They stand in the timeline of the order; a case shows those with its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.kit.journal import Event


@dataclass(frozen=True)
class CaseOpened(Event):
    """Somebody wants something of an order put right."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    case_id: int
    number: str
    currency: str
    kind: str
    party: str
    reason: str
    amount_minor: int


@dataclass(frozen=True)
class CaseMoved(Event):
    """An after-sale case went on; `party` is on whose side, `cause` a code such as the reason of a refusal."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    case_id: int
    number: str
    act: str
    from_state: str
    to_state: str
    party: str
    cause: str = ""


@dataclass(frozen=True)
class CaseSaid(Event):
    """A word in the thread of a case, perhaps with an offer; the words are in the message."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    case_id: int
    number: str
    currency: str
    message_id: int
    party: str
    offer: str
    kind: str = ""
    amount_minor: int | None = None


@dataclass(frozen=True)
class CaseAmountChanged(Event):
    """What goes back changed: agreed otherwise, or less came back."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    case_id: int
    number: str
    currency: str
    from_minor: int
    to_minor: int
    cause: str


@dataclass(frozen=True)
class ReturnReceived(Event):
    """What the buyer sent back was looked at, unit by unit."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    case_id: int
    number: str
    restocked: int
    damaged: int
    written_off: int
    missing: int


@dataclass(frozen=True)
class CaseRefundFailed(Event):
    """The money of a case did not go back; it waits for somebody to try again."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    case_id: int
    number: str
    code: str


@dataclass(frozen=True)
class CaseOverdue(Event):
    """The time of a case is over and nobody acts by itself; `code` says why not, when that should have happened."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    case_id: int
    number: str
    state: str
    code: str = ""
