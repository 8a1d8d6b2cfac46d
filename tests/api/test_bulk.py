"""Bulk upsert by SKU code: what becomes of each row, of good and bad ones, and of calls at the same moment."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.catalog.change_models import ChangeSet, ChangeSource, ChangeState
from app.catalog.models import Product, ProductStatus, Sku
from app.console.roles import Role
from app.kit import history
from app.kit.db import db
from tests import factories as make
from tests.api.conftest import Program, count

pytestmark = pytest.mark.usefixtures("app")


def bulk(erp: Program, *rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The answer of a call that is let in."""
    status, body = erp.post("/skus/bulk", {"rows": list(rows), **options})
    assert status in (200, 202), body
    return body


def outcomes(body: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(one["outcome"], one.get("code"), one.get("field")) for one in body["results"]]


def stored(erp: Program, code: str) -> dict[str, Any]:
    db.session.expire_all()
    return erp.get(f"/skus/{code}")[1]


def test_rows_are_made_changed_and_left_and_each_says_so(program, inside) -> None:
    erp = program()
    make.sku(erp.shop, code="A", price_minor=1000, stock_on_hand=5)
    make.sku(erp.shop, code="B", price_minor=1000)

    body = bulk(
        erp,
        {"sku": "A", "price": "9.50", "stock_change": -2},
        {"sku": "B", "price_minor": 1000},
        {"sku": "C", "product": "CUP", "title": "Cup", "price": "12", "options": {"Colour": "Red"}, "tags": ["new"],
         "attributes": {"Material": "Clay"}, "category": "Kitchen > Cups", "status": "on_sale", "stock": 3},
        {"sku": "D", "price": "-1", "title": "x"},
    )  # fmt: skip

    assert outcomes(body) == [
        ("updated", None, None),
        ("unchanged", None, None),
        ("created", None, None),
        ("refused", "number_negative", "price"),
    ]
    assert [one["index"] for one in body["results"]] == [0, 1, 2, 3]
    assert body["counts"] == {
        "rows": 4, "created": 1, "updated": 1, "unchanged": 1, "pending": 0, "refused": 1, "stale": 0, "not_reached": 0
    }  # fmt: skip
    assert body["results"][3]["message"] == "-1 is below zero."
    a, c = stored(erp, "A"), stored(erp, "C")
    assert (a["price"], a["stock"], a["version"]) == ("9.50", 3, 2)
    assert {name: c[name] for name in ("product", "title", "price", "stock", "status", "category", "options")} == {
        "product": "CUP", "title": "Cup", "price": "12.00", "stock": 3, "status": "on_sale",
        "category": "Kitchen > Cups", "options": {"Colour": "Red"},
    }  # fmt: skip
    assert (c["tags"], c["attributes"]) == (["new"], {"Material": "Clay"})
    with inside():
        change_set = db.session.get(ChangeSet, body["change_set_id"])
        assert (change_set.source, change_set.state) == (ChangeSource.API, ChangeState.APPLIED)
        assert change_set.requested_by == f"key:{erp.key_id}"
        assert body["content_hash"] == change_set.content_hash


