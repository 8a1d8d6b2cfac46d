"""Where payments and refunds stand: one table of moves each. Success is absorbing: nothing leads back from it."""

from __future__ import annotations

from app.kit import lifecycle
from app.kit.lifecycle import Moves
from app.payments.models import Payment, PaymentStatus, Refund, RefundState

P, R = PaymentStatus, RefundState

PAYMENT_MOVES: Moves = {
    P.CREATED: frozenset({P.PENDING, P.SUCCEEDED, P.FAILED, P.CLOSED, P.EXPIRED}),
    P.PENDING: frozenset({P.SUCCEEDED, P.FAILED, P.CLOSED, P.EXPIRED}),
    P.FAILED: frozenset({P.LATE_SUCCEEDED}),
    P.CLOSED: frozenset({P.LATE_SUCCEEDED}),
    P.EXPIRED: frozenset({P.LATE_SUCCEEDED}),
    P.LATE_SUCCEEDED: frozenset({P.PARTIALLY_REFUNDED, P.REFUNDED}),
    P.SUCCEEDED: frozenset({P.PARTIALLY_REFUNDED, P.REFUNDED}),
    P.PARTIALLY_REFUNDED: frozenset({P.REFUNDED}),
    P.REFUNDED: frozenset(),
}
REFUND_MOVES: Moves = {
    R.ASKED: frozenset({R.SUBMITTING, R.PROCESSING, R.SUCCEEDED, R.FAILED}),
    R.SUBMITTING: frozenset({R.PROCESSING, R.UNKNOWN, R.ABNORMAL, R.SUCCEEDED, R.FAILED}),
    R.UNKNOWN: frozenset({R.SUBMITTING, R.PROCESSING, R.ABNORMAL, R.SUCCEEDED, R.FAILED}),
    R.PROCESSING: frozenset({R.ABNORMAL, R.SUCCEEDED, R.FAILED}),
    R.ABNORMAL: frozenset({R.SUBMITTING, R.PROCESSING, R.SUCCEEDED, R.FAILED}),
    R.FAILED: frozenset({R.SUCCEEDED}),
    R.SUCCEEDED: frozenset(),
}
"""A channel that first said "failed" and then books the money after all is believed: the money is gone."""

OPEN = frozenset({P.CREATED, P.PENDING})
ENDED_UNPAID = frozenset({P.FAILED, P.CLOSED, P.EXPIRED})
CAPTURED = frozenset({P.SUCCEEDED, P.LATE_SUCCEEDED, P.PARTIALLY_REFUNDED, P.REFUNDED})
UNDER_WAY = frozenset({R.ASKED, R.SUBMITTING, R.PROCESSING, R.UNKNOWN, R.ABNORMAL})
"""Refunds that may still move money: they count against what can be asked for."""


def move_payment(payment: Payment, target: PaymentStatus) -> None:
    """Move a locked payment. Raises RuleViolation("illegal_move")."""
    lifecycle.move(payment, target, PAYMENT_MOVES, "state")


def move_refund(refund: Refund, target: RefundState) -> None:
    """Move a locked refund. Raises RuleViolation("illegal_move")."""
    lifecycle.move(refund, target, REFUND_MOVES, "state")
