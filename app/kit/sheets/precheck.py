"""The check before any parser sees an .xlsx: inflated size, forbidden XML, reach of the cells.

It streams each part once and holds a few megabytes. What it cannot prove harmless, the limits of
the child process
that reads the file still bound; this check is there to say at once, and by name, what is wrong.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from . import zip_directory
from .cell_scan import PartScan
from .model import Limits
from .refusal import Refused

_CHUNK_BYTES = 1 << 20
_FREE_BYTES = 8 << 20
_ENCODING = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{1,40})["']""")
_PLAIN_ENCODINGS = (b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252")
_OTHER_UNICODE = (
    b"\xfe\xff",
    b"\xff\xfe",
    b"\x00<",
    b"<\x00",
    b"\x00\x00",
    b"\x4c\x6f\xa7\x94",
    b"+ADw",
)
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    ValueError,
    OSError,
    RuntimeError,
)

Findings = dict[str, PartScan]
"""Name of a part → what its cells hold that a reader would lose."""


def check_xlsx(path: Path, limits: Limits) -> Findings:
    """Stream every part of the workbook through the caps; O(inflated size), a few MB of memory.

    Raises Refused with the first limit that is passed, or "sheet_damaged" where the zip does
    not hold together.
    """
    zip_directory.check(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            return _check_parts(archive, limits)
    except _ZIP_ERRORS as error:
        raise Refused("sheet_damaged") from error


def _check_parts(archive: zipfile.ZipFile, limits: Limits) -> Findings:
    parts = archive.infolist()
    if len(parts) > limits.entries:
        raise Refused("sheet_too_many_parts", parts=len(parts), limit=limits.entries)
    if sum(part.file_size for part in parts) > limits.inflated_bytes:
        raise _inflates_too_far(limits)
    findings: Findings = {}
    total = 0
    for part in parts:
        if part.flag_bits & 1:
            raise Refused("sheet_encrypted")
        scan = PartScan(limits)
        for chunk in _inflate(archive, part, limits):
            total += len(chunk)
            if total > limits.inflated_bytes:
                raise _inflates_too_far(limits)
            scan.feed(chunk)
        scan.finish()
        if scan.has_findings:
            findings[part.filename.lstrip("/").replace("\\", "/")] = scan
    return findings


def _inflate(archive: zipfile.ZipFile, part: zipfile.ZipInfo, limits: Limits) -> Iterator[bytes]:
    is_xml = part.filename.lower().endswith((".xml", ".rels", ".vml"))
    size, edge = 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > _FREE_BYTES and size > limits.ratio * max(part.compress_size, 1):
                raise _inflates_too_far(limits)
            if size == len(chunk) and is_xml:
                _check_encoding(chunk)
            is_xml = is_xml or chunk.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
            if is_xml:
                if any(mark in chunk or mark in edge + chunk[:16] for mark in _FORBIDDEN):
                    raise Refused("sheet_forbidden_xml")
                edge = chunk[-16:]
                yield chunk


def _check_encoding(start: bytes) -> None:
    if start.startswith(_OTHER_UNICODE):
        raise Refused("sheet_forbidden_xml")
    declared = _ENCODING.match(start.lstrip(b"\xef\xbb\xbf \r\n\t")[:300])
    if declared and declared[1].lower() not in _PLAIN_ENCODINGS:
        raise Refused("sheet_forbidden_xml")


def _inflates_too_far(limits: Limits) -> Refused:
    return Refused("sheet_inflates_too_far", limit=limits.inflated_bytes // 2**20)
