"""The servers of a run: ours as in production, each peer as its users serve it, all with two workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.database import ROOT, Bench

HERE = Path(__file__).resolve().parent
PEER_PYTHON = HERE / ".venv/bin/python"
PEERS = ("fab", "flask_admin", "django_admin")
START_SECONDS = 90


def ensure_peers() -> None:
    """Make the peers' own environment from their hashed lock, once."""
    stamp, lock = HERE / ".venv/.stamp", HERE / "requirements.txt"
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return
    print("installing the peers into benchmarks/.venv …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", HERE / ".venv"], check=True)
    pip = [PEER_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "-r", lock], check=True, stdout=subprocess.DEVNULL)
    stamp.write_text(lock.read_text())


@contextmanager
def running(bench: Bench, names: tuple[str, ...]) -> Iterator[dict[str, int]]:
    """Start these servers; gives {name: port}. They end with the block."""
    logs = ROOT / "var/bench/log"
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        ports = {name: _free_port() for name in names}
        for name, port in ports.items():
            log = stack.enter_context((logs / f"{name}.log").open("w"))
            stack.enter_context(_process(_command(name, port), bench, name, log))
        for name, port in ports.items():
            _wait(name, port, logs / f"{name}.log")
        yield ports


def _command(name: str, port: int) -> list[str]:
    if name in ("kuaidan", "bare"):
        app = "app.wsgi:app" if name == "kuaidan" else "benchmarks.peers.bare.app:app"
        return [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", "2", "--blocking-threads", "4", "--no-ws", app,
        ]  # fmt: skip
    return [
        str(PEER_PYTHON), "-m", "gunicorn", "--workers", "2", "--bind", f"127.0.0.1:{port}",
        "--timeout", "600", f"peers.{name}.app:app",
    ]  # fmt: skip


@contextmanager
def _process(command: list[str], bench: Bench, name: str, log: object) -> Iterator[None]:
    peer = name in PEERS
    environment = bench.environment
    if peer:
        environment["PYTHONPATH"] = str(HERE)
        if name == "django_admin":
            _django_tables(environment)
    child = subprocess.Popen(
        command, cwd=HERE if peer else ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
    )  # type: ignore[call-overload]
    try:
        yield
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _django_tables(environment: dict[str, str]) -> None:
    """Django's own tables and a superuser, beside ours in the same database."""
    steps = (
        "from peers.django_admin import app; from django.core.management import call_command;"
        "call_command('migrate', verbosity=0); from django.contrib.auth.models import User;"
        "User.objects.filter(username='peer').exists() or User.objects.create_superuser('peer', '', 'peer')"
    )
    subprocess.run([PEER_PYTHON, "-c", steps], cwd=HERE, env=environment, check=True)


def _wait(name: str, port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{name} did not start; see {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