def test_a_field_left_out_stays_and_null_empties(program) -> None:
    erp = program()
    make.sku(erp.shop, code="A", cost_minor=500, compare_at_minor=2000, barcode="690", options={"C": "Red", "S": "L"})

    bulk(erp, {"sku": "A", "cost": None, "barcode": "", "options": {"C": None}})

    a = stored(erp, "A")
    assert (a["cost"], a["compare_at_price"], a["barcode"], a["options"]) == (None, "20.00", "", {"S": "L"})


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"price": "12.345"}, "too_many_decimals", "price"),
        ({"price": "1,200"}, "not_a_number", "price"),
        ({"price": "1e3"}, "not_a_number", "price"),
        ({"price": "9" * 20}, "number_too_large", "price"),
        ({"price": "1", "price_minor": 100}, "given_twice", "price_minor"),
        ({"stock": 1, "stock_change": 1}, "given_twice", "stock_change"),
        ({"stock": -1}, "number_negative", "stock"),
        ({"stock_change": -6}, "stock_short", "stock_change"),
        ({"title": None}, "wrong_type", None),
        ({"title": " "}, "cannot_be_cleared", "title"),
        ({"title": "x" * 201}, "text_too_long", "title"),
        ({"barcode": "#CLEAR"}, "text_reserved", "barcode"),
        ({"status": "gone"}, "status_unknown", "status"),
        ({"status": "draft"}, "status_move", "status"),
        ({"category": "a > > b"}, "category_bad", "category"),
        ({"product": "OTHER"}, "sku_of_other_product", "product"),
        ({"tags": ["a,b"]}, "tag_comma", "tags"),
        ({"options": {"C": "x" * 81}}, "text_too_long", "options.C"),
        ({"attributes": {"a\tb": "x"}}, "bad_name", "attributes"),
        ({"options": {" ": "x"}}, "bad_name", "options"),
        ({"attributes": {f"n{n}": "x" for n in range(49)}}, "too_many", "attributes"),
        ({"freight_template": "none"}, "freight_unknown", "freight_template"),
        ({"if_version": 2}, "version_stale", "if_version"),
        ({"stock_was": 4}, "value_stale", "stock"),
        ({"was": {"price": "9.99"}}, "value_stale", "price"),
        ({"was": {"cost": "1.00"}}, "value_stale", "cost"),
        ({"was": {"price": "x"}}, "not_a_number", "was.price"),
    ],
)
def test_a_bad_row_is_refused_with_its_field_and_changes_nothing(program, row, code: str, field: str | None) -> None:
    erp = program()
    cup = make.product(erp.shop, status=ProductStatus.ON_SALE, attributes={"a": "1", "b": "2"})
    make.sku(erp.shop, cup, code="A", price_minor=1000, stock_on_hand=5)
    before = stored(erp, "A")

    status, body = erp.post("/skus/bulk", {"rows": [{"sku": "A", **row}]})

    if field is None:
        assert (status, body["errors"][0]["code"], body["errors"][0]["path"]) == (422, code, "rows[0].title")
    else:
        assert (status, outcomes(body)) == (200, [("stale" if "stale" in code else "refused", code, field)])
    assert stored(erp, "A") == before
    assert count("change_set") == 0


def test_expectations_that_hold_let_the_row_through(program) -> None:
    erp = program()
    make.sku(erp.shop, code="A", price_minor=1000, stock_on_hand=5, cost_minor=None, barcode="")

    was = {"price": "10.00", "cost": None, "barcode": "", "low_stock_limit": 0}
    body = bulk(erp, {"sku": "A", "stock": 9, "stock_was": 5, "if_version": 1, "was": was})

    assert (outcomes(body)[0][0], stored(erp, "A")["stock"]) == ("updated", 9)


def test_a_stale_row_says_what_is_there_now(program) -> None:
    erp = program()
    make.sku(erp.shop, code="A", price_minor=1250)

    result = bulk(erp, {"sku": "A", "price": "9", "was": {"price": "10"}})["results"][0]

    assert result["facts"] == {"field": "price", "present": "12.50"}
    assert result["message"] == "“price” is 12.50 now, not what the row expects."


@pytest.mark.parametrize(("mode", "good", "code"), [("create", "N", "sku_exists"), ("update", "A", "sku_unknown")])
def test_a_mode_takes_only_its_kind_of_rows(program, mode: str, good: str, code: str) -> None:
    erp = program()
    make.sku(erp.shop, code="A")

    body = bulk(erp, {"sku": "A", "price": "2"}, {"sku": "N", "title": "N", "price": "2"}, mode=mode)

    by_sku = {one["sku"]: one.get("code") for one in body["results"]}
    assert by_sku == {"A": None if good == "A" else code, "N": None if good == "N" else code}


GOOD_BAD_GOOD = ({"sku": "A", "price": "2"}, {"sku": "A2", "price": "-2"}, {"sku": "B", "price": "3"})


@pytest.mark.parametrize(
    ("on_error", "expected", "prices"),
    [
        ("skip", ["updated", "refused", "updated"], ("2.00", "3.00")),
        ("stop", ["updated", "refused", "not_reached"], ("2.00", "10.00")),
    ],
)
def test_bad_rows_are_left_out_or_stop_the_rest(program, on_error: str, expected, prices) -> None:
    erp = program()
    make.sku(erp.shop, code="A")
    make.sku(erp.shop, code="B")
    make.sku(erp.shop, code="A2")
    limits_off(erp)

    body = bulk(erp, *GOOD_BAD_GOOD, on_error=on_error)

    assert [one["outcome"] for one in body["results"]] == expected
    assert (stored(erp, "A")["price"], stored(erp, "B")["price"]) == prices


