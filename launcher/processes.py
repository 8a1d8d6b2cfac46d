"""The programs of a running Kuaidan: started, watched, started again, and ended without a trace."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from launcher import guard, lifelines
from launcher.logs import Log
from launcher.paths import ROOT
from launcher.terminal import say

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STABLE_SECONDS = 60.0


@dataclass(frozen=True)
class Program:
    """One program to run: what it is called, its command, and how long it may take to stop."""

    name: str
    command: list[str]
    stop_seconds: float = 10


@dataclass
class Child:
    """A program and the process that runs it now."""

    program: Program
    process: "subprocess.Popen[bytes]"
    log: Log
    started: float = field(default_factory=time.monotonic)
    pause_seconds: float = _FIRST_PAUSE_SECONDS
    restart_at: float | None = None

    @property
    def ending(self) -> str:
        """How the process ended, in words."""
        code = self.process.returncode
        return f"signal {-code}" if code < 0 else f"exit code {code}"


class Children:
    """All children of one `run.py`. For its main thread only: children die with their thread."""

    def __init__(
        self,
        environment: Mapping[str, str],
        log_folder: Path,
        keep_open: Iterable[int] = (),
        orphan_seconds: float = 10,
    ) -> None:
        """Nothing runs yet but the guard.

        `keep_open`: descriptors (locks) that the guard holds until all children have ended;
        `orphan_seconds`: how long these may take when we are killed ourselves.
        """
        self.environment = dict(environment)
        self.log_folder = log_folder
        self.running: dict[str, Child] = {}
        self._guard = subprocess.Popen(
            [sys.executable, "-I", guard.__file__, str(orphan_seconds)],
            stdin=subprocess.PIPE,
            pass_fds=tuple(keep_open),
        )

    def start(self, program: Program, log: Log | None = None) -> Child:
        """Start `program`, its output into its log file."""
        log = log or Log(self.log_folder / f"{program.name}.log", program.name)
        with log.appending() as output:
            process = self.spawn(program.command, stdout=output, stderr=output)
        child = Child(program, process, log)
        self.running[program.name] = child
        return child

    def spawn(
        self, command: list[str], *, stdout: IO[bytes] | int, stderr: IO[bytes] | int | None
    ) -> "subprocess.Popen[bytes]":
        """Start a process in a session of its own that ends when we end, however we end."""
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=lifelines.dies_with_parent(signal.SIGTERM),  # noqa: PLW1509  (no threads here)
        )
        self._tell_guard(f"+{process.pid}")
        return process

    def finish(self, process: "subprocess.Popen[bytes]", stop_seconds: float = 10) -> None:
        """End `process` and whatever it has started. Idempotent."""
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(stop_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        guard.end_session(process.pid, 0)
        process.wait()
        self._tell_guard(f"-{process.pid}")

    def check(self) -> None:
        """Once a moment: show errors from the logs, start again whoever has ended."""
        for child in list(self.running.values()):
            for line in child.log.new_errors():
                say(line)
            if child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._restart(child)
            elif child.restart_at is None and child.process.poll() is not None:
                self._plan_restart(child)

    def _plan_restart(self, child: Child) -> None:
        self.finish(child.process)  # its own children must not go on without it
        for line in child.log.new_errors():
            say(line)
        if time.monotonic() - child.started > _STABLE_SECONDS:
            child.pause_seconds = _FIRST_PAUSE_SECONDS
        child.restart_at = time.monotonic() + child.pause_seconds
        say(
            f"{child.program.name} ended by itself ({child.ending}); starting it again in "
            f"{child.pause_seconds:g} s. Its log: {child.log.path}"
        )

    def _restart(self, child: Child) -> None:
        fresh = self.start(child.program, child.log)
        fresh.pause_seconds = min(child.pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    def stop(self) -> None:
        """End all children together, then the guard. Idempotent."""
        alive = [child for child in self.running.values() if child.restart_at is None]
        for child in alive:
            if child.process.poll() is None:
                child.process.terminate()
        begun = time.monotonic()
        for child in alive:
            left = child.program.stop_seconds - (time.monotonic() - begun)
            self._wait_then_finish(child, max(0.0, left))
        self.running.clear()
        if self._guard.stdin and not self._guard.stdin.closed:
            with suppress(BrokenPipeError):
                self._guard.stdin.close()
        self._guard.wait()

    def _wait_then_finish(self, child: Child, seconds: float) -> None:
        try:
            child.process.wait(seconds)
        except subprocess.TimeoutExpired:
            say(f"{child.program.name} did not end in time and is killed.")
            child.process.kill()
        self.finish(child.process)

    def _tell_guard(self, line: str) -> None:
        if self._guard.stdin is None or self._guard.stdin.closed:
            return
        with suppress(BrokenPipeError):  # somebody ended the guard; on Linux children die with us
            self._guard.stdin.write(f"{line}\n".encode())
            self._guard.stdin.flush()
