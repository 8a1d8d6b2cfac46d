"""Where pictures in bulk come from: a zip whose file names are codes, or lines of a code and addresses."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from app.catalog.pictures import MOST_BYTES
from app.kit import outgoing
from app.kit.errors import RuleViolation

MOST = 2_000
"""Pictures in one go."""
MOST_UNPACKED = 2 * 1024**3
"""Bytes that one zip may come to."""
_NUMBERED = re.compile(r"^(.+?)_(\d{1,3})$")
_SPLIT = re.compile(r"[\t,;，；]+|\s+(?=https?://)", re.IGNORECASE)
Read = Callable[[], bytes]


class Unreadable(Exception):
    """A picture that does not come; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Item:
    """One picture to be: what it is called, for which code (and without a trailing number), in which place."""

    name: str
    code: str
    base: str
    place: int
    read: Read


@contextmanager
def from_zip(path: Path) -> Iterator[list[Item]]:
    """The pictures of a zip, in order of code and number. Raises RuleViolation("bad_zip", "too_many_pictures").

    Sizes that a zip states are not believed: each file is read to the limit and no further.
    """
    budget = [MOST_UNPACKED]
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [one for one in archive.infolist() if _is_picture_file(_name_of(one))]
            if len(entries) > MOST:
                raise RuleViolation("too_many_pictures", limit=f"{MOST:,}")
            items = [_item(_name_of(one), partial(_unpacked, archive, one, budget)) for one in entries]
            yield sorted(items, key=lambda item: (item.base, item.place, item.name))
    except zipfile.BadZipFile as error:
        raise RuleViolation("bad_zip") from error


def from_lines(typed: str) -> list[Item]:
    """Lines like "CUP-1 https://…": a code, then its addresses. Raises RuleViolation("too_many_pictures")."""
    items: list[Item] = []
    for line in typed.splitlines():
        code, *addresses = [part.strip() for part in _SPLIT.split(line.strip()) if part.strip()] or [""]
        items += [Item(url, code, code, place, partial(_fetched, url)) for place, url in enumerate(addresses)]
        if code and not addresses:
            items.append(Item("", code, code, 0, _no_address))
        if len(items) > MOST:
            raise RuleViolation("too_many_pictures", limit=f"{MOST:,}")
    return items


def _item(name: str, read: Read) -> Item:
    stem = PurePosixPath(name).stem
    numbered = _NUMBERED.match(stem)
    base, place = (numbered[1], int(numbered[2])) if numbered else (stem, 1)
    return Item(name, stem, base, place, read)


def _name_of(entry: zipfile.ZipInfo) -> str:
    """The name as it was meant: Windows writes Chinese names as GBK without saying so."""
    if entry.flag_bits & 0x800 or entry.filename.isascii():
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _is_picture_file(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return bool(parts) and not name.endswith("/") and not any(part.startswith((".", "__MACOSX")) for part in parts)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: list[int]) -> bytes:
    if entry.file_size > MOST_BYTES:
        raise Unreadable("too_large")
    try:
        with archive.open(entry) as stream:
            found = stream.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise Unreadable("not_a_picture") from error
    budget[0] -= len(found)
    if len(found) > MOST_BYTES or budget[0] < 0:
        raise Unreadable("too_large")
    return found


def _fetched(url: str) -> bytes:
    try:
        return outgoing.fetch(url, MOST_BYTES)
    except outgoing.FetchFailed as error:
        raise Unreadable(error.code) from error


def _no_address() -> bytes:
    raise Unreadable("bad_address")
