"""Workbooks of Excel 97 to 2003 are read to the same texts and flaws as new ones."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from app.kit.sheets import Flaw, Kind, Row, read_rows

from .builders import xls, xls_cell
from .in_process import InProcess

DIV_0, NA = b"\x07\x01", b"\x2a\x01"
NULL_RESULT = b"\x02\x00\x17\x00\x00\x00\xff\xff"


def formula(row: int, column: int, result: bytes) -> tuple[int, bytes]:
    return 0x0006, struct.pack("<HHH", row, column, 0) + result + bytes(8)


@pytest.mark.parametrize("reader", [read_rows, InProcess])
def test_texts_numbers_and_errors(tmp_path: Path, reader: Any) -> None:
    path = xls(
        tmp_path / "a.xls",
        "商品",
        [
            xls_cell(1, 0, "编码"),
            xls_cell(1, 1, "价格"),
            xls_cell(2, 0, "000123"),
            xls_cell(2, 1, 12.3),
            xls_cell(3, 0, 6901234567890123456.0),
            xls_cell(3, 1, DIV_0),
            xls_cell(4, 0, NA),
            xls_cell(4, 1, b"\x01\x00"),
            xls_cell(5, 0, "x"),
            formula(5, 1, NULL_RESULT),
        ],
    )

    with reader(path, "a.xls") as sheet:
        assert (sheet.head.kind, sheet.head.sheet, sheet.head.header_row) == (Kind.XLS, "商品", 2)
        assert sheet.head.header == ("编码", "价格")
        assert list(sheet) == [
            Row(3, ["000123", "12.3"], {}),
            Row(4, ["6901234567890120000", "#DIV/0!"], {0: Flaw.PRECISION_LOST, 1: Flaw.ERROR_VALUE}),
            Row(5, ["#N/A", "TRUE"], {0: Flaw.ERROR_VALUE}),
            Row(6, ["x", "#REF!"], {1: Flaw.ERROR_VALUE}),
        ]
