"""The shared strings of an .xlsx, kept as they are written: a fraction of the memory of as many Python strings."""

from __future__ import annotations

import html
import re
import zipfile
from array import array

_CHUNK_BYTES = 1 << 20
_CACHED = 20_000
_ITEM = re.compile(rb'<si/>|<si>(?:<t(?: xml:space="preserve")?>([^<]*)</t></si>|(.*?)</si>)', re.DOTALL)
_PHONETIC = re.compile(rb"<rPh\b.*?</rPh>", re.DOTALL)
_RUN = re.compile(rb"<t(?: [^>]*)?>([^<]*)</t>")
_ANY_TEXT = re.compile(rb"<t[ >/]")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


class UnusualError(Exception):
    """The XML is not written as spreadsheet programs write it; the general parser has to read it."""


class SharedStrings:
    """Texts by index; decoded when asked for."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        self._blob = bytearray()
        self._ends = array("Q", [0])
        self._cache: dict[bytes, str] = {}
        if part:
            self._load(archive, part)

    def text(self, index: bytes) -> str:
        """The text at an index written in digits. Raises UnusualError if there is none."""
        found = self._cache.get(index)
        if found is None:
            try:
                number = int(index)
                found = decoded(bytes(self._blob[self._ends[number] : self._ends[number + 1]]))
            except (ValueError, IndexError) as error:
                raise UnusualError from error
            if len(self._cache) < _CACHED:
                self._cache[index] = found
        return found

    def _load(self, archive: zipfile.ZipFile, part: str) -> None:
        rest = b""
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                data = rest + chunk
                cut = data.rfind(b"</si>") + 5
                if cut < 5:
                    rest = data
                    continue
                rest = data[cut:]
                self._add(data[:cut])
        self._add(rest)

    def _add(self, data: bytes) -> None:
        items = _ITEM.findall(data)
        if len(items) != data.count(b"<si>") + data.count(b"<si/>") or b":si" in data:
            raise UnusualError
        for plain, rich in items:
            self._blob += joined_runs(rich) if rich else plain
            self._ends.append(len(self._blob))


def joined_runs(rich: bytes) -> bytes:
    """The text of formatted runs without their reading aids. Raises UnusualError where it cannot be told."""
    spoken = _PHONETIC.sub(b"", rich)
    runs = _RUN.findall(spoken)
    if len(runs) != len(_ANY_TEXT.findall(spoken)) - spoken.count(b"<t/>"):
        raise UnusualError
    return b"".join(runs)


def decoded(raw: bytes) -> str:
    """Text of escaped UTF-8: line ends as XML has them, entities, and control characters written as _x000B_."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise UnusualError from error
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "&" in text:
        text = html.unescape(text)
    if "_x" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return text
