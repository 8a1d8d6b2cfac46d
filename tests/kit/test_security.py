"""The security front: sign-in, sessions, headers, errors, and what is never said."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.console.roles import Role
from app.kit import clock, context, journal
from app.kit.db import db, transaction
from app.kit.logs import JsonFormatter
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
PASSWORD = "Correct-horse-9-battery"


@pytest.fixture
def lina(app: Any) -> Any:
    """A manager with a password."""
    user = make.staff(Role.MANAGER, make.shop(), name="lina")
    app.appbuilder.sm.reset_password(user.id, PASSWORD)
    return user


@pytest.fixture
def unlimited(app: Any) -> Any:
    """A fresh count of sign-in attempts."""
    app.appbuilder.sm.limiter.reset()
    yield
    app.appbuilder.sm.limiter.reset()


def _post(client: Any, name: str, password: str) -> Any:
    return client.post("/login/", data={"username": name, "password": password})


def test_the_right_password_opens_a_fresh_session_that_keeps_the_language(app, lina, unlimited) -> None:
    client = app.test_client()
    with client.session_transaction() as session:
        session["locale"], session["planted"] = "en", "by somebody else"

    assert _post(client, "lina", PASSWORD).status_code == 302

    with client.session_transaction() as session:
        assert (session["locale"], session.get("planted"), session.permanent) == ("en", None, False)
        assert session["_user_id"] == str(lina.id)


def test_a_wrong_password_and_an_unknown_name_are_told_alike(app, lina, unlimited) -> None:
    wrong = _post(app.test_client(), "lina", "nope")
    unknown = _post(app.test_client(), "nobody", "nope")

    assert wrong.status_code == unknown.status_code == 302
    assert wrong.location == unknown.location
    for response in (wrong, unknown):
        assert "Set-Cookie" not in response.headers or "_user_id" not in response.headers["Set-Cookie"]


def test_sign_in_is_limited_by_address(app, lina, unlimited) -> None:
    codes = [_post(app.test_client(), "lina", "nope").status_code for _ in range(11)]

    assert codes[:10] == [302] * 10
    assert codes[10] == 429
    assert _post(app.test_client(), "lina", PASSWORD).status_code == 429


def test_a_session_carried_to_another_browser_is_dropped(app, lina, unlimited) -> None:
    client = app.test_client()
    _post(client, "lina", PASSWORD)
    assert client.get("/jobs/").status_code == 200

    response = client.get("/jobs/", headers={"User-Agent": "another browser"})

    assert (response.status_code, "/login/" in (response.location or "")) == (302, True)


def test_a_session_ends_when_it_is_left_idle(app, lina, unlimited) -> None:
    assert app.permanent_session_lifetime == timedelta(minutes=30)
    client = app.test_client()
    _post(client, "lina", PASSWORD)
    app.permanent_session_lifetime = timedelta(seconds=-1)
    try:
        response = client.get("/jobs/")
    finally:
        app.permanent_session_lifetime = timedelta(minutes=30)

    assert (response.status_code, "/login/" in response.location) == (302, True)


def test_the_cookie_is_sent_again_once_a_minute_so_that_a_late_answer_undoes_no_choice(app, lina, sign_in) -> None:
    client, noon = sign_in(lina), datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    sent = []
    for seconds in (1, 2, 59, 60, 61):
        with clock.frozen(noon + timedelta(seconds=seconds)):
            sent.append("Set-Cookie" in client.get("/jobs/").headers)
    with clock.frozen(noon + timedelta(seconds=62)):
        client.post("/me/theme", data={"theme": "dark"})
    page = client.get("/jobs/").text

    assert sent == [True, False, False, True, False]
    assert 'data-theme-choice="dark"' in page


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(app) -> None:
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert app.config["SESSION_COOKIE_HTTPONLY"] is True


def test_a_locked_account_is_shut_out_at_once(app, lina, sign_in) -> None:
    client = sign_in(lina)
    assert client.get("/jobs/").status_code == 200

    lina.active = False
    db.session.commit()

    assert client.get("/jobs/").status_code in (302, 403)


@pytest.mark.parametrize("path", ["/login/", "/nowhere", "/livez"])
def test_every_answer_carries_the_security_headers(app, path: str) -> None:
    headers = app.test_client().get(path).headers

    policy = headers["Content-Security-Policy"]
    assert "script-src 'self' 'nonce-" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"].startswith("no-store")


@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        ("abcd1234-ABCD", True),
        ("short", False),
        ("x" * 65, False),
        ("has space 12", False),
        ("<script>alert(1)", False),
    ],
)
def test_a_request_id_is_taken_only_when_it_is_well_formed(app, offered: str, kept: bool) -> None:
    answered = app.test_client().get("/login/", headers={"X-Request-ID": offered}).headers["X-Request-ID"]

    assert (answered == offered) is kept
    assert 8 <= len(answered) <= 64


def test_one_request_id_goes_from_the_page_into_the_journal(app) -> None:
    from app.events import ReportMade

    shop = make.shop()
    with context.acting(context.Actor("staff", "5"), "request-77"), context.every_shop("test"), transaction():
        entry = journal.record(ReportMade(shop_id=shop.id, report_id=9, kind="sales"))

    assert (entry.actor, entry.request_id, entry.facts["report_id"]) == ("staff:5", "request-77", 9)


def test_after_sign_in_one_is_never_sent_to_another_site(app, lina, unlimited) -> None:
    response = app.test_client().post(
        "/login/?next=https://evil.example/", data={"username": "lina", "password": PASSWORD}
    )

    assert "evil.example" not in response.location


def test_readiness_says_which_part_is_missing(app) -> None:
    from app.kit import queues

    assert app.test_client().get("/readyz").json == {"database": True, "ready": True, "redis": True}
    working = app.extensions["kuaidan_redis"]
    app.extensions["kuaidan_redis"] = queues.connect("redis://127.0.0.1:1/0")
    try:
        response = app.test_client().get("/readyz")
    finally:
        app.extensions["kuaidan_redis"] = working

    assert (response.status_code, response.json) == (503, {"database": True, "ready": False, "redis": False})


def test_metrics_are_for_loopback_alone_without_a_token(app) -> None:
    near = app.test_client().get("/metrics")
    far = app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"})

    assert near.status_code == 200
    assert "kuaidan_http_requests_total" in near.text
    assert "kuaidan_queue_length" in near.text
    assert far.status_code == 403


def test_a_log_line_is_one_json_object_with_the_request_id() -> None:
    record = logging.LogRecord("app", logging.INFO, __file__, 1, "hello %s", ("you",), None)
    record.rows = 3

    with context.acting(context.Actor("staff", "5"), "request-78"):
        line = json.loads(JsonFormatter().format(record))

    assert (line["message"], line["request_id"], line["actor"], line["rows"]) == (
        "hello you",
        "request-78",
        "staff:5",
        3,
    )


def test_frozen_time_is_what_everybody_sees() -> None:
    with clock.frozen(datetime(2026, 11, 11, tzinfo=UTC)):
        assert clock.now() == datetime(2026, 11, 11, tzinfo=UTC)


@pytest.mark.commits
def test_a_slow_statement_is_logged_with_the_request_and_without_its_values(app, caplog) -> None:
    with app.app_context(), context.acting(context.Actor("staff", "5"), "request-79"):
        with caplog.at_level("WARNING", logger="app.sql"):
            db.session.execute(text("select pg_sleep(0.6), :secret"), {"secret": "13800000000"})

    (record,) = caplog.records
    line = JsonFormatter().format(record)
    assert record.seconds >= 0.6
    assert "pg_sleep" in line
    assert "13800000000" not in line


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/jobs/?tab=live", "/jobs/?tab=live"),
        ("/products/bulk/preview", "/"),  # only a form's answer
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/nowhere", "/"),
    ],
)
def test_switching_the_language_stays_on_a_page_of_ours(app, asked: str, sent: str) -> None:
    response = app.test_client().post("/me/language", data={"locale": "en", "next": asked})

    assert (response.status_code, response.location) == (302, sent)
