"""The ticker process: `python -m app.ticker`; runs the timetable under an advisory lock, one at a time."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import create_app, schedule
from app.kit import context
from app.kit.db import db, transaction

LOCK = 5_205_601
TICK_SECONDS = 1
log = logging.getLogger(__name__)


def main() -> None:
    """Lead when no other ticker does, and tick until SIGTERM."""
    app = create_app()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        try:
            with app.app_context(), db.engine.connect() as connection:
                _lead(connection.execution_options(isolation_level="AUTOCOMMIT"), stop)
        except SQLAlchemyError:
            log.exception("the ticker lost the database; trying again")
        stop.wait(2)


def _lead(leader: Any, stop: threading.Event) -> None:
    """Hold the lock on one connection and tick; losing the connection loses the lock."""
    if not leader.execute(text("select pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar():
        return
    due = dict.fromkeys((entry.name for entry in schedule.TIMETABLE), 0.0)
    while not stop.is_set():
        leader.execute(text("select 1"))
        for entry in schedule.TIMETABLE:
            if due[entry.name] <= time.monotonic():
                due[entry.name] = time.monotonic() + entry.seconds
                run(entry)
        stop.wait(TICK_SECONDS)


def run(entry: schedule.Entry) -> None:
    """One entry, in one transaction, as the system; a fault is logged and the next tick tries again."""
    with context.acting(context.Actor("system", entry.name)), context.every_shop(entry.why):
        try:
            with transaction():
                entry.run()
        except Exception:
            log.exception("timetable entry failed", extra={"entry": entry.name})
        finally:
            db.session.remove()


if __name__ == "__main__":
    main()
