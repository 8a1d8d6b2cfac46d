"""The process that keeps one embedded server: `python -m launcher.keeper postgres|redis FOLDER`.

Everyone who uses the server holds a shared lock on FOLDER/users.lock. The keeper starts the server,
then waits for that lock alone: it gets it when the last user has let go or died, even by kill -9,
and then stops the server and ends. The server in turn ends with its keeper.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from launcher import lifelines, ports, postgres, redis_server
from launcher.locks import FileLock
from launcher.paths import write_private

START_SECONDS = 60
STOP_SECONDS = 30


@dataclass
class Settings:
    """What the folder remembers between starts (settings.json, mode 0600)."""

    port: int
    password: str = field(repr=False)
    role_password: str = field(repr=False)
    is_prepared: bool = False


def read_settings(directory: Path) -> Settings:
    """The settings of `directory`, made at the first call; a port that was taken is replaced."""
    path = directory / "settings.json"
    if path.exists():
        settings = Settings(**json.loads(path.read_text()))
    else:
        settings = Settings(ports.any_free_port(), secrets.token_hex(24), secrets.token_hex(24))
    if not ports.is_free(settings.port):
        settings.port = ports.any_free_port()
    write_private(path, json.dumps(asdict(settings)))
    return settings


class Server(Protocol):
    """What the keeper must know of a kind of server."""

    note: str
    sockets: str
    stop_signal: signal.Signals

    def start(self, settings: Settings, log: int) -> "subprocess.Popen[bytes]":
        """Start the process, its output into `log`."""

    def is_ready(self, settings: Settings) -> bool:
        """True when the server answers."""

    def finish(self, settings: Settings) -> None:
        """Make what users expect to find in it. Idempotent."""


class PostgresServer:
    """PostgreSQL; SIGINT is its fast shutdown: open transactions are rolled back."""

    stop_signal = signal.SIGINT

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self.durable = durable
        self.cluster = postgres.locate(directory)
        self.sockets = self.note = ""
        if not self.cluster.data.is_relative_to(directory):
            self.note = f"The database lies in {self.cluster.data}: its account cannot enter {directory}."

    def start(self, settings: Settings, log: int) -> "subprocess.Popen[bytes]":
        """Make the cluster if need be and start the server."""
        postgres.create(self.cluster, settings.password, durable=self.durable)
        self.sockets = self.cluster.open_sockets()
        return _spawn(
            self.cluster.command(settings.port, self.sockets, durable=self.durable),
            log,
            self.stop_signal,
            **self.cluster.account.popen_arguments,
        )

    def is_ready(self, settings: Settings) -> bool:
        """True when connections are accepted."""
        return self.cluster.is_ready()

    def finish(self, settings: Settings) -> None:
        """Role, database, extension."""
        postgres.prepare(self.cluster, settings.port, settings.password, settings.role_password)


class RedisServer:
    """Redis; SIGTERM writes what is left to disk."""

    stop_signal = signal.SIGTERM

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self.directory = directory
        self.durable = durable
        self.sockets = self.note = ""

    def start(self, settings: Settings, log: int) -> "subprocess.Popen[bytes]":
        """Write the configuration and start the server."""
        command = redis_server.command(self.directory, settings.port, settings.password, durable=self.durable)
        return _spawn(command, log, self.stop_signal)

    def is_ready(self, settings: Settings) -> bool:
        """True when it answers to our password."""
        return redis_server.is_ready(settings.port, settings.password)

    def finish(self, settings: Settings) -> None:
        """Nothing to make."""


def _spawn(command: list[str], log: int, stop_signal: signal.Signals, **account: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=lifelines.dies_with_parent(stop_signal),  # noqa: PLW1509  (no thread runs yet)
        **account,
    )


KINDS: dict[str, Callable[..., Server]] = {"postgres": PostgresServer, "redis": RedisServer}


def keep(kind: str, directory: Path, *, durable: bool, tell: Callable[[str], None]) -> None:
    """Start the server, `tell` "ready" and its note (the caller: why not), stay until unused."""
    alone = FileLock(directory / "keeper.lock")
    if not alone.try_acquire(wait_seconds=STOP_SECONDS):
        raise RuntimeError(f"Another keeper of {directory} does not end.")
    running = directory / "running.json"
    _stop_left_over(running)
    server = KINDS[kind](directory, durable=durable)
    settings = read_settings(directory)
    process = server.start(settings, sys.stdout.fileno())
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(server.stop_signal))
    write_private(
        running,
        json.dumps(
            {"pid": process.pid, "identity": lifelines.identity(process.pid),
             "signal": int(server.stop_signal), "keeper": os.getpid(), "durable": durable,
             "sockets": server.sockets}
        ),
    )  # fmt: skip
    try:
        _wait_until_ready(server, settings, process)
        if not settings.is_prepared:
            server.finish(settings)
            settings.is_prepared = True
            write_private(directory / "settings.json", json.dumps(asdict(settings)))
        tell(f"ready{server.note}")
        _stop_when_unused(directory, running, server, process)
        process.wait()
    finally:
        _end(process, server.stop_signal)
        running.unlink(missing_ok=True)


def _wait_until_ready(server: Server, settings: Settings, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.is_ready(settings):
        if process.poll() is not None:
            raise RuntimeError(f"The server ended at once (exit code {process.returncode}).")
        if time.monotonic() > deadline:
            raise RuntimeError(f"The server was not ready within {START_SECONDS} s.")
        time.sleep(0.01)


def _stop_when_unused(directory: Path, running: Path, server: Server, process: "subprocess.Popen[bytes]") -> None:
    users = FileLock(directory / "users.lock")

    def wait() -> None:
        users.acquire()
        running.unlink(missing_ok=True)  # tells the one who let go that we saw it
        process.send_signal(server.stop_signal)

    threading.Thread(target=wait, daemon=True).start()


def _end(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stop_left_over(running: Path) -> None:
    """End a server whose keeper was killed, where the system did not end it for us."""
    if not running.exists():
        return
    left = json.loads(running.read_text())
    deadline = time.monotonic() + STOP_SECONDS
    while left["identity"] and lifelines.identity(left["pid"]) == left["identity"]:
        late = time.monotonic() > deadline
        os.kill(left["pid"], signal.SIGKILL if late else left["signal"])
        time.sleep(0.1)
    running.unlink(missing_ok=True)


def main() -> int:
    """Detach, then keep the server; the exit code tells the caller whether it is ready."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--not-durable", action="store_true")
    arguments = parser.parse_args()
    readable, writable = os.pipe()
    if os.fork() > 0:
        os.close(writable)
        with os.fdopen(readable) as pipe:
            answer = pipe.read()
        is_ready = answer.startswith("ready")
        print(answer.removeprefix("ready"), file=sys.stdout if is_ready else sys.stderr)
        return 0 if is_ready else 1
    os.close(readable)
    _detach(arguments.directory)
    told = os.fdopen(writable, "w")

    def tell(text: str) -> None:
        if not told.closed:
            told.write(text)
            told.close()

    try:
        keep(arguments.kind, arguments.directory, durable=not arguments.not_durable, tell=tell)
    except Exception as problem:
        tell(str(problem))
        raise
    return 0


def _detach(directory: Path) -> None:
    """Leave the terminal: Ctrl-C there is for our users, who let go in their own time."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log = os.open(directory / "server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)


if __name__ == "__main__":
    sys.exit(main())
