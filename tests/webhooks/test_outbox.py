"""Nothing is lost and nothing invented: committers at once, rolled back ones, workers at once, and killed ones."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.kit import clock, context, journal, queues
from app.kit.db import db, transaction
from app.order_events import OrderMoved
from app.schedule import TIMETABLE
from app.webhooks import outbox, sending
from app.webhooks.models import DeliveryState
from tests.conftest import ROOT
from tests.webhooks.conftest import deliveries, endpoint, happen, new_shop, send

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits]
COMMITTERS, EACH = 8, 25


def _set_up(app: Any, url: str, endpoints: int = 1) -> Any:
    with app.app_context():
        shop = new_shop("tea")
        for _ in range(endpoints):
            endpoint(shop, url)
        db.session.remove()
    return shop


def _commit_some(app: Any, shop: Any, number: int, kept: list[int], lock: threading.Lock) -> None:
    """Transactions of one to three events, every fifth rolled back; numbers are not in the order of the commits."""
    chance = random.Random(number)
    with app.app_context(), context.shops([shop.id]):
        for turn in range(EACH):
            ids: list[int] = []
            try:
                with transaction():
                    for _ in range(chance.randint(1, 3)):
                        entry = journal.record(OrderMoved(shop.id, number * 1000 + turn, "a", "b", "c", "d", "e"))
                        db.session.flush()
                        ids.append(entry.id)
                        time.sleep(chance.random() * 0.02)
                    if turn % 5 == 4:
                        raise _Changed
            except _Changed:
                continue
            with lock:
                kept += ids
        db.session.remove()


class _Changed(Exception):
    """Somebody has thought better of it."""


def _work(app: Any, stop: threading.Event) -> None:
    with app.app_context():
        while not stop.is_set():
            sending.work_off(1)
            time.sleep(0.02)


def test_of_many_committers_at_once_every_event_that_was_kept_is_told_and_no_other(app, receive) -> None:
    erp = receive()
    shop = _set_up(app, erp.url)
    kept: list[int] = []
    stop, lock = threading.Event(), threading.Lock()
    workers = [threading.Thread(target=_work, args=(app, stop)) for _ in range(2)]
    committers = [
        threading.Thread(target=_commit_some, args=(app, shop, number, kept, lock)) for number in range(COMMITTERS)
    ]
    for thread in workers + committers:
        thread.start()
    for thread in committers:
        thread.join()
    deadline = time.monotonic() + 20
    while len(set(erp.ids)) < len(kept) and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    for thread in workers:
        thread.join()

    assert len(kept) >= COMMITTERS * EACH * 0.8
    assert sorted(erp.ids) == sorted(f"evt_{one}" for one in kept), "each once, with two workers at it"
    with app.app_context():
        per_order: dict[int, list[int]] = {}
        for told in erp.told:
            per_order.setdefault(told["subject"]["id"], []).append(int(told["id"].removeprefix("evt_")))
        assert all(ids == sorted(ids) for ids in per_order.values()), "in order, each order by itself"
        db.session.remove()


WORKER = """
from app.wsgi import app
from app.webhooks import sending
with app.app_context():
    print(sending.work_off(5), flush=True)
"""


def test_a_worker_that_is_killed_while_it_sends_loses_nothing(app, as_a_process, receive) -> None:
    erp = receive()
    erp.slow = 30
    shop = _set_up(app, erp.url)
    with app.app_context():
        wanted = {f"evt_{happen(shop, order)}" for order in range(10)}
        db.session.remove()
    environment = {**as_a_process, "KUAIDAN_WEBHOOK_HOSTS": "127.0.0.1"}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while len(erp.got) < outbox.AT_ONCE and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    erp.slow = 0
    taken = set(erp.ids)
    assert len(taken) == outbox.AT_ONCE

    with app.app_context():
        assert send() == 0, "it may still be at it"
        with clock.frozen(clock.now() + outbox.LEASE + timedelta(seconds=1)):
            assert send() == 10
        assert set(erp.ids) == wanted
        assert {row.state for row in deliveries()} == {DeliveryState.DELIVERED}
        db.session.remove()
    again = [one for one in erp.ids if erp.ids.count(one) == 2]
    assert set(again) == taken, "those that were under way come a second time, under the same id"


def test_the_ticker_wakes_one_worker_however_much_is_due(app, receive) -> None:
    shop = _set_up(app, receive().url, endpoints=3)
    with app.app_context():
        queue = queues.queue(queues.OUTGOING)
        assert outbox.want() is False, "nothing is due"
        for order in range(50):
            happen(shop, order)
        with context.every_shop("test"):
            for _ in range(5):
                assert outbox.want() is True
        assert 1 <= len(queue) <= 2, "two when the half minute has just turned"
        assert {job.func_name for job in queue.jobs} == {"app.worker.deliver_webhooks"}
        assert len(queues.queue(queues.SHORT)) == len(queues.queue(queues.LONG)) == 0
        assert {"send_webhooks", "prune_webhooks"} <= {entry.name for entry in TIMETABLE}
        db.session.remove()


def test_old_deliveries_are_forgotten_and_waiting_ones_are_not(app, receive) -> None:
    shop = _set_up(app, receive().url)
    with app.app_context():
        for order in range(3):
            happen(shop, order)
        send()
        with context.every_shop("test"), transaction():
            db.session.execute(
                text("update webhook_delivery set state = 'waiting' where id = (select min(id) from webhook_delivery)")
            )
        for days, left in ((29, 3), (31, 1)):
            with clock.frozen(clock.now() + timedelta(days=days)), context.every_shop("test"), transaction():
                outbox.prune()
            assert len(deliveries()) == left
        db.session.remove()


def test_events_written_by_one_statement_for_thousands_of_orders_are_told_too(app, receive) -> None:
    shop = _set_up(app, receive().url, endpoints=2)
    with app.app_context(), context.every_shop("test"), transaction() as session:
        session.execute(text(_THOUSANDS), {"shop": shop.id})
    with app.app_context():
        count = db.session.scalar(text("select count(*) from webhook_delivery where state = 'waiting'"))
        assert count == 2 * 3000
        db.session.remove()


_THOUSANDS = """
insert into journal_entry (shop_id, at, event, subject_type, subject_id, actor, request_id, facts)
select :shop, now(), 'OrderMoved', 'order', n, 'staff:1', '-', '{}' from generate_series(1, 3000) n"""
