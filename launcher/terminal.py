"""What the person at the terminal sees while we set up and run."""

import sys
import time
from types import TracebackType
from typing import Self


class LauncherError(RuntimeError):
    """Something the person must know or do; the text is shown without a traceback."""


def say(text: str = "") -> None:
    """Print one line; a terminal that has gone away is no reason to fail."""
    try:
        print(text, flush=True)
    except OSError:
        sys.stdout = sys.stderr = open("/dev/null", "w")  # noqa: SIM115, PTH123


class Step:
    """One long step: its name, what it is at (on a terminal), and how long it took."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_live = sys.stdout.isatty()
        self.started = time.monotonic()

    def at(self, detail: str) -> None:
        """Show `detail` in place; on a file or pipe nothing is written."""
        if self.is_live:
            sys.stdout.write(f"\r\033[K{self.name}: {detail}"[:110])
            sys.stdout.flush()

    def __enter__(self) -> Self:
        if self.is_live:
            self.at("…")
        else:
            say(f"{self.name} …")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_live:
            sys.stdout.write("\r\033[K")
        if kind is None:
            say(f"{self.name}: done in {time.monotonic() - self.started:.1f} s")
