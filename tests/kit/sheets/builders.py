"""Spreadsheets made for these tests: by openpyxl, or by raw zip what no program would write."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PKG = "http://schemas.openxmlformats.org/package/2006"
CONTENT_TYPES = (
    f'<Types xmlns="{PKG}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships'
    '+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
ROOT_RELS = (
    f'<Relationships xmlns="{PKG}/relationships"><Relationship Id="rId1" '
    f'Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
BOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
BOOK_RELS = (
    f'<Relationships xmlns="{PKG}/relationships">'
    f'<Relationship Id="rId1" Type="{REL}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{REL}/sharedStrings" Target="sharedStrings.xml"/>'
    "</Relationships>"
)
HEADER_ROW = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>sku</t></is></c><c r="B1" t="inlineStr"><is><t>price</t></is></c></row>'
)


def sheet_xml(rows: str, *, prolog: str = "", after: str = "") -> str:
    """A worksheet part around `rows`."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<worksheet xmlns="{MAIN}">'
        f"<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def raw_xlsx(path: Path, sheet: str | bytes, extra: dict[str, str | bytes] | None = None) -> Path:
    """A workbook of one sheet, whose XML is `sheet`; `extra` adds or replaces parts."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": ROOT_RELS,
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": BOOK_RELS,
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"/>',
        "xl/worksheets/sheet1.xml": sheet,
        **(extra or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def xlsx(path: Path, rows: list[list[object]]) -> Path:
    """A workbook of one sheet with these rows from A1."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def compound_file(streams: dict[str, bytes]) -> bytes:
    """A minimal OLE file: header, one FAT sector, one directory sector, then the streams."""
    fat = [0xFFFFFFFD, 0xFFFFFFFE]
    bodies = b""
    entries = [("Root Entry", 5, 0xFFFFFFFE, 0)]
    for name, short in streams.items():
        content = short.ljust(4096, b"\x00")
        first = len(fat)
        sectors = -(-len(content) // 512)
        fat += [*range(first + 1, first + sectors), 0xFFFFFFFE]
        bodies += content.ljust(sectors * 512, b"\x00")
        entries.append((name, 2, first, len(content)))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    directory = b""
    for name, kind, start, size in entries:
        raw = name.encode("utf-16-le") + b"\x00\x00"
        directory += raw.ljust(64, b"\x00") + struct.pack("<HB", len(raw), kind) + bytes(49)
        directory += struct.pack("<II", start, size) + bytes(4)
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    return header + table + directory.ljust(512, b"\x00") + bodies


def bof(*records: tuple[int, bytes]) -> bytes:
    """A stream of BIFF8 records after its BOF."""
    start = (0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 6))
    return b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in (start, *records))


def xls(path: Path, name: str, cells: list[tuple[int, bytes]]) -> Path:
    """An .xls of one sheet whose records are `cells`; padded, as workbooks are, to be a stream of its own."""
    end = (0x000A, b"")
    bound = struct.pack("<IBBBB", 0, 0, 0, len(name), 1) + name.encode("utf-16-le")
    globals_bytes = len(bof((0x0085, bound), end))
    bound = struct.pack("<I", globals_bytes) + bound[4:]
    path.write_bytes(compound_file({"Workbook": bof((0x0085, bound), end) + bof(*cells, end)}))
    return path


def xls_cell(row: int, column: int, value: str | float | bytes) -> tuple[int, bytes]:
    """A BIFF8 record: LABEL for a text, NUMBER for a number, BOOLERR for (value, is error)."""
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return 0x0204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
    if isinstance(value, bytes):
        return 0x0205, place + value
    return 0x0203, place + struct.pack("<d", value)
