"""The document is a valid one, and every answer that it promises is really given, in the promised shape."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app import api_routes
from app.api import openapi
from app.api.routes import Route
from app.api_keys.scopes import Scope
from tests import factories as make
from tests.api.conftest import Program
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("app")
ROUTES = api_routes()
OFFICIAL = json.loads((ROOT / "tests/api/openapi-3.1-schema.json").read_text("utf-8"))
"""The OpenAPI Initiative's schema of such documents: spec.openapis.org/oas/3.1/schema/2022-10-07, Apache-2.0."""
ELSEWHERE = {("upsert_skus", 409): "tests/api/test_idempotency.py, with a second connection"}
Answer = tuple[int, Any]


def test_the_document_is_a_valid_openapi_3_1_document() -> None:
    document = json.loads(json.dumps(openapi.build()))

    assert [error.message for error in Draft202012Validator(OFFICIAL).iter_errors(document)] == []


_price = itertools.count(11)


def _path(route: Route, value: object) -> str:
    return re.sub(r"<[^>]+>", str(value), route.path)


def _row(price: str) -> dict[str, Any]:
    return {"rows": [{"sku": "A", "price": price}]}


def _changed(erp: Program) -> int:
    return int(erp.post("/skus/bulk", _row(f"{next(_price)}"))[1]["change_set_id"])


SUCCESS: dict[tuple[str, int], Callable[[Program], Answer]] = {
    ("list_skus", 200): lambda erp: erp.get("/skus"),
    ("read_sku", 200): lambda erp: erp.get("/skus/A"),
    ("read_change", 200): lambda erp: erp.get(f"/changes/{_changed(erp)}"),
    ("list_change_lines", 200): lambda erp: erp.get(f"/changes/{_changed(erp)}/lines"),
    ("undo_change", 202): lambda erp: erp.post(f"/changes/{_changed(erp)}/undo"),
    ("upsert_skus", 200): lambda erp: erp.post("/skus/bulk", _row("99999")),
    ("upsert_skus", 202): lambda erp: erp.post("/skus/bulk", _row("1")),
}


def _undone_twice(erp: Program) -> Answer:
    waiting = erp.post("/skus/bulk", _row("1"))[1]["change_set_id"]
    return erp.post(f"/changes/{waiting}/undo")


def _without_key(erp: Program, route: Route) -> Answer:
    return erp.send(route.method, _path(route, 1), route.contract.example, Authorization="")


def _unknown_parameter(erp: Program, route: Route) -> Answer:
    return erp.send(route.method, _path(route, 1) + "?colour=red", route.contract.example)


def _no_idempotency_key(erp: Program, route: Route) -> Answer:
    return erp.send(route.method, _path(route, 1), route.contract.example, Idempotency_Key="")


def _too_large(erp: Program, route: Route) -> Answer:
    return erp.send(route.method, _path(route, 1), b" " * (route.contract.body_bytes + 1))


def _other_type(erp: Program, route: Route) -> Answer:
    return erp.send(route.method, _path(route, 1), route.contract.example, Content_Encoding="br")


def _unknown_row(erp: Program, route: Route) -> Answer:
    return erp.send(route.method, _path(route, 999_999))


FAULTS: dict[int, Callable[[Program, Route], Answer]] = {
    400: _no_idempotency_key,
    401: _without_key,
    404: _unknown_row,
    413: _too_large,
    415: _other_type,
    422: _unknown_parameter,
}
PROMISED = [
    (route, int(status))
    for route in ROUTES
    for status in openapi.build()["paths"]["/api/v1" + openapi.shown_path(route.path)][route.method.lower()][
        "responses"
    ]
    if (route.name, int(status)) not in ELSEWHERE
]


def _provoke(erp: Program, route: Route, status: int, app: Any, program: Any) -> Answer:
    if (route.name, status) in SUCCESS:
        return SUCCESS[route.name, status](erp)
    if status == 409:
        return _undone_twice(erp)
    if status == 403:
        poor = program(erp.shop, next(scope for scope in Scope if scope is not route.scope))
        return poor.send(route.method, _path(route, 1), route.contract.example)
    if status == 429:
        app.config["KUAIDAN_API_LIMIT"] = f"{route.contract.cost} per minute"
        erp.send(route.method, _path(route, 1), route.contract.example)
        return erp.send(route.method, _path(route, 1), route.contract.example)
    return FAULTS[status](erp, route)


@pytest.mark.parametrize(("route", "status"), PROMISED, ids=[f"{route.name} {status}" for route, status in PROMISED])
def test_a_promised_answer_is_given_in_its_shape(app, program, monkeypatch, route: Route, status: int) -> None:
    monkeypatch.setitem(app.config, "KUAIDAN_API_LIMIT", "600 per minute")
    erp = program()
    make.sku(erp.shop, code="A", price_minor=1000)

    given, body = _provoke(erp, route, status, app, program)

    assert given == status, body
    promised = route.contract.answers.get(status)
    Draft202012Validator(promised[1] if promised else openapi.ERROR).validate(body)


def test_answers_hold_no_field_that_the_document_does_not_know(program) -> None:
    erp = program()
    make.sku(erp.shop, code="A", price_minor=1000)
    for (name, status), call in SUCCESS.items():
        schema = next(route for route in ROUTES if route.name == name).contract.answers[status][1]
        _, body = call(erp)
        assert set(body) <= set(schema["properties"]), name
        for row, its in ((body, "items"), (body, "results")):
            known = schema["properties"].get(its, {}).get("items", {}).get("properties", {})
            assert all(set(one) <= set(known) for one in row.get(its, [])), name
