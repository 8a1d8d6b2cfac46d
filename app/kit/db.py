"""The database: model base, session, and `transaction()`, which holds the only commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask_appbuilder.models.sqla import Model as FabModel
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, ColumnElement, Dialect, Engine, SelectBase, any_, event, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import String, TypeDecorator

from app.kit import context, first_words


class Model(DeclarativeBase):
    """Base of our tables; shares FAB's metadata, so that keys to `ab_user` resolve."""

    metadata = FabModel.metadata


db = SQLAlchemy(metadata=Model.metadata)

NAME_ACTOR = "select set_config('app.actor', %(a)s, true), set_config('app.request', %(r)s, true)"
_LIMIT_LOCKS = "set_config('lock_timeout', %(ms)s, true)"
_OPEN = "kuaidan_open"
_LAST = "kuaidan_with_commit"
_AFTER = "kuaidan_after_commit"
_READS = "kuaidan_only_reads"


@contextmanager
def transaction(lock_ms: int = 0) -> Iterator[Session]:
    """Commit on leaving, roll back on an exception; a nested one joins the outer one.

    Names the actor and the request to PostgreSQL, where the audit triggers read them. The outer one's `lock_ms` is as
    in `wait_for_locks`.
    """
    session = db.session()
    if session.info.get(_OPEN):
        yield session
        return
    _refuse_writing(session)
    session.info.update({_OPEN: True, _LAST: [], _AFTER: []})
    connection = None
    try:
        words = f"{NAME_ACTOR}, {_LIMIT_LOCKS}" if lock_ms else NAME_ACTOR
        connection = first_words.want(session.connection(), words, {**_names(), "ms": str(lock_ms)})
        yield session
        _commit(session)
        after = session.info[_AFTER]
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.update({_OPEN: False, _LAST: [], _AFTER: []})
        first_words.drop(connection)
    for call in after:
        call()


def _commit(session: Session) -> None:
    """Commit; what waits for it goes in one round trip with it."""
    if words := session.info[_LAST]:
        session.flush()
        is_ours = isinstance(session.get_bind(), Engine)  # a test lends a connection, in whose savepoint this stays
        first_words.say_all(session.connection(), [*words, *([("commit", {})] if is_ours else [])])
    session.commit()


def only_read() -> None:
    """Let each statement of this request stand alone, without BEGIN and ROLLBACK; it must not write anything.

    Under READ COMMITTED each statement sees what is committed by then anyway. A session in a transaction stays so.
    """
    session = db.session()
    if isinstance(session.get_bind(), Engine) and not session.in_transaction():  # a test lends a connection instead
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    session.info[_READS] = True


def _refuse_writing(session: Session) -> None:
    if session.info.get(_READS):
        raise RuntimeError("this request only reads; see only_read()")


@contextmanager
def rehearsal() -> Iterator[Session]:
    """Run the block for real within the open transaction, then take all of it back.

    The locks taken within are let go, and calls for after the commit are dropped. Sequences move on.
    """
    if not in_transaction():
        raise RuntimeError("rehearsal needs an open transaction()")
    session = db.session()
    waiting = {name: list(session.info[name]) for name in (_LAST, _AFTER)}
    savepoint = session.begin_nested()
    try:
        yield session
    finally:
        savepoint.rollback()
        session.info.update(waiting)


def _names() -> dict[str, str]:
    return {"a": str(context.actor()), "r": context.request_id()}


@event.listens_for(Session, "before_flush")
def _name_actor_of_early_rows(session: Session, flush_context: object, instances: object) -> None:
    """A query can flush rows before `transaction()` has opened; the history names their actor, too."""
    if not session.info.get(_OPEN):
        _refuse_writing(session)
        session.connection().exec_driver_sql(NAME_ACTOR, _names())


@contextmanager
def planned_anew() -> Iterator[Session]:
    """The session, whose statements within are planned for their very values. One that is often asked is otherwise
    prepared, and gets one plan for all values, which can use no partial index: a count may then read a whole table.
    """
    session = db.session()
    driver: Any = session.connection().connection.driver_connection
    before, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield session
    finally:
        driver.prepare_threshold = before


def wait_for_locks(at_most_ms: int) -> None:
    """A lock that this transaction does not get in so many milliseconds is an OperationalError; 0 waits on."""
    first_words.want(db.session.connection(), f"select {_LIMIT_LOCKS}", {"ms": str(at_most_ms)})


def in_transaction() -> bool:
    """Whether a `transaction()` is open on this session."""
    return bool(db.session().info.get(_OPEN))


def with_commit(statement: str, values: Mapping[str, Any]) -> None:
    """Run it, in the driver's own style, as the last of the outermost transaction, in one round trip with its COMMIT.

    When it fails, nothing is committed, and leaving `transaction()` raises the error.
    """
    if not in_transaction():
        raise RuntimeError("with_commit needs an open transaction()")
    db.session().info[_LAST].append((statement, values))


def on_commit(call: Callable[[], object]) -> None:
    """Run `call` after the outermost transaction has committed; dropped when it rolls back."""
    if not in_transaction():
        raise RuntimeError("on_commit needs an open transaction()")
    db.session().info[_AFTER].append(call)


def among(key: Any, few: SelectBase) -> ColumnElement[bool]:
    """`key`, a column of ids, is one of those that `few` finds; they are found first and once.

    A plain IN may be planned as a look at one row after another until a page is full.
    """
    return key == any_(func.array(few.scalar_subquery(), type_=ARRAY(BigInteger)))


class StoredEnum(TypeDecorator[Any]):
    """A StrEnum stored by its value in a text column; an unknown value is refused on writing."""

    impl = String(32)
    cache_ok = True

    def __init__(self, enum: type) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.enum(value)
