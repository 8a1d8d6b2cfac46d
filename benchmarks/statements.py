"""How many SQL statements a request takes, read from PostgreSQL's own log."""

from __future__ import annotations

import re
import time

from sqlalchemy import create_engine, text

from benchmarks.database import Bench
from benchmarks.sites import Site

_STATEMENT = re.compile(r"LOG:\s+(?:execute [^:]*|statement): (.*)")
_FRAME = re.compile(r"(?i)(begin|commit|rollback|set|show|savepoint|release|deallocate|discard|select pg_catalog)\b")


def counted(bench: Bench, sites: list[Site], kinds: list[str]) -> dict[str, dict[str, int]]:
    """Statements by site and kind; those that only frame a transaction do not count."""
    engine = create_engine(bench.admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in ("alter system set log_statement = 'all'", "select pg_reload_conf()"):
            connection.execute(text(statement))
        time.sleep(1)
        try:
            found: dict[str, dict[str, int]] = {site.name: {} for site in sites}
            for site in sites:
                for kind in kinds:
                    start = bench.log.stat().st_size
                    if site.ask(kind) is not None:
                        found[site.name][kind] = _logged_since(bench, start)
        finally:
            for statement in ("alter system reset log_statement", "select pg_reload_conf()"):
                connection.execute(text(statement))
    engine.dispose()
    return found


def _logged_since(bench: Bench, start: int) -> int:
    time.sleep(0.1)  # the log is written by another process
    with bench.log.open("rb") as log:
        log.seek(start)
        lines = log.read().decode("utf-8", "replace").splitlines()
    statements = [match[1] for line in lines if (match := _STATEMENT.search(line))]
    return sum(1 for statement in statements if not _FRAME.match(statement))
