"""Workbooks come out as the text that a person sees, with what must not be trusted marked."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from app.kit.sheets import Flaw, Kind, Limits, Options, Row, SheetError, SheetName, read_rows

from .builders import HEADER_ROW, raw_xlsx, sheet_xml, xlsx
from .in_process import InProcess


@pytest.fixture(autouse=True, params=["streamed", "whole", "streamed here", "whole here"])
def _every_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs with the reader of long sheets and that of short ones, in the child process and in this one."""
    limits = Limits(streamed_bytes=0 if "streamed" in request.param else 2**40)
    here = "here" in request.param and "process" not in request.node.name
    reader = partial(InProcess, limits=limits) if here else partial(read_rows, limits=limits)
    monkeypatch.setattr(f"{__name__}.read_rows", reader)


def rows_of(path: Path, options: Options = Options()) -> list[Row]:  # noqa: B008
    with read_rows(path, path.name, options) as sheet:
        return list(sheet)


def cells_of(path: Path) -> list[list[str]]:
    return [row.cells for row in rows_of(path)]


def test_text_stays_text(tmp_path: Path) -> None:
    codes = [
        "000123",
        "06932169358293",
        "690123456789012345",
        "=1+1",
        " padded ",
        "夏季\n连衣裙",
        "TRUE",
    ]
    book = Workbook()
    book.active.append(["code", "n"])
    for code in codes:
        book.active.append([code, 1])
        book.active.cell(book.active.max_row, 1).data_type = "s"
    book.save(tmp_path / "a.xlsx")

    assert cells_of(tmp_path / "a.xlsx") == [[code, "1"] for code in codes]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (42, "42"),
        (42.0, "42"),
        (-7, "-7"),
        (12.3, "12.3"),
        (12.300000000000001, "12.3"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (1.25e-9, "0.00000000125"),
        (999999999999999, "999999999999999"),
        (1234567.891, "1234567.891"),
        (0, "0"),
        (1e300, "1E+300"),
    ],
)
def test_numbers_read_as_excel_shows_them(tmp_path: Path, number: float, text: str) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["a", "b"], ["x", number]])

    assert cells_of(path) == [["x", text]]


def test_dates_times_and_booleans(tmp_path: Path) -> None:
    values = [
        dt.date(2026, 2, 28),
        dt.datetime(2026, 2, 28, 9, 30),  # noqa: DTZ001
        dt.datetime(2026, 2, 28, 13, 37, 11),  # noqa: DTZ001
        dt.time(9, 30),
        dt.timedelta(hours=30),
        True,
        False,
    ]
    path = xlsx(tmp_path / "a.xlsx", [list("abcdefg"), values])

    assert cells_of(path) == [
        ["2026-02-28", "2026-02-28T09:30:00", "2026-02-28T13:37:11", "09:30:00", "30:00:00",
         "TRUE", "FALSE"],
    ]  # fmt: skip


def test_dates_of_the_1904_system(tmp_path: Path) -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["a", "b"])
    book.active.append([dt.date(2026, 2, 28), 1])
    book.save(tmp_path / "a.xlsx")

    assert cells_of(tmp_path / "a.xlsx") == [["2026-02-28", "1"]]


def test_error_cells_are_told_from_blank_ones(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["a", "b", "c"], ["x", "#N/A", None], ["y", 1, "#DIV/0!"]])

    assert rows_of(path) == [
        Row(2, ["x", "#N/A", ""], {1: Flaw.ERROR_VALUE}),
        Row(3, ["y", "1", "#DIV/0!"], {2: Flaw.ERROR_VALUE}),
    ]


def test_a_formula_gives_its_result_and_one_never_calculated_is_marked(tmp_path: Path) -> None:
    rows = (
        HEADER_ROW + '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2"><f>2+2</f></c></row>'
        '<row r="3"><c r="A3" t="str"><f>""</f><v></v></c><c r="B3"><f>A2</f><v/></c></row>'
        '<row r="4"><c r="A4" t="str"><f>T(1)</f><v>text</v></c><c r="B4" t="e"><f>1/0</f>'
        "<v>#DIV/0!</v></c></row>"
    )
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(rows))

    assert rows_of(path) == [
        Row(2, ["2", ""], {1: Flaw.NOT_CALCULATED}),
        Row(3, ["", ""], {1: Flaw.NOT_CALCULATED}),
        Row(4, ["text", "#DIV/0!"], {1: Flaw.ERROR_VALUE}),
    ]


def test_an_error_cell_without_a_place_is_refused(tmp_path: Path) -> None:
    rows = HEADER_ROW + '<row r="2"><c t="e"><v>#N/A</v></c></row>'
    path = raw_xlsx(tmp_path / "a.xlsx", sheet_xml(rows))

    with pytest.raises(SheetError) as refused:
        rows_of(path)

    assert refused.value.code == "sheet_unplaced_errors"


def test_numbers_beyond_15_digits_are_marked(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["a", "b"], ["x", 6901234567890123456], ["y", 999999999999999]])

    assert rows_of(path) == [
        Row(2, ["x", "6901234567890120000"], {1: Flaw.PRECISION_LOST}),
        Row(3, ["y", "999999999999999"], {}),
    ]


