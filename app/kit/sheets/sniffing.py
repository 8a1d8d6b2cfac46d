"""What a file is, by its content; what cannot be imported is refused by its name."""

from __future__ import annotations

import zipfile
from pathlib import Path

from . import biff, zip_directory
from .model import Kind, Limits
from .ole import MAGIC as OLE_MAGIC
from .refusal import Refused

_HEAD_BYTES = 64 * 1024
_SUFFIXES = {
    Kind.XLSX: (".xlsx", ".xlsm", ".xltx", ".xltm"),
    Kind.XLS: (".xls", ".xlt", ".et"),
    Kind.CSV: (".csv", ".tsv", ".txt", ".tab"),
}
_STRANGERS = (
    (b"%PDF-", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"{\\rtf", "RTF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"ID;P", "SYLK"),
    (b"TABLE\r\n0,1", "DIF"),
    (b"TABLE\n0,1", "DIF"),
    (b"PAR1", "Parquet"),
    (b"SQLite format 3", "SQLite"),
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def kind_of(path: Path, filename: str, limits: Limits) -> Kind:
    """The kind of the file, which its sender calls `filename`. Reads little, except of an .xls.

    Raises Refused: empty, too large, unsupported, encrypted, damaged, or named as another
    kind than it is.
    """
    size = path.stat().st_size
    if size == 0:
        raise Refused("sheet_empty_file")
    if size > limits.file_bytes:
        raise Refused("sheet_too_large", megabytes=_megabytes(size), limit=_megabytes(limits.file_bytes))
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    kind = _kind_by_content(path, head, limits)
    _check_name(kind, filename)
    return kind


def _kind_by_content(path: Path, head: bytes, limits: Limits) -> Kind:
    if head.startswith(b"PK"):
        return _kind_of_zip(path, limits)
    if head.startswith(OLE_MAGIC):
        if biff.is_encrypted(biff.workbook_stream(path.read_bytes())):
            raise Refused("sheet_encrypted")
        return Kind.XLS
    if head[:2] in (b"\x09\x00", b"\x09\x02", b"\x09\x04") and head[2:4] in (
        b"\x04\x00",
        b"\x06\x00",
    ):
        raise Refused("sheet_unsupported", found="Excel 2–4")
    for start, name in _STRANGERS:
        if head.startswith(start):
            raise Refused("sheet_unsupported", found=name)
    return _kind_of_text(head)


def _kind_of_zip(path: Path, limits: Limits) -> Kind:
    zip_directory.check(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lstrip("/").replace("\\", "/").lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise Refused("sheet_damaged") from error
    if any(name.endswith("workbook.bin") for name in names):
        raise Refused("sheet_unsupported", found="XLSB")
    if any(name.endswith("workbook.xml") for name in names):
        return Kind.XLSX
    raise Refused("sheet_unsupported", found=_other_zip(names))


def _other_zip(names: set[str]) -> str:
    if "content.xml" in names:
        return "ODS"
    if any(name.startswith("word/") for name in names):
        return "Word"
    if any(name.startswith("ppt/") for name in names):
        return "PowerPoint"
    if any(name.endswith((".iwa", "index.zip")) for name in names):
        return "Numbers"
    return "ZIP"


def _kind_of_text(head: bytes) -> Kind:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<head", b"<body", b"<style")):
        raise Refused("sheet_unsupported", found="HTML")
    if start.startswith((b"<?xml", b"<workbook")):
        raise Refused("sheet_unsupported", found="HTML" if b"<html" in start else "XML")
    if b"\x00" in head and not head.startswith(_UTF16_MARKS):
        raise Refused("sheet_not_text", position=head.index(b"\x00") + 1)
    if not head.startswith(_UTF16_MARKS) and sum(byte < 9 or 13 < byte < 27 for byte in head) * 50 > len(head):
        raise Refused("sheet_unsupported", found="?")
    return Kind.CSV


def _check_name(kind: Kind, filename: str) -> None:
    suffix = Path(filename).suffix.lower()
    if suffix and suffix not in _SUFFIXES[kind]:
        raise Refused("sheet_wrong_extension", suffix=suffix, found=_SUFFIXES[kind][0])


def _megabytes(size: int) -> int:
    return -(-size // 2**20)
