"""The benchmark's database: our schema on an embedded PostgreSQL, filled by set-based SQL from a fixed seed.

    with ready(FULL) as bench:
        bench.url, bench.redis_url

Rows come from hashes of their number, so that every machine gets the same data. Making it takes some minutes,
once; a second run finds it ready. `python -m benchmarks.database [--quick] [--again]` only makes it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from werkzeug.security import generate_password_hash

from benchmarks.rows import shop, statements
from launcher.servers import Postgres, embedded_postgres, embedded_redis

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / "var/bench"
SHOP, USER, PASSWORD = "bench", "bench", "bench-Password-1"


@dataclass(frozen=True)
class Scale:
    """How much there is; two lines an order, one SKU a product."""

    name: str
    orders: int
    products: int
    customers: int


FULL = Scale("full", 1_000_000, 200_000, 200_000)
QUICK = Scale("quick", 20_000, 5_000, 5_000)


@dataclass(frozen=True)
class Bench:
    """A filled database and where it is; `log` is PostgreSQL's own log file."""

    scale: Scale
    url: str
    admin_url: str
    redis_url: str
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """What our processes need to run on it."""
        return {
            **os.environ,
            "DATABASE_URL": self.url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": "for-measurements-only-0123456789abcdef",
            "KUAIDAN_STATE_DIR": str(STATE / "state"),
            "KUAIDAN_LOG_LEVEL": "WARNING",
            "KUAIDAN_SIGN_IN_LIMIT": "1000 per minute",
            "FLASK_APP": "app.wsgi",
        }


@contextmanager
def ready(scale: Scale, *, again: bool = False) -> Iterator[Bench]:
    """The database of that scale, made when it is not there; `again` makes it anew."""
    with (
        embedded_postgres(STATE / "postgres", durable=True) as postgres,
        embedded_redis(STATE / "redis", durable=False) as redis,
    ):
        name = f"bench_{scale.name}"
        bench = Bench(
            scale, postgres.url_of(name), postgres.admin_url_of(name), redis.url, STATE / "postgres/server.log"
        )
        _ensure_database(postgres, name, again=again or _is_outdated(postgres, name))
        _prepare(bench)
        _fill(bench)
        yield bench


@contextmanager
def empty(name: str) -> Iterator[Bench]:
    """A fresh database of our schema with one shop and nothing in it, dropped afterwards."""
    with (
        embedded_postgres(STATE / "postgres", durable=True) as postgres,
        embedded_redis(STATE / "redis", durable=False) as redis,
    ):
        bench = Bench(
            Scale(name, 0, 0, 0),
            postgres.url_of(name),
            postgres.admin_url_of(name),
            redis.url,
            STATE / "postgres/server.log",
        )
        _ensure_database(postgres, name, again=True)
        _prepare(bench)
        engine = create_engine(bench.admin_url)
        with engine.begin() as connection:
            connection.execute(text(shop(SHOP)))
        engine.dispose()
        try:
            yield bench
        finally:
            engine = create_engine(postgres.admin_url, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text(f"drop database if exists {name} with (force)"))
            engine.dispose()


def _ensure_database(postgres: Postgres, name: str, *, again: bool) -> None:
    engine = create_engine(postgres.admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if again:
            connection.execute(text(f"drop database if exists {name} with (force)"))
        if not connection.scalar(text("select 1 from pg_database where datname = :n"), {"n": name}):
            connection.execute(text(f"create database {name} owner kuaidan"))
    engine.dispose()


def _is_outdated(postgres: Postgres, name: str) -> bool:
    """Whether it holds rows of an older making: orders without parcels, payments and cases after them."""
    engine = create_engine(postgres.admin_url_of(name))
    try:
        with engine.connect() as connection:
            filled = "select exists (select from shop) and not exists (select from after_sale_case)"
            return bool(connection.scalar(text(filled)))
    except DBAPIError:
        return False  # no such database, or no tables in it yet
    finally:
        engine.dispose()


def _prepare(bench: Bench) -> None:
    subprocess.run(
        [sys.executable, "-m", "flask", "prepare", "--json"],
        cwd=ROOT, env=bench.environment, check=True, capture_output=True,
    )  # fmt: skip


def _fill(bench: Bench) -> None:
    engine = create_engine(bench.admin_url)
    with engine.connect() as connection:
        if connection.scalar(text("select 1 from shop where code = :c"), {"c": SHOP}):
            return
        started = time.monotonic()
        _make_rows(connection, bench.scale)
        _make_user(connection)
        connection.commit()
        print(f"database {bench.scale.name}: made in {time.monotonic() - started:.0f} s")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        connection.execute(text("checkpoint"))
    engine.dispose()


def _make_rows(connection: Connection, scale: Scale) -> None:
    connection.execute(text("set session_replication_role = replica"))  # the keys hold by construction
    for step, statement in statements(scale.orders, scale.products, scale.customers, SHOP):
        started = time.monotonic()
        connection.execute(text(statement))
        print(f"  {step}: {time.monotonic() - started:.0f} s", flush=True)
    connection.execute(text("set session_replication_role = origin"))


def _make_user(connection: Connection) -> None:
    user = {"n": USER, "p": generate_password_hash(PASSWORD), "m": f"{USER}@example.test"}
    connection.execute(
        text(
            "with u as (insert into ab_user (first_name, last_name, username, password, active, email) "
            "values ('Bench', 'Mark', :n, :p, true, :m) returning id) "
            "insert into ab_user_role (user_id, role_id) select u.id, r.id from u, ab_role r "
            "where r.name = 'Administrator'"
        ),
        user,
    )


def main() -> int:
    """Make the database and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20,000 orders instead of 1,000,000")
    parser.add_argument("--again", action="store_true", help="drop it first")
    options = parser.parse_args()
    with ready(QUICK if options.quick else FULL, again=options.again) as bench:
        engine = create_engine(bench.admin_url)
        with engine.connect() as connection:
            for table in ("orders", "order_line", "product", "sku", "customer", "payment", "after_sale_case"):
                count = connection.scalar(text(f"select count(*) from {table}"))
                size = connection.scalar(text(f"select pg_size_pretty(pg_total_relation_size('{table}'))"))
                print(f"{table:15} {count:>10,} rows  {size}")
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
