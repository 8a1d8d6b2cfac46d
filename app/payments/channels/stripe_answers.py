"""What Stripe says about sessions, refunds and balance transactions, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.kit.money import Money
from app.payments.channels.beijing import BEIJING
from app.payments.channels.stripe_amounts import from_stripe
from app.payments.channels.stripe_client import Told
from app.payments.providers import (
    BillKind,
    BillRow,
    RefundRef,
    RefundReport,
    RefundStatus,
    Settlement,
    Trade,
    TradeStatus,
)

REFUND_STATES = {
    "succeeded": RefundStatus.SUCCEEDED,
    "pending": RefundStatus.PROCESSING,
    "requires_action": RefundStatus.ABNORMAL,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
_FAILED_INTENTS = frozenset({"requires_payment_method", "canceled"})
_KINDS = {
    "charge": BillKind.PAYMENT,
    "payment": BillKind.PAYMENT,
    "refund": BillKind.REFUND,
    "payment_refund": BillKind.REFUND,
}


def trade(session: Mapping[str, Any], told: Told | None) -> Trade:
    """A Checkout session; "complete" is not "paid": only payment_status says that money came."""
    charge = _charge(session)
    return Trade(
        status=_state(session),
        number=str(session.get("client_reference_id") or ""),
        channel_trade_no=str(session.get("id", "")),
        amount=_money(session.get("amount_total"), session.get("currency")),
        paid_at=_moment(charge.get("created")),
        code=f"{session.get('status', '')}/{session.get('payment_status', '')}",
        settlement=_settlement(charge.get("balance_transaction")),
        exchange=told.answer.exchange if told else None,
    )


def _state(session: Mapping[str, Any]) -> TradeStatus:
    if session.get("payment_status") == "paid":
        return TradeStatus.PAID
    intent = session.get("payment_intent")
    if isinstance(intent, dict) and session.get("status") == "complete" and intent.get("status") in _FAILED_INTENTS:
        return TradeStatus.FAILED  # a payment that took days to fail
    states = {"open": TradeStatus.WAITING, "expired": TradeStatus.CLOSED, "complete": TradeStatus.WAITING}
    return states.get(str(session.get("status")), TradeStatus.UNKNOWN)


def intent_of(session: Mapping[str, Any]) -> str:
    """The id of the session's payment intent; empty when nothing was paid."""
    intent = session.get("payment_intent")
    return str(intent.get("id", "")) if isinstance(intent, dict) else str(intent or "")


def refund(asked: RefundRef, data: Mapping[str, Any], told: Told) -> RefundReport:
    """A refund as Stripe answers it; one about another number is UNKNOWN."""
    report = notified_refund(data)
    if report.number != asked.number:
        return RefundReport(RefundStatus.UNKNOWN, asked.number, code="mismatch", exchange=told.answer.exchange)
    return RefundReport(**{**vars(report), "exchange": told.answer.exchange})


def notified_refund(data: Mapping[str, Any]) -> RefundReport:
    """A refund as a webhook tells it."""
    status = REFUND_STATES.get(str(data.get("status")), RefundStatus.UNKNOWN)
    return RefundReport(
        status=status,
        number=str((data.get("metadata") or {}).get("number", "")),
        channel_refund_no=str(data.get("id", "")),
        amount=_money(data.get("amount"), data.get("currency")),
        done_at=_moment(data.get("created")) if status is RefundStatus.SUCCEEDED else None,
        code=str(data.get("failure_reason") or data.get("status", "")),
    )


def start_of(day: date) -> int:
    """The Unix time at which a day of GMT+8 begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp())


def bill_rows(page: Mapping[str, Any], already: int) -> list[BillRow]:
    """Payments and refunds of a page of balance transactions; in the buyer's currency, settled in the account's."""
    rows: list[BillRow] = []
    for booked in page["data"]:
        kind = _KINDS.get(booked["type"])
        if kind is not None:
            rows.append(_row(kind, booked, already + len(rows) + 1))
    return rows


def _row(kind: BillKind, booked: Mapping[str, Any], line: int) -> BillRow:
    source = booked["source"] if isinstance(booked.get("source"), dict) else {}
    is_shown = type(source.get("amount")) is int
    units, currency = (source["amount"], source["currency"]) if is_shown else (booked["amount"], booked["currency"])
    return BillRow(
        kind=kind,
        number=str((source.get("metadata") or {}).get("number", "")),
        channel_no=str(source.get("id") or booked.get("source") or booked["id"]),
        amount=from_stripe(abs(units), currency),
        at=datetime.fromtimestamp(booked["created"], UTC),
        fee=from_stripe(booked["fee"], booked["currency"]),
        settlement=_settlement(booked),
        line=line,
    )


def _settlement(booked: Any) -> Settlement | None:
    if not isinstance(booked, dict):
        return None
    reaches = from_stripe(abs(booked["amount"] - booked["fee"]), booked["currency"])  # `amount` is before the fee
    rate = booked.get("exchange_rate")
    return Settlement(
        amount=reaches,
        fee=from_stripe(booked["fee"], booked["currency"]),
        rate=str(Decimal(str(rate))) if rate is not None else "",
        rate_source="stripe" if rate is not None else "",
        rate_at=_moment(booked.get("created")) if rate is not None else None,
    )


def _charge(session: Mapping[str, Any]) -> Mapping[str, Any]:
    intent = session.get("payment_intent")
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    return charge if isinstance(charge, dict) else {}


def _money(units: Any, currency: Any) -> Money | None:
    if type(units) is not int or not isinstance(currency, str):
        return None
    try:
        return from_stripe(units, currency)
    except ValueError:
        return None


def _moment(stamp: Any) -> datetime | None:
    return datetime.fromtimestamp(stamp, UTC) if type(stamp) is int else None
