"""The parts of an .xlsx package: which sheets there are, where they and their strings and styles are kept.

Source: ECMA-376 part 1, 12.3 (parts of a workbook) and 18.2 (workbook). Only for files that passed the precheck.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from .model import SheetName
from .refusal import Refused


class Package(NamedTuple):
    """Sheets in workbook order with the names of their parts; empty part names where there is none."""

    sheets: tuple[SheetName, ...]
    part_of: dict[str, str]
    strings: str
    styles: str
    is_1904: bool


def open_package(archive: zipfile.ZipFile) -> Package:
    """Read the workbook part and its relationships. Raises Refused("sheet_damaged")."""
    try:
        names = {clean(name).lower(): name for name in archive.namelist()}
        book = next(name for name in names if name.endswith("workbook.xml"))
        return _package(archive, names, book)
    except (KeyError, StopIteration, ET.ParseError, zipfile.BadZipFile, OSError) as error:
        raise Refused("sheet_damaged") from error


def part_of_sheet(path: Path, sheet: str) -> str:
    """Cleaned name of the part of a sheet; empty if it has none."""
    with zipfile.ZipFile(path) as archive:
        return clean(open_package(archive).part_of.get(sheet, ""))


def clean(name: str) -> str:
    """A part's name without a leading slash and with forward slashes."""
    return name.lstrip("/").replace("\\", "/")


def elements(archive: zipfile.ZipFile, part: str, tags: tuple[str, ...]) -> Iterator[ET.Element]:
    """Finished elements of these local names, in document order."""
    with archive.open(part) as stream:
        for _, element in ET.iterparse(stream):  # noqa: S314
            if element.tag.rpartition("}")[2] in tags:
                yield element


def _package(archive: zipfile.ZipFile, names: dict[str, str], book: str) -> Package:
    folder, base = posixpath.split(book)
    targets: dict[str, str] = {}
    by_kind: dict[str, str] = {}
    worksheets: set[str] = set()
    for relation in elements(archive, names[f"{folder}/_rels/{base}.rels".lstrip("/")], ("Relationship",)):
        full = posixpath.normpath(posixpath.join("/" + folder, relation.get("Target", ""))).lstrip("/").lower()
        targets[relation.get("Id", "")] = names.get(full, "")
        kind = relation.get("Type", "").rpartition("/")[2]
        by_kind[kind] = names.get(full, "")
        if kind == "worksheet":
            worksheets.add(relation.get("Id", ""))
    sheets: list[SheetName] = []
    part_of: dict[str, str] = {}
    is_1904 = False
    for element in elements(archive, names[book], ("sheet", "workbookPr")):
        if element.tag.endswith("workbookPr"):
            is_1904 = element.get("date1904", "0") in ("1", "true")
            continue
        name = element.get("name", "")
        target = next(value for key, value in element.attrib.items() if key.endswith("}id"))
        if target in worksheets:
            sheets.append(SheetName(name, element.get("state", "visible") != "visible"))
            part_of[name] = targets[target]
    return Package(tuple(sheets), part_of, by_kind.get("sharedStrings", ""), by_kind.get("styles", ""), is_1904)
