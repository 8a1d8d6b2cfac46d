"""Calls gathered into one transaction answer and write exactly as if each had come alone, one after another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import insert, text

from app import api_routes
from app.api import writing
from app.api.routes import Asked
from app.kit import clock, context, first_words, gathering, idempotency
from app.kit.db import db
from app.kit.idempotency import Claim, IdempotentAnswer
from tests import factories as make
from tests.api.conftest import Program, count
from tests.conftest import ROOT
from tests.stock.conftest import wrong

pytestmark = pytest.mark.commits
ROUTES = {route.name: route for route in api_routes()}
Ask = tuple[str, Any, str]


def hold(name: str, sku: str, units: int, key: str | None = None) -> Ask:
    return "/stock/holds", {"holder": name, "lines": [{"sku": sku, "quantity": units}]}, key or f"key-{name}-{sku}"


def confirmed(name: str) -> Ask:
    return f"/stock/holds/{name}/confirm", None, f"confirm-{name}"


def stocked(program: Callable[..., Program]) -> Program:
    """A program whose shop has ten of A and five of B."""
    erp = program()
    for code, units in (("A", 10), ("B", 5)):
        make.sku(erp.shop, code=code, stock_on_hand=units)
    return erp


@pytest.fixture
def groups(monkeypatch) -> Iterator[list[int]]:
    """How many calls each group closed with."""
    sizes: list[int] = []
    real = writing._calls._together

    def counted(close: Callable[[], Any]) -> Any:
        def noted() -> Any:
            group = close()
            sizes.append(len(group))
            return group

        return real(noted)

    monkeypatch.setattr(writing._calls, "_together", counted)
    yield sizes


def send(app: Any, erp: Program, ask: Ask) -> tuple[int, Any, bool]:
    """(status, body without the moments of expiry, replayed)."""
    path, body, key = ask
    client = Program(app.test_client(), erp.token, None, None, 0)
    status, told = client.post(path, body, Idempotency_Key=key)
    for line in told.get("lines", ()):
        assert (line.pop("expires_at") is None) == (line["state"] == "confirmed")
    return status, told, client.last.headers.get("Idempotent-Replayed") == "true"


def together(app: Any, erp: Program, asks: list[Ask], monkeypatch) -> list[Any]:
    """Send them in order; the first leads, and its group closes when all are there."""

    def queued() -> int:
        return max((len(queue) for queue in writing._calls._queues.values()), default=0)

    def until(number: int) -> None:
        for _ in range(3_000):
            if queued() >= number:
                return
            time.sleep(0.01)
        raise AssertionError("they never came")

    real = writing.transaction

    def when_all_are_there(lock_ms: int = 0) -> Any:
        if lock_ms:
            until(len(asks))
        return real(lock_ms)

    with monkeypatch.context() as patch, ThreadPoolExecutor(len(asks)) as pool:
        patch.setattr(gathering, "PATIENCE_SECONDS", 60)
        patch.setattr(writing, "transaction", when_all_are_there)
        sent = []
        for number, ask in enumerate(asks):
            until(number)
            sent.append(pool.submit(send, app, erp, ask))
        return [one.result(30) for one in sent]


def one_by_one(app: Any, erp: Program, asks: list[Ask], monkeypatch) -> list[Any]:
    """Each by its route's own function."""
    with monkeypatch.context() as patch:
        patch.setattr(writing._calls, "do", lambda name, asked, alone: alone())
        return [send(app, erp, ask) for ask in asks]


def books(erp: Program) -> list[Any]:
    """What is held and which answers are kept in the shop of the program, without ids and moments."""
    held = "select holder, quantity, state, expires_at is null from stock_hold where shop_id = :s order by 1, 2"
    kept = "select route, key, status from idempotent_answer where shop_id = :s order by 1, 2"
    return [tuple(row) for query in (held, kept) for row in db.session.execute(text(query), {"s": erp.shop.id})]


MIXED = [
    hold("one", "A", 4),
    hold("two", "B", 5),
    hold("much", "A", 7),
    hold("one", "A", 1, "again"),
    hold("one", "A", 4),
    hold("three", "A", 1, "key-one-A"),
    hold("none", "NO-SUCH", 1),
    ("/stock/holds", {"holder": "lines", "lines": [{"sku": "A", "quantity": 1}] * 2}, "lines"),
]
ENDS = [201, 201, 422, 201, 201, 422, 422, 201]


