"""The process that reads one spreadsheet and may die of it: limits first, then frames of JSON.

A frame is four bytes of length (big endian) and a JSON text: first the head, then batches of
rows, then the end; or a
refusal. It is started by path and loads none of the application, so that it is up within a tenth
of a second.
"""

from __future__ import annotations

import gc
import json
import resource
import struct
import sys
import types
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import Head, Kind, Limits, Options, Row

BATCH_ROWS = 1_000
_EMPTY = "\\N"


def main(request: str) -> None:
    """Serve one request: JSON of path, kind, options and limits. Nothing here makes cycles, so none are looked for."""
    asked = json.loads(request)
    _load_without_the_application()
    from app.kit.sheets.model import Kind, Limits, Options
    from app.kit.sheets.refusal import Refused

    limits, options = Limits(*asked["limits"]), Options(*asked["options"])
    _limit_this_process(limits)
    gc.disable()
    try:
        if options.only_check:
            _check(Path(asked["path"]), Kind(asked["kind"]), limits)
            return
        head, rows = _read(Path(asked["path"]), Kind(asked["kind"]), options, limits)
        _send({"head": head})
        count = 0
        while batch := list(islice(rows, BATCH_ROWS)):
            count += len(batch)
            _send(_as_lines(batch, len(head.header)) if options.as_lines else {"rows": batch})
        _send({"end": count})
    except Refused as refusal:
        _send({"refused": refusal.code, "facts": refusal.facts})
    except MemoryError:
        _send({"refused": "sheet_too_much_memory", "facts": {}})


def _check(path: Path, kind: Kind, limits: Limits) -> None:
    from app.kit.sheets import precheck
    from app.kit.sheets.model import Kind

    if kind is Kind.XLSX:
        precheck.check_xlsx(path, limits)
    _send({"end": 0})


def _load_without_the_application() -> None:
    """Let `app.kit.sheets.…` be imported without running the packages' `__init__` (the web)."""
    folder = Path(__file__).resolve().parent
    for name, place in (
        ("app", folder.parents[1]),
        ("app.kit", folder.parent),
        ("app.kit.sheets", folder),
    ):
        package = types.ModuleType(name)
        package.__path__ = [str(place)]
        sys.modules[name] = package


def _limit_this_process(limits: Limits) -> None:
    _limit(resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes)
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 2)
    _limit(resource.RLIMIT_CORE, 0, 0)
    _limit(resource.RLIMIT_FSIZE, 0, 0)


def _limit(what: int, soft: int, hard: int) -> None:
    """A soft CPU limit below the hard one ends the process by SIGXCPU, which the parent knows."""
    _, most = resource.getrlimit(what)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(what, (soft, hard))


def _read(path: Path, kind: Kind, options: Options, limits: Limits) -> tuple[Head, Iterator[Row]]:
    from app.kit.sheets import shaping
    from app.kit.sheets.model import Head, Kind

    encoding = delimiter = name = ""
    sheets: tuple[Any, ...] = ()
    if kind is Kind.CSV:
        from app.kit.sheets import csv_rows, text_file

        dialect = text_file.find_dialect(path, options.encoding, options.delimiter)
        encoding, delimiter = dialect.encoding, dialect.delimiter
        raw = csv_rows.rows(path, dialect, limits)
    else:
        from app.kit.sheets import workbook

        name, sheets, raw = workbook.open_sheet(path, kind, options.sheet, limits, is_checked=options.is_checked)
    header, rows = shaping.split_header(raw, options.header_row)
    head = Head(
        kind,
        name,
        sheets,
        header.names,
        header.row,
        header.duplicates,
        header.blanks,
        encoding,
        delimiter,
    )
    if kind is Kind.CSV:
        rows = shaping.mark_ragged(header, rows)
    return head, shaping.shape(header, rows)


def _as_lines(batch: list[Row], width: int) -> dict[str, Any]:
    """The batch as one text when every cell of it stands there as it is: no flaw, nothing to strip or to escape."""
    lines, blanks = [], 0
    for number, cells, flaws in batch:
        if flaws or len(cells) != width or [cell.strip() for cell in cells] != cells:
            return {"rows": batch}
        blanks += (empty := cells.count(""))
        lines.append(f"{number}\t" + "\t".join([cell or _EMPTY for cell in cells] if empty else cells))
    text = "\n".join(lines) + "\n"
    is_even = text.count("\t") == len(batch) * width and text.count("\n") == len(batch)
    if not is_even or text.count("\\") != blanks or "\r" in text or "\x00" in text or not _is_unicode(text):
        return {"rows": batch}
    return {"lines": text}


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _send(frame: dict[str, Any]) -> None:
    data = json.dumps(frame, separators=(",", ":")).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(data)) + data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
