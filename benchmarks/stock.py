"""Holds placed and confirmed a second on one hot SKU by 8 parallel clients, beside django-oscar and the bare UPDATE.

The limit is `UPDATE … SET reserved = reserved + 1 WHERE available >= 1` by a bare driver: it writes no hold, has no key
and confirms nothing. django-oscar allocates, then consumes (`peers/oscar`). Ours is two transactions, too: a checkout
that holds, and the payment that confirms. Rounds alternate on one database. At the end 8 clients of each want more than
there is: ours must not give what is not there.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from typing import Any

from sqlalchemy import Engine, create_engine, text

from benchmarks.database import ROOT, SHOP, Bench, empty
from benchmarks.measure import keep
from benchmarks.servers import HERE, PEER_PYTHON, ensure_peers

CLIENTS, SECONDS, QUICK_SECONDS, SCARCE = 8, 8.0, 1.5, 1_000
PLENTY = 10**9
BARE = """update stock_level set reserved = reserved + 1
    where sku_id = %s and warehouse_id = %s and on_hand - reserved - unavailable >= 1"""


def bare(number: int, seconds: float) -> int:
    """One client of the bare statement; how often it was done."""
    import os

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


def ours(number: int, seconds: float) -> int:
    """One client of ours: place, then confirm, each in a transaction of its own; how many, until refused."""
    from sqlalchemy import select

    from app.kit import context
    from app.kit.db import db, transaction
    from app.kit.errors import DomainError
    from app.shops import shops
    from app.stock import holds
    from app.stock.models import StockLevel
    from app.wsgi import app

    count = 0
    with app.app_context(), context.every_shop("benchmark"):
        shop_id = shops.by_code(SHOP).id
        sku_id = db.session.scalars(select(StockLevel.sku_id)).one()
        db.session.rollback()
        until = _together(seconds)
        try:
            while time.monotonic() < until:
                holder = f"order:{number}{count:07d}"
                with transaction():
                    holds.place(shop_id, {sku_id: 1}, holder, 900, holder)
                with transaction():
                    holds.confirm(shop_id, holder)
                count += 1
        except DomainError as refused:
            if refused.code != "insufficient_stock":
                raise
    return count


def _together(seconds: float) -> float:
    """Say "ready", wait for the word, and give the end of the time."""
    print("ready", flush=True)
    sys.stdin.readline()
    return time.monotonic() + seconds


def round_of(bench: Bench, kind: str, seconds: float) -> int:
    """All clients at once; how much they did together."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    clients = []
    for number in range(1, CLIENTS + 1):
        command = [sys.executable, "-m", "benchmarks.stock", "--seconds", str(seconds), "--client", kind, str(number)]
        if kind == "oscar":
            command = [*OSCAR, "client", str(seconds)]
        clients.append(subprocess.Popen(command, **_place_of(bench, kind), **pipes))  # type: ignore[call-overload]
    for client in clients:
        client.stdout.readline()
    for client in clients:
        client.stdin.write("go\n")
        client.stdin.flush()
    return sum(int(client.communicate()[0].split()[-1]) for client in clients)


OSCAR = [str(PEER_PYTHON), "-m", "peers.oscar.app"]


def _place_of(bench: Bench, kind: str) -> dict[str, Any]:
    if kind != "oscar":
        return {"cwd": ROOT, "env": bench.environment}
    return {"cwd": HERE, "env": {**bench.environment, "PYTHONPATH": str(HERE)}}


def fill(bench: Bench, engine: Engine, kind: str, on_hand: int) -> None:
    """So many units on hand and none held, in whichever tables."""
    if kind == "oscar":
        subprocess.run([*OSCAR, "prepare", str(on_hand)], check=True, **_place_of(bench, kind))
    else:
        reset(engine, on_hand)


def reset(engine: Engine, on_hand: int) -> None:
    """One SKU with so many on hand and nothing held."""
    with engine.begin() as connection:
        connection.execute(text("truncate product, sku, stock_level, stock_hold, stock_movement cascade"))
        product = connection.scalar(
            text(
                "insert into product (shop_id, code, title, status, version, created_at, updated_at) "
                "values (1, 'HOT', 'Hot', 'on_sale', 1, now(), now()) returning id"
            )
        )
        connection.execute(
            text(
                "insert into sku (shop_id, product_id, code, options, price_minor, stock_on_hand, version, created_at, "
                "updated_at) values (1, :p, 'HOT', '{}', 100, :n, 1, now(), now())"
            ),
            {"p": product, "n": on_hand},
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze stock_level, stock_hold"))
        connection.execute(text("checkpoint"))


def scarce(bench: Bench, engine: Engine) -> dict[str, int]:
    """More wanted than there is; what was given, and what the tables say."""
    fill(bench, engine, "oscar", SCARCE)
    by_oscar = round_of(bench, "oscar", 600)
    fill(bench, engine, "ours", SCARCE)
    given = round_of(bench, "ours", 600)
    with engine.connect() as connection:
        reserved = connection.scalar(text("select reserved from stock_level"))
        held = connection.scalar(text("select sum(quantity) from stock_hold where state = 'confirmed'"))
    return {"on_hand": SCARCE, "given": given, "reserved": int(reserved), "held": int(held), "given_by_oscar": by_oscar}


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="1.5 seconds a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    if options.client:
        print({"bare": bare, "ours": ours}[options.client[0]](int(options.client[1]), seconds))
        return 0
    found: dict[str, Any] = {"bare": [], "ours": [], "oscar": []}
    ensure_peers()
    with empty("bench_stock") as bench:
        engine = create_engine(bench.admin_url)
        for _ in range(options.rounds):
            for kind, rates in found.items():
                fill(bench, engine, kind, PLENTY)
                rates.append(round_of(bench, kind, seconds) / seconds)
        last = scarce(bench, engine)
        engine.dispose()
    limit, rate, oscar = (statistics.median(found[kind]) for kind in ("bare", "ours", "oscar"))
    print(f"one hot SKU, {CLIENTS} clients, {seconds:g} s a round (medians of {options.rounds})")
    print(f"  bare UPDATE {limit:,.0f} a second; placed and confirmed {rate:,.0f} a second: {rate / limit:.0%} of it")
    print(f"  django-oscar, allocated and consumed {oscar:,.0f} a second: ours is {rate / oscar:.1f}×")
    print(f"  {SCARCE:,} on hand and more wanted: {last}")
    if not last["on_hand"] == last["given"] == last["reserved"] == last["held"]:
        raise RuntimeError("what was given is not what was there")
    ratios = {"of_bare": rate / limit, "times_oscar": rate / oscar}
    keep("stock", {"clients": CLIENTS, "seconds": seconds, **ratios, **found, "scarce": last})
    return 0


if __name__ == "__main__":
    sys.exit(main())
