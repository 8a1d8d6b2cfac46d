"""The end of a zip file, read before any library lists it: it can claim millions of parts.

Source: PKWARE APPNOTE.TXT 6.3.10, 4.3.14-4.3.16 (end of central directory, with and without zip64).
"""

from __future__ import annotations

import struct
from pathlib import Path

from .model import Limits
from .refusal import Refused

_TAIL_BYTES = 22 + 65_535 + 20
_ENTRY_BYTES_AT_MOST = 1_024
"""A directory entry is 46 bytes and a name; workbooks' names are short."""


def check(path: Path, limits: Limits) -> None:
    """Raises Refused where the directory is missing, too large or lists too many parts."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read(_TAIL_BYTES)
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or at + 22 > len(tail):
            raise Refused("sheet_truncated")
        count, directory_bytes = struct.unpack_from("<HI", tail, at + 10)
        if count == 0xFFFF or directory_bytes == 0xFFFFFFFF:
            locator = tail[at - 20 : at] if at >= 20 else b""
            if locator[:4] != b"PK\x06\x07":
                raise Refused("sheet_damaged")
            file.seek(min(struct.unpack_from("<Q", locator, 8)[0], size))
            record = file.read(56)
            if len(record) < 56 or record[:4] != b"PK\x06\x06":
                raise Refused("sheet_damaged")
            count, directory_bytes = struct.unpack_from("<QQ", record, 32)
    if count > limits.entries or directory_bytes > limits.entries * _ENTRY_BYTES_AT_MOST:
        raise Refused("sheet_too_many_parts", parts=count, limit=limits.entries)
