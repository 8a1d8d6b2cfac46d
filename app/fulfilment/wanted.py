"""What somebody wants sent: values that pages, imports and programs hand to `sending`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.fulfilment.models import Source
from app.kit.errors import RuleViolation


@dataclass(frozen=True)
class Unit:
    """So many units of an order line (0: all that are left), with serial or IMEI numbers where they are known."""

    order_line_id: int
    quantity: int
    serials: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """What an e-waybill says that was taken for an order elsewhere; empty: not told."""

    carrier_code: str = ""
    tracking_no: str = ""
    address: str = ""


@dataclass(frozen=True)
class Sending:
    """A parcel as it is wanted: carrier by our code, number, units (none: all that is left of the order).

    `picked_up_at` and `label` are what the file says beside it; the platform's rules look at them.
    """

    carrier_code: str
    tracking_no: str = ""
    lines: tuple[Unit, ...] = ()
    picked_up_at: datetime | None = None
    label: Label = Label()


@dataclass(frozen=True)
class Wanted:
    """A parcel for an order; the same key again sends nothing twice."""

    order_id: int
    sending: Sending
    key: str | None = None
    source: Source = Source.STAFF


@dataclass(frozen=True)
class Outcome:
    """What became of one wanted parcel: done, unchanged or refused; `column` names the field that is at fault."""

    order_id: int
    outcome: str
    parcel_id: int | None = None
    code: str = ""
    column: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


class Refused(RuleViolation):
    """A parcel cannot go like this; `column` is the field that is at fault."""

    def __init__(self, code: str, column: str, /, **facts: Any) -> None:
        super().__init__(code, **facts)
        self.column = column
