"""Callbacks settled a second, end to end over HTTP requests, and the time for a queue of 10,000 refunds.

Each callback is another order's, signed by the simulator's gateway, and goes through the whole application: signature,
inbox, locks, order. Clients are threads of one process with a connection each. Refunds are sent by the job's own code
to the simulator, whose truth is a table written by connections of its own.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.database import SHOP, empty
from benchmarks.measure import keep

CLIENTS, CALLBACKS, QUICK_CALLBACKS, REFUNDS, QUICK_REFUNDS = 8, 2_000, 300, 10_000, 500
MAKE_ORDERS = """insert into orders (shop_id, number, kind, status, placed_at, currency, total_minor, items_minor,
        version, created_at, updated_at)
    select :shop_id, :prefix || n, 'sale', 'pending_payment', now(), 'CNY', 1000, 1000, 1, now(), now()
    from generate_series(1, :n) n"""
MAKE_PAYMENTS = """insert into payment (shop_id, number, order_id, account_id, channel, scene, state, amount_minor,
        currency, expires_at, version, created_at, updated_at)
    select shop_id, 'P' || lpad(id::text, 20, '0'), id, :account_id, 'simulator', 'qr', 'pending', 1000, 'CNY',
        now() + interval '1 day', 1, now(), now() from orders where number like :like"""
MAKE_TRADES = """insert into simulated_record (shop_id, account_id, kind, number, channel_no, state, amount_minor,
        currency, made_at, done_at)
    select shop_id, account_id, 'trade', number, 'SIM' || number, 'paid', 1000, 'CNY', now(), now() from payment
    where number in (select 'P' || lpad(id::text, 20, '0') from orders where number like :like)"""
SETTLE = """update payment set state = 'succeeded', counted = true, paid_at = now() where order_id in
    (select id from orders where number like :like)"""
PAID = """update orders set paid_minor = 1000, payment_state = 'paid', status = 'pending_shipment', paid_at = now()
    where number like :like"""


def _prepare(session: Any, shop_id: int, account_id: int, prefix: str, number: int) -> None:
    """So many orders, each with a payment that the simulator knows as paid."""
    from sqlalchemy import text

    like = f"{prefix}%"
    session.execute(text(MAKE_ORDERS), {"shop_id": shop_id, "prefix": prefix, "n": number})
    session.execute(text(MAKE_PAYMENTS), {"account_id": account_id, "like": like})
    session.execute(text(MAKE_TRADES), {"like": like})


def callbacks_a_second(number: int) -> dict[str, float]:
    """All callbacks by `CLIENTS` threads; how many a second, and that each order was paid once."""
    from sqlalchemy import func, select

    from app.kit import context
    from app.kit.db import db, transaction
    from app.orders.models import Order
    from app.payments import simulate
    from app.payments.models import Payment
    from app.shops import shops
    from app.wsgi import app

    with app.app_context(), context.every_shop("benchmark"):
        with transaction() as session:
            shop_id = shops.by_code(SHOP).id
            account = simulate.account_of(shop_id)
            _prepare(session, shop_id, account.id, "C", number)
        address = f"/pay/callback/{account.callback_token}"
        numbers = list(db.session.scalars(select(Payment.number)))
        facts = {"trade_number": "", "state": "paid", "kind": "trade", "amount_minor": 1000, "currency": "CNY"}
        made = [simulate.notice_of(account, {**facts, "number": one, "channel_no": f"SIM{one}"}) for one in numbers]
        db.session.rollback()

    def post(notice: Any) -> int:
        return app.test_client().post(address, data=notice.body, headers=notice.headers).status_code

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = set(pool.map(post, made))
    seconds = time.perf_counter() - began
    with app.app_context(), context.every_shop("benchmark"):
        paid = db.session.scalar(select(func.count()).where(Order.number.like("C%"), Order.paid_minor == 1000))
    if answers != {200} or paid != number:
        raise RuntimeError(f"answers {answers}, {paid} of {number} orders paid")
    return {"callbacks": number, "seconds": seconds, "a_second": number / seconds}


def refund_queue(number: int) -> dict[str, float]:
    """The queue of one shop from asked to paid back, by one worker; and that the orders say so."""
    from sqlalchemy import func, select, text

    from app.kit import context
    from app.kit.db import db, transaction
    from app.orders.models import Order
    from app.payments import refund_sending, refunds, simulate
    from app.shops import shops
    from app.wsgi import app

    with app.app_context(), context.every_shop("benchmark"):
        with transaction() as session:
            shop_id = shops.by_code(SHOP).id
            _prepare(session, shop_id, simulate.account_of(shop_id).id, "R", number)
            for statement in (SETTLE, PAID):
                session.execute(text(statement), {"like": "R%"})
        ids = list(db.session.scalars(select(Order.id).where(Order.number.like("R%"))))
        began = time.perf_counter()
        for start in range(0, len(ids), 100):
            with transaction():
                for order_id in ids[start : start + 100]:
                    refunds.ask(order_id, 1000, subject="benchmark:1", key="k")
            db.session.expunge_all()
        asked = time.perf_counter() - began
        began = time.perf_counter()
        calls = refund_sending.send_due(shop_id, transaction)
        sent = time.perf_counter() - began
        back = db.session.scalar(select(func.count()).where(Order.number.like("R%"), Order.refunded_minor == 1000))
    if calls != number or back != number:
        raise RuntimeError(f"{calls} calls, {back} of {number} orders paid back")
    return {"refunds": number, "asked_seconds": asked, "sent_seconds": sent, "a_second": number / sent}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="300 callbacks and 500 refunds")
    options = parser.parse_args()
    with empty("bench_payments") as bench:
        import os

        os.environ.update(bench.environment)
        heard = callbacks_a_second(QUICK_CALLBACKS if options.quick else CALLBACKS)
        queue = refund_queue(QUICK_REFUNDS if options.quick else REFUNDS)
    print(f"callbacks: {heard['a_second']:,.0f} settled a second ({CLIENTS} clients, {heard['callbacks']:,} orders)")
    print(f"refunds: {queue['refunds']:,} asked in {queue['asked_seconds']:.1f} s")
    print(f"  paid back in {queue['sent_seconds']:.1f} s, {queue['a_second']:,.0f} a second by one worker")
    keep("payments", {"clients": CLIENTS, "callbacks": heard, "refunds": queue})
    return 0


if __name__ == "__main__":
    sys.exit(main())
