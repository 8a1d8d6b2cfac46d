"""Ends what `run.py` started when it is killed itself; a program of its own, standard library only.

`run.py` writes "+PID" and "-PID" lines (leaders of sessions) to our standard input. When that input
ends, `run.py` is gone: whoever is still listed gets time to finish, then its session is killed. We
inherit the locks that keep the embedded servers running, so these outlive the programs.
"""

import os
import signal
import sys
import time


def members(session: int) -> list[int]:
    """The living processes of a session (without /proc: of its leader's group)."""
    if sys.platform != "linux":
        try:
            os.killpg(session, 0)
        except OSError:
            return []
        return [-session]
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208
        try:
            with open(f"/proc/{name}/stat") as file:  # noqa: PTH123
                fields = file.read().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if name.isdigit() and fields[0] not in "ZX" and int(fields[3]) == session:
            found.append(int(name))
    return found


def send(pid: int, number: signal.Signals) -> None:
    """Signal a process (or, negative, a group) that may be gone already."""
    try:
        os.kill(pid, number)
    except OSError:
        return


def end_session(session: int, grace_seconds: float) -> None:
    """Wait until the session is empty, after `grace_seconds` kill what is left of it."""
    deadline = time.monotonic() + grace_seconds
    while left := members(session):
        if time.monotonic() >= deadline:
            for pid in left:
                send(pid, signal.SIGKILL)
        time.sleep(0.05)


def main() -> None:
    """Follow the list on standard input; at its end, clear up."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sessions: dict[int, bool] = {}
    for line in sys.stdin:
        if line.startswith("+"):
            sessions[int(line[1:])] = True
        else:
            sessions.pop(int(line[1:]), None)
    if sys.platform != "linux":  # Linux has told them already (lifelines.dies_with_parent)
        for session in sessions:
            send(session, signal.SIGTERM)
    deadline = time.monotonic() + float(sys.argv[1])
    for session in sessions:
        end_session(session, max(0, deadline - time.monotonic()))


if __name__ == "__main__":
    main()
