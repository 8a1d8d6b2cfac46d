"""The values that an order's columns take: kind, headline, the four axes, causes, payers, ways of paying."""

from __future__ import annotations

from enum import StrEnum


class OrderKind(StrEnum):
    """A sale, a credit note that reverses one, or an adjustment without a buyer (bad debt, stock note)."""

    SALE = "sale"
    CREDIT_NOTE = "credit_note"
    ADJUSTMENT = "adjustment"


class OrderStatus(StrEnum):
    """待付款 / 待发货 / 已发货 / 已签收 / 交易成功 / 交易关闭: the headline, derived from the four axes."""

    PENDING_PAYMENT = "pending_payment"
    PENDING_SHIPMENT = "pending_shipment"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CLOSED = "closed"


class OrderState(StrEnum):
    """Axis 1: whether the trade goes on."""

    OPEN = "open"
    COMPLETED = "completed"
    CLOSED = "closed"


class PaymentState(StrEnum):
    """Axis 2: the buyer's money."""

    UNPAID = "unpaid"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


class FulfilmentState(StrEnum):
    """Axis 3: the goods."""

    UNFULFILLED = "unfulfilled"
    PARTLY_FULFILLED = "partly_fulfilled"
    FULFILLED = "fulfilled"
    DELIVERED = "delivered"


class AfterSaleState(StrEnum):
    """Axis 4: whether the buyer wants something put right."""

    NONE = "none"
    OPEN = "open"
    CLOSED = "closed"


class CloseCause(StrEnum):
    """Why a trade is off."""

    BUYER = "buyer"
    UNPAID = "unpaid"
    OUT_OF_STOCK = "out_of_stock"
    REFUNDED = "refunded"
    DUPLICATE = "duplicate"
    FRAUD = "fraud"
    STAFF = "staff"
    PUT_TOGETHER = "put_together"
    UNKNOWN = "unknown"


class DiscountPayer(StrEnum):
    """Who bears a discount: 商家 1001, 平台 1002, 主播 1003."""

    MERCHANT = "merchant"
    PLATFORM = "platform"
    STREAMER = "streamer"


class PaymentMethod(StrEnum):
    """How money came in that staff have recorded by hand."""

    CASH = "cash"
    TRANSFER = "transfer"
    OTHER = "other"


class LineKind(StrEnum):
    """A product, or a charge such as postage, a manual entry or a bank fee."""

    PRODUCT = "product"
    CHARGE = "charge"
