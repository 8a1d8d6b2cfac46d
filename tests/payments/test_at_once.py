"""Up to a thousand callbacks at the same time over real connections; and a process killed between answer and commit."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select, update

from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.journal import JournalEntry
from app.orders.models import Order, OrderStatus
from app.payments import accounts, asking, callbacks, refund_sending, refunds, simulate, starting
from app.payments.channels.simulated import Gateway
from app.payments.models import Callback, Payment, Refund, RefundState
from tests import factories as make
from tests.conftest import ROOT
from tests.killing import worker
from tests.lengths import often
from tests.payments.conftest import BUYER

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits, pytest.mark.slow, pytest.mark.soak]
ORDERS, KILLS, SENT = often(100, 10), often(20, 3), often(20, 8)
EACH, THREADS, MINOR = 10, 12, 1_000


@contextmanager
def shop_of(app):
    """A shop, committed."""
    with app.app_context(), context.every_shop("test"):
        shop = make.shop()
        with context.shops([shop.id]):
            yield shop


def test_ten_callbacks_for_each_order_all_at_once_settle_each_once(app) -> None:
    with shop_of(app) as shop:
        with transaction():
            account = simulate.account_of(shop.id)
        notices = []
        for _ in range(ORDERS):
            order = make.order(shop, ("S1", 1, MINOR), status=OrderStatus.PENDING_PAYMENT)
            payment = starting.get(starting.begin(order.id, account.id, BUYER, transaction))
            notices.append(simulate.notice_of(account, Gateway(account.id).pay(payment.number)))
        wave = notices * EACH
        random.shuffle(wave)
        shop_id, account_id = shop.id, account.id
        db.session.rollback()

        def hear(notice) -> str:
            with app.app_context(), context.shops([shop_id]):
                try:
                    return callbacks.receive(account_id, notice).code
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(THREADS) as pool:
            codes = Counter(pool.map(hear, wave))

        assert codes == {"settled": ORDERS, "replayed": ORDERS * (EACH - 1)}
        assert set(db.session.scalars(select(Order.paid_minor))) == {MINOR}
        succeeded = select(func.count()).where(JournalEntry.event == "PaymentSucceeded")
        assert db.session.scalar(succeeded) == ORDERS
        assert set(db.session.scalars(select(Callback.deliveries))) == {EACH}
        assert db.session.scalar(select(func.count(Refund.id))) == 0


def _work(app, shop_id: int, fatal: int = 0) -> tuple[str, int]:
    """Does what is due of a shop; killed before its statement number `fatal`, or says how many it took."""

    def act() -> None:
        with context.shops([shop_id]):
            asking.ask_due(shop_id, transaction)
            refund_sending.send_due(shop_id, transaction)

    return worker(app, act, fatal)


def _say(process: subprocess.Popen[str], line: str) -> str:
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def _all_is_due() -> None:
    """As if the leases had run out."""
    with transaction() as session:
        session.execute(update(Payment).where(Payment.next_query_at.is_not(None)).values(next_query_at=clock.now()))
        session.execute(update(Refund).where(Refund.next_try_at.is_not(None)).values(next_try_at=clock.now()))


def _wanted(shop, account, gateway) -> tuple[Order, Refund, Payment]:
    """A paid order with a refund to send, and a payment that was made and not heard of."""
    order = make.order(shop, ("S1", 1, MINOR), status=OrderStatus.PENDING_PAYMENT)
    paid = starting.get(starting.begin(order.id, account.id, BUYER, transaction))
    _say(gateway, f"pay {paid.number}")
    asking.ask_one(paid.id, transaction)
    with transaction():
        (refund,) = refunds.ask(order.id, 300, subject="test:1", key="k")
    other = make.order(shop, ("S1", 1, MINOR), status=OrderStatus.PENDING_PAYMENT)
    unheard = starting.get(starting.begin(other.id, account.id, BUYER, transaction))
    _say(gateway, f"pay {unheard.number}")
    _all_is_due()
    return order, refund, unheard


def test_kills_between_the_channels_answer_and_the_commit_lose_and_double_nothing(app, as_a_process) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT, "env": as_a_process}
    with shop_of(app) as shop:
        with transaction():
            wish = accounts.Wish("Own truth", True, True, "http://127.0.0.1:1", {"key": "a-key"})
            account = accounts.make(shop.id, "simulator", wish)
        serve = [sys.executable, "-m", "tests.gateways.simulator", "a-key", str(account.id)]
        with subprocess.Popen(serve, **pipes) as gateway:
            try:
                address = gateway.stdout.readline().strip()
                _say(gateway, "settles_at_once")
                with transaction():
                    accounts.save(account.id, accounts.Wish("Own truth", True, True, address))
                _kill_at_any_moment(app, shop, account, gateway)
            finally:
                gateway.kill()


def _kill_at_any_moment(app, shop, account, gateway) -> None:
    _wanted(shop, account, gateway)
    how, statements = _work(app, shop.id)
    assert how == "done"
    moments = random.sample(range(2, statements), KILLS)
    for fatal in sorted(moments):
        order, refund, unheard = _wanted(shop, account, gateway)
        assert _work(app, shop.id, fatal) == ("killed", 0)
        _all_is_due()
        assert _work(app, shop.id)[0] == "done"
        db.session.expire_all()
        books = json.loads(_say(gateway, "books"))
        ours = [one for one in books["refunds"].values() if one["trade_number"] == _number_of(order)]
        assert [one["amount_minor"] for one in ours] == [300], fatal
        assert (order.paid_minor, order.refunded_minor) == (MINOR, 300), fatal
        assert (refund.state, unheard.counted) == (RefundState.SUCCEEDED, True), fatal
        assert db.session.get_one(Order, unheard.order_id).paid_minor == MINOR, fatal


def _number_of(order: Order) -> str:
    return db.session.scalars(select(Payment.number).where(Payment.order_id == order.id)).one()


def test_two_workers_at_once_send_each_refund_once(app) -> None:
    with shop_of(app) as shop:
        for _ in range(SENT):
            order = make.order(shop, ("S1", 1, MINOR), status=OrderStatus.PENDING_PAYMENT)
            simulate.pay(order.id)
            with transaction():
                refunds.ask(order.id, MINOR, subject="test:1", key="k")
        shop_id = shop.id
        db.session.rollback()

        def send(_) -> int:
            with app.app_context(), context.shops([shop_id]):
                try:
                    return refund_sending.send_due(shop_id, transaction)
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(send, range(4))) == SENT
        assert set(db.session.scalars(select(Order.refunded_minor))) == {MINOR}
        assert set(db.session.scalars(select(Refund.attempts))) == {1}
