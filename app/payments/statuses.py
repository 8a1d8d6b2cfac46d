"""What channels can say: the outcomes of each call, and the ways in which a buyer pays."""

from __future__ import annotations

from enum import StrEnum


class Scene(StrEnum):
    """How the buyer pays: scans a code, is sent to a page, posts a form there, or a script within an app asks."""

    QR = "qr"
    REDIRECT = "redirect"
    FORM = "form"
    SCRIPT = "script"
    NONE = "none"


class CreateStatus(StrEnum):
    """READY: the buyer can pay. FAILED: it will never be paid under this number."""

    READY = "ready"
    FAILED = "failed"
    UNKNOWN = "unknown"


class TradeStatus(StrEnum):
    """What a channel says about a trade. ABSENT: it does not know the number (also before a code is scanned)."""

    PAID = "paid"
    WAITING = "waiting"
    CLOSED = "closed"
    FAILED = "failed"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class CloseStatus(StrEnum):
    """ALREADY_PAID is the answer that must never be read as closed."""

    CLOSED = "closed"
    ALREADY_PAID = "already_paid"
    FAILED = "failed"
    UNKNOWN = "unknown"


class RefundStatus(StrEnum):
    """PROCESSING: accepted, the money has not moved. ABNORMAL: the channel wants a person. ABSENT: number not known."""

    SUCCEEDED = "succeeded"
    PROCESSING = "processing"
    ABNORMAL = "abnormal"
    FAILED = "failed"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class BillStatus(StrEnum):
    """NOT_READY: the channel has not made the day's bill yet. EMPTY bills are READY without rows."""

    READY = "ready"
    NOT_READY = "not_ready"
    FAILED = "failed"
    UNKNOWN = "unknown"
