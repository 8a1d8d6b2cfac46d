"""Files made to exhaust or fool a reader get a named refusal, quickly, and harm nobody."""

from __future__ import annotations

import resource
import struct
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kit.sheets import Limits, SheetError, check, checking, read_rows

from .builders import HEADER_ROW, MAIN, raw_xlsx, sheet_xml, xlsx

SMALL = Limits(inflated_bytes=64 * 2**20, memory_bytes=512 * 2**20, cpu_seconds=8, wall_seconds=10)
CHECKED = {
    "sheet_too_wide",
    "sheet_too_sparse",
    "sheet_forbidden_xml",
    "sheet_inflates_too_far",
    "sheet_merged_too_far",
}
"""What the check alone finds, too, in this process."""
CALM_SECONDS = 60.0  # a hang, not slowness, fails here: the limits under test are far below
CALM_KIBIBYTES = 64 * 1024


def refusal(path: Path, limits: Limits = SMALL, name: str = "") -> SheetError:
    with (
        pytest.raises(SheetError) as refused,
        read_rows(path, name or path.name, limits=limits) as s,
    ):
        list(s)
    if path.suffix == ".xlsx" and refused.value.code in CHECKED:
        with pytest.raises(SheetError) as alone:
            check(path, name or path.name, limits)
        assert alone.value.code == refused.value.code
    return refused.value


