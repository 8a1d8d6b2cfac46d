"""Daily reconciliation: a channel's bill of a day of GMT+8 against the ledger; made again, it says the same."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.kit import clock, jobs, journal
from app.kit.db import db
from app.kit.money import Money
from app.payment_events import DayReconciled
from app.payments import accounts, bills, differences, exchanges, lifecycle
from app.payments.bills import Comparison, Difference, Entry
from app.payments.channels import CHANNELS, channel_of
from app.payments.exchanges import FAULT
from app.payments.matter_models import (
    BillDifference,
    BillLine,
    DifferenceKind,
    ReconcileState,
    Reconciliation,
)
from app.payments.models import ChannelAccount, Payment, Refund, RefundState
from app.payments.providers import Bill, BillKind, BillRow, BillStatus
from app.payments.refund_sending import Transaction

RECONCILE = "reconcile_payments"
DAYS_BACK = 3
"""How many days the ticker looks back for bills that could not be had."""
_OPEN = (BillDifference.resolved_at.is_(None), BillDifference.gone_at.is_(None))


def reconcile(account_id: int, day: date, transaction: Transaction) -> int:
    """Get the bill and hold it against the ledger; the id of the day's run. Raises NotFound, SealBroken."""
    with transaction():
        account = accounts.get(account_id)
        provider = accounts.provider_of(account)
    bill = exchanges.called(
        "bill",
        lambda: provider.bill(day),
        lambda seen: Bill(BillStatus.UNKNOWN, seen, code=FAULT),
        account=account_id,
    )
    with transaction():
        return _write(account_id, day, bill)


def _write(account_id: int, day: date, bill: Bill) -> int:
    run = _run_of(accounts.get(account_id), day)
    run.made_at, run.code = clock.now(), bill.code[:60]
    if bill.status is not BillStatus.READY:
        known = run.state not in (ReconcileState.WAITING, ReconcileState.FAILED)
        if not known:
            run.state = ReconcileState.FAILED if bill.status is BillStatus.FAILED else ReconcileState.WAITING
        db.session.flush()
        return run.id
    entries = _entries(account_id, day, bill.rows)
    found = bills.compare(day, bill.rows, entries, _elsewhere(account_id, day))
    run.rows, run.matched, run.text = len(bill.rows), found.matched, bill.text[:1_000_000]
    run.sums = bills.sums(bill.rows, entries, day)
    _keep_lines(run, bill.rows, found)
    _learn_fees(bill.rows, found)
    _keep_differences(run, found.differences)
    _settle_neighbours(run, bill.rows)
    differences.judge(run)
    journal.record(DayReconciled(run.shop_id, run.id, run.rows, run.different))
    return run.id


def _run_of(account: ChannelAccount, day: date) -> Reconciliation:
    """The day's row, locked; made when there is none."""
    fresh = {
        "state": ReconcileState.WAITING,
        "made_at": clock.now(),
        "created_at": clock.now(),
        "updated_at": clock.now(),
    }
    statement = upsert(Reconciliation).values(shop_id=account.shop_id, account_id=account.id, day=day, **fresh)
    db.session.execute(statement.on_conflict_do_nothing(index_elements=["account_id", "day"]))
    query = select(Reconciliation).where(Reconciliation.account_id == account.id, Reconciliation.day == day)
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def _entries(account_id: int, day: date, rows: tuple[BillRow, ...]) -> list[Entry]:
    """Our payments and refunds of the day, and those that the bill names."""
    start, end = clock.bounds(day, day, bills.ZONE)
    names = {name for row in rows for name in (row.number, row.channel_no) if name}
    of_account = Payment.account_id == account_id
    in_day = (Payment.paid_at >= start) & (Payment.paid_at < end)
    named = Payment.number.in_(names) | (Payment.channel_trade_no.in_(names) & (Payment.channel_trade_no != ""))
    payments = db.session.scalars(select(Payment).where(of_account, in_day | named))
    done_in_day = (Refund.done_at >= start) & (Refund.done_at < end)
    refund_named = Refund.number.in_(names) | (Refund.channel_refund_no.in_(names) & (Refund.channel_refund_no != ""))
    refunds = (
        select(Refund).join(Payment, Payment.id == Refund.payment_id).where(of_account, done_in_day | refund_named)
    )
    return [*map(_of_payment, payments), *map(_of_refund, db.session.scalars(refunds))]


def _of_payment(payment: Payment) -> Entry:
    fee = None if payment.fee_minor is None else Money(payment.fee_minor, payment.settled_currency or payment.currency)
    done = payment.state in lifecycle.CAPTURED
    amount = Money(payment.amount_minor, payment.currency)
    number, theirs = payment.number, payment.channel_trade_no
    return Entry(BillKind.PAYMENT, payment.id, number, theirs, amount, done, payment.paid_at, fee)


def _of_refund(refund: Refund) -> Entry:
    done = refund.state is RefundState.SUCCEEDED and not refund.reference  # what a person paid back is on no bill
    amount = Money(refund.amount_minor, refund.currency)
    number, theirs = refund.number, refund.channel_refund_no
    return Entry(BillKind.REFUND, refund.id, number, theirs, amount, done, refund.done_at)


def _elsewhere(account_id: int, day: date) -> frozenset[bills.Key]:
    """What the bills of the days before and after hold."""
    beside = (day - timedelta(days=1), day + timedelta(days=1))
    query = select(BillLine.kind, BillLine.number).join(Reconciliation, Reconciliation.id == BillLine.reconciliation_id)
    mine = (Reconciliation.account_id == account_id, Reconciliation.day.in_(beside))
    return frozenset((kind, number) for kind, number in db.session.execute(query.where(*mine)))


