"""What a channel's bill may do to us: late, cut, of another file, with rows that are wrong, too few or too many.

Each scene has a day of its own in the past, so that one does not stand in the bill of another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from app.kit import clock
from app.kit.db import db, transaction
from app.kit.money import Money
from app.payments import accounts, bills, differences, reconciling
from app.payments.matter_models import DifferenceKind, ReconcileState, Reconciliation
from app.payments.models import Payment
from app.payments.providers import RefundRef, TradeRef
from tests.gateways.gateway import BEIJING, Fault
from tests.payments.faults.stage import MINOR, Stage, fresh

NO = "–"
ROWS = {
    "missing": "a row too few",
    "extra": "a row too many",
    "changed": "another amount",
    "duplicated": "a row twice",
    "currency": "another currency",
    "kind": "a row of an unknown kind",
}
NO_COLUMN = {"currency": {"alipay", "unionpay"}}
"""Bills that have no column for it."""


def _billed(stage: Stage) -> tuple[Payment, date]:
    """A settled payment of a day of its own, at noon of GMT+8, there and here."""
    payment, notice = stage.paid()
    stage.hear(notice)
    assert stage.money(payment) == (MINOR, 0)
    if stage.code == "stripe":  # its list is spoiled before the day is looked for
        stage.gateway.booked[:] = stage.gateway.booked[-1:]
    day = (bills.day_of(clock.now()) or date.max) - timedelta(days=next(stage.days_ago))
    _move(stage, payment, datetime.combine(day, time(12), BEIJING), datetime.combine(day, time(12), BEIJING))
    return fresh(payment), day


def _move(stage: Stage, payment: Payment, ours: datetime, theirs: datetime) -> None:
    """Have it paid at another moment: by our ledger, and by the channel's books."""
    with transaction():
        fresh(payment).paid_at = ours.astimezone(UTC)
    _book(stage, payment.number, theirs)


def _book(stage: Stage, number: str, moment: datetime) -> None:
    """The channel has booked a payment or refund at that moment."""
    _BOOKS[stage.code](stage.gateway, number, moment)


def _book_simulator(gateway: Any, number: str, moment: datetime) -> None:
    {**gateway.trades, **gateway.refunds}[number]["done_at"] = moment.isoformat()


def _book_wechat(gateway: Any, number: str, moment: datetime) -> None:
    if number in gateway.orders:
        gateway.orders[number].paid_at = moment
    else:
        gateway.refunds[number].done_at = moment


def _book_alipay(gateway: Any, number: str, moment: datetime) -> None:
    if number in gateway.trades:
        gateway.trades[number].paid_at = moment
        return
    refunds = (refund for trade in gateway.trades.values() for refund in trade.refunds.values())
    next(one for one in refunds if one.number == number).made_at = moment


def _book_unionpay(gateway: Any, number: str, moment: datetime) -> None:
    next(one for one in gateway.trades.values() if one.number == number).done_at = moment


def _book_stripe(gateway: Any, number: str, moment: datetime) -> None:
    for row in gateway.booked:
        if row["source"]["metadata"]["number"] == number:
            row["created"] = int(moment.timestamp())


_BOOKS: dict[str, Callable[[Any, str, datetime], None]] = {
    "simulator": _book_simulator,
    "wechat": _book_wechat,
    "alipay": _book_alipay,
    "unionpay": _book_unionpay,
    "stripe": _book_stripe,
}


def _run(stage: Stage, day: date) -> tuple[ReconcileState, list[DifferenceKind]]:
    """The day is reconciled: where it stands, and which differences are open."""
    run_id = reconciling.reconcile(stage.account_id, day, transaction)
    found = [one.kind for one in differences.of_run(run_id) if not one.gone_at and not one.resolved_at]
    return fresh(db.session.get_one(Reconciliation, run_id)).state, found


