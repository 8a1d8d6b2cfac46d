"""A day-one scenario: a thousand rows, seven of them bad, through the rules and through the console."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text

from app.catalog.models import Sku
from app.console.roles import Role
from app.imports import error_file, faults
from app.imports.models import ImportState
from app.kit import context, files
from app.kit.db import db
from tests import factories as make
from tests.imports.builders import ImportMode, dry, four, run_of, seen, take, workbook

pytestmark = pytest.mark.usefixtures("app")
HEAD = ["SKU编码", "标题", "条码", "价格", "库存"]
WRITTEN = ("product", "sku", "category", "change_set", "change_line", "field_change")
BAD = {100: "sku_unknown", 200: "sku_unknown", 300: "not_a_number", 400: "number_negative", 500: "not_whole"}
BAD |= {600: "sku_twice", 700: "sku_unknown"}


def _checksums() -> dict[str, str]:
    sql = "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {} t"
    return {table: db.session.scalar(text(sql.format(table))) for table in WRITTEN}


def _rows(codes: list[str]) -> list[list[str]]:
    rows = [[code, f"商品 {n}", f"0693216935{n:04d}", f"{n}.50", str(n)] for n, code in enumerate(codes)]
    rows[0] = ["000123", "甲", "06932169358293", "1.50", "7"]
    rows[98][0], rows[198][0], rows[698][0] = "NO-SUCH-1", "NO-SUCH-2", "FOREIGN"
    rows[298][3], rows[398][3], rows[498][4] = "abc", "-1", "1.5"
    rows[598][0] = rows[597][0]
    return rows


@pytest.fixture
def shop():
    """A shop with a thousand SKUs beside another shop with one of its own."""
    shop, other = make.shop("mine"), make.shop("theirs")
    make.sku(other, code="FOREIGN")
    with context.shops([shop.id]):
        product = make.product(shop, code="P")
        db.session.add_all(
            Sku(shop_id=shop.id, product_id=make.product(shop).id if n < 3 else product.id, code=code, price_minor=1)
            for n, code in enumerate(_codes())
        )
        db.session.flush()
        yield shop


def _codes() -> list[str]:
    return ["000123", *(f"SKU-{n:04d}" for n in range(1, 1000))]


def _good(rows: list[list[str]]) -> list[list[str]]:
    """The seven rows put right: their own codes, prices and stocks."""
    own = {row: _codes()[row - 2] for row in BAD}
    return [[own[row], rows[row - 2][1], rows[row - 2][2], "9.90", "3"] for row in BAD]


def _without_titles(rows: list[list[str]]) -> list[list[str]]:
    return [[code, "", *rest] for code, _, *rest in rows]


def test_by_the_rules(shop) -> None:
    rows = _without_titles(_rows(_codes()))
    run = run_of(shop, HEAD, rows, as_csv=False, mode=ImportMode.UPDATE)
    before = _checksums()

    result = dry(run)

    assert four(result) == (0, 993, 0, 7)
    assert _checksums() == before
    assert {fault.row: fault.code for fault in faults.page(run)} == BAD
    assert {fault.row: fault.column for fault in faults.page(run)} == {
        100: "SKU编码", 200: "SKU编码", 300: "价格", 400: "价格", 500: "库存", 600: "SKU编码", 700: "SKU编码"
    }  # fmt: skip
    assert four(take(run)) == (0, 993, 0, 7)
    first = db.session.scalars(select(Sku).where(Sku.shop_id == shop.id, Sku.code == "000123")).one()
    assert (first.barcode, first.price_minor, first.stock_on_hand) == ("06932169358293", 150, 7)

    error_file.renew(run)
    sheet = load_workbook(files.path_of(run.error_file)).active
    found = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert found[0] == [*HEAD, "_error_code", "_error_message", "_column"]
    assert [row[5] for row in found[1:]] == list(BAD.values())
    assert [[cell or "" for cell in row[:5]] for row in found[1:]] == [rows[row - 2] for row in BAD]

    fixed = run_of(shop, HEAD, _without_titles(_good(rows)), as_csv=False, mode=ImportMode.UPDATE)
    assert four(take(fixed)) == (0, 7, 0, 0)

    again = run_of(shop, HEAD, rows, as_csv=False, mode=ImportMode.UPDATE)
    assert four(take(again)) == (0, 0, 993, 7)
    assert {fault.row: fault.code for fault in faults.page(again)} == BAD


def _upload(client, address: str, name: str) -> int:
    """Upload, and the id of the run that the console leads to."""
    content = files.path_of(address).read_bytes()
    form = {"kind": "products", "file": (io.BytesIO(content), name)}
    answer = client.post("/imports/upload", data=form, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text[-1500:]
    return int(answer.location.rpartition("/")[2])


def _check(client, run_jobs, run_id: int) -> dict:
    """Send the mapping page as it stands, as somebody does who agrees with the guess."""
    run = seen(run_id)
    page = client.get(f"/imports/{run_id}").text
    assert "column_0" in page
    chosen = {f"column_{index}": key for key, index in run.mapping.items()}
    answer = client.post(f"/imports/{run_id}/check", data={**chosen, "mode": "update"})
    assert answer.status_code == 302, answer.text[-1500:]
    assert run_jobs() == ["done"]
    return seen(run_id).counts


def _commit(client, run_jobs, run_id: int, on_error: str) -> dict:
    assert client.post(f"/imports/{run_id}/commit", data={"on_error": on_error}).status_code == 302
    assert run_jobs() == ["done"]
    return seen(run_id).counts


def _corrected(content: bytes, right: list[list[str]]) -> str:
    """The error workbook with its five columns typed anew, as in Excel."""
    book = load_workbook(io.BytesIO(content))
    for number, row in enumerate(right, 2):
        for column, value in enumerate(row, 1):
            book.active.cell(number, column).value = value
    path = files.scratch(".xlsx")
    book.save(path)
    return files.keep(path)


def test_through_the_console(shop, sign_in, run_jobs) -> None:
    rows = _without_titles(_rows(_codes()))
    client = sign_in(make.staff(Role.MERCHANT, shop))
    before = _checksums()

    run_id = _upload(client, workbook(HEAD, rows), "新品.xlsx")
    assert four(_check(client, run_jobs, run_id)) == (0, 993, 0, 7)

    assert _checksums() == before
    page = client.get(f"/imports/{run_id}").text
    for reason in ("There is no SKU FOREIGN in this shop.", "“abc” is not a number", "“1.5” is not a whole number."):
        assert reason in page, page[page.index("Why it was") :][:3000]
    errors = client.get(f"/imports/{run_id}/errors").data
    assert four(_commit(client, run_jobs, run_id, "skip")) == (0, 993, 0, 7)

    fixed = _upload(client, _corrected(errors, _without_titles(_good(rows))), "新品-errors.xlsx")
    assert "Mapped as you did for the last file with this header." in client.get(f"/imports/{fixed}").text
    assert four(_check(client, run_jobs, fixed)) == (0, 7, 0, 0)
    assert four(_commit(client, run_jobs, fixed, "all")) == (0, 7, 0, 0)

    again = _upload(client, workbook(HEAD, rows), "新品.xlsx")
    _check(client, run_jobs, again)
    assert four(_commit(client, run_jobs, again, "skip")) == (0, 0, 993, 7)
    assert seen(again).state is ImportState.DONE
    with context.every_shop("test"):
        assert db.session.scalars(select(Sku.barcode).where(Sku.code == "000123")).one() == "06932169358293"
