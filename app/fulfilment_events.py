"""What the business records about parcels: a part of `app/events.py`, which is the page of all facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.kit.journal import Event


@dataclass(frozen=True)
class ParcelSent(Event):
    """Units of an order have left the house in a parcel; a parcel of two orders is told to both."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    parcel_id: int
    kind: str
    carrier: str
    tracking_no: str
    units: int


@dataclass(frozen=True)
class ParcelLabelled(Event):
    """A number was taken for an order that has not left yet."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    parcel_id: int
    carrier: str
    tracking_no: str


@dataclass(frozen=True)
class ParcelCorrected(Event):
    """Carrier or number of a parcel were set right; the old ones are here."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    parcel_id: int
    from_carrier: str
    from_tracking_no: str
    to_carrier: str
    to_tracking_no: str


@dataclass(frozen=True)
class ParcelMoved(Event):
    """A parcel went to another state after it was sent, or was cancelled before; `cause` says what made it."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    parcel_id: int
    from_state: str
    to_state: str
    cause: str = ""
    tracking_no: str = ""


@dataclass(frozen=True)
class ShippingBlocked(Event):
    """An order must not leave for now: a group that has not formed, a risk, or another reason."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    reason: str


@dataclass(frozen=True)
class ShippingReleased(Event):
    """An order that must not leave may do so again."""

    subject_type: ClassVar[str] = "order"
    subject: ClassVar[str] = "order_id"
    order_id: int
    reason: str
