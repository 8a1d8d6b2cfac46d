"""What a transaction says first: sent together with its BEGIN and its first statement, in one round trip.

`transaction()` names the actor for the audit triggers. On its own that costs a round trip, and BEGIN another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event

_WORDS = "kuaidan_first_words"


def want(connection: Connection, statement: str, values: Mapping[str, str]) -> Any:
    """Have `statement` run just before whatever this connection executes next; gives what `drop` takes.

    `statement` is in the driver's own style, `%(name)s`.
    """
    raw = connection.connection.dbapi_connection
    setattr(raw, _WORDS, (statement, dict(values)))
    return raw


def drop(raw: Any) -> None:
    """The transaction is over: what it has not said by now is not said."""
    if raw is not None:
        setattr(raw, _WORDS, None)


def watch(engine: Engine) -> None:
    """Let the connections of an engine say what is wanted."""
    event.listen(engine, "do_execute", _say_with)
    event.listen(engine, "do_execute_no_params", _say_with_no_values)
    event.listen(engine, "do_executemany", _say_before)


def _say_with(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    """True when this has executed the statement, too; what cannot go in one piece follows the first words."""
    raw = cursor.connection
    words = getattr(raw, _WORDS, None)
    if words is None:
        return False
    drop(raw)
    together = type(cursor) is psycopg.Cursor and ";" not in statement
    with raw.pipeline():
        raw.execute(*words)
        if together:
            cursor.execute(statement, parameters)
    return together


def _say_with_no_values(cursor: Any, statement: str, context: Any) -> bool:
    return _say_with(cursor, statement, None, context)


def _say_before(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    _say_with(cursor, ";", None, context)
    return False