def limits_off(erp: Program) -> None:
    """A shop that lets every cut pass."""
    from app.catalog import change_limits
    from app.kit import context
    from app.kit.db import transaction

    with context.shops([erp.shop.id]), transaction():
        change_limits.set_limits(erp.shop.id, change_limits.Limits(1_000_000, 1_000_000, False))


def test_all_or_nothing_writes_nothing_and_says_why(program) -> None:
    erp = program()
    make.sku(erp.shop, code="A")

    status, body = erp.post("/skus/bulk", {"rows": list(GOOD_BAD_GOOD), "on_error": "all_or_nothing"})

    assert (status, body["code"], body["facts"]) == (422, "rows_refused", {"bad": 2, "rows": 3})
    assert [one["outcome"] for one in body["results"]] == ["updated", "refused", "refused"]
    assert stored(erp, "A")["price"] == "10.00"
    assert (count("change_set"), count("idempotent_answer")) == (0, 0)


def test_a_dry_run_is_the_real_run_taken_back(program) -> None:
    erp = program()
    make.sku(erp.shop, code="A")
    rows = ({"sku": "A", "price": "11"}, {"sku": "N", "title": "N", "price": "2", "category": "New"})

    dry = bulk(erp, *rows, dry_run=True)
    left = (count("sku"), count("category"), count("change_set"), stored(erp, "A")["price"])
    real = bulk(erp, *rows)

    assert left == (1, 0, 0, "10.00")
    assert (dry["results"], dry["counts"], dry["content_hash"]) == (
        real["results"],
        real["counts"],
        real["content_hash"],
    )
    assert (dry["change_set_id"], dry["dry_run"], dry["links"]) == (None, True, {})


def test_a_cut_beyond_the_limits_waits_for_a_second_person(program) -> None:
    erp = program()
    make.sku(erp.shop, code="A", price_minor=1000)

    status, body = erp.post(
        "/skus/bulk", {"rows": [{"sku": "A", "price": "5"}, {"sku": "N", "title": "N", "price": "2"}]}
    )

    assert (status, body["state"]) == (202, "pending")
    assert [one["outcome"] for one in body["results"]] == ["pending", "created"]
    assert stored(erp, "A")["price"] == "10.00"
    assert erp.get(f"/changes/{body['change_set_id']}")[1]["state"] == "pending"


def test_the_owner_of_the_key_cannot_approve_what_the_key_asked_for(program, sign_in, inside) -> None:
    erp = program()
    make.sku(erp.shop, code="A", price_minor=1000)
    make.order(erp.shop)
    body = bulk(erp, {"sku": "A", "price": "5"})
    address, seen = f"/changes/{body['change_set_id']}/approve", {"hash": body["content_hash"]}

    sign_in(erp.owner).post(address, data=seen)
    with inside():
        assert db.session.get(ChangeSet, body["change_set_id"], populate_existing=True).state is ChangeState.PENDING
    waits = "Changes that wait for your approval"
    other = sign_in(make.staff(Role.MANAGER, erp.shop))
    assert [waits in client.get("/").text for client in (sign_in(erp.owner), other)] == [False, True]
    other.post(address, data=seen)
    with inside():
        assert db.session.get(ChangeSet, body["change_set_id"], populate_existing=True).state is ChangeState.QUEUED


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, "rows", "field_missing"),
        ({"rows": []}, "rows", "too_few"),
        ({"rows": [{}]}, "rows[0].sku", "field_missing"),
        ({"rows": [{"sku": "A", "colour": 1}]}, "rows[0].colour", "field_unknown"),
        ({"rows": [{"sku": "A", "price": 12.5}]}, "rows[0].price", "wrong_type"),
        ({"rows": [{"sku": "A", "stock": True}]}, "rows[0].stock", "wrong_type"),
        ({"rows": [{"sku": "A", "was": {"title": "x"}}]}, "rows[0].was.title", "field_unknown"),
        ({"rows": [{"sku": "A\u0000"}]}, "rows[0].sku", "not_text"),
        ({"rows": [{"sku": "A"}], "on_error": "hope"}, "on_error", "not_allowed"),
        ({"rows": [{"sku": "A"}] * 10_001}, "rows", "too_many"),
        ([], "", "wrong_type"),
    ],
)
def test_a_mistake_of_form_refuses_the_whole_call_and_says_where(program, body, path: str, code: str) -> None:
    status, answer = program().post("/skus/bulk", body)

    assert (status, answer["code"]) == (422, "request_invalid")
    assert (answer["errors"][0]["path"], answer["errors"][0]["code"]) == (path, code)


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 400, "body_missing"),
        (b"{", 400, "json_broken"),
        (b"\xff", 400, "json_broken"),
        (b'{"rows": NaN}', 400, "json_broken"),
        (b'{"a": 1, "a": 2}', 400, "json_broken"),
        (b"[" * 200_000, 400, "json_broken"),
        (b'{"a":' * 50_000, 400, "json_broken"),
        (b"1" * 10_000, 400, "json_broken"),
        (b'{"rows":[' + b"[]," * 200_000 + b"[]]}", 400, "json_broken"),
        (b" " * (8 * 1024 * 1024 + 1), 413, "body_too_large"),
    ],
)
def test_a_body_that_is_no_json_or_a_bomb_is_refused(program, raw: bytes, status: int, code: str) -> None:
    found, body = program().post("/skus/bulk", raw)

    assert (found, body["code"]) == (status, code)


