"""The sales workbook of the Online Retail year, beside pandas + openpyxl doing only the sums and the sheets.

Ours: `flask report sales` on the loaded demo shop: eight breakdowns, refunds with their sales, styles, native
charts, filters and a sheet of checks. Theirs: `peers/pandas_report.py` on the CSV: seven plain sheets. Both tell
the seconds of the work itself, without starting Python; runs alternate. The figures of both must be equal.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from benchmarks.database import ROOT, STATE
from benchmarks.measure import keep
from benchmarks.servers import HERE, PEER_PYTHON, ensure_peers
from launcher.servers import embedded_postgres, embedded_redis

CSV = ROOT / "sample_data/online_retail.csv.gz"
SPAN = ["--shop", "uk-giftware", "--from", "2010-12-01", "--to", "2011-12-09"]
EQUAL = ("gross", "refunds", "net", "orders", "customers")


def main() -> int:
    """Print both, the ratios and the machine; 1 when the figures differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds instead of seven")
    rounds = 2 if parser.parse_known_args()[0].quick else 7
    ensure_peers()
    with shop_of_the_year() as environment, tempfile.TemporaryDirectory() as folder:
        runs = [(ours(environment, Path(folder)), theirs(Path(folder))) for _ in range(rounds)]
    differing = [(a, b) for a, b in runs if any(a[key] != b[key] for key in EQUAL)]
    if differing:
        print(f"the figures differ: {differing[0]}", file=sys.stderr)
        return 1
    told(runs)
    return 0


@contextmanager
def shop_of_the_year() -> Iterator[dict[str, str]]:
    """The environment of our processes on a database with the demo shops; loaded once."""
    with (
        embedded_postgres(STATE / "postgres", durable=True) as postgres,
        embedded_redis(STATE / "redis", durable=False) as redis,
    ):
        environment = {
            **os.environ,
            "DATABASE_URL": postgres.url_of("bench_retail"),
            "REDIS_URL": redis.url,
            "SECRET_KEY": "for-measurements-only-0123456789abcdef",
            "KUAIDAN_STATE_DIR": str(STATE / "state"),
            "KUAIDAN_LOG_LEVEL": "ERROR",
            "FLASK_APP": "app.wsgi",
        }
        engine = create_engine(postgres.admin_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            if not connection.scalar(text("select 1 from pg_database where datname = 'bench_retail'")):
                connection.execute(text("create database bench_retail owner kuaidan"))
        engine.dispose()
        for command in (["prepare", "--json"], ["demo", "load", "--if-empty", "--json"]):
            flask(environment, *command)
        yield environment


def flask(environment: dict[str, str], *arguments: str) -> Any:
    """Run a command of ours; what it told as JSON."""
    command = [sys.executable, "-m", "flask", *arguments]
    return _told(subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True))


def ours(environment: dict[str, str], folder: Path) -> Any:
    """One report by command."""
    return flask(environment, "report", "sales", *SPAN, "--out", str(folder / "ours.xlsx"), "--json")


def theirs(folder: Path) -> Any:
    """One run of the pandas script."""
    command = [PEER_PYTHON, HERE / "peers/pandas_report.py", CSV, folder / "theirs.xlsx"]
    return _told(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True))


def told(runs: list[tuple[Any, Any]]) -> None:
    """The table, and the same as a file in results/."""

    def median(side: int, *steps: str) -> float:
        return statistics.median(sum(pair[side][step] for step in steps) for pair in runs)

    mine = median(0, "seconds")
    lines = [
        ("Kuaidan: sums from PostgreSQL, workbook with charts", mine),
        ("pandas + openpyxl: sums and sheets, CSV in memory already", median(1, "sums", "sheets")),
        ("pandas + openpyxl: reading the CSV as well", median(1, "seconds")),
    ]
    print(f"sales workbook of 541,909 lines, median of {len(runs)} alternating runs")
    for name, seconds in lines:
        print(f"  {name:<60} {seconds:6.2f} s   x {seconds / mine:.2f}")
    keep("report-sales", {"rows": [{"name": name, "seconds": seconds} for name, seconds in lines]})


def _told(process: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(process.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
