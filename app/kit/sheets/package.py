"""Which part of an .xlsx package holds a sheet. Source: ECMA-376 part 1, 12.3.23 and 18.2.19."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from .refusal import Refused


def part_of_sheet(path: Path, sheet: str) -> str:
    """Name of the part of the sheet called `sheet` in a workbook that has passed the precheck."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {_clean(name).lower(): name for name in archive.namelist()}
            book = next(name for name in names if name.endswith("workbook.xml"))
            folder, base = posixpath.split(book)
            relations = f"{folder}/_rels/{base}.rels".lstrip("/")
            targets = {
                element.get("Id"): element.get("Target", "")
                for element in _elements(archive, names[relations], "Relationship")
            }
            for element in _elements(archive, names[book], "sheet"):
                if element.get("name") == sheet:
                    target = targets[next(value for key, value in element.attrib.items() if key.endswith("}id"))]
                    full = posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
                    return _clean(names.get(full.lower(), full))
    except (KeyError, StopIteration, ET.ParseError, zipfile.BadZipFile, OSError) as error:
        raise Refused("sheet_damaged") from error
    raise Refused("sheet_damaged")


def _clean(name: str) -> str:
    return name.lstrip("/").replace("\\", "/")


def _elements(archive: zipfile.ZipFile, part: str, tag: str) -> Iterator[ET.Element]:
    with archive.open(part) as stream:
        for _, element in ET.iterparse(stream):  # noqa: S314
            if element.tag.rpartition("}")[2] == tag:
                yield element
