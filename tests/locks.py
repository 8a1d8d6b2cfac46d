"""When one connection waits for another, seen from the one that is waited for."""

from __future__ import annotations

from sqlalchemy import Connection, text


def until_somebody_waits(connection: Connection) -> None:
    """Until another connection waits for a lock of this one."""
    for _ in range(500):
        waiting = connection.scalar(
            text("select count(*) from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))")
        )
        if waiting:
            return
        connection.execute(text("select pg_sleep(0.01)"))
    raise AssertionError("nobody waits")
