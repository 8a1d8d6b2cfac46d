"""Read a spreadsheet in a child process, in bounded memory; no file can harm the caller."""

from __future__ import annotations

import fcntl
import json
import logging
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from . import child, precheck, sniffing
from .errors import SheetError
from .model import DEFAULT_LIMITS, NO_CHOICE, Flaw, Head, Kind, Limits, Lines, Options, Row, SheetName
from .refusal import Refused

log = logging.getLogger(__name__)

_PIPE_BYTES = 1 << 20
_FRAME_BYTES_AT_MOST = 1 << 30


def sniff(path: Path, filename: str, limits: Limits = DEFAULT_LIMITS) -> Kind:
    """What the file is, by content; `filename` is what its sender calls it. Raises SheetError."""
    try:
        return sniffing.kind_of(path, filename, limits)
    except Refused as refusal:
        raise SheetError(refusal.code, **refusal.facts) from refusal


def check(path: Path, filename: str, limits: Limits = DEFAULT_LIMITS) -> Kind:
    """`sniff`, and for an .xlsx the precheck of all its parts. Streams. Raises SheetError."""
    kind = sniff(path, filename, limits)
    try:
        if kind is Kind.XLSX:
            precheck.check_xlsx(path, limits)
    except Refused as refusal:
        raise SheetError(refusal.code, **refusal.facts) from refusal
    return kind


def read_rows(
    path: Path,
    filename: str,
    options: Options = NO_CHOICE,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> SheetReader:
    """Open a spreadsheet: a context manager with `.head`, to iterate over by row or `batches()`.

    Every cell is text; see `model.Flaw` for what is marked. Raises SheetError, here or while
    iterating.
    """
    return SheetReader(path, sniff(path, filename, limits), options, limits)


def checking(path: Path, filename: str, limits: Limits = DEFAULT_LIMITS) -> FileCheck:
    """Begin to `check` the file in a process of its own: a context manager, whose `finish()` gives the outcome.

    Meanwhile the file may be read with `Options(is_checked=True)`, by which a long sheet is streamed in bounded memory;
    nothing of it may be kept before `finish()` has come back. Raises SheetError.
    """
    return FileCheck(path, sniff(path, filename, limits), Options(only_check=True), limits)


class _Child:
    """A process of its own for one file, and what it says; closing it early ends it."""

    def __init__(self, path: Path, kind: Kind, options: Options, limits: Limits) -> None:
        self._limits = limits
        self._waited_seconds = 0.0
        request = json.dumps({"path": str(path.resolve()), "kind": kind, "options": options, "limits": limits})
        self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and file)
            [sys.executable, "-I", child.__file__, request],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        _widen(self._process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, if it still runs, and give its pipe back."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def _frame(self) -> dict[str, Any]:
        length = struct.unpack(">I", self._exactly(4))[0]
        if length > _FRAME_BYTES_AT_MOST:
            raise SheetError("sheet_reader_died")
        frame: dict[str, Any] = json.loads(self._exactly(length))
        if "refused" in frame:
            raise SheetError(frame["refused"], **frame["facts"])
        return frame

    def _exactly(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size:
            piece = self._some(min(size, _PIPE_BYTES))
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def _some(self, size: int) -> bytes:
        pipe = self._process.stdout
        if pipe is None or pipe.closed:
            raise SheetError("sheet_reader_died")
        began = time.monotonic()
        poll = select.poll()
        poll.register(pipe, select.POLLIN | select.POLLHUP)
        ready = poll.poll(max(0.0, self._limits.wall_seconds - self._waited_seconds) * 1000)
        self._waited_seconds += time.monotonic() - began
        if not ready:
            raise SheetError("sheet_too_slow", seconds=int(self._limits.wall_seconds))
        piece = pipe.read(size)
        if not piece:
            raise self._death()
        return bytes(piece)

    def _death(self) -> SheetError:
        """Why the child stopped: killed for its CPU time, or aborted for want of memory."""
        code = self._process.wait()
        log.warning("the process that reads spreadsheets ended with code %s", code)
        if code == -signal.SIGXCPU:
            return SheetError("sheet_too_slow", seconds=self._limits.cpu_seconds)
        return SheetError("sheet_reader_died")


class FileCheck(_Child):
    """The check of a whole file, on its way beside whatever else is done with it: see `checking`."""

    def finish(self) -> None:
        """Wait for its outcome. Raises SheetError."""
        self._frame()
        self.close()


class SheetReader(_Child):
    """One spreadsheet being read by its own process."""

    head: Head

    def __init__(self, path: Path, kind: Kind, options: Options, limits: Limits) -> None:
        super().__init__(path, kind, options, limits)
        try:
            self.head = _head(self._frame()["head"])
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Row]:
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[list[Row]]:
        """Rows in lists of up to `child.BATCH_ROWS`. Can be walked once; not with `as_lines`."""
        for batch in self.lines():
            if isinstance(batch, Lines):
                raise TypeError("asked for lines: walk lines()")
            yield batch

    def lines(self) -> Iterator[list[Row] | Lines]:
        """Batches of up to `child.BATCH_ROWS`, with `as_lines` as text where that can be. Can be walked once."""
        while "end" not in (frame := self._frame()):
            yield Lines(frame["lines"]) if "lines" in frame else _rows(frame["rows"])
        self.close()


def _rows(batch: list[Any]) -> list[Row]:
    return [
        Row(
            number,
            cells,
            {int(at): Flaw(flaw) for at, flaw in flaws.items()} if flaws else flaws,
        )
        for number, cells, flaws in batch
    ]


def _widen(pipe: IO[bytes] | None) -> None:
    """Let the child read on while the caller works on some thousand rows; a system may allow less."""
    if pipe:
        with suppress(OSError, AttributeError):  # not on Linux, or above the limit of an unprivileged user
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _head(fields: list[Any]) -> Head:
    head = Head(*fields)
    return head._replace(
        kind=Kind(head.kind),
        sheets=tuple(SheetName(*sheet) for sheet in head.sheets),
        header=tuple(head.header),
        duplicate_headers=tuple(head.duplicate_headers),
        blank_headers=tuple(head.blank_headers),
    )
