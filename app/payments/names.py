"""Words for people: states of payments and refunds, why something failed, and what to do next."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.console import cells
from app.payments.channels import CHANNELS
from app.payments.matter_models import DifferenceKind, MatterKind, ReconcileState
from app.payments.models import Payment, PaymentStatus, Refund, RefundState

P, R, M, D = PaymentStatus, RefundState, MatterKind, DifferenceKind

PAYMENT_LABELS = {
    P.CREATED: _l("Being started"),
    P.PENDING: _l("Waiting for the buyer"),
    P.SUCCEEDED: _l("Paid"),
    P.LATE_SUCCEEDED: _l("Paid late"),
    P.PARTIALLY_REFUNDED: _l("Partly refunded"),
    P.REFUNDED: _l("Refunded"),
    P.FAILED: _l("Failed"),
    P.CLOSED: _l("Closed"),
    P.EXPIRED: _l("Expired"),
}
PAYMENT_LOOKS = {
    P.CREATED: ("info", "loader"),
    P.PENDING: ("warning", "clock-dollar"),
    P.SUCCEEDED: ("success", "circle-check"),
    P.LATE_SUCCEEDED: ("warning", "alarm"),
    P.PARTIALLY_REFUNDED: ("info", "receipt-refund"),
    P.REFUNDED: ("secondary", "receipt-refund"),
    P.FAILED: ("danger", "alert-circle"),
    P.CLOSED: ("secondary", "circle-x"),
    P.EXPIRED: ("secondary", "clock-x"),
}
PAYMENT_NEXT = {
    P.CREATED: _l("The channel has not answered yet. It is asked again by itself."),
    P.PENDING: _l("The buyer can pay. You will see the result here."),
    P.LATE_SUCCEEDED: _l("The money came after this payment was closed. See whether it counts for the order."),
    P.FAILED: _l("The order is not paid. Send the buyer the payment link, so that they can pay another way."),
    P.EXPIRED: _l("The buyer did not pay in time. Send the payment link again if they still want it."),
}
REFUND_LABELS = {
    R.ASKED: _l("Asked, not sent yet"),
    R.SUBMITTING: _l("Being sent"),
    R.PROCESSING: _l("Accepted, not done"),
    R.UNKNOWN: _l("Unclear"),
    R.ABNORMAL: _l("Needs a person"),
    R.SUCCEEDED: _l("Paid back"),
    R.FAILED: _l("Failed"),
}
REFUND_LOOKS = {
    R.ASKED: ("info", "clock"),
    R.SUBMITTING: ("info", "loader"),
    R.PROCESSING: ("warning", "hourglass"),
    R.UNKNOWN: ("warning", "help-circle"),
    R.ABNORMAL: ("danger", "user-exclamation"),
    R.SUCCEEDED: ("success", "circle-check"),
    R.FAILED: ("danger", "alert-circle"),
}
REFUND_NEXT = {
    R.ASKED: _l("It is sent to the channel within seconds."),
    R.SUBMITTING: _l("It has been sent. The channel's answer is awaited."),
    R.PROCESSING: _l("The channel has accepted it; the money has not moved yet. It is asked again by itself."),
    R.UNKNOWN: _l("The channel's answer did not arrive. It is asked about the same number; nothing is paid twice."),
    R.ABNORMAL: _l("The channel cannot pay it back. Pay the buyer back another way and record it, or try again."),
    R.FAILED: _l("No money has moved. Try it again, or pay the buyer back another way."),
}
BY_HAND_NEXT = _l("This money was recorded by hand. Pay the buyer back, then record it here.")
MATTER_LABELS = {
    M.AMOUNT_MISMATCH: _l("Another amount than asked for"),
    M.TRADE_MISMATCH: _l("Two trades under one number"),
    M.UNKNOWN_NUMBER: _l("Money for a number we do not know"),
    M.LATE_SUCCESS: _l("Money for a closed order"),
    M.OVERPAID: _l("More than the order owed"),
    M.REFUND_FAILED: _l("A refund failed"),
    M.REFUND_ABNORMAL: _l("A refund that the channel cannot do"),
    M.OUTCOME_UNKNOWN: _l("No clear answer about a refund"),
    M.UNREADABLE: _l("A notice that cannot be worked through"),
}
MATTER_NEXT = {
    M.AMOUNT_MISMATCH: _l("Nothing was settled. Look the trade up at the channel, then say what came of it."),
    M.TRADE_MISMATCH: _l("The first trade counts. Look the second one up at the channel and refund it there."),
    M.UNKNOWN_NUMBER: _l("Look the number up at the channel. Refund it there, or record the money by hand."),
    M.LATE_SUCCESS: _l("Refund it, or open the order again and record the money by hand."),
    M.OVERPAID: _l("Refund the difference, or agree with the buyer what it is for."),
    M.REFUND_FAILED: _l("Try the refund again, or pay the buyer back another way and record it."),
    M.REFUND_ABNORMAL: _l("Pay the buyer back another way and record it."),
    M.OUTCOME_UNKNOWN: _l("Look the refund up at the channel before you do anything else."),
    M.UNREADABLE: _l("The raw notice is kept. Tell your administrator its number."),
}
RECONCILE_LABELS = {
    ReconcileState.WAITING: _l("No bill yet"),
    ReconcileState.MATCHED: _l("All matches"),
    ReconcileState.DIFFERENT: _l("Differences"),
    ReconcileState.SETTLED: _l("All resolved"),
    ReconcileState.FAILED: _l("Could not be had"),
}
RECONCILE_LOOKS = {
    ReconcileState.WAITING: ("secondary", "clock"),
    ReconcileState.MATCHED: ("success", "circle-check"),
    ReconcileState.DIFFERENT: ("danger", "alert-circle"),
    ReconcileState.SETTLED: ("success", "checks"),
    ReconcileState.FAILED: ("danger", "plug-x"),
}
DIFFERENCE_LABELS = {
    D.MISSING_HERE: _l("Missing here"),
    D.MISSING_THERE: _l("Missing in the bill"),
    D.AMOUNT: _l("Another amount"),
    D.STATUS: _l("Another state"),
    D.FEE: _l("Another fee"),
    D.DOUBLED: _l("Twice in the bill"),
    D.CARRIED: _l("Booked on the other side of midnight"),
}
RESOLUTIONS = {
    "refunded_there": _l("Refunded at the channel"),
    "recorded": _l("Recorded by hand"),
    "paid_back": _l("Paid back another way"),
    "agreed": _l("Agreed with the buyer"),
    "no_money": _l("Looked up: no money moved"),
    "other": _l("Something else"),
}
BY_ITSELF = {"refunded": _l("Refunded"), "refund_succeeded": _l("The refund went through")}
"""How a matter comes to be settled without anybody choosing a way."""
_CODES = {
    "declined": _l("The payment was declined."),
    "timeout": _l("The channel did not answer in time."),
    "unknown": _l("The channel's answer could not be read."),
    "absent": _l("The channel does not know this number."),
    "provider_fault": _l("A fault on our side while talking to the channel."),
    "too_much": _l("The channel refuses: more than was paid."),
    "given_up": _l("Given up by a person."),
    "amount": _l("The channel spoke of another amount."),
}


_ANSWERS = {
    "ready": _l("Ready to be paid"),
    "waiting": _l("Not paid yet"),
    "paid": _l("Paid"),
    "closed": _l("Closed"),
    "already_paid": _l("Already paid"),
    "succeeded": _l("Done"),
    "processing": _l("Accepted, not done"),
    "abnormal": _l("Needs a person"),
    "failed": _l("Refused by the channel"),
    "absent": _l("Number not known"),
    "unknown": _l("Unclear"),
    "not_ready": _l("Not ready yet"),
    "settled": _l("Settled"),
    "duplicate": _l("Known already"),
    "absorbed": _l("Known already"),
    "replayed": _l("Known already"),
    "asked": _l("The channel was asked"),
    "ignored": _l("Of no interest"),
    "unknown_number": _l("Number not known"),
    "second_payment": _l("Second payment, given back"),
    "late_payment": _l("Money for a closed order"),
    "amount_mismatch": _l("Another amount than asked for"),
    "trade_mismatch": _l("Two trades under one number"),
}


_THEIR_CODES = {
    "NOTPAY": "waiting",
    "USERPAYING": "paying",
    "WAIT_BUYER_PAY": "waiting",
    "open": "waiting",
    "unpaid": "waiting",
    "ACQ.TRADE_NOT_EXIST": "absent",
    "ORDER_NOT_EXIST": "absent",
    "ORDERNOTEXIST": "absent",
    "RESOURCE_NOT_EXISTS": "absent",
    "34": "absent",
    "05": "paying",
}
_CODE_WORDS = {
    "paying": _l("the buyer is paying"),
    "timeout": _l("no answer in time"),
    "cut": _l("the connection was cut"),
    "unreachable": _l("not reachable"),
    "host": _l("an address that may not be called"),
    "too_large": _l("an answer that is too large"),
    "bad_answer": _l("an answer that cannot be read"),
    "bad_signature": _l("an answer whose signature is wrong"),
    "mismatch": _l("an answer about something else"),
    "SYSTEM_ERROR": _l("a fault at the channel"),
    "SYSTEMERROR": _l("a fault at the channel"),
    "ACQ.SYSTEM_ERROR": _l("a fault at the channel"),
    "SIGN_ERROR": _l("our signature was refused"),
    "isv.invalid-signature": _l("our signature was refused"),
}


def code(theirs: str) -> Any:
    """A channel's code in words where the answer beside it does not say the same; else nothing."""
    return _CODE_WORDS.get(_THEIR_CODES.get(theirs, theirs), "")


