"""Pooled connections to PostgreSQL: looked at before each use, without a word to the server while they were busy.

A server that stops closes its connections, which shows on the socket at once; only what has lain idle for a while,
or has something to say, is asked. So a request costs no round trip more, and none fails after a restart.
"""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

IDLE_SECONDS = 20
"""After so long a connection is asked, because a firewall or a dead machine closes nothing."""
_LEFT_AT = "kuaidan_left_at"


def watch(engine: Engine) -> None:
    """Look at the connections of an engine; a dead one is replaced, and with it all that are older."""

    def look(connection: Any, record: Any, fairy: object) -> None:
        left_at = record.info.pop(_LEFT_AT, None)
        if left_at is None or (time.monotonic() - left_at < IDLE_SECONDS and _is_quiet(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine, "checkout", look)
    event.listen(engine, "checkin", _note_time)


def _note_time(connection: object, record: Any) -> None:
    record.info[_LEFT_AT] = time.monotonic()


def _is_quiet(connection: Any) -> bool:
    """Whether nothing has come from the server since the last answer, its farewell least of all."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
