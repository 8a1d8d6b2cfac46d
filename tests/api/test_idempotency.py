"""A write that is sent twice happens once: again, changed, at the same moment, and after a crash in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.kit import clock, context, idempotency
from app.kit.db import db, transaction
from tests import factories as make
from tests.api.conftest import Program, count
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADD = {"rows": [{"sku": "A", "stock_change": 5}]}


def _stock() -> int:
    return db.session.scalar(text("select stock_on_hand from sku where code = 'A'"))


@pytest.fixture
def erp(program) -> Program:
    """A program whose shop has five of A."""
    made = program()
    make.sku(made.shop, code="A", stock_on_hand=5)
    return made


def test_the_same_request_again_gets_the_stored_answer_and_does_nothing(erp) -> None:
    first = erp.post("/skus/bulk", ADD, Idempotency_Key="one")
    assert "Idempotent-Replayed" not in erp.last.headers
    second = erp.post("/skus/bulk", ADD, Idempotency_Key="one")

    assert first == second
    assert erp.last.headers["Idempotent-Replayed"] == "true"
    assert (_stock(), count("change_set")) == (10, 1)
    erp.post("/skus/bulk", ADD, Idempotency_Key="two")
    assert _stock() == 15


def test_the_same_key_for_another_body_is_refused(erp) -> None:
    erp.post("/skus/bulk", ADD, Idempotency_Key="one")

    status, body = erp.post("/skus/bulk", {**ADD, "dry_run": True}, Idempotency_Key="one")

    assert (status, body["code"]) == (422, "idempotency_key_reused")
    assert _stock() == 10


def test_keys_are_apart_by_route_and_by_caller(erp, program) -> None:
    other = program(erp.shop)
    change = erp.post("/skus/bulk", ADD, Idempotency_Key="one")[1]["change_set_id"]
    other.post("/skus/bulk", ADD, Idempotency_Key="one")

    assert erp.post(f"/changes/{change}/undo", Idempotency_Key="one")[0] == 202
    assert _stock() == 15


def test_two_addresses_of_one_route_are_two_requests(erp) -> None:
    first = erp.post("/skus/bulk", ADD)[1]["change_set_id"]
    second = erp.post("/skus/bulk", ADD)[1]["change_set_id"]

    assert erp.post(f"/changes/{second}/undo", Idempotency_Key="x")[0] == 202
    assert erp.post(f"/changes/{first}/undo", Idempotency_Key="x")[1]["code"] == "idempotency_key_reused"


def test_a_refused_write_keeps_nothing_and_frees_its_key(erp) -> None:
    bad = {"rows": [{"sku": "A", "stock_change": -6}], "on_error": "all_or_nothing"}
    assert erp.post("/skus/bulk", bad, Idempotency_Key="one")[0] == 422

    assert erp.post("/skus/bulk", ADD, Idempotency_Key="one")[0] == 200
    assert _stock() == 10


def test_an_answer_is_known_for_a_day(erp) -> None:
    with clock.frozen(NOON):
        erp.post("/skus/bulk", ADD, Idempotency_Key="one")
    for hours, left in ((24, 1), (25, 0)):
        with clock.frozen(NOON + timedelta(hours=hours)), context.every_shop("test"), transaction():
            idempotency.prune()
        assert count("idempotent_answer") == left


@pytest.mark.commits
def test_many_at_the_same_moment_have_one_effect_and_one_answer(app, program) -> None:
    with app.app_context():
        erp = program()
        make.sku(erp.shop, code="A", stock_on_hand=5)
        db.session.remove()
    answers: list[Any] = []
    ready = threading.Barrier(8)

    def send() -> None:
        client = Program(app.test_client(), erp.token, None, None, 0)
        ready.wait()
        status, body = client.post("/skus/bulk", ADD, Idempotency_Key="one")
        answers.append((status, json.dumps(body), client.last.headers.get("Idempotent-Replayed")))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with app.app_context():
        assert (_stock(), count("change_set"), count("idempotent_answer")) == (10, 1, 1)
        db.session.remove()
    assert {status for status, _, _ in answers} == {200}
    assert len({body for _, body, _ in answers}) == 1
    assert sorted(replayed or "" for _, _, replayed in answers) == [""] + ["true"] * 7


@pytest.mark.commits
def test_who_waits_too_long_is_told_to_come_back(app, program, monkeypatch) -> None:
    with app.app_context():
        erp = program()
        make.sku(erp.shop, code="A", stock_on_hand=5)
        claim = "insert into idempotent_answer values ('key:1', 'POST /skus/bulk', 'one', 1, '', 0, '', now())"
        with db.engine.connect() as first:
            first.execute(text(claim))
            monkeypatch.setattr(idempotency, "WAIT_MS", 100)
            status, body = erp.post("/skus/bulk", ADD, Idempotency_Key="one")
            first.rollback()

        assert erp.key_id == erp.shop.id == 1
        assert (status, body["code"]) == (409, "in_progress")
        assert _stock() == 5
        assert erp.post("/skus/bulk", ADD, Idempotency_Key="one")[0] == 200
        assert _stock() == 10
        db.session.remove()


HALT = """
import json, sys, time
from app.wsgi import app
from app.kit import idempotency

real = idempotency.once

def halt(claim, work):
    real(claim, work)
    print("written, not committed", flush=True)
    time.sleep(60)

idempotency.once = halt
token, body = sys.argv[1:]
app.test_client().post("/api/v1/skus/bulk", data=body, content_type="application/json",
    headers={"Authorization": "Bearer " + token, "Idempotency-Key": "one"})
"""


@pytest.mark.commits
@pytest.mark.slow
def test_a_crash_between_effect_and_answer_leaves_neither(app, as_a_process, program) -> None:
    with app.app_context():
        erp = program()
        make.sku(erp.shop, code="A", stock_on_hand=5)
        db.session.remove()
    command = [sys.executable, "-c", HALT, erp.token, json.dumps(ADD)]
    server = subprocess.Popen(command, cwd=ROOT, env=as_a_process, stdout=subprocess.PIPE, text=True)
    assert any("written" in line for line in iter(server.stdout.readline, ""))
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()

    with app.app_context():
        assert (_stock(), count("idempotent_answer"), count("change_set")) == (5, 0, 0)
        db.session.remove()
        started = time.monotonic()
        assert erp.post("/skus/bulk", ADD, Idempotency_Key="one")[0] == 200
        assert erp.post("/skus/bulk", ADD, Idempotency_Key="one")[0] == 200
        assert erp.last.headers["Idempotent-Replayed"] == "true"
        assert time.monotonic() - started < 10
        assert _stock() == 10
        db.session.remove()
