"""Clients of the stock benchmark, each a process that says "ready", waits for the word, and prints how much it did.

- `bare`: the conditional UPDATE alone, by the driver.
- `ours`: one process of the web with four threads. Each thread is a client that places a hold, then confirms it, by
  what the API's routes call beneath HTTP (`app/api/writing.py`): two calls, each with an idempotency key, the hold (its
  SKU found by code) or the confirmation, and the kept JSON answer; calls of one moment are gathered into a transaction.
  Left out: HTTP, and the checks of the caller's key, limit, scope and body.
- `alone`: the same, each call in a transaction of its own.
- `rules`: `holds.place` and `holds.confirm` in two transactions, one process a client; nothing claimed, no answer kept.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks.database import SHOP

THREADS = 4
OF_THREADS = ("ours", "alone")
BARE = """update stock_level set reserved = reserved + 1
    where sku_id = %s and warehouse_id = %s and on_hand - reserved - unavailable >= 1"""


def bare(number: int, seconds: float) -> int:
    """One client of the bare statement; how often it was done."""
    import psycopg

    count = 0
    with psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", "")) as connection:
        sku, warehouse = connection.execute("select sku_id, warehouse_id from stock_level").fetchone() or (0, 0)
        connection.commit()
        until = _together(seconds)
        while time.monotonic() < until:
            count += connection.execute(BARE, (sku, warehouse)).rowcount
            connection.commit()
    return count


def rules(number: int, seconds: float) -> int:
    """One client of the rules alone: place, then confirm, each in a transaction of its own."""
    from app.kit.db import transaction
    from app.stock import holds

    with _shop() as (shop, sku_id):
        until, count = _together(seconds), 0
        while time.monotonic() < until:
            holder = f"order:{number}{count:07d}"
            with transaction():
                holds.place(shop.id, {sku_id: 1}, holder, 900, holder)
            with transaction():
                holds.confirm(shop.id, holder)
            count += 1
    return count


def ours(number: int, seconds: float) -> int:
    """One process of the web, calls gathered."""
    return _web(number, seconds, partial(_by_the_api, _routes(gathered=True)))


def alone(number: int, seconds: float) -> int:
    """One process of the web, each call alone."""
    return _web(number, seconds, partial(_by_the_api, _routes(gathered=False)))


def _web(number: int, seconds: float, deed: Callable[[Any, str], bool]) -> int:
    """Threads that place, then confirm; how many they did, until the time or the stock ends."""
    ready, go = threading.Barrier(THREADS + 1), threading.Barrier(THREADS + 1)
    until: list[float] = []
    with _shop() as (shop, _), ThreadPoolExecutor(THREADS) as pool:

        def client(thread: int) -> int:
            with _of_a_key(shop):
                ready.wait()
                go.wait()
                count = 0
                while time.monotonic() < until[0] and deed(shop, f"{number}-{thread}-{count:07d}"):
                    count += 1
            return count

        counts = [pool.submit(client, thread) for thread in range(THREADS)]
        ready.wait()
        until.append(_together(seconds))
        go.wait()
        return sum(one.result() for one in counts)


def _routes(*, gathered: bool) -> dict[str, Any]:
    from app import api_routes

    return {one.name: one if gathered else replace(one, together=None) for one in api_routes()}


def _by_the_api(routes: dict[str, Any], shop: Any, holder: str) -> bool:
    """False when nothing is left."""
    from app.api import writing
    from app.api.routes import Call
    from app.kit.errors import RuleViolation
    from app.kit.idempotency import Claim

    def call(name: str, body: Any, **path: str) -> None:
        route = routes[name]
        claim = Claim(shop.id, "key:1", f"{route.method} {route.path}", holder, "0" * 64)
        writing.write(route, claim, Call(None, shop, {}, body, None, lambda scope: None), path)  # type: ignore[arg-type]

    try:
        call("place_hold", {"holder": holder, "lines": [{"sku": "HOT", "quantity": 1}]})
    except RuleViolation as refused:
        if refused.code != "insufficient_stock":
            raise
        return False
    call("confirm_hold", None, holder=holder)
    return True


@contextmanager
def _shop() -> Iterator[tuple[Any, int]]:
    """The shop, which any thread may read, and the id of its SKU, by which the rules are called."""
    from sqlalchemy import select

    from app.kit import context
    from app.kit.db import db
    from app.shops import shops
    from app.stock.models import StockLevel
    from app.wsgi import app

    with app.app_context(), context.every_shop("benchmark"):
        shop, sku_id = shops.by_code(SHOP), db.session.scalars(select(StockLevel.sku_id)).one()
        db.session.expunge(shop)
        db.session.remove()
        yield shop, sku_id


@contextmanager
def _of_a_key(shop: Any) -> Iterator[None]:
    """What a request of an API key of the shop runs within."""
    from app.kit import context
    from app.wsgi import app

    with app.app_context(), context.acting(context.Actor("key", "1")), context.shops([shop.id]):
        yield


def _together(seconds: float) -> float:
    """Say "ready", wait for the word, and give the end of the time."""
    print("ready", flush=True)
    sys.stdin.readline()
    return time.monotonic() + seconds


if __name__ == "__main__":
    kind, number, seconds = sys.argv[1:]
    kinds = {one.__name__: one for one in (bare, rules, ours, alone)}
    print(kinds[kind](int(number), float(seconds)))
