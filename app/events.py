"""Every fact that the business records; docs/events.md is generated from this page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.after_sale_events import (  # noqa: F401 - the part of this page that after-sale needs
    CaseAmountChanged,
    CaseMoved,
    CaseOpened,
    CaseOverdue,
    CaseRefundFailed,
    CaseSaid,
    ReturnReceived,
)
from app.fulfilment_events import (  # noqa: F401 - the part of this page that parcels need
    ParcelCorrected,
    ParcelLabelled,
    ParcelMoved,
    ParcelSent,
    ShippingBlocked,
    ShippingReleased,
)
from app.kit.journal import Event
from app.order_events import (  # noqa: F401 - the part of this page that orders need
    BatchAsked,
    BatchEnded,
    OrderCommented,
    OrderCreated,
    OrderEdited,
    OrderGrouped,
    OrderLinesChanged,
    OrderMarked,
    OrderMoved,
    OrderPaid,
    OrderPutTogether,
    OrderSplitOff,
)
from app.payment_events import (  # noqa: F401 - the part of this page that payments need
    ChannelAccountSaved,
    DayReconciled,
    MoneyMatterOpened,
    MoneyMatterResolved,
    PaymentEnded,
    PaymentStarted,
    PaymentSucceeded,
    RefundAsked,
    RefundFailed,
    RefundSucceeded,
)
from app.program_events import (  # noqa: F401 - the part of this page that programs need
    ApiKeyMade,
    ApiKeyRevoked,
    PersonalDataRead,
    WebhookChanged,
    WebhookMade,
    WebhookPaused,
    WebhookRemoved,
    WebhookReplayed,
    WebhookResumed,
    WebhookSecretChanged,
)


@dataclass(frozen=True)
class ProductCreated(Event):
    """A product was made by hand."""

    subject_type: ClassVar[str] = "product"
    subject: ClassVar[str] = "product_id"
    product_id: int


@dataclass(frozen=True)
class ProductEdited(Event):
    """A product or its SKUs were saved; the fields are in the field history."""

    subject_type: ClassVar[str] = "product"
    subject: ClassVar[str] = "product_id"
    product_id: int
    fields: list[str]


@dataclass(frozen=True)
class ProductMoved(Event):
    """A product went to another status."""

    subject_type: ClassVar[str] = "product"
    subject: ClassVar[str] = "product_id"
    product_id: int
    from_status: str
    to_status: str


@dataclass(frozen=True)
class ChangeSetRequested(Event):
    """Somebody wants many products changed."""

    subject_type: ClassVar[str] = "change_set"
    subject: ClassVar[str] = "change_set_id"
    change_set_id: int
    source: str


@dataclass(frozen=True)
class ChangeSetSentForApproval(Event):
    """A change goes beyond the shop's limits and waits for a second person."""

    subject_type: ClassVar[str] = "change_set"
    subject: ClassVar[str] = "change_set_id"
    change_set_id: int
    guards: dict[str, int]


@dataclass(frozen=True)
class ChangeSetApproved(Event):
    """A second person agreed to exactly what the hash stands for."""

    subject_type: ClassVar[str] = "change_set"
    subject: ClassVar[str] = "change_set_id"
    change_set_id: int
    content_hash: str


@dataclass(frozen=True)
class ChangeSetRejected(Event):
    """A change that waited for a second person was turned down or taken back."""

    subject_type: ClassVar[str] = "change_set"
    subject: ClassVar[str] = "change_set_id"
    change_set_id: int


@dataclass(frozen=True)
class ChangeLimitsSet(Event):
    """A shop's limits for changes were set."""

    subject_type: ClassVar[str] = "shop"
    subject: ClassVar[str] = "shop_id"
    cut_ppm: int
    most_rows: int
    below_cost: bool


@dataclass(frozen=True)
class ChangeSetApplied(Event):
    """A change set was carried out."""

    subject_type: ClassVar[str] = "change_set"
    subject: ClassVar[str] = "change_set_id"
    change_set_id: int
    changed: int
    unchanged: int
    refused: int


@dataclass(frozen=True)
class ChangeSetUndone(Event):
    """A change set was taken back; rows changed since were kept."""

    subject_type: ClassVar[str] = "change_set"
    subject: ClassVar[str] = "change_set_id"
    change_set_id: int
    undo_id: int
    reversed: int
    kept: int


@dataclass(frozen=True)
class PriceWindowMade(Event):
    """Somebody laid prices for a time over the base prices of SKUs."""

    subject_type: ClassVar[str] = "price_window"
    subject: ClassVar[str] = "price_window_id"
    price_window_id: int
    skus: int


@dataclass(frozen=True)
class PriceWindowChanged(Event):
    """Name, end, priority or note of a price window were saved; the fields are in the field history."""

    subject_type: ClassVar[str] = "price_window"
    subject: ClassVar[str] = "price_window_id"
    price_window_id: int
    fields: list[str]


@dataclass(frozen=True)
class PriceWindowEnded(Event):
    """A running price window was ended before its time, or goes on as another one with another priority."""

    subject_type: ClassVar[str] = "price_window"
    subject: ClassVar[str] = "price_window_id"
    price_window_id: int
    continued_by_id: int | None = None


@dataclass(frozen=True)
class PriceWindowCancelled(Event):
    """A price window that had not begun was called off."""

    subject_type: ClassVar[str] = "price_window"
    subject: ClassVar[str] = "price_window_id"
    price_window_id: int


@dataclass(frozen=True)
class PriceWindowRestored(Event):
    """A cancelled price window was brought back."""

    subject_type: ClassVar[str] = "price_window"
    subject: ClassVar[str] = "price_window_id"
    price_window_id: int


@dataclass(frozen=True)
class PriceWindowDecided(Event):
    """A second person approved or rejected a price window that tripped a limit."""

    subject_type: ClassVar[str] = "price_window"
    subject: ClassVar[str] = "price_window_id"
    price_window_id: int
    approved: bool


@dataclass(frozen=True)
class ImportCommitted(Event):
    """A file went in."""

    subject_type: ClassVar[str] = "import_run"
    subject: ClassVar[str] = "import_run_id"
    import_run_id: int
    kind: str
    created: int
    updated: int
    unchanged: int
    failed: int


@dataclass(frozen=True)
class ReportMade(Event):
    """A report file is ready."""

    subject_type: ClassVar[str] = "report"
    subject: ClassVar[str] = "report_id"
    report_id: int
    kind: str


@dataclass(frozen=True)
class ReportDownloaded(Event):
    """Somebody took a report away."""

    subject_type: ClassVar[str] = "report"
    subject: ClassVar[str] = "report_id"
    report_id: int


@dataclass(frozen=True)
class StockHoldExpired(Event):
    """Stock was kept for a holder that did not confirm it in time, and can be sold again."""

    subject_type: ClassVar[str] = "sku"
    subject: ClassVar[str] = "sku_id"
    sku_id: int
    hold_id: int
    holder: str
    quantity: int


@dataclass(frozen=True)
class StockCounterFixed(Event):
    """A counter that was not what its rows add up to was set right, after the proof had found it."""

    subject_type: ClassVar[str] = "sku"
    subject: ClassVar[str] = "sku_id"
    sku_id: int
    counter: str
    found: int
    expected: int
