"""Callbacks settled a second over HTTP, the time for a queue of 10,000 refunds, and PostgreSQL's own limit beside both.

Each callback is another order's, signed by the simulator's gateway, and goes through the whole application as it is
served: two processes, signature, inbox, locks, order. Clients are threads with a connection each. Refunds are sent by
the job's own code to the simulator, whose truth is a table written by connections of its own. Ctrl-C ends a part
early and still says what was reached.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from benchmarks import money_limits
from benchmarks.database import SHOP, Bench, empty
from benchmarks.measure import keep
from benchmarks.servers import running

CLIENTS, CALLBACKS, QUICK_CALLBACKS, REFUNDS, QUICK_REFUNDS = 8, 4_000, 400, 10_000, 500
LIMIT, QUICK_LIMIT, BLOCK = 2_000, 300, 1_000
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


def _notices(session: Any, shop_id: int, number: int) -> tuple[str, list[Any]]:
    """The address and so many signed callbacks, each about another order that nobody has heard to be paid."""
    from sqlalchemy import select

    from app.orders.models import Order
    from app.payments import simulate
    from app.payments.models import Payment

    account = simulate.account_of(shop_id)
    _prepare(session, shop_id, account.id, "C", number)
    ours = select(Payment.number).join(Order, Order.id == Payment.order_id).where(Order.number.like("C%"))
    facts = {"trade_number": "", "state": "paid", "kind": "trade", "amount_minor": 1000, "currency": "CNY"}
    told = [
        simulate.notice_of(account, {**facts, "number": one, "channel_no": f"SIM{one}"})
        for one in session.scalars(ours.order_by(Payment.id))
    ]
    return f"/pay/callback/{account.callback_token}", told


def _posted(port: int, address: str, notices: list[Any], stop: Event) -> int:
    """One client: how many of its callbacks were taken, over one connection."""
    connection, taken = http.client.HTTPConnection("127.0.0.1", port, timeout=60), 0
    for one in notices:
        if stop.is_set():
            break
        connection.request("POST", address, one.body, one.headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"a callback was answered with {answer.status}")
        taken += 1
    connection.close()
    return taken


def callbacks_a_second(bench: Bench, number: int) -> dict[str, Any]:
    """All callbacks by `CLIENTS` connections; how many a second, and that each order was paid once."""
    from sqlalchemy import func, select

    from app.kit.db import db, transaction
    from app.orders.models import Order
    from app.shops import shops

    with transaction() as session:
        address, made = _notices(session, shops.by_code(SHOP).id, number)
    stop = Event()
    with running(bench, ("kuaidan",)) as ports, ThreadPoolExecutor(CLIENTS) as pool:
        _posted(ports["kuaidan"], address, made[:1] * 20, stop)  # both processes have answered; it is settled once
        began = time.perf_counter()
        shares = [pool.submit(_posted, ports["kuaidan"], address, made[at::CLIENTS], stop) for at in range(CLIENTS)]
        try:
            taken = sum(share.result() for share in shares)
        except KeyboardInterrupt:
            stop.set()
            taken = sum(share.result() for share in shares)
        seconds = time.perf_counter() - began
    paid = db.session.scalar(select(func.count()).where(Order.number.like("C%"), Order.paid_minor == 1000))
    if not stop.is_set() and paid != number:
        raise RuntimeError(f"{paid} of {number} orders paid")
    return {"callbacks": taken, "seconds": seconds, "a_second": taken / seconds, "stopped": stop.is_set()}


def _ask(ids: list[int]) -> float:
    """Ask for all money of these orders; seconds. Stopped early, what was asked is sent all the same."""
    from app.kit.db import transaction
    from app.payments import refunds

    began = time.perf_counter()
    try:
        for start in range(0, len(ids), 100):
            with transaction():
                for order_id in ids[start : start + 100]:
                    refunds.ask(order_id, 1000, subject="benchmark:1", key="k")
    except KeyboardInterrupt:
        print("  stopped asking; what was asked is sent now", flush=True)
    return time.perf_counter() - began


def _send(shop_id: int) -> dict[str, Any]:
    """Send all that is due, and say the rate of each thousand."""
    from app.kit.db import transaction
    from app.payments import refund_sending

    calls, stopped, began, cpu = 0, False, time.perf_counter(), time.process_time()
    try:
        while made := refund_sending.send_due(shop_id, transaction, most=BLOCK):
            calls += made
            print(f"  {calls:,} refunds after {time.perf_counter() - began:.1f} s", flush=True)
    except KeyboardInterrupt:
        stopped = True
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    figures = {"sent": calls, "sent_seconds": seconds, "a_second": calls / seconds, "stopped": stopped}
    return {**figures, "processor_ms_each": 1000 * cpu / max(calls, 1)}


def refund_queue(number: int) -> dict[str, Any]:
    """The queue of one shop from asked to paid back, by one worker; and that the orders say so."""
    from sqlalchemy import func, select, text

    from app.kit.db import db, transaction
    from app.orders.models import Order
    from app.payments import simulate
    from app.payments.models import Refund
    from app.shops import shops

    with transaction() as session:
        shop_id = shops.by_code(SHOP).id
        _prepare(session, shop_id, simulate.account_of(shop_id).id, "R", number)
        for statement in (SETTLE, PAID):
            session.execute(text(statement), {"like": "R%"})
    ids = list(db.session.scalars(select(Order.id).where(Order.number.like("R%"))))
    asked = _ask(ids)
    number = int(db.session.scalar(select(func.count(Refund.id)).where(Refund.order_id.in_(ids))) or 0)
    sent = _send(shop_id)
    back = db.session.scalar(select(func.count()).where(Order.number.like("R%"), Order.refunded_minor == 1000))
    if not sent["stopped"] and (sent["sent"], back) != (number, number):
        raise RuntimeError(f"{sent['sent']} calls, {back} of {number} orders paid back")
    return {"refunds": number, "asked_seconds": asked, **sent}


def limits(bench: Bench, number: int) -> dict[str, float]:
    """What bare clients reach on the same database."""
    from sqlalchemy import text

    from app.kit.db import transaction
    from app.payments import simulate
    from app.shops import shops

    with transaction() as session:
        shop_id = shops.by_code(SHOP).id
        account_id = simulate.account_of(shop_id).id
        for prefix in ("L", "M"):
            _prepare(session, shop_id, account_id, prefix, number)
        for statement in (SETTLE, PAID, money_limits.MAKE_REFUNDS):
            session.execute(text(statement), {"like": "M%"})
    settled = money_limits.settlements_a_second(bench.url, "L%", CLIENTS)
    return {"settlements_a_second": settled, "refunds_a_second": money_limits.refunds_a_second(bench.url, "M%")}


def _run(bench: Bench, *, quick: bool) -> dict[str, Any]:
    from app.kit import context
    from app.wsgi import app

    with app.app_context(), context.every_shop("benchmark"):
        bare = limits(bench, QUICK_LIMIT if quick else LIMIT)
        heard = callbacks_a_second(bench, QUICK_CALLBACKS if quick else CALLBACKS)
        queue = refund_queue(QUICK_REFUNDS if quick else REFUNDS)
    return {"clients": CLIENTS, "callbacks": heard, "refunds": queue, "limits": bare}


def report(found: dict[str, Any]) -> None:
    """Print the figures with their share of PostgreSQL's own."""
    heard, queue, bare = found["callbacks"], found["refunds"], found["limits"]
    settled, given_back = bare["settlements_a_second"], bare["refunds_a_second"]
    print(f"callbacks: {heard['a_second']:,.0f} settled a second ({CLIENTS} clients, {heard['callbacks']:,} orders)")
    print(f"  bare clients write {settled:,.0f} settlements a second: {heard['a_second'] / settled:.0%} of it")
    print(f"refunds: {queue['refunds']:,} asked in {queue['asked_seconds']:.1f} s")
    print(f"  {queue['sent']:,} paid back in {queue['sent_seconds']:.1f} s, {queue['a_second']:,.0f} a second by one "
          f"worker, {queue['processor_ms_each']:.1f} ms of its processor each")  # fmt: skip
    print(f"  one bare client writes {given_back:,.0f} refunds a second: {queue['a_second'] / given_back:.0%} of it")
    if heard["stopped"] or queue["stopped"]:
        print("  stopped early: figures of what was done until then")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="400 callbacks and 500 refunds")
    options = parser.parse_args()
    with empty("bench_payments") as bench:
        os.environ.update(bench.environment)
        found = _run(bench, quick=options.quick)
    report(found)
    keep("payments", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
