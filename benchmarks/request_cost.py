"""What one request costs: time on the clock, and processor time of our process and of PostgreSQL's for it.

On a busy machine the clock tells of the neighbours; processor time tells of the request.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text


@dataclass(frozen=True)
class Cost:
    """Milliseconds: on the clock, of our processor time, of PostgreSQL's."""

    clock: float
    python: float
    postgres: float

    @property
    def processor(self) -> float:
        """Both processes' time together."""
        return self.python + self.postgres


class Meter:
    """Takes the cost of a call; knows the PostgreSQL processes that this process has connections to."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, isolation_level="AUTOCOMMIT")
        self._counters: list[Path] = []
        self.look()

    def look(self) -> None:
        """Find the server's processes anew, when connections may have been opened."""
        with self._engine.connect() as connection:
            query = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            pids = connection.scalars(text(query)).all()
        self._counters = [path for pid in pids if (path := Path(f"/proc/{pid}/schedstat")).exists()]

    def of(self, call: Any) -> Cost:
        """Run it and say what it took; PostgreSQL's part is 0 where the system does not tell."""
        server, own, started = self._server_ns(), time.process_time_ns(), time.perf_counter_ns()
        call()
        ended, own_after = time.perf_counter_ns(), time.process_time_ns()
        return Cost((ended - started) / 1e6, (own_after - own) / 1e6, (self._server_ns() - server) / 1e6)

    def _server_ns(self) -> int:
        total = 0
        for path in self._counters:
            try:
                total += int(path.read_text().split()[0])
            except (OSError, ValueError, IndexError):
                continue  # that connection has ended
        return total
