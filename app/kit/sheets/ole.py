"""OLE compound files (.xls and encrypted workbooks): their directory and streams.

Source: [MS-CFB] Compound File Binary File Format, sections 2.2 (header), 2.3 (FAT), 2.6
(directory).
"""

from __future__ import annotations

import struct

from .refusal import Refused

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA
_ENTRY_BYTES = 128
_SMALL_STREAM_BYTES = 4096


class CompoundFile:
    """Names and contents of the streams of a compound file held in memory.

    Raises Refused("sheet_damaged") where the structure is broken; every chain is bounded by
    the file's size.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) < 512 or not data.startswith(MAGIC):
            raise Refused("sheet_damaged")
        self._data = data
        sector_shift, mini_shift = struct.unpack_from("<HH", data, 30)
        if sector_shift not in (9, 12) or mini_shift != 6:
            raise Refused("sheet_damaged")
        self._sector_bytes = 1 << sector_shift
        self._fat = self._read_fat()
        (first_directory,) = struct.unpack_from("<I", data, 48)
        self._entries = self._read_directory(self._chain(first_directory))

    @property
    def names(self) -> set[str]:
        """Names of all streams and storages."""
        return set(self._entries)

    def stream(self, name: str) -> bytes:
        """Content of a stream."""
        start, size = self._entries[name]
        if size < _SMALL_STREAM_BYTES:
            return self._small_stream(start, size)
        return self._chain(start)[:size]

    def _sector(self, number: int) -> bytes:
        begin = (number + 1) * self._sector_bytes
        return self._data[begin : begin + self._sector_bytes]

    def _read_fat(self) -> list[int]:
        header = list(struct.unpack_from("<109I", self._data, 76))
        next_difat, difat_count = struct.unpack_from("<II", self._data, 68)
        per_sector = self._sector_bytes // 4
        sectors = header
        for _ in range(min(difat_count, len(self._data) // self._sector_bytes)):
            block = self._sector(next_difat)
            if len(block) < self._sector_bytes:
                break
            *more, next_difat = struct.unpack(f"<{per_sector}I", block)
            sectors = sectors + more
        fat: list[int] = []
        for number in sectors:
            block = self._sector(number) if number < _LAST_SECTOR else b""
            fat.extend(struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4]))
        return fat

    def _chain(self, number: int) -> bytes:
        seen: set[int] = set()
        parts: list[bytes] = []
        while number < _LAST_SECTOR:
            if number in seen or number >= len(self._fat):
                raise Refused("sheet_damaged")
            seen.add(number)
            sector = self._sector(number)
            if not sector:
                raise Refused("sheet_damaged")
            parts.append(sector)
            number = self._fat[number]
        return b"".join(parts)

    def _read_directory(self, data: bytes) -> dict[str, tuple[int, int]]:
        entries: dict[str, tuple[int, int]] = {}
        for begin in range(0, len(data) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            name_bytes, kind = struct.unpack_from("<HB", data, begin + 64)
            if kind in (1, 2, 5) and 2 <= name_bytes <= 64:
                name = data[begin : begin + name_bytes - 2].decode("utf-16-le", "replace")
                entries.setdefault(name, struct.unpack_from("<II", data, begin + 116))
        return entries

    def _small_stream(self, start: int, size: int) -> bytes:
        root = self._entries.get("Root Entry")
        (first_mini_fat,) = struct.unpack_from("<I", self._data, 60)
        if root is None or first_mini_fat >= _LAST_SECTOR:
            raise Refused("sheet_damaged")
        container, table = self._chain(root[0]), self._chain(first_mini_fat)
        parts: list[bytes] = []
        while start < _LAST_SECTOR and len(parts) * 64 < size:
            if (start + 1) * 4 > len(table):
                raise Refused("sheet_damaged")
            parts.append(container[start * 64 : start * 64 + 64])
            (start,) = struct.unpack_from("<I", table, start * 4)
        return b"".join(parts)[:size]