def test_a_group_of_all_kinds_is_answered_as_one_by_one(app, program, groups, monkeypatch) -> None:
    with app.app_context(), context.every_shop("test"):
        first, second = stocked(program), stocked(program)
        confirms = [confirmed("one"), confirmed("two"), confirmed("nobody"), confirmed("one"), confirmed("lines")]

        gathered = together(app, first, MIXED[:6], monkeypatch) + together(app, first, MIXED[6:], monkeypatch)
        single = one_by_one(app, second, MIXED, monkeypatch)
        assert groups == [6, 2]
        assert [status for status, _, _ in gathered] == ENDS
        assert [body["code"] for status, body, _ in gathered if status == 422] == [
            "insufficient_stock",
            "idempotency_key_reused",
            "sku_not_found",
        ]
        assert [replayed for _, _, replayed in gathered].index(True) == 4
        for (status, body, replayed), expected in zip(gathered, single, strict=True):
            body.get("facts", {}).pop("available", None)  # of what was left when it was refused
            expected[1].get("facts", {}).pop("available", None)
            assert (status, body.get("code"), replayed) == (expected[0], expected[1].get("code"), expected[2])
            assert status != 201 or body == expected[1]

        assert together(app, first, confirms, monkeypatch) == one_by_one(app, second, confirms, monkeypatch)
        assert books(first) == books(second)
        assert wrong() == []
        db.session.remove()


def test_holds_and_confirmations_are_one_group(app, program, groups, monkeypatch) -> None:
    with app.app_context(), context.every_shop("test"):
        first, second = stocked(program), stocked(program)
        asks = [hold("two", "B", 2), confirmed("one"), hold("much", "A", 7), confirmed("nobody"), hold("three", "A", 6)]
        for erp in (first, second):
            assert send(app, erp, hold("one", "A", 4))[0] == 201

        gathered, single = together(app, first, asks, monkeypatch), one_by_one(app, second, asks, monkeypatch)
        assert groups == [1, 1, 5]
        assert [status for status, _, _ in gathered] == [201, 200, 422, 404, 201]
        assert [body for _, body, _ in gathered[:2]] == [body for _, body, _ in single[:2]]
        assert books(first) == books(second)
        assert wrong() == []
        db.session.remove()


def test_a_group_that_wants_more_than_there_is_gets_what_is_there(app, program, groups, monkeypatch) -> None:
    with app.app_context(), context.every_shop("test"):
        erp = stocked(program)
        answers = together(app, erp, [hold(f"h{number}", "A", 3) for number in range(6)], monkeypatch)

        assert [status for status, _, _ in answers] == [201] * 3 + [422] * 3
        assert [body["facts"] for _, body, _ in answers[3:]] == [{"sku": "A", "wanted": 3, "available": 1}] * 3
        assert groups == [6]
        assert count("idempotent_answer") == 3
        assert wrong() == []
        db.session.remove()


def test_calls_of_two_keys_are_never_in_one_group(app, program, groups) -> None:
    with app.app_context(), context.every_shop("test"):
        erps = [stocked(program), stocked(program)]
        with ThreadPoolExecutor(8) as pool:
            asks = [(erps[number % 2], hold(f"h{number}", "A", 1)) for number in range(16)]
            answers = list(pool.map(lambda one: send(app, *one), asks))

        assert {status for status, _, _ in answers} == {201}
        assert [books(erp)[:8] for erp in erps] == [
            [(f"checkout:h{number}", 1, "live", False) for number in sorted(range(first, 16, 2), key=str)]
            for first in (0, 1)
        ]
        assert sum(groups) == 16
        db.session.remove()


def test_a_broken_group_fails_nobody(app, program, groups, monkeypatch) -> None:
    def broken(answers: Any) -> None:
        raise ZeroDivisionError

    with app.app_context(), context.every_shop("test"):
        erp = stocked(program)
        monkeypatch.setattr(idempotency, "keep_together", broken)
        answers = together(app, erp, [hold(f"h{number}", "A", 1) for number in range(4)], monkeypatch)

        assert [status for status, _, _ in answers] == [201] * 4
        assert (count("stock_hold"), count("idempotent_answer"), groups) == (4, 4, [4])
        assert wrong() == []
        db.session.remove()


def test_a_group_waits_a_second_for_a_lock_and_each_of_it_alone_then(app, program, groups, monkeypatch) -> None:
    with app.app_context(), context.every_shop("test"):
        erp = stocked(program)
        monkeypatch.setattr(writing, "LOCK_MS", 100)
        with db.engine.connect() as other:
            other.execute(
                text("select 1 from stock_level l join sku k on k.id = l.sku_id where k.code = 'A' for update")
            )
            answers = together(app, erp, [hold("b", "B", 1), hold("a", "A", 1)], _Later(monkeypatch, other.rollback))

        assert [status for status, _, _ in answers] == [201, 201]
        assert (groups, count("stock_hold")) == ([2], 2)
        assert wrong() == []
        db.session.remove()


class _Later:
    """A monkeypatch whose patches end with something done a little later."""

    def __init__(self, monkeypatch: Any, deed: Callable[[], Any], seconds: float = 1.0) -> None:
        self._monkeypatch, self._timer = monkeypatch, threading.Timer(seconds, deed)

    def context(self) -> Any:
        self._timer.start()
        return self._monkeypatch.context()


