"""Beginning a payment: our number first, then the call to the channel outside any transaction, then its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from app.kit import clock, jobs, journal, together
from app.kit.db import db
from app.kit.errors import NotFound, RuleViolation
from app.kit.money import Money
from app.orders import channel_money, handling
from app.orders.models import Order
from app.orders.paying import outstanding
from app.payment_events import PaymentEnded, PaymentStarted
from app.payments import accounts, addresses, ahead, exchanges, lifecycle, numbers, settings
from app.payments.channels import channel_of
from app.payments.exchanges import FAULT
from app.payments.models import ChannelAccount, Payment, PaymentStatus
from app.payments.providers import Charge, CreateStatus, Provider, Scene, Started
from app.payments.refund_course import BACK_OFF
from app.payments.refund_sending import Transaction

ASK = "ask_payments"
REUSED_WITH = timedelta(seconds=60)
"""A payment that has at least so long to live is offered again instead of a second one."""


@dataclass(frozen=True)
class Ask:
    """How the buyer wants to pay, and where they come back to."""

    scene: Scene
    return_url: str
    client_ip: str = ""
    payer_id: str = ""
    locale: str = "zh"
    is_phone: bool = True


@dataclass(frozen=True)
class Prepared:
    """A call that can be made now."""

    payment_id: int
    charge: Charge
    provider: Provider
    account_id: int


def begin(order_id: int, account_id: int, ask: Ask, transaction: Transaction) -> int:
    """Start a payment and call the channel; the id of the payment, whatever the channel has said.

    Raises RuleViolation("order_takes_no_money", "channel_off", "channel_currency"), NotFound.
    """
    with transaction():
        payment = start(order_id, account_id, ask)
        payment_id, is_new = payment.id, payment.state is PaymentStatus.CREATED and not payment.attempts
        prepared = prepare(payment) if is_new else None
    if prepared is not None:
        call(prepared, transaction)
    return payment_id


def start(order_id: int, account_id: int, ask: Ask) -> Payment:
    """The row of a payment over all that the order still owes; one that is open already is given again."""
    order = handling.locked(order_id)
    account = accounts.get(account_id)
    _check(order, account, ask)
    owed, moment = outstanding(order), clock.now()
    if found := _still_open(order, account, ask, owed):
        return found
    payment = Payment(
        shop_id=order.shop_id,
        number=numbers.fresh("P"),
        order_id=order.id,
        account_id=account.id,
        channel=account.channel,
        scene=ask.scene,
        state=PaymentStatus.CREATED,
        amount_minor=owed,
        currency=order.currency,
        is_test=account.is_test,
        asked_for={"title": order.number, **{key: value for key, value in vars(ask).items() if key != "scene"}},
        attempts=0,
        next_query_at=moment + timedelta(seconds=BACK_OFF[0]),
        expires_at=moment + timedelta(minutes=settings.of(order.shop_id).minutes_to_pay),
    )
    db.session.add(payment)
    db.session.flush()
    journal.record(PaymentStarted(order.shop_id, order.id, payment.id, payment.channel, owed))
    return payment


def _check(order: Order, account: ChannelAccount, ask: Ask) -> None:
    channel = channel_of(account.channel)
    if account.shop_id != order.shop_id:
        raise NotFound("not_found")
    if not account.enabled or ask.scene not in channel.scenes:
        raise RuleViolation("channel_off", channel=account.label)
    if channel.currencies is not None and order.currency not in channel.currencies:
        raise RuleViolation("channel_currency", channel=account.label, currency=order.currency)
    if not channel_money.takes_money(order):
        raise RuleViolation("order_takes_no_money", number=order.number)


def _still_open(order: Order, account: ChannelAccount, ask: Ask, owed: int) -> Payment | None:
    same = (
        Payment.order_id == order.id,
        Payment.account_id == account.id,
        Payment.scene == ask.scene,
        Payment.amount_minor == owed,
        Payment.state.in_(lifecycle.OPEN),
        Payment.expires_at > clock.now() + REUSED_WITH,
    )
    return db.session.scalars(select(Payment).where(*same).order_by(Payment.id.desc())).first()


def prepare(payment: Payment) -> Prepared:
    """What is needed for the call, read while the transaction is open; counts the attempt."""
    account = accounts.get(payment.account_id)
    payment.attempts += 1
    db.session.flush()
    return Prepared(payment.id, charge_of(payment, account), accounts.provider_of(account), account.id)


def charge_of(payment: Payment, account: ChannelAccount) -> Charge:
    """The charge that was first asked for; the same value each time."""
    facts: dict[str, Any] = payment.asked_for
    return Charge(
        number=payment.number,
        amount=Money(payment.amount_minor, payment.currency),
        title=facts.get("title", payment.number),
        started_at=payment.created_at,
        expires_at=payment.expires_at,
        notify_url=addresses.callback(account),
        return_url=facts.get("return_url", ""),
        scene=payment.scene,
        client_ip=facts.get("client_ip", ""),
        payer_id=facts.get("payer_id", ""),
        locale=facts.get("locale", "zh"),
        is_phone=facts.get("is_phone", True),
    )


def call(prepared: Prepared, transaction: Transaction) -> Started:
    """Ask the channel, and write down what it says."""
    started = exchanges.called(
        "create",
        lambda: prepared.provider.create(prepared.charge),
        lambda seen: Started(CreateStatus.UNKNOWN, seen, FAULT),
        payment=prepared.charge.number,
    )
    with transaction():
        record(prepared, started)
    return started


def record(prepared: Prepared, started: Started) -> Payment:
    """Write down the answer to `create`; a callback may have come before it and is not undone."""
    payment = locked(prepared.payment_id)
    account = accounts.get(prepared.account_id)
    if payment.state in lifecycle.OPEN and started.status is CreateStatus.READY:
        _ready(payment, started)
    elif payment.state is PaymentStatus.CREATED and started.status is CreateStatus.FAILED:
        end(payment, PaymentStatus.FAILED, started.code or "refused")
    about = exchanges.About(payment.shop_id, account.id, payment)
    exchanges.keep(about, started.exchange, started.status.value, started.code, accounts.secrets_of(account))
    accounts.note_health(account.id, (started.code or "unknown") if started.status is CreateStatus.UNKNOWN else "")
    db.session.flush()
    return payment


def _ready(payment: Payment, started: Started) -> None:
    lifecycle.move_payment(payment, PaymentStatus.PENDING)
    payment.shown = {
        "scene": started.scene.value,
        "qr_text": started.qr_text,
        "url": started.url,
        "form": dict(started.form),
        "script": dict(started.script),
    }
    payment.channel_trade_no = payment.channel_trade_no or started.channel_trade_no
    payment.attempts, payment.next_query_at = 0, clock.now() + timedelta(seconds=BACK_OFF[1])


def end(payment: Payment, state: PaymentStatus, code: str = "") -> None:
    """Say that a locked payment takes no money any more."""
    lifecycle.move_payment(payment, state)
    payment.failure_code, payment.ended_at, payment.next_query_at = code[:60], clock.now(), None
    facts = (payment.shop_id, payment.order_id, payment.id, payment.channel, state.value, payment.failure_code)
    journal.record(PaymentEnded(*facts))


def locked(payment_id: int) -> Payment:
    """The payment as it is now, with its order, locked until the transaction ends. Raises NotFound."""
    found = get(payment_id)
    handling.locked(found.order_id)
    # rows that name it may be written meanwhile: a call is noted before its outcome is settled
    return together.kept(Payment, payment_id) or lock_open(found.order_id, Payment.id == payment_id)


def lock_open(order_id: int, which: ColumnElement[bool]) -> Payment:
    """The payment `which` of a locked order, locked with those that are open beside it; it need not be open itself."""
    is_it = which.label("is_it")
    query = select(Payment, is_it).where(Payment.order_id == order_id, or_(which, Payment.state.in_(lifecycle.OPEN)))
    locking = query.order_by(Payment.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    rows = [(together.keep(payment), found) for payment, found in db.session.execute(locking)]
    together.note_lack(ahead.PAYMENTS, [order_id], [order_id for _, found in rows if not found])
    return next(payment for payment, found in rows if found)


def get(payment_id: int) -> Payment:
    """One payment of a shop in scope. Raises NotFound."""
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound("not_found")
    return payment


def want_asking(shop_id: int) -> None:
    """Want the job that asks the channels about payments; it is the same one while it is live."""
    jobs.enqueue(ASK, shop_id, key=f"payments:{shop_id}")


def drop_open(order_id: int) -> int:
    """The order needs no money any more: have its open payments closed soon, each asked first. Returns how many."""
    if together.lacks(ahead.PAYMENTS, order_id):
        return 0
    open_ones = (Payment.order_id == order_id, Payment.state.in_(lifecycle.OPEN))
    rows = list(db.session.scalars(select(Payment).where(*open_ones).with_for_update()))
    for payment in rows:
        payment.asked_for = {**payment.asked_for, "unwanted": True}
        payment.next_query_at = clock.now()
    if rows:
        want_asking(rows[0].shop_id)
        db.session.flush()
    return len(rows)
