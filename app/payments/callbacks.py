"""Callbacks: believed only when signed, fresh and ours; stored before anything is done, and done once.

Genuine ones are kept raw in the inbox and worked through at once; what cannot be finished is taken up again.
Forged ones are refused and logged, and leave no row.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.kit import clock, jobs, together
from app.kit.db import db, transaction
from app.orders.models import Order
from app.payments import accounts, matters, refund_course, refunds, settling, starting
from app.payments.channels import channel_of
from app.payments.matter_models import MatterKind
from app.payments.models import Callback, CallbackState, ChannelAccount, Payment, Refund
from app.payments.providers import CallbackRequest, Forged, Notice, NoticeKind, Reply, TradeStatus
from app.payments.refund_course import BACK_OFF

log = logging.getLogger(__name__)
WORK = "work_callbacks"
FRESH = timedelta(minutes=5)
MOST_BYTES = 64 * 1024
MOST_TRIES = 10
UNKNOWN_TRIES = 4
"""A number that we do not know may be one that is being written; after so many looks a person is told."""
_KEPT_HEADERS = 4_000


@dataclass(frozen=True)
class Verdict:
    """What became of a callback: the answer for the channel and a code for the log."""

    reply: Reply
    code: str
    callback_id: int | None = None


def receive(account_id: int, request: CallbackRequest) -> Verdict:
    """Take a callback for an account of a shop in scope: verify, store, answer. Opens its own transactions."""
    account = accounts.get(account_id)
    channel = channel_of(account.channel)
    try:
        notice = _genuine(account, request)
    except Forged as forged:
        facts = {"account": account_id, "channel": account.channel, "reason": forged.code}
        log.warning("a callback was refused", extra=facts)
        return Verdict(channel.refused, forged.code)
    with transaction():
        callback_id, is_done = _store(account, request, notice)
    if is_done:
        return Verdict(channel.accepted, "replayed", callback_id)
    return Verdict(channel.accepted, _finish(callback_id, notice), callback_id)


def _genuine(account: ChannelAccount, request: CallbackRequest) -> Notice:
    """The notice. Raises Forged for everything else: also when a parser trips over what it was sent."""
    if len(request.body) > MOST_BYTES:
        raise Forged("malformed", "too long")
    provider = accounts.provider_of(account)
    try:
        notice = provider.parse_callback(request)
    except Forged:
        raise
    except Exception as error:
        log.exception("a parser of callbacks raised", extra={"account": account.id})
        raise Forged("malformed", type(error).__name__) from error
    if notice.sent_at is not None and abs(request.received_at - notice.sent_at) > FRESH:
        raise Forged("stale")
    if not notice.notice_id or len(notice.notice_id) > 120:
        raise Forged("malformed", "notice id")
    return notice


def _store(account: ChannelAccount, request: CallbackRequest, notice: Notice) -> tuple[int, bool]:
    """The row of this notice, and whether it was finished before. One row however many arrive at once."""
    statement = insert(Callback).values(
        shop_id=account.shop_id,
        account_id=account.id,
        notice_id=notice.notice_id,
        state=CallbackState.RECEIVED,
        number=_number(notice)[:64],
        method=request.method[:8],
        query=request.query[:2_000],
        headers=dict(_some(request)),
        body=request.body,
        received_at=request.received_at,
        next_try_at=clock.now() + timedelta(seconds=BACK_OFF[1]),
    )
    again = statement.on_conflict_do_update(
        index_elements=["account_id", "notice_id"], set_={"deliveries": Callback.deliveries + 1}
    ).returning(Callback.id, Callback.state)
    callback_id, state = db.session.execute(again).one()
    return callback_id, state is not CallbackState.RECEIVED


def _number(notice: Notice) -> str:
    return (notice.refund.number if notice.refund else "") or notice.number


def _some(request: CallbackRequest) -> list[tuple[str, str]]:
    kept, room = [], _KEPT_HEADERS
    for name, value in request.headers.items():
        room -= len(name) + len(value)
        if room < 0:
            break
        if name not in ("cookie",):
            kept.append((name, value))
    return kept


def work(callback_id: int) -> str:
    """Take up a stored callback again; a code of what became of it. Done ones stay done."""
    with transaction():
        row = db.session.scalars(select(Callback).where(Callback.id == callback_id)).one()
        provider = accounts.provider_of(accounts.get(row.account_id))
        request = CallbackRequest(row.method, row.headers, row.query, row.body, row.received_at)
    try:
        notice = provider.parse_callback(request)
    except Exception:
        log.exception("a stored callback cannot be read any more", extra={"callback": callback_id})
        return _put_off(callback_id)
    return _finish(callback_id, notice)


def _finish(callback_id: int, notice: Notice) -> str:
    """Do what the notice says and mark its row in one transaction; a fault leaves the row for later."""
    try:
        with transaction(), together.keeping():
            row = _taken(callback_id)
            return _apply(row, notice) if row else "replayed"
    except Exception:
        log.exception("a callback was not finished", extra={"callback": callback_id})
        return _put_off(callback_id)


def _taken(callback_id: int) -> Callback | None:
    """The row with one try more, locked before its order, payment and refund are; None when it is finished."""
    mine = update(Callback).where(Callback.id == callback_id, Callback.state == CallbackState.RECEIVED)
    tried = mine.values(attempts=Callback.attempts + 1).returning(Callback)
    options = {"populate_existing": True, "synchronize_session": False}
    return db.session.scalars(tried.execution_options(**options)).one_or_none()


def _wait(row: Callback) -> None:
    row.next_try_at = clock.now() + timedelta(seconds=BACK_OFF[min(row.attempts, len(BACK_OFF) - 1)])


def _put_off(callback_id: int) -> str:
    with transaction():
        row = _taken(callback_id)
        if row is not None:
            _wait(row)
            if row.attempts >= MOST_TRIES:
                about = matters.About(row.shop_id, f"callback:{row.id}", callback_id=row.id)
                matters.open_matter(about, MatterKind.UNREADABLE, {"number": row.number})
                _done(row, CallbackState.GIVEN_UP, "unreadable")
    return "later"


def _apply(row: Callback, notice: Notice) -> str:
    if notice.kind is NoticeKind.IGNORED:
        return _done(row, CallbackState.IGNORED, "ignored")
    if notice.kind is NoticeKind.REFUND:
        return _refund(row, notice)
    payment = _payment_of(row, notice)
    if payment is None:
        return _unknown(row, notice)
    if notice.kind is NoticeKind.HINT or notice.trade is None:
        return _ask_soon(row, payment)
    outcome = settling.apply(payment.id, notice.trade, row.id)
    is_lie = outcome in (MatterKind.AMOUNT_MISMATCH, MatterKind.TRADE_MISMATCH)
    row.payment_id = payment.id
    return _done(row, CallbackState.PERSON if is_lie else CallbackState.DONE, outcome)


def _payment_of(row: Callback, notice: Notice) -> Payment | None:
    """The payment that a notice names, locked with its order."""
    number = notice.number or (notice.trade.number if notice.trade else "")
    of_account = (Payment.number == number, Payment.account_id == row.account_id)
    its_order = select(Payment.order_id).where(*of_account).scalar_subquery()
    orders = together.lock_where(Order, Order.id == its_order)
    return starting.lock_open(orders[0].id, Payment.number == number) if orders else None


def _refund(row: Callback, notice: Notice) -> str:
    report = notice.refund
    query = select(Refund).join(Payment, Payment.id == Refund.payment_id).where(Payment.account_id == row.account_id)
    number = report.number if report else ""
    refund = db.session.scalars(query.where(Refund.number == number)).first()
    if refund is None or report is None:
        return _unknown(row, notice)
    refund_course.apply(refund.id, report)
    row.refund_id, row.payment_id = refund.id, refund.payment_id
    return _done(row, CallbackState.DONE, report.status.value)


def _ask_soon(row: Callback, payment: Payment) -> str:
    """A hint settles nothing: the channel is asked."""
    row.payment_id, payment.next_query_at = payment.id, clock.now()
    starting.want_asking(payment.shop_id)
    waiting = (Refund.payment_id == payment.id, Refund.next_try_at.is_not(None))
    for refund in db.session.scalars(select(Refund).where(*waiting)):
        refund.next_try_at = clock.now()
        refunds.want_sending(refund.shop_id)
    return _done(row, CallbackState.DONE, "asked")


def _unknown(row: Callback, notice: Notice) -> str:
    """Genuine, and about a number that we do not know: looked for again, then a person is told."""
    if row.attempts < UNKNOWN_TRIES:
        _wait(row)
        return "unknown_number"
    told = notice.trade
    is_money = (told is not None and told.status is TradeStatus.PAID) or notice.refund is not None
    if not is_money:
        return _done(row, CallbackState.IGNORED, "unknown_number")
    amount = told.amount if told else notice.refund.amount if notice.refund else None
    facts = {"number": _number(notice), "theirs_minor": amount.minor if amount else None}
    about = matters.About(row.shop_id, f"callback:{row.id}", callback_id=row.id)
    matters.open_matter(about, MatterKind.UNKNOWN_NUMBER, facts)
    return _done(row, CallbackState.PERSON, "unknown_number")


def _done(row: Callback, state: CallbackState, code: str) -> str:
    row.state, row.code, row.next_try_at, row.done_at = state, code[:60], None, clock.now()
    db.session.flush()
    return code


def sweep(shop_id: int, most: int = 200) -> int:
    """Take up again what a shop has stored and not finished. Opens its own transactions; returns how many."""
    due = (Callback.shop_id == shop_id, Callback.next_try_at <= clock.now())
    query = select(Callback.id).where(*due).order_by(Callback.next_try_at).limit(most)
    ids = list(db.session.scalars(query))
    for callback_id in ids:
        work(callback_id)
    return len(ids)


def want_due() -> int:
    """Want the job for every shop with unfinished callbacks; returns how many shops. Run by the ticker."""
    due = (Callback.next_try_at <= clock.now(), Callback.state == CallbackState.RECEIVED)
    shop_ids = list(db.session.scalars(select(Callback.shop_id).where(*due).distinct()))
    for shop_id in shop_ids:
        jobs.enqueue(WORK, shop_id, key=f"callbacks:{shop_id}")
    return len(shop_ids)