def written(shop_id: int, key_id: int, number: int, name: str = "place_hold") -> writing._Write:
    route = ROUTES[name]
    assert route.together is not None
    claim = Claim(shop_id, f"key:{key_id}", f"{route.method} {route.path}", f"k{number}", "f" * 64)
    body = {"holder": f"h{number}", "lines": [{"sku": "A", "quantity": 1}]}
    return writing._Write(claim, Asked(body, {"holder": f"h{number}"}), route.together)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_group_takes_a_round_trip_for_each_route_and_one_however_large(app, program, count_sql, size) -> None:
    ends: list[int] = []
    real = first_words.say_all

    def counted(connection: Any, statements: list[Any]) -> None:
        ends.append(len(statements))
        real(connection, statements)

    with app.app_context(), context.every_shop("test"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_words, "say_all", counted)
        erp = stocked(program)
        early, late = (
            [written(erp.shop.id, erp.key_id, one) for one in range(first, first + size)] for first in (0, 90)
        )
        confirms = [written(erp.shop.id, erp.key_id, one, "confirm_hold") for one in range(size)]
        for group, routes in ((early, 1), (late + confirms, 2)):
            with count_sql() as statements:
                assert all(writing._together(lambda group=group: group))
            assert (len(statements), ends.pop(), ends) == (routes, 2, [])
        db.session.remove()


def test_a_key_that_is_taken_meanwhile_breaks_the_group_and_is_answered_as_before(
    app, program, groups, monkeypatch
) -> None:
    """By another process, after the group has looked at what is held and before it commits."""
    real = idempotency.keep_together

    def overtaken(answers: Any) -> None:
        taken = next(claim for claim in answers if claim.key == "key-b-A")
        with db.engine.begin() as other:
            other.execute(
                insert(IdempotentAnswer).values(
                    **asdict(taken), status=201, body='{"holder":"b","lines":[]}', created_at=clock.now()
                )
            )
        real(answers)

    with app.app_context(), context.every_shop("test"):
        erp = stocked(program)
        monkeypatch.setattr(idempotency, "keep_together", overtaken)
        answers = together(app, erp, [hold("a", "A", 1), hold("b", "A", 2), hold("c", "A", 3)], monkeypatch)

        assert [(status, replayed) for status, _, replayed in answers] == [(201, False), (201, True), (201, False)]
        assert answers[1][1] == {"holder": "b", "lines": []}
        assert groups == [3]
        assert books(erp)[:2] == [("checkout:a", 1, "live", False), ("checkout:c", 3, "live", False)]
        assert wrong() == []
        db.session.remove()


def test_a_key_that_somebody_is_taking_is_not_waited_for_with_the_stock_locked(
    app, program, groups, monkeypatch
) -> None:
    with app.app_context(), context.every_shop("test"):
        erp = stocked(program)
        claim = written(erp.shop.id, erp.key_id, 1).claim
        with db.engine.connect() as other:
            other.execute(insert(IdempotentAnswer).values(**asdict(claim), status=0, body="", created_at=clock.now()))
            held_by_then, engine = [], db.engine

            def give_up() -> None:
                with engine.connect() as third:
                    held_by_then.extend(third.scalars(text("select count(*) from stock_hold")))
                other.rollback()

            later = _Later(monkeypatch, give_up, seconds=4.0)  # a lone call waits five for its key
            monkeypatch.setattr(writing, "LOCK_MS", 60_000)
            answers = together(app, erp, [hold("h0", "A", 1, "k0"), hold("h1", "A", 1, "k1")], later)

        assert held_by_then == [1]
        assert [(status, replayed) for status, _, replayed in answers] == [(201, False)] * 2
        assert (groups, count("stock_hold"), count("idempotent_answer")) == ([2], 2, 2)
        assert wrong() == []
        db.session.remove()


HALT = """
import sys, time
from app.kit import context, idempotency
from app.api import writing
from app.wsgi import app
from tests.api.test_gathered import written

real = idempotency.keep_together

def halt(answers):
    real(answers)
    print("written, not committed", flush=True)
    time.sleep(60)

idempotency.keep_together = halt
with app.app_context(), context.shops([int(sys.argv[1])]):
    writing._together(lambda: [written(int(sys.argv[1]), int(sys.argv[2]), number) for number in range(4)])
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_of_a_group_leaves_nothing_of_it(app, as_a_process, program) -> None:
    with app.app_context(), context.every_shop("test"):
        erp = stocked(program)
        shop_id, key_id = erp.shop.id, erp.key_id
        db.session.remove()
    command = [sys.executable, "-c", HALT, str(shop_id), str(key_id)]
    server = subprocess.Popen(command, cwd=ROOT, env=as_a_process, stdout=subprocess.PIPE, text=True)
    assert any("written" in line for line in iter(server.stdout.readline, ""))
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()

    with app.app_context(), context.every_shop("test"):
        assert (count("stock_hold"), count("idempotent_answer")) == (0, 0)
        answers = writing._together(lambda: [written(shop_id, key_id, number) for number in range(4)])
        assert [json.loads(one.body)["holder"] for one in answers] == ["h0", "h1", "h2", "h3"]
        assert (count("stock_hold"), count("idempotent_answer")) == (4, 4)
        assert wrong() == []
        db.session.remove()
