"""What a file is, is told by its content; what cannot be read is called by its name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from app.kit.sheets import Kind, SheetError, sniff

from .builders import bof, compound_file, xlsx


def code_of(tmp_path: Path, content: bytes, name: str) -> tuple[str, object]:
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(SheetError) as refused:
        sniff(path, name)
    return refused.value.code, refused.value.facts.get("found")


def zipped(tmp_path: Path, *names: str) -> bytes:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return path.read_bytes()


@pytest.mark.parametrize("name", ["a.xlsx", "A.XLSX", "a.xlsm", "upload"])
def test_a_workbook_is_known_under_its_names(tmp_path: Path, name: str) -> None:
    assert sniff(xlsx(tmp_path / "w", [["a", "b"]]), name) is Kind.XLSX


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.tsv", ""])
def test_text_is_csv(tmp_path: Path, name: str) -> None:
    (tmp_path / "t").write_bytes(b"a,b\n")

    assert sniff(tmp_path / "t", name) is Kind.CSV


def test_an_old_workbook_is_known(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(compound_file({"Workbook": bof()}))

    assert sniff(tmp_path / "x", "a.xls") is Kind.XLS


def test_a_wrong_extension_is_named(tmp_path: Path) -> None:
    workbook = xlsx(tmp_path / "w.xlsx", [["a", "b"]]).read_bytes()

    assert code_of(tmp_path, workbook, "a.csv") == ("sheet_wrong_extension", ".xlsx")
    assert code_of(tmp_path, workbook, "a.xls") == ("sheet_wrong_extension", ".xlsx")
    assert code_of(tmp_path, b"a,b\n1,2\n", "a.xlsx") == ("sheet_wrong_extension", ".csv")
    assert code_of(tmp_path, compound_file({"Workbook": bof()}), "a.xlsx") == (
        "sheet_wrong_extension",
        ".xls",
    )


def test_what_cannot_be_read_is_called_by_its_name(tmp_path: Path) -> None:
    for content, found in (
        (zipped(tmp_path, "xl/workbook.bin"), "XLSB"),
        (zipped(tmp_path, "mimetype", "content.xml"), "ODS"),
        (zipped(tmp_path, "word/document.xml"), "Word"),
        (zipped(tmp_path, "photo.jpg"), "ZIP"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xef\xbb\xbf<html><table><tr><td>1</td></tr></table></html>", "HTML"),
        (b'<?xml version="1.0"?><Workbook/>', "XML"),
        (b"ID;PWXL;N;E\r\n", "SYLK"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00", "Excel 2–4"),
        (bytes(range(1, 27)) * 9, "?"),
    ):
        assert code_of(tmp_path, content, "a.xls") == ("sheet_unsupported", found)


def test_encrypted_files_are_said_to_be(tmp_path: Path) -> None:
    new = compound_file({"EncryptedPackage": b"x", "EncryptionInfo": b"y"})
    old = compound_file({"Workbook": bof((0x002F, bytes(6)))})

    assert code_of(tmp_path, new, "a.xlsx")[0] == "sheet_encrypted"
    assert code_of(tmp_path, old, "a.xls")[0] == "sheet_encrypted"


def test_empty_truncated_and_foreign_containers(tmp_path: Path) -> None:
    workbook = xlsx(tmp_path / "w.xlsx", [["a", "b"]]).read_bytes()
    old = compound_file({"Workbook": bof()})

    assert code_of(tmp_path, b"", "a.xlsx")[0] == "sheet_empty_file"
    assert code_of(tmp_path, workbook[:2_000], "a.xlsx")[0] == "sheet_truncated"
    assert code_of(tmp_path, old[:600], "a.xls")[0] == "sheet_damaged"
    assert code_of(tmp_path, compound_file({"WordDocument": b"x"}), "a.xls")[0] == ("sheet_not_a_workbook")


def test_every_refusal_has_a_sentence() -> None:
    import re

    from app.kit.errors import MESSAGES

    folder = Path(__file__).parents[3] / "app" / "kit" / "sheets"
    raised = {code for module in folder.glob("*.py") for code in re.findall(r'"(sheet_\w+)"', module.read_text())}

    assert raised == {code for code in MESSAGES if code.startswith("sheet_")}
