"""What a transaction says first goes with its BEGIN and first statement, what it says last with its COMMIT.

`transaction()` names the actor for the audit triggers. On its own that costs a round trip, and BEGIN another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

Words = tuple[str, Mapping[str, Any]]
"""A statement in the driver's own style, `%(name)s`, and its values."""
_WORDS = "kuaidan_first_words"


def want(connection: Connection, statement: str, values: Mapping[str, str]) -> Any:
    """Have `statement` run just before whatever this connection executes next, after those that are wanted already.

    Gives what `drop` takes.
    """
    raw = connection.connection.dbapi_connection
    setattr(raw, _WORDS, [*getattr(raw, _WORDS, ()), (statement, dict(values))])
    return raw


def say_all(connection: Connection, statements: Sequence[Words]) -> None:
    """Say what is wanted, and these after it, in one round trip. Raises SQLAlchemy's errors."""
    raw: Any = connection.connection.driver_connection
    try:
        with raw.pipeline():
            _say(raw)
            for words in statements:
                raw.execute(*words)
    except psycopg.Error as error:
        raise DBAPIError.instance(statements[0][0], None, error, psycopg.Error) from error


def drop(raw: Any) -> None:
    """The transaction is over: what it has not said by now is not said."""
    if raw is not None:
        setattr(raw, _WORDS, [])


def _say(raw: Any) -> None:
    """Send what is wanted, within the caller's pipeline."""
    for words in getattr(raw, _WORDS, ()):
        raw.execute(*words)
    drop(raw)


def watch(engine: Engine) -> None:
    """Let the connections of an engine say what is wanted."""
    event.listen(engine, "do_execute", _say_with)
    event.listen(engine, "do_execute_no_params", _say_with_no_values)
    event.listen(engine, "do_executemany", _say_before)


def _say_with(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    """True when this has executed the statement, too; what cannot go in one piece follows the first words."""
    raw = cursor.connection
    if not getattr(raw, _WORDS, None):
        return False
    together = type(cursor) is psycopg.Cursor and ";" not in statement
    with raw.pipeline():
        _say(raw)
        if together:
            cursor.execute(statement, parameters)
    return together


def _say_with_no_values(cursor: Any, statement: str, context: Any) -> bool:
    return _say_with(cursor, statement, None, context)


def _say_before(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    _say_with(cursor, ";", None, context)
    return False
