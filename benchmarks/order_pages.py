"""Server time of the pages that a desk works with, at 1,000,000 orders: lists, filters, deep pages, board, one order.

`python -m benchmarks.order_pages [--quick] [--requests N]`. Requests go one at a time through the WSGI application, in
one process, by a signed-in person: what is measured is our code and PostgreSQL, no socket and no browser. Each kind has
several addresses, taken in turn. Goal: p95 at most 100 ms. A run fails only when something breaks, never for a figure.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

from sqlalchemy import Connection, create_engine, text

from benchmarks.database import FULL, PASSWORD, QUICK, ROOT, USER, Bench, ready
from benchmarks.measure import keep, quantiles

GOAL_MS, BUDGET_SECONDS, FEWEST = 100.0, 40.0, 20
Ask = Callable[[str], tuple[int, str]]

MARKS = (
    """update orders set tags = to_jsonb(array[(array['rush','gift','vip','call'])[1 + id % 4]])
    where id % 53 = 0 and tags = '[]'""",
    """update orders set flag = (array['red','yellow','green','blue'])[1 + id % 4]
    where id % 67 = 0 and flag is null""",
)
"""Every 53rd order has a tag, every 67th a flag; made once, without the triggers."""


def mark(bench: Bench) -> None:
    """Tags and flags on the benchmark's orders, once."""
    engine = create_engine(bench.admin_url)
    with engine.begin() as connection:
        connection.execute(text("analyze stock_level"))  # as autovacuum does after an index on expressions
        if connection.scalar(text("select exists (select from orders where tags <> '[]')")):
            return
        connection.execute(text("set local session_replication_role = replica"))
        for statement in MARKS:
            connection.execute(text(statement))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze orders"))
    engine.dispose()


