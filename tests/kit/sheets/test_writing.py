"""What is written comes back byte for byte, opens safely in Excel, and looks like a table."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from app.kit.sheets import (
    Column,
    ColumnKind,
    Row,
    RowProblem,
    SheetContent,
    SheetError,
    fast_writer,
    openpyxl_writer,
    read_rows,
    write_csv,
    write_error_workbook,
    write_sheet,
    write_workbook,
    writing,
)
from app.kit.sheets.columns import legal_text
from tests.lengths import often

COLUMNS = [
    Column("SKU"),
    Column("库存", ColumnKind.INTEGER),
    Column("价格(元)", ColumnKind.MONEY),
    Column("日元", ColumnKind.MONEY, exponent=0),
    Column("unit", ColumnKind.MONEY, exponent=6),
    Column("day", ColumnKind.DATE),
    Column("at", ColumnKind.DATETIME),
    Column("share", ColumnKind.PERCENT),
]
MOMENT = dt.datetime(2026, 2, 28, 23, 59, 58, tzinfo=dt.UTC)
ROWS: list[list[Any]] = [
    ["000123", 42, 1230, 1230, 1_234_567, dt.date(2026, 2, 28), MOMENT, Decimal("0.125")],
    ["06932169358293", -1, 9_999_999_999_99, -5, 0, None, None, 0.5],
    [None, None, None, None, None, None, None, None],
    ["=cmd|' /C calc'!A0", 0, -1, 0, 1, dt.date(1999, 12, 31), MOMENT, 1],
]
TEXTS = [
    ["000123", "42", "12.3", "1230", "1.234567", "2026-02-28", "2026-02-28T23:59:58", "0.125"],
    ["06932169358293", "-1", "9999999999.99", "-5", "0", "", "", "0.5"],
    ["=cmd|' /C calc'!A0", "0", "-0.01", "0", "0.000001", "1999-12-31", "2026-02-28T23:59:58", "1"],
]


def by_openpyxl(name: str, columns: list[Column], rows: Any, path: Path) -> int:
    return openpyxl_writer.write([(name, columns, rows)], path)


WRITERS = [by_openpyxl, fast_writer.write, fast_writer.write_portably]
Writer = Callable[[str, list[Column], Any, Path], int]


@pytest.mark.parametrize("rows_before", [0, 3, 20_000])
def test_a_workbook_that_fails_half_written_leaves_nothing_on_the_disk(rows_before, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows() -> Any:
        yield from ([f"row {n}"] for n in range(rows_before))
        raise ConnectionError("the server went away")

    with pytest.raises(ConnectionError):
        by_openpyxl("Half", [Column("Text")], rows(), tmp_path / "half.xlsx")

    assert list(tmp_path.iterdir()) == []


def cells_of(path: Path) -> list[list[str]]:
    with read_rows(path, path.name) as sheet:
        return [row.cells for row in sheet]


@pytest.mark.parametrize("write", WRITERS)
def test_every_kind_of_column_reads_back_as_it_was(tmp_path: Path, write: Writer) -> None:
    path = tmp_path / "a.xlsx"

    assert write("商品", COLUMNS, writing._cells(ROWS, COLUMNS), path) == 4

    assert cells_of(path) == TEXTS
    book = load_workbook(path)
    sheet = book["商品"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:H5"
    assert [cell.value for cell in sheet[1]] == [column.title for column in COLUMNS]
    assert sheet["A1"].font.bold
    assert [cell.number_format for cell in sheet[2]] == [
        "@", "0", "#,##0.00", "#,##0", "#,##0.00####", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "0.0%",
    ]  # fmt: skip
    assert sheet.column_dimensions["A"].width == pytest.approx(18, abs=1)
    assert [cell.data_type for cell in sheet["A"]] == ["s", "s", "s", "n", "s"]


@pytest.mark.parametrize("write", WRITERS)
def test_no_text_becomes_anything_else(tmp_path: Path, write: Writer) -> None:
    texts = ["=1+1", "#N/A", "#REF!", "TRUE", "1e5", "+1", "-1", "@a", "http://a.example/", "{=1}", "'1"]

    write("S", [Column("a"), Column("b")], [[text, "x"] for text in texts], tmp_path / "a.xlsx")

    assert cells_of(tmp_path / "a.xlsx") == [[text, "x"] for text in texts]


XML_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=20)
TABLE = st.lists(st.lists(XML_TEXT, min_size=2, max_size=2), min_size=1, max_size=8)
ANY = settings(max_examples=often(25, 6), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.soak
@pytest.mark.parametrize("write", WRITERS)
@ANY
@given(table=TABLE)
def test_any_table_of_texts_comes_back_byte_for_byte(write: Writer, table: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        write("S", [Column("a"), Column("b")], table, path)

        assert cells_of(path) == [row for row in table if any(row)]


@pytest.mark.soak
@ANY
@given(table=TABLE)
def test_any_error_workbook_comes_back_byte_for_byte(table: list[list[str]]) -> None:
    rows = [Row(number, cells, {}) for number, cells in enumerate(table, start=5)]
    problems = {row.number: [RowProblem("b", "bad", "sentence")] for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"

        assert write_error_workbook(rows, ["a", "b"], problems, path) == len(rows)

        assert cells_of(path) == [row for row in table if any(row)]


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb\n", "_x0041_", "_x000D_", "\x0b\x1f", " \t ", "\n", "𠮷", "]]>&amp;"])
@pytest.mark.parametrize("write", WRITERS)
def test_texts_that_xml_would_change(tmp_path: Path, write: Writer, text: str) -> None:
    write("S", [Column("a"), Column("b")], [[text, "x"]], tmp_path / "a.xlsx")

    assert cells_of(tmp_path / "a.xlsx") == [[text, "x"]]


def test_what_xml_cannot_hold_is_replaced() -> None:
    assert legal_text("a\ud800b\ufffe") == "a\ufffdb\ufffd"


def test_few_rows_and_many_rows_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sheet(ROWS, COLUMNS, tmp_path / "few.xlsx")
    monkeypatch.setattr(writing, "FEW_ROWS", 2)
    write_sheet(iter(ROWS), COLUMNS, tmp_path / "many.xlsx")

    assert cells_of(tmp_path / "few.xlsx") == cells_of(tmp_path / "many.xlsx") == TEXTS


def test_many_rows_are_written_without_the_fast_package_and_under_equal_titles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "FEW_ROWS", 1)
    twins = [Column("a"), Column("a")]

    write_sheet([["1", "2"], ["3", "4"]], twins, tmp_path / "twins.xlsx")
    monkeypatch.setattr(fast_writer, "rustpy_xlsxwriter", None)
    write_sheet([["1", "2"], ["3", "4"]], [Column("a"), Column("b")], tmp_path / "slow.xlsx")

    assert cells_of(tmp_path / "twins.xlsx") == cells_of(tmp_path / "slow.xlsx") == [["1", "2"], ["3", "4"]]


def test_several_sheets(tmp_path: Path) -> None:
    sheets = [
        SheetContent("一", [Column("a")], [["1"], ["2"]]),
        SheetContent("二", [Column("b", ColumnKind.INTEGER)], [[3]]),
    ]

    assert write_workbook(sheets, tmp_path / "a.xlsx") == 3

    assert load_workbook(tmp_path / "a.xlsx").sheetnames == ["一", "二"]


@pytest.mark.parametrize("few_rows", [10, 0])
def test_what_excel_would_cut_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_rows: int) -> None:
    monkeypatch.setattr(writing, "FEW_ROWS", few_rows)

    with pytest.raises(SheetError) as refused:
        write_sheet([["x"], ["y" * 32_768]], [Column("a")], tmp_path / "a.xlsx")

    assert refused.value.code == "sheet_text_too_long"
    assert refused.value.facts == {"row": 3, "column": "a", "length": 32_768, "limit": 32_767}


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.kit.sheets.columns.ROWS_AT_MOST", 2)

    with pytest.raises(SheetError) as refused:
        write_sheet([["x"]] * 3, [Column("a")], tmp_path / "a.xlsx")

    assert (refused.value.code, refused.value.facts) == ("sheet_too_many_rows", {"limit": 2})


def test_csv_disarms_formulas_and_keeps_numbers(tmp_path: Path) -> None:
    columns = [Column("=a"), *COLUMNS[1:]]
    texts = ["=1+1", "+cmd", "-5", "+8613800000000", "@x", "\tx", "\rx", "-x", "000123", 'q"u,o\nte', None]

    assert write_csv([[text, *ROWS[0][1:]] for text in texts], columns, tmp_path / "a.csv") == 11

    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf'=a,")
    assert [row[0] for row in cells_of(tmp_path / "a.csv")] == [
        "'=1+1", "'+cmd", "-5", "+8613800000000", "'@x", "'\tx", "'\rx", "'-x", "000123", 'q"u,o\nte', "",
    ]  # fmt: skip
    assert cells_of(tmp_path / "a.csv")[0][1:] == [
        "42", "12.30", "1230", "1.234567", "2026-02-28", "2026-02-28T23:59:58", "0.125",
    ]  # fmt: skip


def test_an_error_workbook_goes_straight_back_in(tmp_path: Path) -> None:
    header = ["编码", "价格", "价格"]
    rows = [
        Row(2, ["000123", "1.5", ""], {}),
        Row(3, ["=1+1", "abc", "#N/A"], {}),
        Row(7, ["", "-1", ""], {}),
    ]
    problems = {
        3: [RowProblem("价格", "not_a_number", "“abc” is no price."), RowProblem("", "twice", "Row 2 again.")],
        7: [RowProblem("编码", "blank", "Fill in the code.")],
    }

    assert write_error_workbook(iter(rows), header, problems, tmp_path / "e.xlsx") == 2

    with read_rows(tmp_path / "e.xlsx", "e.xlsx") as sheet:
        assert sheet.head.header == ("编码", "价格", "价格")
        assert list(sheet) == [Row(2, ["=1+1", "abc", "#N/A"], {}), Row(3, ["", "-1", ""], {})]
    sheet = load_workbook(tmp_path / "e.xlsx").active
    assert [cell.value for cell in sheet[1]] == [*header, "_error_code", "_error_message", "_column"]
    assert [cell.value for cell in sheet[2]][3:] == ["not_a_number; twice", "“abc” is no price.; Row 2 again.", "价格"]
    assert [cell.fill.start_color.rgb for cell in sheet[2]][:3] == ["00000000", "FFFBD5D5", "FFFBD5D5"]
    assert [cell.fill.start_color.rgb for cell in sheet[3]][:3] == ["FFFBD5D5", "00000000", "00000000"]
    assert {cell.number_format for cell in sheet[3]} == {"@"}
