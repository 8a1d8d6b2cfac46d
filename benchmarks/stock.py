"""Holds placed and confirmed a second on one hot SKU by 8 clients at once, beside django-oscar and the bare UPDATE.

The limit is `UPDATE … SET reserved = reserved + 1 WHERE available >= 1` by a bare driver: it writes no hold, has no
key and confirms nothing. django-oscar allocates, then consumes (`peers/oscar`). What ours does, and what is left out,
is told in `benchmarks/stock_clients.py`. Rounds alternate on one database, in which what was sold before lies already.
At the end 8 clients want more than there is: ours must not give what is not there.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from typing import Any

from sqlalchemy import Engine, create_engine, text

from benchmarks.database import ROOT, Bench, empty
from benchmarks.measure import keep
from benchmarks.servers import HERE, PEER_PYTHON, ensure_peers
from benchmarks.stock_clients import OF_THREADS, THREADS

CLIENTS, SECONDS, QUICK_SECONDS, SCARCE = 8, 8.0, 1.5, 1_000
PLENTY = 10**9
SOLD_BEFORE = 20_000
BEFORE = (
    "insert into stock_hold (shop_id, sku_id, warehouse_id, quantity, holder, state, created_at, ended_at) "
    "select shop_id, sku_id, warehouse_id, 1, 'checkout:' || n, 'consumed', now(), now() "
    "from stock_level, generate_series(1, :n) n",
    "insert into idempotent_answer (shop_id, caller, route, key, fingerprint, status, body, created_at) "
    "select 1, 'key:1', 'POST /stock/holds', 'before-' || n, repeat('0', 64), 201, repeat('x', 150), now() "
    "from generate_series(1, :n) n",
)


def round_of(bench: Bench, kind: str, seconds: float) -> int:
    """All clients at once; how much they did together."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    clients = []
    for number in range(1, 1 + (CLIENTS // THREADS if kind in OF_THREADS else CLIENTS)):
        command = [sys.executable, "-m", "benchmarks.stock_clients", kind, str(number), str(seconds)]
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
    """One SKU with so many on hand and nothing held; what was sold before it lies there."""
    with engine.begin() as connection:
        connection.execute(
            text("truncate product, sku, stock_level, stock_hold, stock_movement, idempotent_answer cascade")
        )
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
        for statement in BEFORE:
            connection.execute(text(statement), {"n": SOLD_BEFORE})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze stock_level, stock_hold, idempotent_answer"))
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
    options = parser.parse_args()
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    found: dict[str, Any] = {"bare": [], "ours": [], "alone": [], "rules": [], "oscar": []}
    ensure_peers()
    with empty("bench_stock") as bench:
        engine = create_engine(bench.admin_url)
        for _ in range(options.rounds):
            for kind, rates in found.items():
                fill(bench, engine, kind, PLENTY)
                rates.append(round_of(bench, kind, seconds) / seconds)
        last = scarce(bench, engine)
        engine.dispose()
    limit, rate, single, rules, oscar = (statistics.median(rates) for rates in found.values())
    print(f"one hot SKU, {CLIENTS} clients, {seconds:g} s a round (medians of {options.rounds})")
    print(f"  bare UPDATE {limit:,.0f} a second")
    print(f"  placed and confirmed with key and kept answer, gathered {rate:,.0f} a second, {rate / limit:.0%} of it;")
    print(f"    each alone {single:,.0f}, {single / limit:.0%}; the rules alone, without key and answer, {rules:,.0f}")
    print(f"  django-oscar, allocated and consumed {oscar:,.0f} a second: ours is {rate / oscar:.1f}×")
    print(f"  {SCARCE:,} on hand and more wanted: {last}")
    if not last["on_hand"] == last["given"] == last["reserved"] == last["held"]:
        raise RuntimeError("what was given is not what was there")
    ratios = {"of_bare": rate / limit, "times_oscar": rate / oscar}
    keep("stock", {"clients": CLIENTS, "seconds": seconds, **ratios, **found, "scarce": last})
    return 0


if __name__ == "__main__":
    sys.exit(main())