def addresses(connection: Connection, orders: int) -> dict[str, list[str]]:
    """Kind of page → its addresses."""
    deep = [_place(connection, orders * tenth // 10) for tenth in range(1, 10)]
    ids = connection.scalars(text("select id from orders where id % 5003 = 0 order by id limit 199"))
    codes = connection.scalars(text("select code from sku where id % 997 = 0 order by id limit 50"))
    axes = ("order=open", "payment=paid", "payment=unpaid", "fulfilment=unfulfilled", "after_sale=open",
            "payment=refunded", "fulfilment=partly_fulfilled", "order=closed&f_payment=unpaid")  # fmt: skip
    statuses = ("pending_payment", "pending_shipment", "shipped", "delivered", "completed", "closed")
    return {
        "order list, first page": ["/orders/"],
        "its counts": ["/orders/counts"],
        "a status, as tab": [f"/orders/?tab={status}" for status in statuses],
        "a status, as filter": [f"/orders/?f_status={status}" for status in statuses],
        "an axis": [f"/orders/?f_{axis}" for axis in axes],
        "time left": [f"/orders/?f_due={due}" for due in ("overdue", "soon", "later")],
        "a tag": [f"/orders/?f_tag={tag}" for tag in ("rush", "gift", "vip", "call", "none-such")],
        "a flag": [f"/orders/?f_flag={flag}" for flag in ("red", "yellow", "green", "blue", "purple")],
        "tag and status": [f"/orders/?f_tag=rush&f_status={status}" for status in statuses],
        "a deep page": [f"/orders/?after={cursor}" for cursor in deep],
        "a deep page of a status": [f"/orders/?tab=closed&after={cursor}" for cursor in deep],
        "deadline board, first page": ["/orders/board/"],
        "one order": [f"/orders/{one}" for one in ids],
        "stock list, first page": ["/stock/"],
        "stock, low and oversold": ["/stock/?tab=low", "/stock/?tab=oversold"],
        "stock, its counts": ["/stock/counts"],
        "stock, one SKU by code": [f"/stock/?q={code}" for code in codes],
    }


def _place(connection: Connection, offset: int) -> str:
    row = connection.execute(
        text("select placed_at, id from orders order by placed_at desc, id desc offset :n limit 1"), {"n": offset}
    ).one()
    return base64.urlsafe_b64encode(json.dumps([row.placed_at.isoformat(), row.id]).encode()).decode().rstrip("=")


def signed_in() -> Ask:
    """A person's browser in front of the application of this process."""
    from app.wsgi import app

    client: Any = app.test_client()

    def ask(path: str) -> tuple[int, str]:
        with app.app_context():
            answer = client.get(path)
            return answer.status_code, answer.get_data(as_text=True)

    token = re.search(r'name="csrf-token" content="([^"]+)"', ask("/login/")[1])
    if token is None:
        raise RuntimeError("no token on the sign-in page")
    with app.app_context():
        form = {"username": USER, "password": PASSWORD, "csrf_token": token[1]}
        said = client.post("/login/", data=form, headers={"X-CSRFToken": token[1]})
    if said.status_code != 302:
        raise RuntimeError(f"sign-in failed: {said.status_code}")
    return ask


def measure(orders: int, requests: int) -> dict[str, Any]:
    """Milliseconds by kind, and the slowest address of each."""
    ask, engine = signed_in(), create_engine(os.environ["DATABASE_URL"])
    with engine.connect() as connection:
        kinds = addresses(connection, orders)
    kinds["deadline board, later pages"] = _board_pages(ask, 20)
    found: dict[str, Any] = {}
    for kind, paths in kinds.items():
        for path in paths:
            _timed(ask, path)  # once to warm up
        times = _times(ask, paths, requests)
        slowest = max(paths, key=lambda path: max(ms for which, ms in times if which == path))
        p50, p95 = quantiles([ms for _, ms in times])
        found[kind] = {"p50": p50, "p95": p95, "requests": len(times), "slowest": slowest}
        print(f"  {kind:30} p50 {p50:7.1f}  p95 {p95:7.1f} ms  {len(times):4} requests  {slowest}", file=sys.stderr)
    return found


def _times(ask: Ask, paths: list[str], requests: int) -> list[tuple[str, float]]:
    times: list[tuple[str, float]] = []
    until = time.monotonic() + BUDGET_SECONDS
    for path in cycle(paths):
        enough = len(times) >= max(FEWEST, len(paths))
        if len(times) >= max(requests, len(paths)) or (enough and time.monotonic() > until):
            return times
        times.append((path, _timed(ask, path)))
    return times


def _timed(ask: Ask, path: str) -> float:
    started = time.perf_counter()
    status, _ = ask(path)
    taken = (time.perf_counter() - started) * 1000
    if status != 200:
        raise RuntimeError(f"{path}: status {status}")
    return taken


def _board_pages(ask: Ask, count: int) -> list[str]:
    """The addresses that "next" of the board leads to, one after another."""
    found: list[str] = []
    path = "/orders/board/"
    while len(found) < count:
        following = re.search(r'href="([^"]*after=[^"]+)"', ask(path)[1])
        if following is None:
            break
        path = following[1].replace("&amp;", "&")
        path = path if path.startswith("/") else f"/orders/board/{path}"
        found.append(path)
    return found or ["/orders/board/"]


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20,000 orders and 30 requests a kind")
    parser.add_argument("--requests", type=int, help="requests of each kind (200)")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    requests = options.requests or (30 if options.quick else 200)
    if options.measure:
        print(json.dumps(measure(options.measure, requests)))
        return 0
    with ready(QUICK if options.quick else FULL) as bench:
        mark(bench)
        command = [sys.executable, "-m", "benchmarks.order_pages", "--measure", str(bench.scale.orders)]
        command += ["--requests", str(requests)]
        done = subprocess.run(command, cwd=ROOT, env=bench.environment, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.strip().splitlines()[-1])
        over = [kind for kind, figures in found.items() if figures["p95"] > GOAL_MS]
        print(f"p95 over {GOAL_MS:.0f} ms at {bench.scale.orders:,} orders: {', '.join(over) or 'none'}")
        keep(f"order-pages-{bench.scale.name}", {"orders": bench.scale.orders, "figures": found})
    return 0


if __name__ == "__main__":
    sys.exit(main())
