"""A long sheet is read in little memory, to the same rows as a short one; unusual XML is left to the general parser."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from openpyxl import Workbook

from app.kit.sheets import Column, ColumnKind, Flaw, Limits, Options, Row, SheetError, fast_writer, read_rows
from app.kit.sheets.cell_styles import meaning_of, serial_text
from app.kit.sheets.package import open_package
from app.kit.sheets.shared_strings import SharedStrings, UnusualError
from app.kit.sheets.stream import SheetStream

from .builders import BOOK_RELS, HEADER_ROW, MAIN, raw_xlsx, sheet_xml

STREAMED, WHOLE = Limits(streamed_bytes=0), Limits(streamed_bytes=2**40)
VALUES: list[Any] = ["000123", "a & b <c>", "=1", "夏\n季", 42, 12.5, dt.datetime(2026, 2, 28, 9, 30), None]  # noqa: DTZ001


def streamed(path: Path) -> list[Row]:
    """Rows by the streaming reader alone: it raises UnusualError where it would hand over."""
    with zipfile.ZipFile(path) as archive:
        package = open_package(archive)
        return list(SheetStream(archive, package, package.part_of[package.sheets[0].name], STREAMED).rows())


def both(path: Path) -> tuple[list[Row], list[Row]]:
    results = []
    for limits in (STREAMED, WHOLE):
        with read_rows(path, path.name, limits=limits) as sheet:
            results.append(list(sheet))
    return results[0], results[1]


def by_xlsxwriter(path: Path, **options: bool) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, **options}) as book:
        sheet = book.add_worksheet()
        style = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for row in range(3):
            for column, value in enumerate(VALUES):
                sheet.write(row, column, value, style if isinstance(value, dt.datetime) else None)


def by_openpyxl(path: Path, *, write_only: bool) -> None:
    book = Workbook(write_only=write_only)
    sheet = book.create_sheet() if write_only else book.active
    for _ in range(3):
        sheet.append([value if value != "=1" else "'=1" for value in VALUES])
    book.save(path)


def test_what_common_writers_write_is_streamed(tmp_path: Path) -> None:
    by_xlsxwriter(tmp_path / "1.xlsx")
    by_xlsxwriter(tmp_path / "2.xlsx", constant_memory=True)
    by_openpyxl(tmp_path / "3.xlsx", write_only=True)
    by_openpyxl(tmp_path / "4.xlsx", write_only=False)
    columns = [Column(str(index)) for index in range(4)]
    fast_writer.write("S", columns, [VALUES[:4]] * 3, tmp_path / "5.xlsx")

    for name in "12345":
        assert streamed(tmp_path / f"{name}.xlsx")[1].cells[:2] == ["000123", "a & b <c>"]
        first, second = both(tmp_path / f"{name}.xlsx")
        assert first == second


def test_rows_read_at_one_stroke_are_those_read_cell_by_cell(tmp_path: Path) -> None:
    """Gaps, other types in one column, entities, tabs, long numbers and formulas among rows that are alike."""
    values = [*VALUES, "", "_x0041_", "6901234567890123456", 6901234567890123, -0.5, True, "é杯&amp;", "=1+1", " a\tb "]
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        style = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for row in range(120):
            for column in range(6):
                value = (
                    values[(row * (column + 3) + column * row // 7) % len(values)] if row % 5 else f"r{row}c{column}"
                )
                sheet.write(row, column, value, style if isinstance(value, dt.datetime) else None)

    first, second = both(tmp_path / "a.xlsx")

    assert first == second
    assert len(streamed(tmp_path / "a.xlsx")) == 120
    assert {flaw for row in first for flaw in row.flaws.values()} == {Flaw.PRECISION_LOST}


def test_what_is_known_to_be_checked_reads_the_same_and_damage_is_still_seen(tmp_path: Path) -> None:
    good = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(2, 9))
    unusual = '<row r="9"><c r="A9" t="e" cm="1"><v>#N/A</v></c></row>'
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(HEADER_ROW + good + unusual))
    found = []
    for is_checked in (True, False):
        with read_rows(path, "a.xlsx", Options(is_checked=is_checked), limits=STREAMED) as sheet:
            found.append(list(sheet))

    assert found[0] == found[1]
    assert found[0][-1] == Row(9, ["#N/A", ""], {0: Flaw.ERROR_VALUE})  # by the general parser, after its check


def test_a_long_sheet_is_read_in_half_of_the_memory_that_holding_it_takes(tmp_path: Path) -> None:
    columns = [Column(f"c{index}") for index in range(14)] + [Column("n", ColumnKind.INTEGER)]
    rows = ([f"text {number} {index}" for index in range(14)] + [number] for number in range(20_000))
    path = tmp_path / "a.xlsx"
    fast_writer.write("S", columns, rows, path)
    tight = Limits(memory_bytes=48 * 2**20, streamed_bytes=2**20)

    with read_rows(path, "a.xlsx", limits=tight) as sheet:
        assert sum(len(batch) for batch in sheet.batches()) == 20_000

    with pytest.raises(SheetError) as refused, read_rows(path, "a.xlsx", limits=tight._replace(streamed_bytes=2**40)):
        pass
    assert refused.value.code in {"sheet_reader_died", "sheet_too_much_memory"}


def test_the_general_parser_goes_on_where_the_xml_turns_unusual(tmp_path: Path) -> None:
    usual = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(2, 6))
    unusual = "<row r='6'><c r='A6'><v>6</v></c></row>" + '<row r="7"><c r="B7" cm="1"><v>7</v></c></row>'
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(HEADER_ROW + usual + unusual))

    with pytest.raises(UnusualError):
        streamed(path)
    first, second = both(path)

    assert first == second
    assert [(row.number, row.cells) for row in first] == [
        (2, ["2", ""]), (3, ["3", ""]), (4, ["4", ""]), (5, ["5", ""]), (6, ["6", ""]), (7, ["", "7"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        '<row r="2"><c r="A2" t="s"><v>99</v></c></row>',
        '<row r="2"><c r="A2" s="99"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>one</v></c></row>',
        '<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v><![CDATA[1]]></v></c></row>',
        "<row><c><v>1</v></c></row>",
        '<x:row r="2"><x:c r="A2"><x:v>1</x:v></x:c></x:row>',
    ],
)
def test_the_stream_guesses_nothing(tmp_path: Path, row: str) -> None:
    link = '<Relationship Id="rId9" Type="x/styles" Target="styles.xml"/></Relationships>'
    extra = {
        "xl/_rels/workbook.xml.rels": BOOK_RELS.replace("</Relationships>", link),
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/></cellXfs></styleSheet>',
    }
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(HEADER_ROW + row), extra)

    with pytest.raises(UnusualError):
        streamed(path)


def test_rows_out_of_order_are_refused(tmp_path: Path) -> None:
    rows = HEADER_ROW + '<row r="5"><c r="A5"><v>5</v></c></row><row r="3"><c r="A3"><v>3</v></c></row>'
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(rows))

    with pytest.raises(SheetError) as refused, read_rows(path, "a.xlsx", limits=STREAMED) as sheet:
        list(sheet)

    assert refused.value.code == "sheet_damaged"


def test_shared_strings_of_every_form(tmp_path: Path) -> None:
    items = (
        '<si><t>plain</t></si><si/><si><t/></si><si><r><t>ru</t></r><r><rPr><b/></rPr><t xml:space="preserve">ns </t>'
        '</r><rPh sb="0" eb="1"><t>reading</t></rPh></si><si><t xml:space="preserve"> a&amp;b&#10;_x000D_</t></si>'
    )
    path = raw_xlsx(tmp_path / "a.xlsx", "", {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{items}</sst>'})

    with zipfile.ZipFile(path) as archive:
        strings = SharedStrings(archive, "xl/sharedStrings.xml")

    assert [strings.text(str(n).encode()) for n in range(5)] == ["plain", "", "", "runs ", " a&b\n\r"]


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("General", ""), ("0.00", ""), ("#,##0;[Red]-#,##0", ""), ('0 "days"', ""), ("@", ""), ("0.00E+00", ""),
        ("yyyy-mm-dd", "date"), ('yyyy"年"m"月"d"日"', "date"), ("[$-804]aaaa yyyy", "date"), ("h:mm", "date"),
        ("[h]:mm", "duration"), ("[ss].00", "duration"), ("\\d0", ""), ("[Red]0", ""), ("[Blue][<1]0;d", ""),
    ],
)  # fmt: skip
def test_which_formats_show_dates(code: str, meaning: str) -> None:
    assert meaning_of(code) == meaning


@pytest.mark.parametrize(
    ("value", "is_1904", "text"),
    [
        (46081.0, False, "2026-02-28"), (46081.395833333336, False, "2026-02-28T09:30:00"), (0.5, False, "12:00:00"),
        (1.0, False, "1900-01-01"), (59.0, False, "1900-02-28"), (61.0, False, "1900-03-01"),
        (44619.0, True, "2026-02-28"),
        (2958465.0, False, "9999-12-31"), (-5.0, False, "-5"), (1e9, False, "1000000000"),
        (46080.9999999999, False, "2026-02-28"),
    ],
)  # fmt: skip
def test_serial_numbers_become_dates(value: float, is_1904: bool, text: str) -> None:
    assert serial_text(value, "date", is_1904=is_1904) == text


def test_flaws_are_the_same_both_ways(tmp_path: Path) -> None:
    row = (
        '<row r="2"><c r="A2" t="e"><v>#N/A</v></c><c r="B2"><f>1</f></c></row>'
        '<row r="3"><c r="A3"><v>6901234567890123456</v></c><c r="B3" t="str"><f>""</f><v></v></c></row>'
    )
    first, second = both(raw_xlsx(tmp_path / "a.xlsx", sheet_xml(HEADER_ROW + row)))

    assert (
        first
        == second
        == [
            Row(2, ["#N/A", ""], {0: Flaw.ERROR_VALUE, 1: Flaw.NOT_CALCULATED}),
            Row(3, ["6901234567890120000", ""], {0: Flaw.PRECISION_LOST}),
        ]
    )
