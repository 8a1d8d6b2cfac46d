"""Log files of the child processes: written by them, read by us for errors worth showing."""

import json
import os
import re
from pathlib import Path
from typing import IO

_LARGEST_BYTES = 20 * 1024 * 1024
_MOST_LINES_AT_ONCE = 5
_ERROR = re.compile(r"\b(ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback |^\w*(Error|Exception): ")


class Log:
    """One log file (mode 0600). A large one is put aside as <name>.log.1 when we start."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        if path.exists() and path.stat().st_size > _LARGEST_BYTES:
            path.replace(path.with_name(f"{path.name}.1"))
        self._read_up_to = path.stat().st_size if path.exists() else 0

    def appending(self) -> IO[bytes]:
        """The file, opened for a child to append to."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.fdopen(os.open(self.path, flags, 0o600), "ab")

    def new_errors(self) -> list[str]:
        """The errors written since the last call, one short line each, at most a handful."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read_up_to)
                fresh = file.read(1_000_000)
        except FileNotFoundError:
            return []
        complete = fresh[: fresh.rfind(b"\n") + 1]
        self._read_up_to += len(complete)
        errors = [text for line in complete.decode(errors="replace").splitlines() if (text := error_in(line))]
        shown = [f"[{self.name}] {text[:300]}" for text in errors[:_MOST_LINES_AT_ONCE]]
        if len(errors) > _MOST_LINES_AT_ONCE:
            shown.append(f"[{self.name}] … {len(errors) - _MOST_LINES_AT_ONCE} more: {self.path}")
        return shown

    def last_lines(self, count: int = 15) -> str:
        """The end of the file, indented."""
        try:
            text = self.path.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(f"  {line}" for line in text.splitlines()[-count:])


def error_in(line: str) -> str:
    """The message when `line` (plain, or one JSON object) reports an error, else ''."""
    if not line.startswith("{"):
        return line.strip() if _ERROR.search(line) else ""
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    if str(entry.get("level", "")).lower() not in ("error", "critical"):
        return ""
    return str(entry.get("message") or entry.get("event") or line)
