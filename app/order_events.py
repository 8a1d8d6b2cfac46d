"""What the business records about orders: a part of `app/events.py`, which is the page of all facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.kit.journal import Event


@dataclass(frozen=True)
class OrderMoved(Event):
    """An order moved on one of its four axes; the statuses are its headline before and after."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    from_status: str
    to_status: str
    axis: str
    from_state: str
    to_state: str
    cause: str = ""


@dataclass(frozen=True)
class OrderCreated(Event):
    """An order was written by hand or by a program."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    source: str
    total_minor: int


@dataclass(frozen=True)
class OrderPaid(Event):
    """Staff recorded money that came in for an order."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    method: str
    amount_minor: int


@dataclass(frozen=True)
class OrderLinesChanged(Event):
    """Lines of an order were changed before shipping; each change is [code, from, to] in words of numbers."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    lines: list[list[str]]
    from_total_minor: int
    to_total_minor: int


@dataclass(frozen=True)
class OrderCommented(Event):
    """Staff said something about an order; the words are in the comment."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    comment_id: int
    mentioned: list[int]


@dataclass(frozen=True)
class OrderMarked(Event):
    """Tags or the flag of an order were set."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    tags: list[str]
    flag: str


@dataclass(frozen=True)
class OrderEdited(Event):
    """Staff changed facts of an order; the fields are in the field history."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    fields: list[str]


@dataclass(frozen=True)
class OrderSplitOff(Event):
    """Units went into a second order; both orders have this fact, `first` in the one that they went out of."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    other_id: int
    other_number: str
    first: bool
    units: int
    total_minor: int
    paid_minor: int


@dataclass(frozen=True)
class OrderPutTogether(Event):
    """A split was taken back; both orders have this fact, `first` in the one that has everything again."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    other_id: int
    other_number: str
    first: bool
    total_minor: int
    paid_minor: int


@dataclass(frozen=True)
class OrderGrouped(Event):
    """An order is to be sent together with others, or no more; `with_ids` are those in its group then."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    group_id: int | None
    with_ids: list[int]
    cause: str = ""


@dataclass(frozen=True)
class BatchAsked(Event):
    """Somebody wants one act done to many rows."""

    subject_type: ClassVar[str] = "batch"
    subject: ClassVar[str] = "batch_id"
    batch_id: int
    act: str
    rows: int


@dataclass(frozen=True)
class BatchEnded(Event):
    """A bulk act ended or was stopped; `state` says how, the rest how many rows took which end."""

    subject_type: ClassVar[str] = "batch"
    subject: ClassVar[str] = "batch_id"
    batch_id: int
    act: str
    state: str
    done: int
    unchanged: int
    refused: int
