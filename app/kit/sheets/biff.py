"""Records of an .xls workbook stream: is it encrypted, and which cells hold error values.

Source: [MS-XLS] 2.4.21 BOF, 2.4.24 BoolErr, 2.4.28 BoundSheet8, 2.4.117 FilePass, 2.4.127
Formula, 2.5.10 Bes.
"""

from __future__ import annotations

import struct

from .ole import CompoundFile
from .refusal import Refused

_BOF, _BOUND_SHEET, _FILE_PASS, _FORMULA, _BOOL_ERROR = 0x0809, 0x0085, 0x002F, 0x0006, 0x0205
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}

Place = tuple[int, int]


def workbook_stream(data: bytes) -> bytes:
    """The stream that holds the cells. Raises Refused if encrypted, or another document."""
    container = CompoundFile(data)
    if "EncryptedPackage" in container.names:
        raise Refused("sheet_encrypted")
    for name in ("Workbook", "WORKBOOK", "Book", "BOOK"):
        if name in container.names:
            return container.stream(name)
    raise Refused("sheet_not_a_workbook")


def is_encrypted(stream: bytes) -> bool:
    """Whether a FILEPASS record stands among the first records, as it must if there is one."""
    position = 0
    for _ in range(12):
        if position + 4 > len(stream):
            return False
        record, length = struct.unpack_from("<HH", stream, position)
        if record == _FILE_PASS:
            return True
        position += 4 + length
    return False


def error_cells(stream: bytes) -> list[dict[Place, str]]:
    """For each sheet in workbook order: 0-based (row, column) → text of the error, such as #N/A."""
    starts: list[int] = []
    found: dict[int, dict[Place, str]] = {}
    current: dict[Place, str] = {}
    position, end = 0, len(stream) - 4
    while position <= end:
        record, length = struct.unpack_from("<HH", stream, position)
        body = position + 4
        if record == _BOF:
            current = found.setdefault(position, {})
        elif record == _BOUND_SHEET and length >= 4:
            starts.append(struct.unpack_from("<I", stream, body)[0])
        elif record in (_BOOL_ERROR, _FORMULA) and length >= 8 and body + length <= len(stream):
            _note_error(stream, record, body, current)
        position = body + length
    return [found.get(start, {}) for start in starts]


def _note_error(stream: bytes, record: int, body: int, into: dict[Place, str]) -> None:
    row, column = struct.unpack_from("<HH", stream, body)
    if record == _BOOL_ERROR:
        if stream[body + 7] == 1:
            into[row, column] = _ERRORS.get(stream[body + 6], "#ERROR")
    elif stream[body + 12 : body + 14] == b"\xff\xff" and stream[body + 6] == 2:
        into[row, column] = _ERRORS.get(stream[body + 8], "#ERROR")
