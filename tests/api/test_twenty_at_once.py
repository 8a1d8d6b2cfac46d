"""One Idempotency-Key from twenty clients at the same moment: one effect, one answer (I6)."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import text

from app.kit import context
from app.kit.db import db
from tests import factories as make
from tests.api.conftest import Program, count

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.commits]
CLIENTS = 20


def at_once(app: Any, token: str, path: str, body: Any, keys: list[str]) -> list[tuple[int, str, str | None]]:
    """(status, body, replayed) of each client; who is told to come back does."""
    answers: list[tuple[int, str, str | None]] = []
    ready = threading.Barrier(len(keys))

    def send(key: str) -> None:
        client = Program(app.test_client(), token, None, None, 0)
        ready.wait()
        for _ in range(20):
            status, told = client.post(path, body, Idempotency_Key=key)
            if told.get("code") != "in_progress":
                break
        answers.append((status, json.dumps(told), client.last.headers.get("Idempotent-Replayed")))

    threads = [threading.Thread(target=send, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def erp(app, program) -> Program:
    """A program whose shop has ten of A at 10.00."""
    with app.app_context():
        made = program()
        make.sku(made.shop, code="A", price_minor=1000, stock_on_hand=10)
        db.session.remove()
    return made


def one_effect(answers: list[tuple[int, str, str | None]], status: int) -> None:
    assert {one[0] for one in answers} == {status}
    assert len({one[1] for one in answers}) == 1
    assert sorted(one[2] or "" for one in answers) == [""] + ["true"] * (CLIENTS - 1)


def figures(app: Any) -> tuple[int, ...]:
    with app.app_context(), context.every_shop("test"):
        paid, reserved = (
            db.session.scalar(text(f"select coalesce(sum({what}), 0) from {table}"))  # noqa: S608 - own words
            for what, table in (("paid_minor", "orders"), ("reserved", "stock_level"))
        )
        found = (count("orders"), count("order_payment"), int(paid), int(reserved))
        db.session.remove()
    return found


ORDER = {"lines": [{"sku": "A", "quantity": 1}]}


def test_an_order_is_made_once_and_paid_once(app, erp) -> None:
    made = at_once(app, erp.token, "/orders", ORDER, ["one"] * CLIENTS)
    one_effect(made, 201)
    assert figures(app) == (1, 0, 0, 1)

    order = json.loads(made[0][1])["order"]["id"]
    body = {"amount": "4.00", "method": "cash"}
    one_effect(at_once(app, erp.token, f"/orders/{order}/payments", body, ["one"] * CLIENTS), 200)
    assert figures(app) == (1, 1, 400, 1)


def test_of_twenty_orders_for_the_last_ten_units_ten_are_made(app, erp) -> None:
    answers = at_once(app, erp.token, "/orders", ORDER, [f"k{number}" for number in range(CLIENTS)])

    codes = sorted(json.loads(told).get("code", "made") for _, told, _ in answers)
    assert codes == ["insufficient_stock"] * 10 + ["made"] * 10
    assert figures(app) == (10, 0, 0, 10)


def test_an_order_leaves_once_and_its_money_goes_back_once(app, erp) -> None:
    with app.app_context():
        order = erp.post("/orders", ORDER)[1]["order"]["id"]
        erp.post(f"/orders/{order}/payments", {"amount": "10.00", "method": "cash"})
        db.session.remove()
    one_effect(at_once(app, erp.token, f"/orders/{order}/parcels", {"carrier": "own"}, ["one"] * CLIENTS), 200)

    with app.app_context():
        line = erp.get(f"/orders/{order}")[1]["lines"][0]["id"]
        wish = {"kind": "refund_only", "reason": "damaged", "lines": [{"order_line_id": line, "units": 1}]}
        case = erp.post(f"/orders/{order}/cases", wish)[1]["case"]["id"]
        db.session.remove()
    one_effect(at_once(app, erp.token, f"/cases/{case}/approve", None, ["one"] * CLIENTS), 200)

    with app.app_context(), context.every_shop("test"):
        sums = [db.session.scalar(text(f"select sum({what}) from {table}")) for what, table in _SUMS]  # noqa: S608
        assert (count("parcel"), count("refund"), [int(one) for one in sums]) == (1, 1, [1, 1000, 9])
        db.session.remove()


_SUMS = (("units", "parcel"), ("amount_minor", "refund"), ("on_hand", "stock_level"))
