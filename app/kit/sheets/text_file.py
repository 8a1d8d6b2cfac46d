"""Encoding and delimiter of a text file, found by reading it, and its lines."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .refusal import Refused

_CHUNK_BYTES = 1 << 20
_SAMPLE_CHARS = 64 * 1024
_SAMPLE_ROWS = 200
_DELIMITERS = (",", "\t", ";", "|")
_NO_DELIMITERS = ' "\r\n'
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Dialect(NamedTuple):
    """How the text is written."""

    encoding: str
    delimiter: str
    skips_first_line: bool
    """The first line is Excel's `sep=;` and no row."""


def find_dialect(path: Path, encoding: str = "", delimiter: str = "") -> Dialect:
    """Encoding (byte order mark, UTF-8, else GB18030) and delimiter, where they are not given.

    Raises Refused with the position of the first byte that does not decode, or of a NUL.
    """
    if delimiter and (len(delimiter) > 1 or delimiter in _NO_DELIMITERS):
        raise Refused("sheet_bad_delimiter", delimiter=delimiter)
    encoding = find_encoding(path, encoding)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE_CHARS)
    first = sample.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and len(first) == 5 and first[4] not in _NO_DELIMITERS:
        return Dialect(encoding, first[4], skips_first_line=True)
    return Dialect(encoding, delimiter or _guess_delimiter(sample), skips_first_line=False)


def find_encoding(path: Path, wanted: str = "") -> str:
    """Name of the first of our encodings that decodes the whole file; O(size), bounded memory."""
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    candidates = [wanted or marked] if wanted or marked else ["utf-8", "gb18030"]
    positions: dict[str, int] = {}
    for name in candidates:
        position = _first_bad_byte(path, name)
        if position < 0:
            return name
        positions[name] = position
    name = max(positions, key=positions.__getitem__)
    raise Refused("sheet_not_decodable", encoding=name, position=positions[name] + 1)


def _first_bad_byte(path: Path, encoding: str) -> int:
    """0-based position of the first byte that does not decode, or -1."""
    try:
        "".encode(encoding)
    except LookupError as error:
        raise Refused("sheet_unknown_encoding", encoding=encoding) from error
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK_BYTES)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return done - pending + error.start
            if "\x00" in text:
                raise Refused("sheet_not_text", position=done + max(chunk.find(b"\x00"), 0) + 1)
            if not chunk:
                return -1
            done += len(chunk)


def lines(path: Path, dialect: Dialect) -> Iterator[str]:
    """Lines with their line ends, as the csv module wants them; CR, LF and CRLF all end a line."""
    with path.open(encoding=dialect.encoding, newline="") as file:
        if dialect.skips_first_line:
            next(file, None)
        yield from file


def _guess_delimiter(sample: str) -> str:
    """The delimiter under which most rows of the sample have the same number (> 1) of fields."""
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        if delimiter in sample:
            score = _score(sample, delimiter)
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _score(sample: str, delimiter: str) -> float:
    widths: Counter[int] = Counter()
    try:
        for number, row in enumerate(csv.reader(sample.splitlines(keepends=True), delimiter=delimiter)):
            if number >= _SAMPLE_ROWS:
                break
            if row:
                widths[len(row)] += 1
    except csv.Error:
        return 0.0
    split = Counter({width: count for width, count in widths.items() if width > 1})
    if not split:
        return 0.0
    width, count = max(split.items(), key=lambda item: (item[1], item[0]))
    return count / widths.total() + min(width, 50) / 1000
