"""Stock by the API: explained by warehouse, moved by compare-and-set, held for a checkout and handed to its order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.kit import clock, context
from app.kit.db import transaction
from app.stock import holds
from app.stock.models import Warehouse
from tests import factories as make
from tests.api.conftest import Program, count

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def erp(program) -> Program:
    """A program whose shop has ten of A and two warehouses."""
    made = program()
    make.sku(made.shop, make.product(made.shop, "Cup", code="CUP"), code="A", stock_on_hand=10, low_stock_limit=2)
    make._add(Warehouse(shop_id=made.shop.id, code="far", name="Far away"))
    return made


def move(erp: Program, deed: str, quantity: int, **more) -> tuple[int, dict]:
    return erp.post("/stock/movements", {"deed": deed, "sku": "A", "quantity": quantity, **more})


def numbers(erp: Program) -> tuple[int, ...]:
    row = erp.get("/stock?sku=A")[1]["items"][0]
    return tuple(row[name] for name in ("on_hand", "reserved", "unavailable", "available", "incoming"))


def test_every_deed_moves_its_counters_and_stands_in_the_ledger(erp) -> None:
    move(erp, "expect", 5)
    move(erp, "receive", 5)
    move(erp, "damage", 4)
    move(erp, "repair", 1)
    move(erp, "write_off", 2)
    move(erp, "adjust", -1, reason="lost", note="behind the shelf")
    _, told = move(erp, "transfer", 3, to="far")

    assert numbers(erp) == (12, 0, 1, 11, 0)
    assert [(row["warehouse"], row["on_hand"]) for row in told["stock"]["levels"]][1] == ("far", 3)
    rows = erp.get("/skus/A/movements?limit=3")[1]
    assert [(row["kind"], row["on_hand_delta"], row["warehouse"]) for row in rows["items"]] == [
        ("transferred", 3, "far"),
        ("transferred", -3, told["stock"]["levels"][0]["warehouse"]),
        ("adjusted", -1, told["stock"]["levels"][0]["warehouse"]),
    ]
    assert (rows["items"][2]["reason"], rows["items"][2]["note"]) == ("lost", "behind the shelf")
    older = erp.get(f"/skus/A/movements?cursor={rows['next_cursor']}")[1]
    assert [row["kind"] for row in older["items"]][:4] == ["written_off", "repaired", "damaged", "received"]


def test_a_count_is_written_only_while_the_stock_is_what_was_expected(erp) -> None:
    status, body = move(erp, "count", 7, expected=9, reason="count")
    assert (status, body["code"]) == (409, "stock_moved_on")
    assert body["facts"] == {"sku": "A", "present": 10, "expected": 9}
    assert numbers(erp)[0] == 10

    assert move(erp, "count", 7, expected=10, reason="count")[1]["stock"]["on_hand"] == 7
    assert move(erp, "count", 7, expected=7, reason="count")[1]["movements"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"deed": "count", "quantity": 7, "reason": "count"}, "expected_missing"),
        ({"deed": "count", "quantity": -1, "expected": 10, "reason": "count"}, "stock_quantity"),
        ({"deed": "adjust", "quantity": -1}, "reason_missing"),
        ({"deed": "adjust", "quantity": -11, "reason": "lost"}, "stock_below_zero"),
        ({"deed": "adjust", "quantity": 0, "reason": "lost"}, "stock_quantity"),
        ({"deed": "receive", "quantity": -1}, "stock_quantity"),
        ({"deed": "damage", "quantity": 11}, "insufficient_stock"),
        ({"deed": "transfer", "quantity": 1, "to": "nowhere"}, "warehouse_unknown"),
        ({"deed": "receive", "quantity": 1, "sku": "B"}, "sku_not_found"),
        ({"deed": "steal", "quantity": 1}, "request_invalid"),
    ],
)
def test_what_a_rule_refuses_moves_nothing(erp, body, code: str) -> None:
    before = count("stock_movement")

    _, told = erp.post("/stock/movements", {"sku": "A", **body})

    assert told["code"] == code
    assert (count("stock_movement"), numbers(erp)) == (before, (10, 0, 0, 10, 0))


def test_a_checkout_holds_for_a_time_and_then_lets_go(erp) -> None:
    with clock.frozen(NOON):
        status, held = erp.post("/stock/holds", {"holder": "c1", "lines": [{"sku": "A", "quantity": 4}]})
    assert (status, held["lines"][0]["expires_at"]) == (201, "2026-11-23T12:15:00Z")
    assert numbers(erp) == (10, 4, 0, 6, 0)
    too_many = erp.post("/stock/holds", {"holder": "c2", "lines": [{"sku": "A", "quantity": 7}]})[1]
    assert (too_many["code"], too_many["facts"]["available"]) == ("insufficient_stock", 6)

    with clock.frozen(NOON + timedelta(minutes=15)), context.every_shop("test"), transaction():
        holds.expire_due()
    assert numbers(erp) == (10, 0, 0, 10, 0)
    status, gone = erp.post("/stock/holds/c1/confirm")
    assert (status, gone["code"]) == (409, "holds_gone")
    assert erp.get("/stock/holds/c1")[1]["lines"][0]["state"] == "expired"


def test_confirmed_stock_stays_until_it_is_released(erp) -> None:
    erp.post("/stock/holds", {"holder": "c1", "lines": [{"sku": "A", "quantity": 4}]})
    confirmed = erp.post("/stock/holds/c1/confirm")[1]["lines"][0]
    assert (confirmed["state"], confirmed["expires_at"]) == ("confirmed", None)

    for _ in range(2):
        assert erp.post("/stock/holds/c1/release")[1]["lines"][0]["state"] == "released"
    assert numbers(erp) == (10, 0, 0, 10, 0)


def test_an_order_takes_over_the_last_units_that_its_checkout_holds(erp) -> None:
    erp.post("/stock/holds", {"holder": "c1", "lines": [{"sku": "A", "quantity": 10}]})
    wanted = {"lines": [{"sku": "A", "quantity": 10}]}
    assert erp.post("/orders", wanted)[1]["code"] == "insufficient_stock"

    assert erp.post("/orders", {**wanted, "hold": "c1"})[0] == 201

    assert numbers(erp) == (10, 10, 0, 0, 0)
    assert erp.get("/stock/holds/c1")[1]["lines"][0]["state"] == "released"


def test_a_program_cannot_touch_what_an_order_holds(erp) -> None:
    order = erp.post("/orders", {"lines": [{"sku": "A", "quantity": 3}]})[1]["order"]["id"]

    for act in ("confirm", "release"):
        assert erp.post(f"/stock/holds/order:{order}/{act}")[0] == 404
        assert erp.post(f"/stock/holds/order%3A{order}/{act}")[0] == 404
    bad = {"holder": f"order:{order}", "lines": [{"sku": "A", "quantity": 1}]}
    assert erp.post("/stock/holds", bad)[1]["code"] == "request_invalid"
    assert numbers(erp) == (10, 3, 0, 7, 0)


def test_the_list_finds_what_is_low_and_oversold(erp) -> None:
    make.sku(erp.shop, code="LOW", stock_on_hand=1, low_stock_limit=2)
    erp.post("/orders", {"lines": [{"sku": "A", "quantity": 9}]})

    assert [row["sku"] for row in erp.get("/stock?standing=low")[1]["items"]] == ["A", "LOW"]
    move(erp, "adjust", -5, reason="lost")
    oversold = erp.get("/stock?standing=oversold")[1]["items"]
    assert [(row["sku"], row["available"], row["standing"]) for row in oversold] == [("A", -4, "oversold")]
    first = erp.get("/stock?limit=1")[1]
    assert [row["sku"] for row in erp.get(f"/stock?cursor={first['next_cursor']}")[1]["items"]] == ["LOW"]
