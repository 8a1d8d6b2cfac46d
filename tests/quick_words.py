"""The words around a test's statements said the short way: a savepoint and its end, and the rollback of it all.

SQLAlchemy compiles each SAVEPOINT anew, and psycopg forgets at each ROLLBACK which statements it has prepared, so that
PostgreSQL would plan all of them anew for each test. The tables stay the same while tests run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.pq import ExecStatus
from sqlalchemy import Connection

PREPARED = 3_000
"""Statements that stay prepared on a connection, in place of 100: tests have many more than a page."""
_compiled: dict[Any, Any] = {}
"""Statements as SQLAlchemy compiled them, all of them in place of the last 500."""
_WORDS = {
    "do_savepoint": "SAVEPOINT {}",
    "do_release_savepoint": "RELEASE SAVEPOINT {}",
    "do_rollback_to_savepoint": "ROLLBACK TO SAVEPOINT {}",
}


def use_on(connection: Connection) -> None:
    """Statements of this connection stay compiled and prepared, and its savepoints are said the short way."""
    connection.execution_options(compiled_cache=_compiled)
    driver: Any = connection.connection.driver_connection
    driver.prepared_max = PREPARED
    for method, words in _WORDS.items():
        if method not in vars(connection.dialect):
            setattr(connection.dialect, method, _short(words, getattr(connection.dialect, method)))


def say(connection: Connection, words: str) -> bool:
    """Whether PostgreSQL did it."""
    driver: Any = connection.connection.driver_connection
    return driver.pgconn.exec_(words.encode()).status == ExecStatus.COMMAND_OK


def _short(words: str, usual: Callable[[Connection, str], None]) -> Callable[[Connection, str], None]:
    def short(connection: Connection, name: str) -> None:
        if not say(connection, words.format(name)):
            usual(connection, name)  # which raises as it does in production

    return short
