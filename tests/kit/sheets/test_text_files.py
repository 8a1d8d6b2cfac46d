"""CSV files in the encodings and dialects that shops' programs write."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from app.kit.sheets import Flaw, Kind, Limits, Options, Row, SheetError, read_rows

from .in_process import InProcess

TABLE = "编码,名称\r\n000123,夏季连衣裙\r\n"


@pytest.fixture(autouse=True, params=["in a child", "here"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "here":
        monkeypatch.setattr(f"{__name__}.read_rows", InProcess)


def written(tmp_path: Path, content: bytes, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def refusal(path: Path, options: Options = Options()) -> SheetError:  # noqa: B008
    with pytest.raises(SheetError) as refused, read_rows(path, path.name, options) as sheet:
        list(sheet)
    return refused.value


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TABLE.encode(), "utf-8-sig"),
        (TABLE.encode("gbk"), "gb18030"),
        (TABLE.replace("裙", "𠮷").encode("gb18030"), "gb18030"),
        (codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "utf-16"),
    ],
)
def test_encodings(tmp_path: Path, content: bytes, encoding: str) -> None:
    with read_rows(written(tmp_path, content), "a.csv") as sheet:
        assert sheet.head.kind is Kind.CSV
        assert sheet.head.encoding == encoding
        assert sheet.head.header == ("编码", "名称")
        (row,) = sheet
        assert row.cells in (["000123", "夏季连衣裙"], ["000123", "夏季连衣𠮷"])


def test_an_encoding_chosen_by_hand(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\ncafé,5 €\n".encode("windows-1252"))

    with read_rows(path, "a.csv", Options(encoding="windows-1252")) as sheet:
        assert [row.cells for row in sheet] == [["café", "5 €"]]


def test_choices_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\n1,2\n")

    assert refusal(path, Options(encoding="klingon")).code == "sheet_unknown_encoding"
    assert refusal(path, Options(encoding="rot13")).code == "sheet_unknown_encoding"
    assert refusal(path, Options(delimiter=",,")).code == "sheet_bad_delimiter"
    assert refusal(path, Options(delimiter='"')).code == "sheet_bad_delimiter"


def test_what_does_not_decode_is_refused_with_its_place(tmp_path: Path) -> None:
    error = refusal(written(tmp_path, b"a,b\nx,\xff\xff\n"))

    assert (error.code, error.facts["position"]) == ("sheet_not_decodable", 7)


def test_the_place_is_counted_across_a_long_file(tmp_path: Path) -> None:
    content = b"a,b\n" + "夏,裙\n".encode() * 300_000 + b"x,\xff\xff\n"

    error = refusal(written(tmp_path, content))

    assert error.facts == {"encoding": "utf-8", "position": len(content) - 2}


@pytest.mark.parametrize("content", [b"a,b\nx\x00,y\n", b"a,b\n" + b"x,y\n" * 300_000 + b"\x00,y\n"])
def test_nul_bytes_are_refused_with_their_place(tmp_path: Path, content: bytes) -> None:
    error = refusal(written(tmp_path, content))

    assert (error.code, error.facts) == ("sheet_not_text", {"position": content.index(b"\x00") + 1})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(tmp_path: Path, delimiter: str) -> None:
    lines = [["sku", "price", "note"], ["1", "2,50", "a; b"], ["2", "3,50", "c|d"]]
    quoted = "\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)

    with read_rows(written(tmp_path, quoted.encode()), "a.csv") as sheet:
        assert sheet.head.delimiter == delimiter
        assert [row.cells for row in sheet] == lines[1:]


def test_a_decimal_comma_does_not_pass_for_the_delimiter(tmp_path: Path) -> None:
    path = written(tmp_path, b"sku;price\n1;2,50\n2;3,50\n")

    with read_rows(path, "a.csv") as sheet:
        assert sheet.head.header == ("sku", "price")


def test_excels_sep_line_is_obeyed_and_is_no_row(tmp_path: Path) -> None:
    with read_rows(written(tmp_path, b"sep=;\r\na;b\r\n1;2\r\n"), "a.csv") as sheet:
        assert sheet.head.header_row == 1
        assert list(sheet) == [Row(2, ["1", "2"], {})]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_quoted_newlines_keep_row_numbers(tmp_path: Path, end: str) -> None:
    text = end.join(["a,b", '"x' + end + 'y","say ""hi"""', "", "z,"]) + end

    with read_rows(written(tmp_path, text.encode()), "a.csv") as sheet:
        assert list(sheet) == [Row(2, [f"x{end}y", 'say "hi"'], {}), Row(4, ["z", ""], {})]


