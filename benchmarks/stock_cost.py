"""What the ledger costs: a stock change of 100,000 SKUs and an import of 200,000 rows, with it and without.

"Without" switches the triggers on `sku` off for that round; nothing else differs. Rounds alternate on one database.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import Any

from sqlalchemy import Engine, create_engine, text

from benchmarks.database import ROOT, SHOP, Bench, empty
from benchmarks.imports import run, workbook
from benchmarks.measure import keep

ROWS, CHANGED = 200_000, 100_000


def change(rows: int) -> dict[str, Any]:
    """Stock + 1 by the change-set engine in this process; seconds of preview and commit."""
    from sqlalchemy import select

    from app.catalog import change_rules, change_sets
    from app.catalog.change_models import ChangeSource
    from app.catalog.formulas import Formula, Plus
    from app.catalog.models import Product
    from app.kit import context
    from app.kit.db import transaction
    from app.shops import shops
    from app.wsgi import app

    rule, taken = Formula("stock_on_hand", (Plus(1),)), {}
    with app.app_context(), context.every_shop("benchmark"):
        shop_id = shops.by_code(SHOP).id
        chosen = select(Product.id).where(Product.shop_id == shop_id).order_by(Product.id).limit(rows)
        started = time.perf_counter()
        with transaction():
            draft = change_sets.propose(
                shop_id,
                ChangeSource.FORMULA,
                rule.to_json(),
                {},
                lambda session: change_rules.stage(shop_id, rule, chosen, lock=False),
            )
        taken["preview"] = time.perf_counter() - started
        started = time.perf_counter()
        with transaction():
            change_sets.confirm(draft)
            counts = change_sets.carry_out(draft)
        taken["commit"] = time.perf_counter() - started
    return {"rows": counts["changed"], **taken}


def switch(engine: Engine, on: bool) -> None:
    """The ledger's triggers on or off."""
    word = "enable" if on else "disable"
    with engine.begin() as connection:
        for name in ("stock_of_new_skus", "stock_of_changed_skus"):
            connection.execute(text(f"alter table sku {word} trigger {name}"))


def vacuum(engine: Engine) -> None:
    """Take away what the round before has left behind."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        connection.execute(text("checkpoint"))


def emptied(engine: Engine) -> None:
    """No products, as an import of new ones finds it."""
    with engine.begin() as connection:
        connection.execute(
            text("truncate product, sku, stock_level, stock_movement, field_change, change_set, change_line cascade")
        )


def imported(bench: Bench, engine: Engine, rows: int, on: bool) -> float:
    """Seconds of the whole import, start-up included."""
    emptied(engine)
    switch(engine, on)
    vacuum(engine)
    flask = [sys.executable, "-m", "flask", "import", "products", str(workbook(rows)), "--shop", SHOP, "--json"]
    return run(flask, ROOT, bench.environment).seconds


def changed(bench: Bench, engine: Engine, rows: int, on: bool) -> dict[str, Any]:
    """One stock change of so many SKUs."""
    switch(engine, on)
    vacuum(engine)
    return run([sys.executable, "-m", "benchmarks.stock_cost", "--change", str(rows)], ROOT, bench.environment).said


def measure(bench: Bench, rows: int, rounds: int) -> dict[str, Any]:
    """All rounds; the last import leaves levels for the changes."""
    engine = create_engine(bench.admin_url)
    found: dict[str, Any] = {"import": {False: [], True: []}, "change": {False: [], True: []}}
    for _ in range(rounds):
        for on in (False, True):
            found["import"][on].append(imported(bench, engine, rows, on))
    for _ in range(rounds):
        for on in (False, True):
            said = changed(bench, engine, rows // 2, on)
            found["change"][on].append(said["preview"] + said["commit"])
    switch(engine, True)
    engine.dispose()
    return found


def report(found: dict[str, Any], rows: int) -> None:
    """Print medians and ratios."""
    for piece, count in (("import", rows), ("change", rows // 2)):
        without, within = (statistics.median(found[piece][on]) for on in (False, True))
        print(f"{piece} of {count:,} rows: {without:.2f} s without, {within:.2f} s with: {within / without:.2f}×")
    keep("stock-cost", {"rows": rows, **{k: {"with": v[True], "without": v[False]} for k, v in found.items()}})


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="4,000 rows")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--change", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.change:
        print(json.dumps(change(options.change)))
        return 0
    rows = 4_000 if options.quick else ROWS
    with empty("bench_stock_cost") as bench:
        report(measure(bench, rows, options.rounds), rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
