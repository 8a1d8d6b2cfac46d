"""100,000 prices changed by a formula: preview, commit and audit rows, and the undo.

Beside it, in the same run on the same rows: PostgreSQL's own `UPDATE … FROM` under the same audit trigger (the limit),
and django-import-export (preview by its dry run, then the import, in bulk mode, from a CSV that holds the new prices
already; it gets fewer rows, said in the output, because its time grows with them alone). Each timed piece begins after
a VACUUM. Ends with 0 unless something broke: figures never fail a run.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from benchmarks.database import FULL, QUICK, ROOT, SHOP, STATE, Bench, ready
from benchmarks.imports import Ran, run
from benchmarks.measure import keep
from benchmarks.servers import HERE, PEER_PYTHON, ensure_peers

ROWS, QUICK_ROWS, PEER_ROWS = 100_000, 4_000, 10_000
LIMIT = """update sku t set price_minor = c.price, version = t.version + 1, updated_at = clock_timestamp()
    from (select id, round(price_minor * 0.9)::bigint as price from sku where product_id <= :rows) c
    where t.id = c.id"""


def ours(rows: int) -> dict[str, Any]:
    """Preview, commit and undo in this process; seconds of each."""
    from sqlalchemy import select

    from app.catalog import change_rules, change_sets, change_undos
    from app.catalog.change_models import ChangeSource
    from app.catalog.formulas import Formula, Percent
    from app.catalog.models import Product
    from app.kit import context
    from app.kit.db import transaction
    from app.shops import shops
    from app.wsgi import app

    rule, taken = Formula("price_minor", (Percent(-100_000),)), {}
    chosen = select(Product.id).where(Product.id <= rows)
    with app.app_context(), context.every_shop("benchmark"):
        shop_id = shops.by_code(SHOP).id
        started = time.perf_counter()
        with transaction():
            draft = change_sets.propose(
                shop_id,
                ChangeSource.FORMULA,
                rule.to_json(),
                {},
                lambda session: change_rules.stage(shop_id, rule, chosen, lock=False),
                rule.floor,
            )
        taken["preview"] = time.perf_counter() - started
        started = time.perf_counter()
        with transaction():
            change_sets.confirm(draft)
            counts = change_sets.carry_out(draft)
        taken["commit"] = time.perf_counter() - started
        started = time.perf_counter()
        with transaction():
            undone = change_undos.undo(draft).counts
        taken["undo"] = time.perf_counter() - started
    if undone["changed"] != counts["changed"]:
        raise RuntimeError(f"{counts} but the undo {undone}")
    return {"rows": counts["changed"], **taken}


def limit(engine: Engine, rows: int) -> float:
    """Seconds of the bare statement, commit included."""
    started = time.perf_counter()
    with engine.begin() as connection:
        connection.execute(text(LIMIT), {"rows": rows})
    return time.perf_counter() - started


def vacuum(engine: Engine) -> None:
    """Take away what the piece before has left behind."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze sku, field_change, change_line, change_set"))
        connection.execute(text("checkpoint"))


def prices_file(engine: Engine, rows: int) -> Path:
    """What the peer reads: ids, which it finds by the primary key, and new prices."""
    path = STATE / f"prices-{rows}.csv"
    with engine.connect() as connection, path.open("w", newline="") as stream:
        found = connection.execute(
            text("select id, round(price_minor * 0.9)::bigint from sku where product_id <= :rows"), {"rows": rows}
        )
        csv.writer(stream).writerows([("id", "price_minor"), *map(tuple, found)])
    return path


def measure(bench: Bench, rows: int, peer_rows: int, rounds: int) -> dict[str, list[Any]]:
    """All pieces, round by round."""
    engine = create_engine(bench.admin_url)
    found: dict[str, list[Any]] = {"limit": [], "ours": [], "peer": []}
    for _ in range(rounds):
        vacuum(engine)
        found["limit"].append(limit(engine, rows))
        vacuum(engine)
        command = [sys.executable, "-m", "benchmarks.bulk_changes", "--ours", str(rows)]
        found["ours"].append(run(command, ROOT, bench.environment))
        print(".", end="", flush=True)
    vacuum(engine)
    environment = {**bench.environment, "PYTHONPATH": str(HERE)}
    path = str(prices_file(engine, peer_rows))
    found["peer"].append(run([str(PEER_PYTHON), "-m", "peers.django_import_export.prices", path], HERE, environment))
    engine.dispose()
    return found


def report(found: dict[str, list[Any]]) -> None:
    """Print medians and ratios, and keep them as JSON."""
    mine: list[Ran] = found["ours"]
    median = {piece: statistics.median(ran.said[piece] for ran in mine) for piece in ("preview", "commit", "undo")}
    bare, total = statistics.median(found["limit"]), median["preview"] + median["commit"]
    rows, peer = mine[0].said["rows"], found["peer"][0].said
    ours_rate, peer_rate = rows / total, peer["rows"] / (peer["preview"] + peer["commit"])
    print(f"\n{rows:,} prices by a formula (medians of {len(mine)} rounds)")
    print(f"  preview {median['preview']:6.2f} s   commit {median['commit']:6.2f} s   undo {median['undo']:6.2f} s")
    print(f"  preview + commit {total:.2f} s = {ours_rate:,.0f} rows/s, peak {max(r.peak_mb for r in mine):.0f} MB")
    print(f"  UPDATE … FROM under the same trigger: {bare:.2f} s; ours takes {total / bare:.2f}× that")
    tried = f"{peer['rows']:,} rows, dry run {peer['preview']:.1f} s, import {peer['commit']:.1f} s"
    print(f"  django-import-export: {tried}, {peer_rate:,.0f} rows/s, peak {found['peer'][0].peak_mb:.0f} MB")
    print(f"  ours is {ours_rate / peer_rate:.1f}× as fast")
    figures = {"median": median, "limit": found["limit"], "peer": peer, "ours": [ran.said for ran in mine]}
    keep("bulk-changes", figures)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="4,000 rows")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ours", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        print(json.dumps(ours(options.ours)))
        return 0
    ensure_peers()
    rows = QUICK_ROWS if options.quick else ROWS
    with ready(QUICK if options.quick else FULL) as bench:
        report(measure(bench, rows, min(PEER_ROWS, rows), options.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