def _keep_lines(run: Reconciliation, rows: tuple[BillRow, ...], found: Comparison) -> None:
    db.session.execute(delete(BillLine).where(BillLine.reconciliation_id == run.id))
    values = [_line(run, position, row, found.matches.get(position)) for position, row in enumerate(rows)]
    if values:
        db.session.execute(insert(BillLine), values)


def _line(run: Reconciliation, position: int, row: BillRow, entry: Entry | None) -> dict[str, object]:
    settled = row.settlement
    return {
        "shop_id": run.shop_id,
        "reconciliation_id": run.id,
        "line": row.line or position + 1,
        "kind": row.kind,
        "number": (entry.number if entry else row.number)[:64],
        "channel_no": row.channel_no[:64],
        "succeeded": row.succeeded,
        "amount_minor": row.amount.minor,
        "currency": row.amount.currency,
        "fee_minor": row.fee.minor if row.fee else None,
        "settled_minor": settled.amount.minor if settled else None,
        "settled_currency": settled.amount.currency if settled else "",
        "rate": settled.rate if settled else "",
        "rate_source": settled.rate_source if settled else "",
        "rate_at": settled.rate_at if settled else None,
        "at": row.at,
        "payment_id": entry.row_id if entry and entry.kind is BillKind.PAYMENT else None,
        "refund_id": entry.row_id if entry and entry.kind is BillKind.REFUND else None,
    }


def _learn_fees(rows: tuple[BillRow, ...], found: Comparison) -> None:
    """Fee, settlement and rate that only the bill tells; what is known already is compared, not overwritten."""
    for position, entry in found.matches.items():
        row = rows[position]
        if entry.kind is not BillKind.PAYMENT or entry.amount != row.amount:
            continue
        payment = db.session.get_one(Payment, entry.row_id)
        if payment.fee_minor is None and row.fee is not None:
            payment.fee_minor = row.fee.minor
        if payment.settled_minor is None and (settled := row.settlement):
            payment.settled_minor, payment.settled_currency = settled.amount.minor, settled.amount.currency
            payment.rate, payment.rate_source, payment.rate_at = settled.rate, settled.rate_source, settled.rate_at


def _keep_differences(run: Reconciliation, present: list[Difference]) -> None:
    """New ones are added, those found again stay as people left them, the others are gone."""
    moment = clock.now()
    known = {one.key: one for one in differences.of_run(run.id)}
    for found in present:
        row = known.pop(found.key, None)
        if row is None:
            row = BillDifference(shop_id=run.shop_id, reconciliation_id=run.id, key=found.key, kind=found.kind)
            db.session.add(row)
        _fill(row, found)
        row.gone_at = None
    for row in known.values():
        row.gone_at = row.gone_at or moment
    db.session.flush()


def _fill(row: BillDifference, found: Difference) -> None:
    money = found.theirs or found.ours
    entry = found.entry
    row.bill_kind, row.number, row.channel_no = found.bill_kind, found.number[:64], found.channel_no[:64]
    row.ours_minor = found.ours.minor if found.ours else None
    row.theirs_minor = found.theirs.minor if found.theirs else None
    row.currency = money.currency if money else ""
    row.payment_id = entry.row_id if entry and entry.kind is BillKind.PAYMENT else None
    row.refund_id = entry.row_id if entry and entry.kind is BillKind.REFUND else None


def _settle_neighbours(run: Reconciliation, rows: tuple[BillRow, ...]) -> None:
    """What a day beside this one missed stands in this bill: it was carried over midnight."""
    beside = (run.day - timedelta(days=1), run.day + timedelta(days=1))
    names = {(row.kind, name) for row in rows for name in (row.number, row.channel_no) if name}
    query = select(BillDifference, Reconciliation).join(
        Reconciliation, Reconciliation.id == BillDifference.reconciliation_id
    )
    mine = (Reconciliation.account_id == run.account_id, Reconciliation.day.in_(beside), *_OPEN)
    missing = (DifferenceKind.MISSING_THERE, DifferenceKind.CARRIED)
    for row, other in db.session.execute(query.where(*mine, BillDifference.kind.in_(missing))):
        if (row.bill_kind, row.number) in names or (row.bill_kind, row.channel_no) in names:
            row.gone_at = clock.now()
            db.session.flush()
            differences.judge(other)


def want(account: ChannelAccount, day: date) -> None:
    """Want one day of one account reconciled."""
    key = f"reconcile:{account.id}:{day}"
    jobs.enqueue(RECONCILE, account.shop_id, key=key, account_id=account.id, day=day.isoformat())


def want_due() -> int:
    """Want yesterday and what is left of the days before, when the channels have their bills. Run by the ticker."""
    here = clock.now().astimezone(ZoneInfo(bills.ZONE))
    billed = [code for code, channel in CHANNELS.items() if channel.bill_hour <= here.hour]
    wanted = 0
    for account in db.session.scalars(select(ChannelAccount).where(ChannelAccount.channel.in_(billed))):
        days = {here.date() - timedelta(days=back) for back in range(1, DAYS_BACK + 1)}
        first = bills.day_of(account.created_at) or here.date()
        for day in sorted(one for one in days - _made(account.id) if one >= first):
            want(account, day)
            wanted += 1
    return wanted


def _made(account_id: int) -> set[date]:
    """Days that are made; what could not be had is tried again after an hour."""
    left = (ReconcileState.WAITING, ReconcileState.FAILED)
    recent = Reconciliation.made_at > clock.now() - timedelta(hours=1)
    made = (Reconciliation.account_id == account_id, Reconciliation.state.not_in(left) | recent)
    return set(db.session.scalars(select(Reconciliation.day).where(*made)))


def has_bills(account: ChannelAccount) -> bool:
    """Whether the channel makes bills at all."""
    return channel_of(account.channel).bill_hour < 24
