"""One running Kuaidan: servers, first run, programs, and the way back down."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from launcher import first_run, lifelines, ports, sandbox
from launcher.locks import FileLock, is_held
from launcher.options import Options
from launcher.paths import ROOT, private_folder, state_dir, write_private
from launcher.processes import Children, Program
from launcher.servers import EmbeddedServerError, Handle, Postgres, embedded_postgres, embedded_redis
from launcher.terminal import LauncherError, say

_READY_SECONDS = 90
_STOP_SECONDS = 90
_WORKER_LOST = "Unexpected exit from worker"  # granian's words; it would try for ever


class StopAsked(Exception):
    """Ctrl-C, SIGTERM or a closed terminal."""


class Instance:
    """The product of this checkout. There is one at a time: a lock in the state folder says so."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.state = private_folder(state_dir(), leads_to_cluster=True)
        self.lock = FileLock(self.state / "run.lock")
        self.stop_asked = threading.Event()
        self.servers: dict[str, Handle] = {}
        self.password = first_run.FirstPassword(self.state / "first_password.json")

    def run(self) -> int:
        """Start everything, stay until asked to stop, end everything. Returns the exit code."""
        self._be_the_only_one()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, lambda *_: self.stop_asked.set())
        os.umask(0o077)
        with ExitStack() as stack:
            stack.callback(self.lock.close)
            stack.callback((self.state / "run.json").unlink, missing_ok=True)
            stack.callback(self.password.show)
            try:
                self._start_and_watch(stack)
            except StopAsked:
                say("\nStopping …")
        say("Stopped.")
        return 0

    def flask(self, words: list[str]) -> int:
        """One command of the product, beside a running Kuaidan or alone. Returns its exit code."""
        with ExitStack() as stack:
            environment = self._environment(stack)
            environment.setdefault("KUAIDAN_LOG_LEVEL", "WARNING")
            environment["PYTHONPATH"] = str(ROOT)  # files are named from where the person is
            return subprocess.run(
                [sys.executable, "-m", "flask", "--app", "app.wsgi", *words],
                env=environment,
                check=False,
            ).returncode

    def _be_the_only_one(self) -> None:
        if self.lock.try_acquire(wait_seconds=0.2):
            return
        about = read_run_file(self.state)
        if about and lifelines.identity(int(about["pid"])):
            raise LauncherError(
                f"Kuaidan is already running here (process {about['pid']}): {about['url']}\n"
                "To end it: python3 run.py --stop"
            )
        say("The last run is still ending …")
        if not self.lock.try_acquire(wait_seconds=30):
            raise LauncherError(f"Another process holds {self.state / 'run.lock'} and does not end.")

    def _start_and_watch(self, stack: ExitStack) -> None:
        started = time.monotonic()
        self._note(url="")
        environment = self._environment(stack)
        emulators = sandbox.wanted(self.state, environment)
        if emulators:
            environment[sandbox.URL] = emulators.url
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(first_run.empty_metrics_folder(self.state))
        keep_open = [self.lock.descriptor]
        keep_open += [server.lease.descriptor for server in self.servers.values()]
        children = Children(environment, private_folder(self.state / "log"), keep_open)
        stack.callback(children.stop)
        wait = self._waiter(children)
        runs_emulators = emulators is not None and emulators.start(children)
        self._prepare(children, wait)
        port = self._choose_port()
        url = f"http://{_reachable(self.options.host)}:{port}"
        if emulators and runs_emulators:
            emulators.connect(children, wait, url)
        elif not emulators:
            sandbox.switch_off(self.state, children, wait)
        programs = programs_of(self.options.host, port)
        children.start(programs[0])
        self._wait_until_ready(children, port)
        for program in programs[1:]:
            children.start(program)
        self._note(url=url)
        say(f"\nKuaidan is ready after {time.monotonic() - started:.1f} s: {url}")
        if emulators and runs_emulators:
            emulators.tell()
        self.password.show()
        say("\nCtrl-C ends it. Logs: " + str(children.log_folder))
        self._watch(children)

    def _prepare(self, children: Children, wait: first_run.Wait) -> None:
        """Tables, administrator, demonstration; left out when this code has done it to this database."""
        record = first_run.Record(self.state / "prepared.json")
        server = self.servers.get("DATABASE_URL")
        migration = server.migration() if isinstance(server, Postgres) else ""
        wants_demo = record.wants_demo(migration)
        if wants_demo is None:
            wants_demo = first_run.prepare(children, wait, self.password)
        if wants_demo and self.options.demo:
            first_run.load_demo(children, wait)
            wants_demo = False
        if isinstance(server, Postgres):
            record.write(server.migration(), wants_demo=wants_demo)

    def _environment(self, stack: ExitStack) -> dict[str, str]:
        environment = {
            **os.environ,
            "KUAIDAN_STATE_DIR": str(self.state),
            "KUAIDAN_ENV": os.environ.get("KUAIDAN_ENV") or "development",
            "PYTHONUNBUFFERED": "1",
            "FLASK_SKIP_DOTENV": "1",
        }
        if not (os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE")):
            environment["SECRET_KEY_FILE"] = str(first_run.secret_key_file(self.state))
        for variable, start in _EMBEDDED.items():
            if not (os.environ.get(variable) or os.environ.get(f"{variable}_FILE")):
                environment[variable] = self._embedded(stack, variable, start).url
        return environment

    def _embedded(self, stack: ExitStack, variable: str, start: Callable[[Path], Handle]) -> Handle:
        folder = self.state / _FOLDERS[variable]
        try:
            server = start(folder)
        except EmbeddedServerError as problem:
            raise LauncherError(str(problem)) from problem
        if server.note:
            say(server.note)
        self.servers[variable] = server
        stack.callback(self._close_server, variable)
        return server

    def _close_server(self, variable: str) -> None:
        self.servers[variable].close()

    def _choose_port(self) -> int:
        wanted, host = self.options.port, self.options.host
        try:
            port = ports.next_free_port(wanted, host)
        except OSError as problem:
            raise LauncherError(f"{problem} Choose another with --port or KUAIDAN_PORT.") from problem
        if port != wanted:
            say(f"Port {wanted} is taken (KUAIDAN_PORT or --port sets another); using {port}.")
        return port

    def _waiter(self, children: Children) -> first_run.Wait:
        def wait(process: "subprocess.Popen[bytes]") -> None:
            while process.poll() is None:
                if self.stop_asked.wait(0.03):
                    children.finish(process)
                    raise StopAsked
            children.finish(process)

        return wait

    def _wait_until_ready(self, children: Children, port: int) -> None:
        web = children.running["web"]
        deadline = time.monotonic() + _READY_SECONDS
        while (answer := _readiness(self.options.host, port)) != "":
            if self.stop_asked.wait(0.05):
                raise StopAsked
            if web.process.poll() is not None or any(_WORKER_LOST in line for line in web.log.new_errors()):
                raise LauncherError(
                    f"The web server cannot start:\n{web.log.last_lines()}\nAll of its output: {web.log.path}"
                )
            if time.monotonic() > deadline:
                raise LauncherError(
                    f"The web server is not ready after {_READY_SECONDS} s: {answer}\n"
                    f"{web.log.last_lines()}\nAll of its output: {web.log.path}"
                )

    def _watch(self, children: Children) -> None:
        while not self.stop_asked.wait(0.25):
            children.check()
            for variable, server in self.servers.items():
                if not is_held(server.directory / "keeper.lock"):
                    self._start_again(variable, server)
        raise StopAsked

    def _start_again(self, variable: str, server: Handle) -> None:
        say(f"The embedded {_FOLDERS[variable]} ended by itself; starting it again.")
        server.close()
        try:
            fresh = _EMBEDDED[variable](server.directory)
        except EmbeddedServerError as problem:
            raise LauncherError(str(problem)) from problem
        self.servers[variable] = fresh
        if fresh.url != server.url:
            raise LauncherError("Its port was taken meanwhile. Start Kuaidan again.")

    def _note(self, *, url: str) -> None:
        write_private(self.state / "run.json", json.dumps({"pid": os.getpid(), "url": url}))


_EMBEDDED: dict[str, Callable[[Path], Handle]] = {
    "DATABASE_URL": embedded_postgres,
    "REDIS_URL": embedded_redis,
}
_FOLDERS = {"DATABASE_URL": "postgres", "REDIS_URL": "redis"}


def programs_of(host: str, port: int) -> list[Program]:
    """What makes a running Kuaidan; the web server first."""
    python = sys.executable
    web = [
        python, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--workers-kill-timeout", "5",
        "--respawn-failed-workers", "--no-ws", "app.wsgi:app",
    ]  # fmt: skip
    return [
        Program("web", web),
        Program("worker-short", [python, "-m", "app.worker", "short"], stop_seconds=20),
        Program("worker-long", [python, "-m", "app.worker", "long"], stop_seconds=20),
        Program("worker-outgoing", [python, "-m", "app.worker", "outgoing"], stop_seconds=35),
        Program("ticker", [python, "-m", "app.ticker"]),
    ]


def stop_running() -> int:
    """End the instance of this checkout and wait until it is gone. Returns the exit code."""
    state = state_dir()
    about = read_run_file(state)
    if not about or not is_held(state / "run.lock"):
        say("Kuaidan is not running here.")
        return 0
    os.kill(int(about["pid"]), signal.SIGTERM)
    lock = FileLock(state / "run.lock")
    if not lock.try_acquire(wait_seconds=_STOP_SECONDS):
        raise LauncherError(f"Process {about['pid']} does not end; its log folder: {state / 'log'}")
    lock.close()
    say("Stopped.")
    return 0


def read_run_file(state: Path) -> dict[str, str]:
    """What the running (or last killed) instance wrote about itself; empty when there is none."""
    try:
        about = json.loads((state / "run.json").read_text())
    except (OSError, ValueError):
        return {}
    return {key: str(value) for key, value in about.items()}


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104


def _readiness(host: str, port: int) -> str:
    """'' when GET /readyz answers 200, else what it said."""
    connection = http.client.HTTPConnection(_reachable(host).strip("[]"), port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        body = response.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        return str(problem) or type(problem).__name__
    finally:
        connection.close()
    return "" if response.status == 200 else f"/readyz answers {response.status}: {body}"
