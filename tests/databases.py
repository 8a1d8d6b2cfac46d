"""The databases of the tests: a prepared one to copy from, a copy for each process, and how a copy is emptied."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, text

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
_EMPTY = """
do $$
declare one record; has_rows boolean;
begin
    set local session_replication_role = replica;  -- no keys are checked and no history is written
    for one in select c.oid::regclass as name, c.oid from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> all (array[{kept}])
    loop
        execute format('select exists (select from %s)', one.name) into has_rows;
        if has_rows then
            execute format('delete from %s', one.name);
        end if;
    end loop;
    for one in select c.oid::regclass as name from pg_class c join pg_sequences s on s.sequencename = c.relname
        join pg_depend d on d.objid = c.oid and d.deptype in ('a', 'i') join pg_class t on t.oid = d.refobjid
        where c.relkind = 'S' and s.last_value is not null and t.relname <> all (array[{kept}])
    loop
        perform setval(one.name, 1, false);
    end loop;
    delete from ab_user_role where user_id in (select id from ab_user where username <> 'admin');
    delete from ab_user where username <> 'admin';
end $$
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
    kept = ", ".join(f"'{name}'" for name in sorted(KEPT))
    engine = create_engine(admin_url)
    with engine.begin() as connection:
        connection.execute(text(_EMPTY.format(kept=kept)))
    engine.dispose()


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
