"""The reading code of the child process run in this one, so that tests of it are quick and their coverage is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from app.kit.sheets import Limits, Options, Row, SheetError, child, sniff
from app.kit.sheets.model import DEFAULT_LIMITS, NO_CHOICE
from app.kit.sheets.refusal import Refused


class InProcess:
    """Stands in for `read_rows`; for files that harm nobody."""

    def __init__(
        self, path: Path, filename: str, options: Options = NO_CHOICE, *, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        kind = sniff(path, filename, limits)
        try:
            self.head, self._rows = child._read(path, kind, options, limits)
        except Refused as refusal:
            raise SheetError(refusal.code, **refusal.facts) from refusal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __iter__(self) -> Iterator[Row]:
        try:
            yield from self._rows
        except Refused as refusal:
            raise SheetError(refusal.code, **refusal.facts) from refusal