@pytest.fixture(autouse=True)
def _caller_stays_calm() -> Iterator[None]:
    """Every refusal comes within seconds; this process never holds what the file unpacks to."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()

    yield

    assert time.monotonic() - began < CALM_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < CALM_KIBIBYTES


class Repeated:
    """A part of `count` times `piece`, written without ever being held whole."""

    def __init__(self, start: str, piece: str, count: int, end: str) -> None:
        self.start, self.piece, self.count, self.end = start, piece.encode(), count, end

    def write(self, archive: zipfile.ZipFile, name: str) -> None:
        with archive.open(name, "w", force_zip64=True) as part:
            part.write(self.start.encode())
            block = 4_096
            for _ in range(self.count // block):
                part.write(self.piece * block)
            part.write(self.end.encode())


def with_part(path: Path, name: str, content: Repeated) -> Path:
    raw_xlsx(path, sheet_xml(HEADER_ROW + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'))
    whole = path.with_suffix(".whole.xlsx")
    with (
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        content.write(new, name)
    return whole


@pytest.mark.parametrize("limits", [SMALL, SMALL._replace(inflated_bytes=2**30, ratio=100)])
def test_a_zip_bomb_in_a_sheet(tmp_path: Path, limits: Limits) -> None:
    """By its declared size, or where that is allowed by how much it was compressed."""
    rows = Repeated(f'<worksheet xmlns="{MAIN}"><sheetData>', " " * 64, 1_600_000, "")

    error = refusal(with_part(tmp_path / "a.xlsx", "xl/worksheets/sheet1.xml", rows), limits)

    assert error.code == "sheet_inflates_too_far"


def test_gigabytes_of_shared_strings(tmp_path: Path) -> None:
    strings = Repeated(f'<sst xmlns="{MAIN}">', "<si><t>a</t></si>", 6_000_000, "</sst>")

    error = refusal(with_part(tmp_path / "a.xlsx", "xl/sharedStrings.xml", strings))

    assert error.code == "sheet_inflates_too_far"


def test_one_string_without_end(tmp_path: Path) -> None:
    string = Repeated(f'<sst xmlns="{MAIN}"><si><t>', "aaaaaaaaaaaaaaaa", 6_000_000, "</t></si></sst>")

    error = refusal(with_part(tmp_path / "a.xlsx", "xl/sharedStrings.xml", string))

    assert error.code == "sheet_inflates_too_far"


def test_a_bomb_beside_the_sheets(tmp_path: Path) -> None:
    picture = Repeated("", "\x00" * 64, 2_000_000, "")

    error = refusal(with_part(tmp_path / "a.xlsx", "xl/media/image1.png", picture))

    assert error.code == "sheet_inflates_too_far"


def test_a_directory_that_lies_about_sizes(tmp_path: Path) -> None:
    rows = Repeated(f'<worksheet xmlns="{MAIN}"><sheetData>', "<row><c><v>1</v></c></row>", 4_000_000,
                    "</sheetData></worksheet>")  # fmt: skip
    path = with_part(tmp_path / "a.xlsx", "xl/worksheets/sheet1.xml", rows)
    with zipfile.ZipFile(path) as archive:
        honest = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", honest), struct.pack("<I", 1_000)))

    assert refusal(path).code in {"sheet_damaged", "sheet_inflates_too_far"}


def test_a_directory_of_a_million_parts_is_not_even_listed(tmp_path: Path) -> None:
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(HEADER_ROW))
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<HH", 60_000, 60_000)
    path.write_bytes(data)

    error = refusal(path)

    assert (error.code, error.facts) == ("sheet_too_many_parts", {"parts": 60_000, "limit": 2_000})


def test_a_directory_in_zip64_is_read_and_its_lies_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 0)
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(HEADER_ROW + '<row r="2"><c r="A2"><v>1</v></c></row>'))
    data = bytearray(path.read_bytes())
    record, end = data.rindex(b"PK\x06\x06"), data.rindex(b"PK\x05\x06")
    data[end + 8 : end + 12] = b"\xff" * 4
    path.write_bytes(data)

    with read_rows(path, "a.xlsx", limits=SMALL) as sheet:
        assert [row.cells for row in sheet] == [["1", ""]]

    data[record + 24 : record + 40] = struct.pack("<QQ", 10**9, 10**9)
    path.write_bytes(data)
    assert refusal(path).code == "sheet_too_many_parts"
    data[record : record + 2] = b"XX"
    path.write_bytes(data)
    assert refusal(path).code == "sheet_damaged"


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
        "<!--" + "x" * 3_000_000 + "--><!DOCTYPE x []>",
    ],
)
def test_entities_are_refused_wherever_they_stand(tmp_path: Path, prolog: str) -> None:
    hostile = sheet_xml(HEADER_ROW, prolog=prolog)
    strings = f'{prolog}<sst xmlns="{MAIN}"><si><t>&e;</t></si></sst>'

    in_sheet = refusal(raw_xlsx(tmp_path / "a.xlsx", hostile))
    in_strings = refusal(raw_xlsx(tmp_path / "b.xlsx", sheet_xml(HEADER_ROW), {"xl/sharedStrings.xml": strings}))

    assert [in_sheet.code, in_strings.code] == ["sheet_forbidden_xml"] * 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7", "cp037"])
def test_xml_in_another_encoding_hides_nothing(tmp_path: Path, encoding: str) -> None:
    text = sheet_xml(HEADER_ROW, prolog="<!DOCTYPE x []>").replace("UTF-8", encoding)

    assert refusal(raw_xlsx(tmp_path / "a.xlsx", text.encode(encoding))).code == "sheet_forbidden_xml"


def test_a_cell_in_the_last_corner(tmp_path: Path) -> None:
    far = HEADER_ROW + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'

    error = refusal(raw_xlsx(tmp_path / "a.xlsx", sheet_xml(far)))

    assert (error.code, error.facts) == ("sheet_too_wide", {"columns": 16_384, "limit": 512})


def test_cells_far_apart_within_the_limits_of_each(tmp_path: Path) -> None:
    far = HEADER_ROW + '<row r="1048576"><c r="AZ1048576"><v>1</v></c></row>'

    error = refusal(raw_xlsx(tmp_path / "a.xlsx", sheet_xml(far)))

    assert (error.code, error.facts) == ("sheet_too_sparse", {"rows": 1_048_576, "columns": 52})


@pytest.mark.parametrize("cell", ["<c\nr='XFD1048576'><v>1</v></c>", '<c s="0" r = "XFD1048576"><v>1</v></c>'])
def test_what_slips_past_the_check_kills_only_the_reading_process(tmp_path: Path, cell: str) -> None:
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(HEADER_ROW + f"<row>{cell}</row>"))

    error = refusal(path)

    assert error.code in {"sheet_too_wide", "sheet_reader_died", "sheet_damaged"}


def test_a_box_larger_than_the_memory_allowed_kills_only_the_reading_process(
    tmp_path: Path,
) -> None:
    far = HEADER_ROW + '<row r="1048576"><c r="AK1048576"><v>1</v></c></row>'
    tight = SMALL._replace(memory_bytes=256 * 2**20)

    assert refusal(raw_xlsx(tmp_path / "a.xlsx", sheet_xml(far)), tight).code == "sheet_reader_died"


def test_formatted_emptiness_is_no_content(tmp_path: Path) -> None:
    rows = HEADER_ROW + '<row r="2"><c r="A2"><v>1</v></c><c r="XFD2" s="0"/></row>'
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(rows + '<row r="1048576" ht="9"/>'))

    with read_rows(path, "a.xlsx", limits=SMALL) as sheet:
        assert [row.cells for row in sheet] == [["1", ""]]


def test_merged_areas_over_the_whole_sheet(tmp_path: Path) -> None:
    merge = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'

    assert refusal(raw_xlsx(tmp_path / "a.xlsx", sheet_xml(HEADER_ROW, after=merge))).code == ("sheet_merged_too_far")


def test_a_lie_about_dimensions_is_harmless(tmp_path: Path) -> None:
    text = sheet_xml(HEADER_ROW + '<row r="2"><c r="A2"><v>1</v></c></row>').replace(
        "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
    )

    with read_rows(raw_xlsx(tmp_path / "a.xlsx", text), "a.xlsx", limits=SMALL) as sheet:
        assert [row.cells for row in sheet] == [["1", ""]]


def test_a_reader_that_computes_too_long_is_stopped(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["a", "b"], *[[str(n), n] for n in range(3_000)]])

    error = refusal(path, SMALL._replace(wall_seconds=0.001))

    assert error.code == "sheet_too_slow"


def test_truncated_and_damaged_workbooks(tmp_path: Path) -> None:
    whole = xlsx(tmp_path / "a.xlsx", [["a", "b"], *[[str(n), n] for n in range(500)]]).read_bytes()
    cut, flipped = tmp_path / "cut.xlsx", tmp_path / "flipped.xlsx"
    cut.write_bytes(whole[: len(whole) // 2])
    at = whole.index(b"xl/worksheets/sheet1.xml") + 200
    flipped.write_bytes(whole[:at] + bytes(byte ^ 0xFF for byte in whole[at : at + 50]) + whole[at + 50 :])

    assert refusal(cut).code == "sheet_truncated"
    assert refusal(flipped).code == "sheet_damaged"


def test_a_workbook_without_its_sheet_part(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")

    assert refusal(path).code in {"sheet_damaged", "sheet_no_content"}


def test_an_encrypted_zip_part(tmp_path: Path) -> None:
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(HEADER_ROW))
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + offset] |= 1
    path.write_bytes(data)

    assert refusal(path).code == "sheet_encrypted"


def test_the_check_alone_says_the_same(tmp_path: Path) -> None:
    far = HEADER_ROW + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(far))

    with pytest.raises(SheetError) as refused:
        check(path, "a.xlsx")
    with checking(path, "a.xlsx") as beside, pytest.raises(SheetError) as refused_beside:
        beside.finish()

    assert refused.value.code == refused_beside.value.code == "sheet_too_wide"
