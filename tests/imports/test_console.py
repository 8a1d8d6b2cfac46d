"""The pages of imports: who may write, what a bad file says, choices, exports."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from app.catalog.models import Sku
from app.console.roles import Role
from app.imports import product_export
from app.imports.models import ImportKind, ImportRun, ImportState
from app.kit import context
from app.kit.db import db
from tests import factories as make
from tests.imports.builders import csv_text, run_of, seen
from tests.kit.sheets import builders as hostile

pytestmark = pytest.mark.usefixtures("app")
HEAD = ["sku code", "title", "price"]


@pytest.fixture
def shop():
    return make.shop("mine")


@pytest.fixture
def client(shop, sign_in):
    return sign_in(make.staff(Role.MANAGER, shop))


def _send(client, content: bytes | str, name: str = "rows.csv", **form):
    data = content.encode() if isinstance(content, str) else content
    form = {"kind": "products", "file": (io.BytesIO(data), name)} | form
    return client.post("/imports/upload", data=form, content_type="multipart/form-data")


def _count(model) -> int:
    with context.every_shop("test"):
        return db.session.scalar(select(func.count()).select_from(model))


def _checked(shop, rows, **values) -> int:
    with context.shops([shop.id]):
        run = run_of(shop, HEAD, rows, state=ImportState.CHECKED, counts={}, **values)
    return run.id


WRITES = [
    ("/imports/upload", lambda: {"kind": "products", "file": (io.BytesIO(b"sku code,price\nA,1\n"), "a.csv")}),
    ("/imports/{}/check", lambda: {"column_0": "sku_code", "column_2": "price"}),
    ("/imports/{}/commit", lambda: {"on_error": "skip"}),
    ("/imports/{}/sheet", lambda: {"sheet": ""}),
]


@pytest.mark.parametrize(("address", "form"), WRITES)
@pytest.mark.parametrize(
    ("who", "status"), [("stranger", 302), (Role.AGENT, 403), (Role.AUDITOR, 403), ("elsewhere", 404)]
)
def test_who_may_not_write_changes_nothing(app, shop, sign_in, address, form, who, status) -> None:
    run_id = _checked(shop, [["A", "a", "1"]])
    client = app.test_client()
    if isinstance(who, Role):
        client = sign_in(make.staff(who, shop))
    if who == "elsewhere":
        client = sign_in(make.staff(Role.MANAGER, make.shop()))

    answer = client.post(address.format(run_id), data=form(), content_type="multipart/form-data")

    if who == "elsewhere" and "{}" not in address:
        assert answer.status_code == 302  # into the person's own shop
    else:
        assert answer.status_code == status
    assert seen(run_id).state is ImportState.CHECKED
    assert seen(run_id).job_id is None
    with context.shops([shop.id]):
        assert db.session.scalar(select(func.count()).select_from(ImportRun)) == 1


@pytest.mark.parametrize(("address", "form"), WRITES)
def test_a_manager_may(shop, client, address, form) -> None:
    run_id = _checked(shop, [["A", "a", "1"]])

    answer = client.post(address.format(run_id), data=form(), content_type="multipart/form-data")

    assert (answer.status_code, "/imports/" in answer.location) == (302, True)


def test_importing_orders_needs_the_right_to_write_orders(shop, sign_in) -> None:
    client = sign_in(make.staff(Role.MERCHANT, shop))
    run_id = _checked(shop, [["A", "a", "1"]], kind=ImportKind.ORDERS)

    assert _send(client, csv_text(HEAD, [["A", "a", "1"]]), kind="orders").status_code == 403
    assert client.post(f"/imports/{run_id}/commit", data={"on_error": "skip"}).status_code == 403
    assert "Past orders" not in client.get("/imports/new").text
    assert _count(ImportRun) == 1


FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


@pytest.mark.parametrize("kind", ["bomb", "far_cell", "xxe", "truncated", "empty", "renamed"])
def test_a_hostile_file_gets_a_clear_page_and_the_server_lives(client, tmp_path, kind) -> None:
    content = {
        "bomb": lambda p: hostile.raw_xlsx(p, hostile.sheet_xml("<row/>"), {"xl/x.xml": " " * 60_000_000}).read_bytes(),
        "far_cell": lambda p: hostile.raw_xlsx(p, hostile.sheet_xml(FAR)).read_bytes(),
        "xxe": lambda p: hostile.raw_xlsx(
            p, hostile.sheet_xml("", prolog='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')
        ).read_bytes(),
        "truncated": lambda p: hostile.xlsx(p, [["sku code"], ["A"]]).read_bytes()[:-200],
        "empty": lambda p: b"",
        "renamed": lambda p: b"%PDF-1.7 no workbook",
    }[kind](tmp_path / "x.xlsx")

    answer = _send(client, content, "x.xlsx")

    assert answer.status_code == 422
    assert 'class="alert alert-danger" role="alert"' in answer.text
    assert "root:" not in answer.text
    assert _count(ImportRun) == 0
    assert client.get("/imports/new").status_code == 200


def test_no_file_no_kind_and_a_wrong_choice_are_refused(shop, client) -> None:
    run_id = _checked(shop, [["A", "a", "1"]])

    assert "Choose a file first." in client.post("/imports/upload", data={"kind": "products"}).text
    assert _send(client, "a,b\n", kind="secrets").status_code == 400
    assert client.post(f"/imports/{run_id}/commit", data={"on_error": "perhaps"}).status_code == 400
    assert client.get("/imports/template?kind=secrets").status_code == 404
    assert client.get(f"/imports/{run_id}/errors").status_code == 404


def test_too_large_an_upload_is_refused(app, client, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1_000)

    assert _send(client, "x" * 5_000).status_code == 413
    assert _count(ImportRun) == 0


def test_a_file_name_is_shown_as_text(client) -> None:
    run_id = int(_send(client, csv_text(HEAD, []), "../<b>x.csv").location.rpartition("/")[2])

    assert seen(run_id).file_name == "<b>x.csv"
    assert "&lt;b&gt;x.csv" in client.get(f"/imports/{run_id}").text


def test_the_mapping_shows_samples_and_refuses_a_field_twice(client) -> None:
    run_id = int(_send(client, csv_text(["货号", "什么", "售价"], [["A", "zz1", "1"], ["B", "zz2", "2"]])).location[9:])

    page = client.get(f"/imports/{run_id}").text
    twice = client.post(f"/imports/{run_id}/check", data={"column_0": "sku_code", "column_1": "sku_code"})
    none = client.post(f"/imports/{run_id}/check", data={"column_1": "title"})

    assert "zz1" in page
    assert seen(run_id).mapping == {"sku_code": 0, "price": 2}
    assert (twice.status_code, "Two columns are mapped to “SKU code”" in twice.text) == (422, True)
    assert (none.status_code, "No column of the file is mapped to: SKU code" in none.text) == (422, True)


def test_another_sheet_can_be_taken(client, tmp_path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["nothing", "here"])
    other = book.create_sheet("Prices")
    other.append(["sku code", "price"])
    other.append(["A", "1"])
    book.save(tmp_path / "two.xlsx")
    run_id = int(_send(client, (tmp_path / "two.xlsx").read_bytes(), "two.xlsx").location[9:])

    assert "Take this sheet" in client.get(f"/imports/{run_id}").text
    assert client.post(f"/imports/{run_id}/sheet", data={"sheet": "Prices"}).status_code == 302
    assert seen(run_id).mapping == {"sku_code": 0, "price": 1}


def test_a_job_that_fails_to_read_tells_the_reason_and_can_be_tried_again(shop, client, run_jobs) -> None:
    run_id = int(_send(client, csv_text(HEAD, [["A", "a", "1"]])).location[9:])
    with context.every_shop("test"):
        db.session.get(ImportRun, run_id).sheet, db.session.get(ImportRun, run_id).file_name = "x", "rows.xlsx"
        db.session.flush()
    form = {"column_0": "sku_code", "column_1": "title", "column_2": "price"}

    client.post(f"/imports/{run_id}/check", data=form)

    assert run_jobs() == ["failed"]
    assert seen(run_id).state is ImportState.FAILED
    assert "alert-danger" in client.get(f"/imports/{run_id}").text
    with context.every_shop("test"):
        db.session.get(ImportRun, run_id).file_name = "rows.csv"
        db.session.flush()
    client.post(f"/imports/{run_id}/check", data=form)
    assert run_jobs() == ["done"]


def test_a_cancelled_check_goes_back_to_the_mapping(shop, client, run_jobs) -> None:
    run_id = int(_send(client, csv_text(HEAD, [["A", "a", "1"]])).location[9:])
    form = {"column_0": "sku_code", "column_1": "title", "column_2": "price"}
    client.post(f"/imports/{run_id}/check", data=form)
    client.post(f"/jobs/{seen(run_id).job_id}/cancel")

    assert "Check the rows" in client.get(f"/imports/{run_id}").text
    client.post(f"/imports/{run_id}/check", data=form)
    assert run_jobs() == ["done"]


def test_a_commit_says_when_it_differs_from_the_check(shop, client, run_jobs) -> None:
    run_id = int(_send(client, csv_text(HEAD, [["A", "a", "1"]])).location[9:])
    client.post(f"/imports/{run_id}/check", data={"column_0": "sku_code", "column_1": "title", "column_2": "price"})
    run_jobs()
    make.sku(shop, make.product(shop, "a"), code="A", price_minor=100)

    client.post(f"/imports/{run_id}/commit", data={"on_error": "all"})
    run_jobs()

    assert seen(run_id).counts["differs"] == {"created": 1, "updated": 0, "unchanged": 0, "failed": 0}
    assert "The data changed between the check and the writing" in client.get(f"/imports/{run_id}").text


def test_the_list_stays_within_ten_statements(shop, client, count_sql) -> None:
    for _ in range(3):
        _checked(shop, [["A", "a", "1"]])

    with count_sql() as statements:
        page = client.get("/imports/")

    assert page.status_code == 200
    assert "rows.csv" in page.text
    assert len(statements) <= 10, statements


def test_the_template_has_every_column_a_choice_of_status_and_instructions(client) -> None:
    book = load_workbook(io.BytesIO(client.get("/imports/template?kind=products").data))

    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    assert head[:6] == ["Product code", "Title", "Description", "Status", "Category", "SKU code"]
    assert sheet.data_validations.dataValidation[0].formula1 == '"Draft,On sale,Off shelf,Archived"'
    assert sheet["F2"].number_format == "@"
    assert book.sheetnames[1] == "Instructions"
    assert client.get("/imports/template?kind=orders").status_code == 200


def test_exports_follow_the_selection_and_many_go_by_a_job(shop, client, run_jobs, monkeypatch) -> None:
    first, second = make.product(shop, "One"), make.product(shop, "Two")
    make.sku(shop, first, code="000123")
    make.sku(shop, second, code="S2")

    one = client.post("/products/export/", data={"ids": str(first.id)})
    match = client.post("/products/export/", data={"selection": "matching", "query": "?q=Two"})
    monkeypatch.setattr(product_export, "BY_JOB_ABOVE", 1)
    many = client.post("/products/export/", data={})
    run_jobs()

    assert [row[5].value for row in load_workbook(io.BytesIO(one.data)).active.iter_rows()] == ["SKU code", "000123"]
    assert [row[5].value for row in load_workbook(io.BytesIO(match.data)).active.iter_rows()] == ["SKU code", "S2"]
    assert "2 rows are in the workbook." in client.get(many.location).text
    whole = load_workbook(io.BytesIO(client.get(many.location + "/file").data)).active
    assert [row[5].value for row in whole.iter_rows()] == ["SKU code", "000123", "S2"]


def test_an_export_never_names_another_shops_product(shop, client) -> None:
    foreign = make.sku(make.shop(), code="FOREIGN")

    assert client.post("/products/export/", data={"ids": str(foreign.product_id)}).status_code == 403
    whole = load_workbook(io.BytesIO(client.post("/products/export/").data)).active
    assert whole.max_row == 1
    assert _count(Sku) == 1
