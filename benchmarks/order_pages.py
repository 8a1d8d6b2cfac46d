"""Server time of the pages that a desk works with, at 1,000,000 orders: every list under every tab, filter and sort
order, near and deep; searches, the deadline board, one order.

`python -m benchmarks.order_pages [--quick] [--requests N] [--only WORDS]`. Requests go one at a time through the WSGI
application, in one process, by a signed-in person: what is measured is our code and PostgreSQL, no socket and no
browser. Each kind has several addresses, taken in turn. Goal: p95 at most 100 ms on an idle machine; on a busy one read
the processor's time, which is beside it. A run fails only when something breaks, never for a figure.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, text

from benchmarks import list_sweep
from benchmarks.database import FULL, PASSWORD, QUICK, ROOT, USER, ready
from benchmarks.measure import keep, quantiles
from benchmarks.request_cost import Cost, Meter

GOAL_MS, BUDGET_SECONDS = 100.0, 20.0
Ask = Callable[[str], tuple[int, str]]


def searches(connection: Connection) -> dict[str, list[str]]:
    """Kind of search → its addresses; words as people type or paste them."""

    def some(column: str, table: str, step: int) -> list[str]:
        query = f"select {column} from {table} where id % {step} = 0 and {column} <> '' order by id limit 40"
        return [quote(value) for value in connection.scalars(text(query))]

    phones, receivers, codes = (
        some("phone", "orders", 4999), some("receiver", "orders", 4999), some("code", "sku", 997)
    )  # fmt: skip
    buyers, numbers = some("name", "customer", 997), some("number", "orders", 4999)
    words = {
        "a receiver's phone": phones,
        "the end of a phone": [phone[-4:] for phone in phones],
        "a buyer's phone": some("phone", "customer", 997),
        "a receiver's name": receivers,
        "a buyer's name": buyers,
        "an order number": numbers,
        "digits of a number": [number[-5:] for number in numbers],
        "a SKU code": codes,
        "nothing there": ["zzzz", "19999999999", "SO99999999", "无此人也"],
        "one or two characters": ["王", "王伟", "1", "13", "SO"],
    }
    found = {f"order search: {kind}": [f"/orders/?q={word}" for word in typed] for kind, typed in words.items()}
    found["order search: counts"] = [f"/orders/counts?q={typed[n]}" for typed in words.values() for n in range(4)]
    cases, parcels = some("number", "after_sale_case", 97), some("tracking_no", "parcel", 97)
    payments = some("number", "payment", 97)
    found["after-sale: search"] = [f"/after-sale/?q={word}&tab=all" for word in cases + numbers[:20] + parcels[:20]]
    found["payments: search"] = [f"/payments/?q={word}" for word in payments + numbers[:20]]
    found["parcels: search"] = [f"/parcels/?q={word}" for word in parcels + numbers[:20]]
    found["stock: search"] = [f"/stock/?q={word}" for word in codes]
    found["customers: search"] = [f"/customers/?q={word}" for word in buyers + phones[:20]]
    mixed = [word for typed in (phones, receivers, codes, numbers) for word in typed[:10]]
    found["the search box"] = [f"/search/?q={word}" for word in mixed]
    return found


def addresses(connection: Connection) -> dict[str, list[str]]:
    """Kind of page → its addresses, of those that are no lists."""
    ids = connection.scalars(text("select id from orders where id % 5003 = 0 order by id limit 199"))
    cases = connection.scalars(text("select id from after_sale_case where id % 503 = 0 order by id limit 199"))
    statuses = ("pending_payment", "pending_shipment", "shipped", "delivered", "completed", "closed")
    return {
        "deadline board, first page": ["/orders/board/"],
        "one order": [f"/orders/{one}" for one in ids],
        "one case": [f"/after-sale/{one}" for one in cases],
        "orders: tag and status": [f"/orders/?f_tag=rush&f_status={status}" for status in statuses],
        "orders: flag and time left": [f"/orders/?f_flag=red&f_due={due}" for due in ("overdue", "soon", "later")],
        "home": ["/"],
        **searches(connection),
    }


def signed_in(app: Any) -> Ask:
    """A person's browser in front of the application of this process."""
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


def measure(requests: int, only: str) -> dict[str, Any]:
    """Figures by kind: p50 and p95 on the clock and of processor time, and the address that costs most."""
    from app.wsgi import app

    ask, engine = signed_in(app), create_engine(os.environ["DATABASE_URL"])
    meter = Meter(os.environ["DATABASE_URL"])
    with engine.connect() as connection:
        kinds = list_sweep.kinds(app) | addresses(connection)
    kinds["deadline board, later pages"] = _board_pages(ask, 20)
    engine.dispose()
    meter.look()
    print(f"  {'':44} {'on the clock':>17} {'processor':>17}", file=sys.stderr)
    return {kind: _figures(kind, ask, meter, paths, requests) for kind, paths in kinds.items() if re.search(only, kind)}


def _figures(kind: str, ask: Ask, meter: Meter, paths: list[str], requests: int) -> dict[str, Any]:
    for path in paths:
        _asked(ask, path)  # once to warm up
    costs = _costs(ask, meter, paths, requests)
    dearest = max(paths, key=lambda path: statistics.median(one.processor for which, one in costs if which == path))
    found: dict[str, Any] = {"requests": len(costs), "dearest": dearest}
    for name in ("clock", "processor", "postgres"):
        found[f"{name}_p50"], found[f"{name}_p95"] = quantiles([getattr(one, name) for _, one in costs])
    told = " ".join(f"{found[f'{name}_{q}']:8.1f}" for name in ("clock", "processor") for q in ("p50", "p95"))
    mark = "!" if found["processor_p95"] > GOAL_MS else " "
    print(f"{mark} {kind:44} {told}  {len(costs):4}  {dearest}", file=sys.stderr, flush=True)
    return found


def _costs(ask: Ask, meter: Meter, paths: list[str], requests: int) -> list[tuple[str, Cost]]:
    costs: list[tuple[str, Cost]] = []
    until = time.monotonic() + BUDGET_SECONDS
    for path in cycle(paths):
        if len(costs) >= max(requests, len(paths)) or (len(costs) >= len(paths) and time.monotonic() > until):
            return costs
        costs.append((path, meter.of(partial(_asked, ask, path))))
    return costs


def _asked(ask: Ask, path: str) -> None:
    status, _ = ask(path)
    if status != 200:
        raise RuntimeError(f"{path}: status {status}")


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
    parser.add_argument("--only", default="", help="kinds whose name has this in it, as a regular expression")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    requests = options.requests or (30 if options.quick else 200)
    if options.measure:
        print(json.dumps(measure(requests, options.only)))
        return 0
    with ready(QUICK if options.quick else FULL) as bench:
        command = [sys.executable, "-m", "benchmarks.order_pages", "--measure", "--only", options.only]
        command += ["--requests", str(requests)]
        started = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=bench.environment, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.strip().splitlines()[-1])
        for name in ("clock", "processor"):
            over = [kind for kind, figures in found.items() if figures[f"{name}_p95"] > GOAL_MS]
            print(f"p95 ({name}) over {GOAL_MS:.0f} ms at {bench.scale.orders:,} orders: {', '.join(over) or 'none'}")
        seconds = round(time.monotonic() - started)
        keep(f"order-pages-{bench.scale.name}", {"orders": bench.scale.orders, "seconds": seconds, "figures": found})
    return 0


if __name__ == "__main__":
    sys.exit(main())
