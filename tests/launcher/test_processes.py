"""Child processes: watched, started again, and gone when we are gone, however we went."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher import guard, lifelines
from launcher.paths import ROOT
from launcher.processes import Child, Children, Program

Eventually = Callable[..., bool]

# A parent with a stubborn child in a process group of its own, as rq's forking worker makes them. Each tells its
# number in one piece: without a buffer Python writes word by word, and the words of both would be mixed.
FAMILY = """
import os, signal, sys, time
if os.fork() == 0:
    os.setpgrp()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, f"child {os.getpid()}\\n".encode())
    time.sleep(60)
    os._exit(0)
os.write(1, f"parent {os.getpid()}\\n".encode())
time.sleep(60)
"""

OWNER = """
import os, sys, time
from pathlib import Path
from launcher.processes import Children, Program
children = Children(os.environ, Path(sys.argv[1]), orphan_seconds=0.5)
children.start(Program("family", [sys.executable, "-c", sys.argv[2]]))
print("started", flush=True)
time.sleep(60)
"""


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    made = Children(os.environ, tmp_path)
    yield made
    made.stop()


def pids(log: Path, count: int) -> list[int]:
    lines = log.read_text().splitlines() if log.exists() else []
    return [int(line.split()[1]) for line in lines] if len(lines) >= count else []


def test_nobody_is_left_after_a_stop(children: Children, tmp_path: Path, eventually: Eventually) -> None:
    children.start(Program("family", [sys.executable, "-c", FAMILY]))
    assert eventually(lambda: len(pids(tmp_path / "family.log", 2)) == 2)
    family = pids(tmp_path / "family.log", 2)

    children.stop()

    assert [lifelines.identity(pid) for pid in family] == ["", ""]


def test_nobody_is_left_after_kill_9(tmp_path: Path, eventually: Eventually) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), FAMILY], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert owner.stdout is not None
    with owner.stdout:
        assert owner.stdout.readline() == "started\n"
    assert eventually(lambda: len(pids(tmp_path / "family.log", 2)) == 2)
    family = pids(tmp_path / "family.log", 2)

    owner.kill()
    owner.wait()

    assert eventually(lambda: [lifelines.identity(pid) for pid in family] == ["", ""])


def test_a_child_that_dies_is_started_again_and_said_so(
    children: Children, eventually: Eventually, capsys: pytest.CaptureFixture[str]
) -> None:
    first = children.start(Program("sleeper", ["sleep", "60"]))
    os.kill(first.process.pid, signal.SIGKILL)

    assert eventually(lambda: checked(children).process.pid != first.process.pid)

    assert checked(children).process.poll() is None
    assert "sleeper ended by itself (signal 9); starting it again in 0.5 s." in capsys.readouterr().out


def checked(children: Children) -> Child:
    children.check()
    return children.running["sleeper"]


def test_one_that_dies_at_once_is_given_longer_and_longer_pauses(children: Children, eventually: Eventually) -> None:
    children.start(Program("sleeper", ["false"]))
    pauses = set()
    begun = time.monotonic()

    while time.monotonic() - begun < 2:
        children.check()
        pauses.add(children.running["sleeper"].pause_seconds)
        time.sleep(0.02)

    assert pauses == {0.5, 1.0, 2.0}


def test_one_that_does_not_end_in_time_is_killed(
    children: Children, tmp_path: Path, eventually: Eventually, capsys: pytest.CaptureFixture[str]
) -> None:
    stubborn = "trap '' TERM; echo ready 1; sleep 60 & wait; sleep 60"
    child = children.start(Program("stubborn", ["sh", "-c", stubborn], stop_seconds=0.2))
    assert eventually(lambda: len(pids(tmp_path / "stubborn.log", 1)) == 1)

    children.stop()

    assert child.process.returncode == -signal.SIGKILL
    assert guard.members(child.process.pid) == []
    assert "stubborn did not end in time and is killed." in capsys.readouterr().out


def test_errors_in_a_log_are_shown(
    children: Children, tmp_path: Path, eventually: Eventually, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        '{"level": "INFO", "message": "no ERROR here"}',
        '{"level": "ERROR", "message": "the report failed"}',
        "2026-11-23 02:00:00 UTC [7] FATAL:  out of disk",
        "done 1",
    ]
    children.start(Program("teller", ["sh", "-c", f"printf '%s\\n' {' '.join(map(repr, lines))}; sleep 60"]))
    assert eventually(lambda: "done" in (tmp_path / "teller.log").read_text())

    children.check()

    assert capsys.readouterr().out.splitlines() == [
        "[teller] the report failed",
        "[teller] 2026-11-23 02:00:00 UTC [7] FATAL:  out of disk",
    ]


def test_logs_are_readable_by_their_owner_only(children: Children, tmp_path: Path) -> None:
    children.start(Program("quiet", ["sleep", "60"]))

    assert (tmp_path / "quiet.log").stat().st_mode & 0o777 == 0o600