def test_other_types_and_compressed_bodies_are_415(program) -> None:
    erp = program()
    headers = {"Authorization": f"Bearer {erp.token}", "Idempotency-Key": "x"}

    form = erp.client.post("/api/v1/skus/bulk", data={"rows": "1"}, headers=headers)
    packed = erp.client.post("/api/v1/skus/bulk", json={}, headers={**headers, "Content-Encoding": "gzip"})

    assert (form.status_code, form.json["code"]) == (packed.status_code, packed.json["code"]) == (415, "not_json")


def test_rows_of_one_product_share_its_fields(program, inside) -> None:
    erp = program()

    body = bulk(
        erp,
        {"sku": "M", "product": "TEE", "title": "Tee", "price": "30", "options": {"Size": "M"}},
        {"sku": "L", "product": "TEE", "price": "30", "options": {"Size": "L"}},
        {"sku": "XL", "product": "TEE", "title": "Shirt", "price": "30"},
        {"sku": "M", "price": "31"},
    )

    assert [one[:2] for one in outcomes(body)] == [
        ("created", None), ("created", None), ("refused", "product_differs"), ("refused", "sku_twice")
    ]  # fmt: skip
    with inside():
        assert [product.title for product in db.session.scalars(select(Product))] == ["Tee"]
        assert count("sku") == 2


def test_every_change_stands_in_the_history_by_the_key(program, inside) -> None:
    erp = program()
    sku = make.sku(erp.shop, code="A", price_minor=1000)

    body = bulk(erp, {"sku": "A", "price": "11"})

    with inside():
        change = history.field_changes("sku", sku.id)[0]
        assert (change.actor, change.changes) == (f"key:{erp.key_id}", {"price_minor": [1000, 1100]})
        assert change.change_set_id == body["change_set_id"]
        assert change.request_id == erp.last.headers["X-Request-ID"]


def test_a_call_is_taken_back_by_its_change(program, run_jobs, inside) -> None:
    erp = program()
    make.sku(erp.shop, code="A", price_minor=1000)
    change = bulk(erp, {"sku": "A", "price": "11"}, {"sku": "N", "title": "N", "price": "2"})["change_set_id"]

    status, undoing = erp.post(f"/changes/{change}/undo")
    assert (status, undoing["undoes"]) == (202, change)
    run_jobs()

    assert stored(erp, "A")["price"] == "10.00"
    assert erp.get("/skus/N")[0] == 404
    assert erp.get(f"/changes/{change}")[1]["state"] == "undone"
    assert erp.post(f"/changes/{change}/undo")[1]["code"] == "not_undoable"
    with inside():
        assert db.session.scalars(select(Sku.code)).all() == ["A"]


def test_the_lines_of_a_change_come_page_by_page(program) -> None:
    erp = program()
    for number in range(3):
        make.sku(erp.shop, code=f"S{number}", price_minor=1000)
    change = bulk(erp, *({"sku": f"S{number}", "price": "11"} for number in range(3)))["change_set_id"]

    first = erp.get(f"/changes/{change}/lines?limit=2")[1]
    second = erp.get(f"/changes/{change}/lines?limit=2&cursor={first['next_cursor']}")[1]

    line = {"line": 1, "table": "sku", "code": "S0", "field": "price_minor", "old": "1000", "new": "1100"}
    assert first["items"][0] == {**line, "outcome": "changed", "reason": None}
    assert [one["code"] for one in [*first["items"], *second["items"]]] == ["S0", "S1", "S2"]
    assert second["next_cursor"] is None
    assert erp.get(f"/changes/{change}/lines?outcome=refused")[1]["items"] == []
