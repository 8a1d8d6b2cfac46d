"""File locks that the kernel drops when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path


class FileLock:
    """An advisory lock on one file; each instance is a holder of its own.

    Children started by `subprocess` do not inherit it (descriptors close on exec).
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def acquire(self, *, shared: bool = False) -> None:
        """Wait for the lock."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def try_acquire(self, *, wait_seconds: float = 0) -> bool:
        """Take the lock alone; False when it is still held by another after `wait_seconds`."""
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.02)
            else:
                return True

    def close(self) -> None:
        """Give the lock back. Idempotent."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def is_held(path: Path) -> bool:
    """True when a living process holds the lock on `path` alone."""
    if not path.exists():
        return False
    probe = FileLock(path)
    try:
        # Shared, so that two who ask at the same time do not take each other for the holder.
        fcntl.flock(probe.descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        probe.close()
    return False
