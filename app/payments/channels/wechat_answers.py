"""What WeChat Pay says about trades and refunds, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.kit.money import Money
from app.payments.channels import beijing
from app.payments.channels.wechat_client import Told
from app.payments.providers import RefundRef, RefundReport, RefundStatus, Trade, TradeStatus

TRADE_STATES = {
    "SUCCESS": TradeStatus.PAID,
    "REFUND": TradeStatus.PAID,
    "NOTPAY": TradeStatus.WAITING,
    "USERPAYING": TradeStatus.WAITING,
    "CLOSED": TradeStatus.CLOSED,
    "REVOKED": TradeStatus.CLOSED,
    "PAYERROR": TradeStatus.FAILED,
}
REFUND_STATES = {
    "SUCCESS": RefundStatus.SUCCEEDED,
    "PROCESSING": RefundStatus.PROCESSING,
    "ABNORMAL": RefundStatus.ABNORMAL,
    "CLOSED": RefundStatus.FAILED,
}


def trade(data: Mapping[str, Any], told: Told | None) -> Trade:
    """A trade as a query or a notification tells it; `total` is compared, `payer_total` lacks coupons."""
    amount = data.get("amount") or {}
    total = amount.get("total")
    return Trade(
        status=TRADE_STATES.get(str(data.get("trade_state")), TradeStatus.UNKNOWN),
        number=str(data.get("out_trade_no", "")),
        channel_trade_no=str(data.get("transaction_id", "")),
        amount=Money(total, str(amount.get("currency", "CNY"))) if type(total) is int else None,
        paid_at=beijing.read(str(data.get("success_time", ""))),
        code=str(data.get("trade_state", "")),
        exchange=told.answer.exchange if told else None,
    )


def refund_report(refund: RefundRef, told: Told) -> RefundReport:
    """A refund as WeChat answers it; one about another number is UNKNOWN."""
    data = told.data
    if (data.get("out_refund_no"), data.get("out_trade_no")) != (refund.number, refund.trade.number):
        return RefundReport(RefundStatus.UNKNOWN, refund.number, code="mismatch", exchange=told.answer.exchange)
    return _refund(data, str(data.get("status", "")), told)


def notified_refund(data: Mapping[str, Any]) -> RefundReport:
    """A refund as a notification tells it."""
    return _refund(data, str(data.get("refund_status", "")), None)


def _refund(data: Mapping[str, Any], state: str, told: Told | None) -> RefundReport:
    amount = data.get("amount") or {}
    money = amount.get("refund")
    return RefundReport(
        status=REFUND_STATES.get(state, RefundStatus.UNKNOWN),
        number=str(data.get("out_refund_no", "")),
        channel_refund_no=str(data.get("refund_id", "")),
        amount=Money(money, str(amount.get("currency", "CNY"))) if type(money) is int else None,
        done_at=beijing.read(str(data.get("success_time", ""))),
        code=state,
        exchange=told.answer.exchange if told else None,
    )
