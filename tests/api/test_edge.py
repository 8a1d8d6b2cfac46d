"""The edge: cookies count for nothing, bodies are bounded, limits hold, errors have one form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api_keys.scopes import Scope
from app.console.roles import Role
from tests import factories as make
from tests.api.conftest import count

pytestmark = pytest.mark.usefixtures("app")
UNDO = "/changes/1/undo"


def test_a_session_cookie_opens_nothing_and_none_is_given(sign_in) -> None:
    client = sign_in(make.staff(Role.ADMINISTRATOR, make.shop()))

    response = client.get("/api/v1/skus")

    assert (response.status_code, response.json["code"]) == (401, "key_missing")
    assert "Set-Cookie" not in response.headers


def test_a_key_needs_no_csrf_token_and_opens_no_page(program, csrf_on) -> None:
    erp = program()

    assert erp.post(UNDO)[1]["code"] == "not_found"
    page = erp.client.get("/products/", headers={"Authorization": f"Bearer {erp.token}"})
    assert (page.status_code, "/login/" in page.location) == (302, True)


def test_every_answer_carries_the_request_id_and_the_limit(program) -> None:
    erp = program()

    erp.get("/skus", X_Request_ID="erp-run-0000042")

    headers = erp.last.headers
    assert headers["X-Request-ID"] == "erp-run-0000042"
    assert (headers["RateLimit-Limit"], headers["RateLimit-Remaining"]) == ("600", "599")
    assert 1 <= int(headers["RateLimit-Reset"]) <= 60
    assert headers["Content-Type"] == "application/json"


def test_a_key_is_limited_and_other_keys_are_not(app, program, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "KUAIDAN_API_LIMIT", "3 per minute")
    busy, calm = program(), program()

    assert [busy.get("/skus")[0] for _ in range(4)] == [200, 200, 200, 429]
    assert busy.last.json["code"] == "too_many_requests"
    assert 1 <= int(busy.last.headers["Retry-After"]) <= 60
    assert calm.get("/skus")[0] == 200


def test_guessing_keys_is_limited_by_address(program) -> None:
    erp = program()
    erp.token = "kd_live_guess"

    assert [erp.get("/skus")[0] for _ in range(121)] == [401] * 120 + [429]


def test_while_redis_is_away_calls_are_answered(app, program, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_STORAGE_URI", "redis://127.0.0.1:1")
    monkeypatch.delitem(app.extensions, "kuaidan_api_limiter", raising=False)
    erp = program()

    assert erp.get("/skus")[0] == 200
    monkeypatch.undo()
    app.extensions.pop("kuaidan_api_limiter", None)


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/nothing", 404, None),
        ("DELETE", "/skus", 405, "GET, HEAD, OPTIONS"),
        ("PUT", "/changes/1/undo", 405, "OPTIONS, POST"),
    ],
)
def test_an_address_or_method_that_is_not_there_is_told_in_the_same_form(program, method, path, status, allow) -> None:
    erp = program()
    found, body = erp.send(method, path)

    assert (found, body["code"], body["facts"]) == (status, f"http_{status}", {})
    assert body["message"]
    assert erp.last.headers.get("Allow") == allow


def test_a_write_needs_an_idempotency_key(program) -> None:
    for key in ("", "x" * 101, "with blank"):
        status, body = program().post(UNDO, Idempotency_Key=key)
        assert (status, body["code"]) == (400, "idempotency_key_missing")


def test_a_body_where_none_is_wanted_is_refused(program) -> None:
    assert program().post(UNDO, {"a": 1})[1]["code"] == "no_body"


def test_a_body_beyond_the_bound_is_413_before_it_is_read(program) -> None:
    status, body = program().post(UNDO, b" " * (64 * 1024 + 1))

    assert (status, body["code"], body["facts"]) == (413, "body_too_large", {"limit_bytes": 65536})


def test_a_refused_call_leaves_nothing(program) -> None:
    erp = program(None, Scope.CHANGES_READ)
    erp.post(UNDO)

    for table in ("change_set", "idempotent_answer", "job"):
        assert count(table) == 0


def test_the_document_is_open_to_all_and_the_same_for_all(app) -> None:
    response = app.test_client().get("/api/v1/openapi.json")

    document: dict[str, Any] = json.loads(response.data)
    assert (response.status_code, document["openapi"]) == (200, "3.1.0")
    assert document["paths"]["/api/v1/changes/{change_id}/undo"]["post"]["operationId"] == "undo_change"