def test_ragged_rows_are_marked(tmp_path: Path) -> None:
    with read_rows(written(tmp_path, b"a,b,c\n1\n1,2,3,\n1,2,3,4\n1,,2,3,\n"), "a.csv") as sheet:
        assert list(sheet) == [
            Row(2, ["1", "", ""], {1: Flaw.MISSING_CELL}),
            Row(3, ["1", "2", "3"], {3: Flaw.EXTRA_CELLS}),
            Row(4, ["1", "2", "3"], {3: Flaw.EXTRA_CELLS}),
            Row(5, ["1", "", "2"], {3: Flaw.EXTRA_CELLS}),
        ]


def test_a_delimiter_at_the_end_of_every_row_is_no_flaw(tmp_path: Path) -> None:
    with read_rows(written(tmp_path, b"a,b\n1,2,\n3,4,\n5,6,7\n"), "a.csv") as sheet:
        assert list(sheet) == [
            Row(2, ["1", "2"], {}),
            Row(3, ["3", "4"], {}),
            Row(4, ["5", "6"], {2: Flaw.EXTRA_CELLS}),
        ]


def test_text_after_a_closing_quote_is_marked(tmp_path: Path) -> None:
    with read_rows(written(tmp_path, b'a,b\n"x"y,2\n"x""y",2\n"x,y",3\n'), "a.csv") as sheet:
        assert list(sheet) == [
            Row(2, ["xy", "2"], {0: Flaw.BROKEN_QUOTES}),
            Row(3, ['x"y', "2"], {}),
            Row(4, ["x,y", "3"], {}),
        ]


def test_digits_guarded_for_excel_are_text_and_lost_ones_are_marked(tmp_path: Path) -> None:
    path = written(tmp_path, b'sku,n\n"=""000123""",1\n6.93217E+12,2\n="42",3\n=1+1,4\n')

    with read_rows(path, "a.csv") as sheet:
        assert list(sheet) == [
            Row(2, ["000123", "1"], {}),
            Row(3, ["6.93217E+12", "2"], {0: Flaw.PRECISION_LOST}),
            Row(4, ["42", "3"], {}),
            Row(5, ["=1+1", "4"], {}),
        ]


def test_a_quote_never_closed_is_refused_with_its_row(tmp_path: Path) -> None:
    error = refusal(written(tmp_path, b'a,b\n1,2\n3,"4\n5,6\n'))
    long = refusal(written(tmp_path, b'a,b\n1,"' + b"x,y\n" * 400_000, "b.csv"))

    assert (error.code, error.facts) == ("sheet_unclosed_quote", {"row": 3})
    assert (long.code, long.facts) == ("sheet_cell_too_long", {"row": 2, "limit": 32_767})


def test_a_stray_quote_inside_a_field_is_text(tmp_path: Path) -> None:
    with read_rows(written(tmp_path, b'a,b\n5" pipe,2\n'), "a.csv") as sheet:
        assert list(sheet) == [Row(2, ['5" pipe', "2"], {})]


def test_limits_of_rows_and_columns(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b,c\n" * 20)

    for limits, facts in (
        (Limits(columns=2), ("sheet_too_wide", {"columns": 3, "limit": 2})),
        (Limits(rows=19), ("sheet_too_long", {"rows": 20, "limit": 19})),
    ):
        with pytest.raises(SheetError) as refused, read_rows(path, "a.csv", limits=limits) as sheet:
            list(sheet)
        assert (refused.value.code, refused.value.facts) == facts


def test_a_file_of_blank_lines_has_no_content(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, b"\r\n,,\r\n")).code == "sheet_no_content"
