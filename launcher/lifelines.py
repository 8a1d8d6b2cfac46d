"""Ties between processes: a child that ends with its parent, and a name for a process over time."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_parent(number: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `number` to the child when the thread that made it ends.

    Only Linux can do this; elsewhere the guard and the keepers are the only lifeline.
    """
    parent = os.getpid()

    def tie() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before the call above
            os._exit(1)

    return tie


def identity(pid: int) -> str:
    """A text that no later process with this pid has: its start time; '' when it is gone."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        fields = status.rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except OSError:
        if sys.platform == "linux":
            return ""
    done = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip()