def answer(code: str) -> Any:
    """What an answer or a notice of a channel came to, in words; a code that has none stays as it is."""
    return _ANSWERS.get(code, code)


_PURPOSES = {
    "after_sale": _l("After-sale case"),
    "late_payment": _l("Money for a closed order"),
    "second_payment": _l("Second payment of an order"),
    "matter": _l("More than the order owed"),
    "difference": _l("More in the bill than asked for"),
    "staff": _l("Asked for on the payment"),
}


def purpose(subject: str) -> Any:
    """What a refund is for, in words; a subject that has none stays as it is."""
    return _PURPOSES.get(subject.partition(":")[0], subject)


def channel(code: str) -> Any:
    """The name of a channel."""
    return CHANNELS[code].name if code in CHANNELS else code


def payment_badge(payment: Payment) -> Markup:
    """Where a payment stands."""
    return cells.badge(*PAYMENT_LOOKS[payment.state], PAYMENT_LABELS[payment.state])


def refund_badge(refund: Refund) -> Markup:
    """Where a refund stands; one by hand waits for a person, not for a channel."""
    if refund.payment_id is None and refund.state is R.PROCESSING:
        return cells.badge("warning", "hand-stop", _l("To be paid back by hand"))
    return cells.badge(*REFUND_LOOKS[refund.state], REFUND_LABELS[refund.state])


def refund_next(refund: Refund) -> Any:
    """What happens next with a refund, or what to do; empty when it is done."""
    if refund.payment_id is None and refund.state is R.PROCESSING:
        return BY_HAND_NEXT
    return REFUND_NEXT.get(refund.state, "")


def reason(code: str) -> Any:
    """Why something failed: our words where we have them, else the channel's code."""
    return _CODES.get(code, code)