def test_merged_cells_give_their_top_left_only(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["a", "b"])
    sheet["A2"] = "m"
    sheet.merge_cells("A2:B3")
    sheet["A4"] = "z"
    book.save(tmp_path / "a.xlsx")

    assert rows_of(tmp_path / "a.xlsx") == [Row(2, ["m", ""], {}), Row(4, ["z", ""], {})]


def test_the_first_visible_sheet_with_content_is_read_and_all_are_listed(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "隐藏"
    book.active.append(["x", "y"])
    book.active.sheet_state = "hidden"
    book.create_sheet("empty")
    book.create_sheet("商品").append(["a", "b"])
    book.create_sheet("more").append(["c", "d"])
    book.active = 1
    book.save(tmp_path / "a.xlsx")

    with read_rows(tmp_path / "a.xlsx", "a.xlsx") as sheet:
        assert sheet.head.kind is Kind.XLSX
        assert sheet.head.sheet == "商品"
        assert sheet.head.sheets == (
            SheetName("隐藏", is_hidden=True),
            SheetName("empty", is_hidden=False),
            SheetName("商品", is_hidden=False),
            SheetName("more", is_hidden=False),
        )
    with read_rows(tmp_path / "a.xlsx", "a.xlsx", Options(sheet="more")) as sheet:
        assert sheet.head.header == ("c", "d")
    with pytest.raises(SheetError) as refused:
        read_rows(tmp_path / "a.xlsx", "a.xlsx", Options(sheet="none"))
    assert refused.value.code == "sheet_no_such_sheet"
    assert refused.value.facts == {"sheet": "none", "sheets": "隐藏, empty, 商品, more"}


def test_the_header_is_the_first_row_with_two_cells_and_numbers_are_excels(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet["B3"] = "2026 年商品"
    sheet["B5"], sheet["C5"], sheet["E5"], sheet["F5"] = "编码", "名称", "编码", " 价格(元) "
    sheet["B7"], sheet["G7"] = "a", None
    sheet["C9"], sheet["H9"] = "b", "stray"
    sheet["Z20"].number_format = "0.00"
    book.save(tmp_path / "a.xlsx")

    with read_rows(tmp_path / "a.xlsx", "a.xlsx") as read:
        assert read.head.header_row == 5
        assert read.head.header == ("", "编码", "名称", "", "编码", "价格(元)")
        assert read.head.blank_headers == (0, 3)
        assert read.head.duplicate_headers == ("编码",)
        assert list(read) == [
            Row(7, ["", "a", "", "", "", ""], {}),
            Row(9, ["", "", "b", "", "", ""], {6: Flaw.EXTRA_CELLS}),
        ]


def test_the_header_row_can_be_chosen(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["a", "b"], ["c", "d"], ["e", "f"]])

    with read_rows(path, "a.xlsx", Options(header_row=2)) as sheet:
        assert sheet.head.header == ("c", "d")
        assert [row.number for row in sheet] == [3]
    with pytest.raises(SheetError) as refused:
        read_rows(path, "a.xlsx", Options(header_row=9))
    assert (refused.value.code, refused.value.facts) == ("sheet_no_header", {"row": 9})


def test_a_table_of_one_column_has_its_first_row_as_header(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["sku"], ["1"], ["2"]])

    assert rows_of(path) == [Row(2, ["1"], {}), Row(3, ["2"], {})]


def test_an_error_workbooks_own_columns_are_dropped(tmp_path: Path) -> None:
    header = ["_error_code", "sku", "_error_message", "price", "_column"]
    path = xlsx(tmp_path / "a.xlsx", [header, ["bad", "1", "too low", "#N/A", "price"], ["x"]])

    with read_rows(path, "a.xlsx") as sheet:
        assert sheet.head.header == ("sku", "price")
        assert list(sheet) == [Row(2, ["1", "#N/A"], {1: Flaw.ERROR_VALUE})]


def test_shared_strings_and_rich_text(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    sheet.write_row(0, 0, ["a", "b"])
    sheet.write_rich_string(1, 0, "红", bold, "色", " ok ")
    sheet.write_string(1, 1, "_x0041_ & <b>")
    book.close()

    assert cells_of(tmp_path / "a.xlsx") == [["红色 ok ", "_x0041_ & <b>"]]


def test_a_sheet_of_many_rows_is_whole(tmp_path: Path) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["n", "t"])
    for number in range(12_345):
        sheet.append([number, f"t{number}"])
    book.save(tmp_path / "a.xlsx")

    read = rows_of(tmp_path / "a.xlsx")

    assert len(read) == 12_345
    assert read[-1] == Row(12_346, ["12344", "t12344"], {})


def test_closing_early_ends_the_reading_process(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["a", "b"], *[["x" * 500, n] for n in range(5_000)]])

    with read_rows(path, "a.xlsx") as sheet:
        next(iter(sheet))
        process = sheet._process

    assert process.returncode is not None


def test_the_limits_hold(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["a"] * 40, *[["x"]] * 50])

    for limits, code in (
        (Limits(columns=39), "sheet_too_wide"),
        (Limits(rows=50), "sheet_too_long"),
        (Limits(box_cells=2_000), "sheet_too_sparse"),
        (Limits(entries=3), "sheet_too_many_parts"),
        (Limits(file_bytes=1_000), "sheet_too_large"),
        (Limits(inflated_bytes=5_000), "sheet_inflates_too_far"),
    ):
        with pytest.raises(SheetError) as refused:
            read_rows(path, "a.xlsx", limits=limits)
        assert refused.value.code == code
