"""Files that the console keeps: uploads, reports, images; named by their content, written all or not."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app

from app.kit import clock
from app.kit.errors import NotFound


def folder() -> Path:
    """Where files are kept."""
    path = Path(current_app.config["KUAIDAN_STATE_DIR"]) / "files"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def scratch(suffix: str = "") -> Path:
    """A fresh path for a file in the making, on the same disk as the kept ones."""
    making = folder() / "making"
    making.mkdir(exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(suffix=suffix, dir=making)
    os.close(handle)
    return Path(name)


@contextmanager
def making(suffix: str) -> Iterator[Path]:
    """A scratch path for the block; what is still there afterwards is removed."""
    path = scratch(suffix)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def sweep() -> int:
    """Remove what killed processes have left in the making for a day. Returns how many."""
    oldest = clock.now().timestamp() - 24 * 3600
    left = [path for path in (folder() / "making").glob("*") if path.stat().st_mtime < oldest]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def keep(made: Path) -> str:
    """Move a finished file in and return its content address; the same content is kept once."""
    with made.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        os.fsync(stream.fileno())
    address = f"{digest}{made.suffix.lower()[:8]}"
    target = folder() / address[:2] / address
    target.parent.mkdir(exist_ok=True, mode=0o700)
    shutil.move(made, target)
    return address


def path_of(address: str) -> Path:
    """The kept file. Raises NotFound."""
    path = folder() / address[:2] / address
    if "/" in address or not path.is_file():
        raise NotFound("not_found")
    return path
