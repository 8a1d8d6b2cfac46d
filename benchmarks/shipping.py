"""A tracking file of 10,000 parcels, from the upload's check to the last row's result, and what the tables say after.

The orders are paid and hold their stock: half have one line, half two; a hundredth of the rows cannot go.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from benchmarks.database import ROOT, SHOP, STATE, Bench, empty
from benchmarks.measure import keep

PARCELS, QUICK_PARCELS, SKUS = 10_000, 1_000, 500
BAD_EVERY = 100
FILL = """
insert into product (shop_id, code, title, status, version, created_at, updated_at)
    values (1, 'P', 'P', 'on_sale', 1, now(), now());
insert into sku (shop_id, product_id, code, options, price_minor, stock_on_hand, version, created_at, updated_at)
    select 1, 1, 'S' || n, '{}', 1000, 100000, 1, now(), now() from generate_series(1, :skus) n;
insert into orders (shop_id, number, kind, status, placed_at, currency, units, items_minor, total_minor, paid_minor,
        paid_at, due_at, promise_hours, address, receiver, version, created_at, updated_at, order_state, payment_state,
        fulfilment_state)
    select 1, 'B' || n, 'sale', 'pending_shipment', now() - interval '1 hour', 'CNY', 1 + n % 2, 1000, 1000, 1000,
        now() - interval '1 hour', now() + interval '1 day', 48, 'Road ' || n, 'Buyer', 1, now(), now(), 'open', 'paid',
        'unfulfilled' from generate_series(1, :parcels) n;
insert into order_line (shop_id, order_id, position, kind, sku_id, code, title, quantity, unit_price_micros,
        amount_minor)
    select 1, o.id, p, 'product', k.id, k.code, 'Thing', 1, 10000000, 1000
    from orders o cross join generate_series(1, 2) p join sku k on k.id = 1 + (o.id * 7 + p * 13) % :skus
    where p <= 1 + o.id % 2;
insert into stock_hold (shop_id, sku_id, warehouse_id, quantity, holder, state, position, created_at)
    select 1, l.sku_id, w.id, 1, 'order:' || l.order_id, 'confirmed', 0, now() from order_line l, warehouse w
    where w.shop_id = 1 and w.is_default;
update stock_level v set reserved = h.units from (select sku_id, count(*) as units from stock_hold group by 1) h
    where h.sku_id = v.sku_id;
"""
PROOF = """
select (select count(*) from parcel) as parcels,
       (select count(*) from orders where status = 'shipped') as shipped,
       (select sum(quantity) from parcel_line) as units,
       (select -sum(on_hand_delta) from stock_movement where kind = 'shipped') as ledger,
       (select sum(quantity) from stock_hold where state = 'consumed') as consumed,
       (select sum(reserved) from stock_level) as reserved,
       (select count(*) from journal_entry where event = 'ParcelSent') as told,
       (select count(*) from batch_row where outcome = 'done') as done,
       (select count(*) from batch_row where outcome = 'refused') as refused
"""


def fill(engine: Engine, parcels: int, path: Path) -> None:
    """Orders with their holds, and the file that ships them; every hundredth row names no carrier that there is."""
    with engine.begin() as connection:
        for statement in FILL.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {"skus": SKUS, "parcels": parcels})
        connection.execute(text("analyze"))
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["订单号", "快递公司", "运单号"])
        for n in range(1, parcels + 1):
            out.writerow([f"B{n}", "飞毛腿" if n % BAD_EVERY == 0 else "中通", f"75{n:013d}"])


def told(bench: Bench, path: Path, *more: str) -> tuple[float, dict[str, Any]]:
    """Seconds of one `flask import tracking`, process start included, and its JSON."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "flask", "import", "tracking", str(path), "--shop", SHOP, "--json", *more]
    done = subprocess.run(command, cwd=ROOT, env=bench.environment, capture_output=True, text=True, check=True)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"  its own processor time: {after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime:.1f} s")
    return seconds, json.loads(done.stdout)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="1,000 parcels")
    parcels = QUICK_PARCELS if parser.parse_args().quick else PARCELS
    path = STATE / "tracking.csv"
    with empty("bench_shipping") as bench:
        engine = create_engine(bench.admin_url)
        fill(engine, parcels, path)
        check_seconds, _ = told(bench, path, "--dry-run")
        seconds, result = told(bench, path)
        again_seconds, again = told(bench, path)
        with engine.connect() as connection:
            proof = dict(connection.execute(text(PROOF)).mappings().one())
        engine.dispose()
    path.unlink()
    proof = {key: int(value or 0) for key, value in proof.items()}
    counts = {key: result[key] for key in ("shipped", "unchanged", "refused")}
    print(f"{parcels:,} parcels: dry run {check_seconds:.1f} s, shipped with a result a row {seconds:.1f} s, "
          f"the same file again {again_seconds:.1f} s")  # fmt: skip
    print(f"  {counts}; again {again['shipped']} shipped, {again['unchanged']} unchanged; tables: {proof}")
    good = parcels - parcels // BAD_EVERY
    units = sum(1 + n % 2 for n in range(1, parcels + 1) if n % BAD_EVERY)
    if (proof["parcels"], proof["shipped"], proof["told"]) != (good,) * 3 or again["shipped"]:
        raise RuntimeError("not every good row left exactly once")
    if not proof["units"] == proof["ledger"] == proof["consumed"] == units:
        raise RuntimeError("units, ledger and holds differ")
    figures = {"parcels": parcels, "seconds": seconds, "dry_run_seconds": check_seconds, "again_seconds": again_seconds}
    keep("shipping", {**figures, **counts, "tables": proof})
    return 0


if __name__ == "__main__":
    sys.exit(main())