def not_there_yet(stage: Stage) -> str:
    if stage.code == "simulator":
        return NO
    stage.gateway.early_bills = False
    payment, notice = stage.paid()
    stage.hear(notice)
    today = bills.day_of(clock.now()) or date.max
    assert _run(stage, today) == (ReconcileState.WAITING, [])
    stage.gateway.early_bills = True
    day = today - timedelta(days=next(stage.days_ago))
    noon = datetime.combine(day, time(12), BEIJING)
    _move(stage, payment, noon, noon)
    assert _run(stage, day) == (ReconcileState.MATCHED, [])
    return "waits, then all matches"


def cut(stage: Stage) -> str:
    _, day = _billed(stage)
    for operation in ("bill", "download"):
        stage.gateway.fail(operation, Fault.TRUNCATED)
    assert _run(stage, day) == (ReconcileState.WAITING, [])
    stage.gateway._faults.clear()
    assert _run(stage, day) == (ReconcileState.MATCHED, [])
    return "asked again, then all matches"


def hash_of_another_file(stage: Stage) -> str:
    if stage.code != "wechat":
        return NO
    _, day = _billed(stage)
    stage.gateway.spoiled = {"hash"}
    assert _run(stage, day) == (ReconcileState.WAITING, [])
    stage.gateway.spoiled = set()
    assert _run(stage, day) == (ReconcileState.MATCHED, [])
    return "asked again, then all matches"


def row(spoil: str) -> Callable[[Stage], str]:
    def scene(stage: Stage) -> str:
        if stage.code in NO_COLUMN.get(spoil, set()):
            return NO
        payment, day = _billed(stage)
        stage.gateway.spoiled = {spoil}
        state, found = _run(stage, day)
        again = _run(stage, day)
        stage.gateway.spoiled = set()
        assert again == (state, found), "made again it says the same"
        assert stage.money(payment) == (MINOR, 0), "a bill moves no money"
        healed = _run(stage, day)
        assert healed == (ReconcileState.MATCHED, []), healed
        if state is ReconcileState.WAITING:
            return "not believed, asked again"
        return f"a person is told ({', '.join(found)})" if found else "left out, the others match"

    return scene


def booked_after_midnight(stage: Stage) -> str:
    payment, day = _billed(stage)
    midnight = datetime.combine(day + timedelta(days=1), time(), BEIJING)
    _move(stage, payment, midnight - timedelta(seconds=2), midnight + timedelta(seconds=3))
    assert _run(stage, day) == (ReconcileState.DIFFERENT, [DifferenceKind.CARRIED])
    assert _run(stage, day + timedelta(days=1)) == (ReconcileState.MATCHED, [])
    assert _run(stage, day) == (ReconcileState.MATCHED, [])
    return "awaited, found in the next bill"


def refund_that_we_did_not_make(stage: Stage) -> str:
    payment, day = _billed(stage)
    number = f"RSTRANGER{next(stage.days_ago)}"
    provider = accounts.provider_of(accounts.get(stage.account_id))
    whole, amount = Money(MINOR, payment.currency), Money(2_000, payment.currency)
    trade = TradeRef(payment.number, whole, payment.created_at, payment.channel_trade_no)
    provider.refund(RefundRef(number, trade, amount, "by hand", clock.now(), "https://shop.example/pay/callback/x"))
    stage.gateway.settle_refund(number)
    _book(stage, number, datetime.combine(day, time(13), BEIJING))
    state, found = _run(stage, day)
    assert (state, stage.money(payment)) == (ReconcileState.DIFFERENT, (MINOR, 0))
    return f"a person is told ({', '.join(found)})"


SCENES: dict[str, Callable[[Stage], str]] = {
    "bill: not there yet": not_there_yet,
    "bill: cut in half": cut,
    "bill: hash of another file": hash_of_another_file,
    **{f"bill: {words}": row(spoil) for spoil, words in ROWS.items()},
    "bill: booked on the other side of midnight": booked_after_midnight,
    "bill: a refund that we did not make": refund_that_we_did_not_make,
}
