"""Import of product rows from an .xlsx: `flask import products` beside django-import-export, on the same file.

Both write into empty tables of one PostgreSQL, one after the other. The peer's time grows with its rows alone,
so that it gets a shorter file (PEER_ROWS, said in the output): rows a second are compared, and its memory is that
of the shorter file. `--peer-rows 200000` gives it the whole. Ends with 0 unless something broke.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.database import ROOT, STATE, empty
from benchmarks.measure import keep, tree_memory_mb
from benchmarks.servers import HERE, PEER_PYTHON, ensure_peers

ROWS, QUICK_ROWS, PEER_ROWS = 200_000, 5_000, 20_000
HEADERS = ("sku_code", "title", "description", "status", "barcode", "price", "cost", "stock", "low_stock_limit")


@dataclass
class Ran:
    """One import: what it printed, wall seconds of the whole process, peak memory of it and its children."""

    said: dict[str, Any]
    seconds: float
    peak_mb: float

    @property
    def rows_a_second(self) -> float:
        """Rows by the wall clock of the whole process, start-up included."""
        return float(self.said["rows"]) / self.seconds


def workbook(rows: int) -> Path:
    """The file, made once: a header and `rows` products with codes, barcodes, prices and stock."""
    from app.kit import sheets

    path = STATE / f"products-{rows}.xlsx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = [sheets.Column(name) for name in HEADERS]
        sheets.write_sheet(_rows(rows), columns, path)
    return path


def _rows(count: int) -> Iterator[list[str]]:
    for i in range(count):
        price, cost = f"{1 + i % 500}.{i % 100:02d}", f"{1 + i % 200}.50"
        barcode = f"69{i:011d}"
        yield [f"SKU-{i:07d}", f"Mug number {i}", "Made for measurements", "on_sale", barcode, price, cost,
               str(i % 300), "10"]  # fmt: skip


def run(command: list[str], folder: Path, environment: dict[str, str]) -> Ran:
    """Run an import that prints one JSON object; raises RuntimeError with its output when it fails."""
    started = time.monotonic()
    child = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with _watched(child.pid) as peak:
        out, err = child.communicate()
    if child.returncode:
        raise RuntimeError(f"{' '.join(command[-4:])} ended with {child.returncode}:\n{out[-2000:]}{err[-4000:]}")
    return Ran(json.loads(out[out.index("{") :]), time.monotonic() - started, peak[0])


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    peak, stop = [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.05):
            peak[0] = max(peak[0], tree_memory_mb(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="5,000 rows")
    parser.add_argument("--peer-rows", type=int, help="rows for django-import-export")
    options = parser.parse_args()
    rows = QUICK_ROWS if options.quick else ROWS
    peer_rows = min(options.peer_rows or PEER_ROWS, rows)
    ensure_peers()
    ours_file, peer_file = workbook(rows), workbook(peer_rows)
    with empty("bench_import") as bench:
        flask = [sys.executable, "-m", "flask", "import", "products", str(ours_file), "--shop", "bench", "--json"]
        ours = run(flask, ROOT, bench.environment)
        environment = {**bench.environment, "PYTHONPATH": str(HERE)}
        peer = run([str(PEER_PYTHON), "-m", "peers.django_import_export.app", str(peer_file)], HERE, environment)
    report(ours, peer, rows, peer_rows)
    return 0


def report(ours: Ran, peer: Ran, rows: int, peer_rows: int) -> None:
    """Print the figures and keep them as JSON."""
    for name, ran in (("kuaidan", ours), ("django-import-export", peer)):
        print(
            f"{name:22} {ran.said['rows']:>8,} rows  {ran.said['created']:>8,} created  {ran.seconds:7.1f} s  "
            f"{ran.rows_a_second:>9,.0f} rows/s  peak {ran.peak_mb:6.0f} MB"
        )
    ratio = ours.rows_a_second / peer.rows_a_second
    shorter = f" (the peer on a file of {peer_rows:,} rows)" if peer_rows != rows else ""
    print(f"rows a second: {ratio:.1f}× the peer's{shorter}")
    figures = {
        name: vars(ran) | {"rows_a_second": ran.rows_a_second} for name, ran in (("kuaidan", ours), ("peer", peer))
    }
    keep("imports", {"ratio": ratio, **figures})


if __name__ == "__main__":
    sys.exit(main())
