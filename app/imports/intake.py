"""Files on their way in: what is in them, kept as an import run that waits for its mapping."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from app.imports import mapping
from app.imports.models import ImportKind, ImportMode, ImportRun, ImportState
from app.kit import clock, context, files
from app.kit.db import db
from app.kit.errors import MESSAGES, Conflict
from app.kit.jobs import Job
from app.kit.sheets import Options, read_rows
from app.kit.shop_wall import assert_in_scope

SAMPLE_ROWS = 3
SAMPLE_CHARS = 60


class Look(NamedTuple):
    """What a person must see to map columns: the header, its first values, the sheets and what is odd."""

    header: list[str]
    sheet: str
    preview: dict[str, Any]


def look(path: Path, file_name: str, sheet: str = "", *, is_checked: bool = False) -> Look:
    """Read the header and the first rows in the bounded reader. Raises SheetError.

    `is_checked` when somebody else checks the whole file; see `sheets.checking`.
    """
    with read_rows(path, file_name, Options(sheet=sheet, is_checked=is_checked)) as reader:
        head = reader.head
        first = [[cell[:SAMPLE_CHARS] for cell in row.cells] for row in islice(iter(reader), SAMPLE_ROWS)]
    columns = [[row[index] for row in first if row[index]] for index in range(len(head.header))]
    preview = {
        "sheets": [one.name for one in head.sheets if not one.is_hidden],
        "samples": columns,
        "twice": list(head.duplicate_headers),
        "encoding": head.encoding,
    }
    return Look(list(head.header), head.sheet, preview)


def start(shop_id: int, kind: ImportKind, path: Path, file_name: str, seen: Look) -> ImportRun:
    """Keep the file and open a run for it, mapped as the shop has saved or the header suggests."""
    run = ImportRun(
        shop_id=assert_in_scope(shop_id),
        kind=kind,
        state=ImportState.UPLOADED,
        file_name=plain_name(file_name),
        file=files.keep(path),
        requested_by=str(context.actor()),
        created_at=clock.now(),
    )
    _take(run, seen)
    db.session.add(run)
    db.session.flush()
    return run


def look_again(run: ImportRun, seen: Look) -> None:
    """Take another sheet of the same file; the mapping is suggested afresh."""
    _open_for_mapping(run)
    _take(run, seen)


def _take(run: ImportRun, seen: Look) -> None:
    run.header, run.sheet, run.preview = seen.header, seen.sheet or None, seen.preview
    run.mapping = mapping.suggest(run.shop_id, run.kind, seen.header)


def set_mapping(run: ImportRun, places: mapping.Places, mode: ImportMode) -> None:
    """Say which column is what, and remember it for the shop's next file with this header."""
    _open_for_mapping(run)
    run.mapping, run.mode = places, mode
    mapping.remember(run.shop_id, run.kind, run.header, places)


def want_check(run: ImportRun) -> None:
    """The dry run is wanted."""
    run.state, run.counts = ImportState.CHECKING, {}


def want_commit(run: ImportRun) -> None:
    """The writing is wanted. Raises Conflict unless the run has been checked."""
    if run.state is not ImportState.CHECKED:
        raise Conflict("import_not_checked")
    run.state = ImportState.COMMITTING


def is_stuck(run: ImportRun, job: Job | None) -> bool:
    """Whether the job of a running import has ended without a result; it can be started again."""
    return run.state in (ImportState.CHECKING, ImportState.COMMITTING) and (job is None or job.is_final)


def step_back(run: ImportRun) -> None:
    """After a cancelled or broken job: to where the person last had a choice."""
    back = {ImportState.CHECKING: ImportState.UPLOADED, ImportState.COMMITTING: ImportState.CHECKED}
    run.state = back.get(run.state, run.state)


def _open_for_mapping(run: ImportRun) -> None:
    if run.state not in (ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED):
        raise Conflict("import_under_way")


def plain_name(file_name: str) -> str:
    """The last part of a name as browsers send it, without control characters, at most 255 long."""
    last = PurePath(file_name.replace("\\", "/")).name
    return "".join(_printable(last))[-255:] or "file"


def _printable(name: str) -> Iterator[str]:
    return (char for char in name if char.isprintable())


MESSAGES.update(
    {
        "import_not_checked": _l("Check the file first; nothing was written."),
        "import_under_way": _l("This import is being worked on, or it is done; its mapping stays as it is."),
    }
)
