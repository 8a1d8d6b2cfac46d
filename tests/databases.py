"""The databases of the tests: a prepared one to copy from, a copy for each process, and how a copy is emptied."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from launcher.servers import Postgres

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("migrations/**/*.py", "app/**/*.py", "config.py")
"""What tables, permissions and roles depend on; a change of any of them prepares anew."""
KEPT = {
    "ab_role",
    "ab_permission",
    "ab_view_menu",
    "ab_permission_view",
    "ab_permission_view_role",
    "ab_user",
    "ab_user_role",
    "alembic_version",
}
_TABLES = """
select c.oid::regclass::text from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'S') and (c.relkind = 'S') = :sequences
    and c.relname <> all (:kept) and not exists (
        select from pg_depend d join pg_class t on t.oid = d.refobjid
        where d.objid = c.oid and d.deptype in ('a', 'i') and t.relname = any (:kept))
"""
"""The tables that are emptied, or the sequences that begin anew."""
_OTHER_USERS = """
with other as (delete from ab_user where username <> 'admin' returning id)
delete from ab_user_role where user_id in (select id from other)
"""


@contextmanager
def copy_of_prepared(postgres: Postgres, prepare: Callable[[str], object]) -> Iterator[str]:
    """The name of a database of this process alone; `prepare(url)` is called when none of these sources is there."""
    own = f"test_{os.getpid()}"
    with taking_turns(postgres, "prepared") as connection:
        template = prepared()
        if not exists(connection, template):
            drop_all_like(connection, "prepared\\_%", "preparing\\_%")
            working = f"preparing_{os.getpid()}"
            connection.execute(text(f"create database {working} owner kuaidan"))
            prepare(postgres.url_of(working))
            connection.execute(text(f"alter database {working} rename to {template}"))
        copy_prepared(connection, own)
    yield own
    with taking_turns(postgres, own) as connection:
        connection.execute(text(f"drop database if exists {own} with (force)"))


def prepared() -> str:
    """The name of the database that `flask prepare` has filled for these sources."""
    return f"prepared_{fingerprint(SOURCES)}"


def copy_prepared(connection: Connection, name: str) -> None:
    """Make a database of that name as it is after `flask prepare`; `copy_of_prepared` must have been used before."""
    connection.execute(text(f'create database "{name}" owner kuaidan template {prepared()}'))


@contextmanager
def taking_turns(postgres: Postgres, what: str) -> Iterator[Connection]:
    """A superuser's connection to the maintenance database, for one process at a time."""
    engine = create_engine(postgres.admin_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:  # the lock is its, and goes with it: no pool may keep it
        connection.execute(text("select pg_advisory_lock(hashtext(:what))"), {"what": what})
        yield connection


def empty(admin_url: str) -> None:
    """Delete every row but those of roles, permissions, the first administrator and the migration head."""
    engine, full, used = _emptying(admin_url)
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))  # no keys, no history
        for table in connection.execute(text(full)).scalars().all():
            connection.execute(text(f"delete from {table}"))  # noqa: S608 - a name from the catalogue
        for sequence in connection.execute(text(used)).scalars().all():
            connection.execute(text(f"select setval('{sequence}', 1, false)"))
        connection.execute(text(_OTHER_USERS))


@cache
def _emptying(admin_url: str) -> tuple[Engine, str, str]:
    """A connection that stays and knows all tables, and the SQL of which tables have rows and sequences have begun."""
    engine = create_engine(admin_url, pool_size=1)
    with engine.connect() as connection:
        tables, sequences = (
            connection.execute(text(_TABLES), {"sequences": which, "kept": sorted(KEPT)}).scalars().all()
            for which in (False, True)
        )
    full = [f"select '{name}' where exists (select from {name})" for name in tables]  # noqa: S608 - as above
    used = [f"select '{name}' from {name} where is_called" for name in sequences]  # noqa: S608 - as above
    return engine, " union all ".join(full), " union all ".join(used)


def fingerprint(patterns: Iterable[str]) -> str:
    """Sixteen hexadecimal digits that change with the content of any file of these patterns."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def exists(connection: Connection, name: str) -> bool:
    """Whether there is a database of that name."""
    return connection.execute(text("select 1 from pg_database where datname = :n"), {"n": name}).first() is not None


def drop_all_like(connection: Connection, *patterns: str) -> None:
    """Drop every database whose name is like one of these, in use or not."""
    names = text("select datname from pg_database where datname like any (:patterns)")
    for old in connection.execute(names, {"patterns": list(patterns)}).scalars().all():
        connection.execute(text(f'drop database "{old}" with (force)'))
