"""Calls at the same moment: nothing is lost, nothing is made twice, nobody waits for ever."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest
from sqlalchemy import Connection, text

from app.kit.db import db
from tests import factories as make
from tests.api.conftest import Program, count
from tests.locks import until_somebody_waits

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits, pytest.mark.slow]
CODES = [f"S{number:03}" for number in range(200)]


def _at_once(app: Any, token: str, bodies: list[dict[str, Any]]) -> list[tuple[int, Any]]:
    """The answers of as many clients as there are bodies, sent together; who is told to send again does."""
    answers: list[tuple[int, Any]] = []
    ready = threading.Barrier(len(bodies))

    def send(body: dict[str, Any]) -> None:
        client = Program(app.test_client(), token, None, None, 0)
        ready.wait()
        for _ in range(50):
            status, answer = client.post("/skus/bulk", body)
            if status != 409:
                break
            time.sleep(0.1)
        answers.append((status, answer))

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _shuffled(seed: int, **row: Any) -> dict[str, Any]:
    codes = random.Random(seed).sample(CODES, len(CODES))
    return {"rows": [{"sku": code, **row} for code in codes]}


def test_stock_taken_by_many_at_once_adds_up(app, program) -> None:
    with app.app_context():
        erp = program()
        for code in CODES:
            make.sku(erp.shop, code=code, stock_on_hand=100)
        db.session.remove()

    answers = _at_once(app, erp.token, [_shuffled(seed, stock_change=-seed) for seed in range(1, 7)])

    assert [status for status, _ in answers] == [200] * 6
    with app.app_context():
        assert set(db.session.scalars(text("select stock_on_hand from sku"))) == {100 - 21}
        assert count("change_line") == 6 * len(CODES)
        db.session.remove()


def test_the_same_new_skus_from_many_at_once_are_made_once(app, program) -> None:
    with app.app_context():
        erp = program()
        db.session.remove()

    answers = _at_once(app, erp.token, [_shuffled(seed, title="Cup", price="12") for seed in range(4)])

    assert [status for status, _ in answers] == [200] * 4
    made = [body["counts"]["created"] for _, body in answers]
    assert sorted(made) == [0, 0, 0, 200]
    with app.app_context():
        assert (count("sku"), count("product")) == (200, 200)
        db.session.remove()


def test_who_makes_new_skus_waits_for_the_first_and_meanwhile_keeps_no_other(app, program) -> None:
    with app.app_context():
        erp = program()
        body = {"rows": [{"sku": code, "title": "Cup", "price": "12"} for code in reversed(CODES)]}
        answers: list[tuple[int, Any]] = []
        call = threading.Thread(target=lambda: answers.extend(_at_once(app, erp.token, [body])))
        with db.engine.connect() as other:
            _make_product(other, erp.shop.id, CODES[0])
            call.start()
            until_somebody_waits(other)
            other.execute(text("set local lock_timeout = '100ms'"))
            _make_product(other, erp.shop.id, CODES[-1])
        call.join()

        assert [(status, answer["counts"]["created"]) for status, answer in answers] == [(200, len(CODES))]


def _make_product(connection: Connection, shop_id: int, code: str) -> None:
    connection.execute(
        text(
            "insert into product (shop_id, code, title, description, status, tags, attributes, version, created_at, "
            "updated_at) values (:shop_id, :code, 'Cup', '', 'draft', '[]', '{}', 1, now(), now())"
        ),
        {"shop_id": shop_id, "code": code},
    )


def test_of_two_who_expect_the_same_stock_one_is_stale(app, program) -> None:
    with app.app_context():
        erp = program()
        make.sku(erp.shop, code="A", stock_on_hand=5)
        db.session.remove()

    rows = [{"rows": [{"sku": "A", "stock": left, "stock_was": 5}]} for left in (4, 3)]
    answers = _at_once(app, erp.token, rows)

    assert sorted(body["results"][0]["outcome"] for _, body in answers) == ["stale", "updated"]
