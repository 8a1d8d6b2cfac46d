"""Many rows in one transaction by few statements: locked rows are kept, facts read ahead, changes written at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, inspect, select, text
from sqlalchemy.orm.exc import StaleDataError

from app.kit import clock
from app.kit.db import db, in_transaction
from app.kit.rows import Versioned
from app.kit.shop_wall import assert_in_scope

T = TypeVar("T")
_KEPT = "kuaidan_kept_rows"


class _Kept:
    """Locked rows by their class and id, and ids known to have nothing of a kind."""

    def __init__(self) -> None:
        self.rows: dict[tuple[type, int], Any] = {}
        self.lacking: dict[str, set[int]] = {}


@contextmanager
def keeping() -> Iterator[None]:
    """Within, a row that is locked is given again without a statement, and what it lacks is not looked for again.

    For work that changes locked rows through their objects alone: what SQL of its own writes to them is not seen.
    Needs an open transaction. One within another is the outer one.
    """
    if not in_transaction():
        raise RuntimeError("together.keeping needs an open transaction()")
    info = db.session().info
    if _KEPT in info:
        yield
        return
    info[_KEPT] = _Kept()
    try:
        yield
    finally:
        del info[_KEPT]


def kept(model: type[T], pk: int) -> T | None:
    """The row when this transaction has locked and kept it."""
    known: _Kept | None = db.session().info.get(_KEPT)
    return known.rows.get((model, pk)) if known else None


def keep(row: T) -> T:
    """Keep a row that was just locked; outside `keeping`, and where a savepoint may let go of the lock, nothing."""
    session = db.session()
    known: _Kept | None = session.info.get(_KEPT)
    if known and not session.in_nested_transaction():
        known.rows[type(row), row.id] = row  # type: ignore[attr-defined]  # every model has an id
    return row


def lock(model: type[T], ids: Iterable[int]) -> dict[int, T]:
    """Rows as they are now, by id: locked in the order of their ids until the transaction ends, and kept."""
    key: Any = model.id  # type: ignore[attr-defined]  # every model has an id
    return {row.id: row for row in lock_where(model, key.in_(sorted(set(ids))))}  # type: ignore[attr-defined]  # as above


def lock_where(model: type[T], *which: ColumnElement[bool]) -> list[T]:
    """The rows that answer to all of `which`, as they are now: locked in the order of their ids, and kept."""
    key: Any = model.id  # type: ignore[attr-defined]  # every model has an id
    query = select(model).where(*which).order_by(key).with_for_update(key_share=True)
    return [keep(row) for row in db.session.scalars(query.execution_options(populate_existing=True))]


def note_lack(what: str, ids: Iterable[int], having: Iterable[int]) -> None:
    """Remember which of locked rows have nothing of a kind: all of `ids` but those `having` some."""
    known: _Kept | None = db.session().info.get(_KEPT)
    if known:
        known.lacking.setdefault(what, set()).update(set(ids) - set(having))


def lacks(what: str, pk: int) -> bool:
    """Whether a row is known to have nothing of a kind; False when nobody has looked."""
    known: _Kept | None = db.session().info.get(_KEPT)
    return known is not None and pk in known.lacking.get(what, ())


def write(rows: Sequence[Versioned]) -> None:
    """Write the changes of rows of one table by one UPDATE, as a flush would: versions checked and counted.

    The objects are read anew when somebody asks them. Raises StaleDataError, and writes nothing of any then.
    """
    changed = {row: keys for row in rows if (keys := _changes(row))}
    if not changed:
        return
    mapper = inspect(type(rows[0]))
    columns = {key: mapper.columns[key].name for key in sorted(set().union(*changed.values()))}
    told = [_told(row, columns) for row in changed]
    table = mapper.local_table.name
    sets = ", ".join(f"{name} = v.{name}" for name in columns.values())
    statement = text(
        f"update {table} t set {sets}, version = t.version + 1, updated_at = :now "  # noqa: S608 - names of our own
        f"from jsonb_populate_recordset(null::{table}, cast(:rows as jsonb)) v "
        "where t.id = v.id and t.version = v.version returning t.id"
    )
    values = {"rows": json.dumps(told, default=_plain), "now": clock.now()}
    with db.session.no_autoflush:
        written = db.session.execute(statement, values).all()
    if len(written) != len(told):
        raise StaleDataError(f"{len(written)} of {len(told)} rows of {table} were as they had been read")
    for row in changed:
        db.session.expire(row)


def _changes(row: Versioned) -> set[str]:
    state = inspect(row)
    before = state.committed_state
    return {key for key in before if key in state.mapper.columns and before[key] != state.dict.get(key)}


def _told(row: Any, columns: dict[str, str]) -> dict[str, Any]:
    assert_in_scope(row.shop_id)
    return {"id": row.id, "version": row.version, **{name: getattr(row, key) for key, name in columns.items()}}


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):  # and moments
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written together")
