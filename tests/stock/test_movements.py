"""What is done to stock: each verb with its numbers, its refusals, and its row of the ledger."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app.kit import context
from app.kit.db import db, transaction
from app.kit.errors import Conflict, RuleViolation
from app.stock import holds, levels, movements
from app.stock.ledger import Why
from app.stock.models import StockMovement
from app.stock.movements import StockAt
from tests.stock.conftest import numbers, wrong

COUNTED = Why(reason="count")


def rows() -> int:
    return db.session.scalar(select(func.count()).select_from(StockMovement))


def test_expected_goods_come_in(shop, cup) -> None:
    at = StockAt(shop.id, cup.id)
    with transaction():
        movements.expect(at, 8)
        movements.receive(at, 5)
    assert [(row.on_hand, row.incoming) for row in levels.of_sku(cup.id)] == [(15, 3)]
    with transaction():
        movements.receive(at, 5)
        movements.expect(at, 4)
        movements.expect(at, -1)

    assert [(row.on_hand, row.incoming) for row in levels.of_sku(cup.id)] == [(20, 3)]
    assert wrong() == []


def test_a_count_is_bound_to_what_it_was_told(shop, cup) -> None:
    at = StockAt(shop.id, cup.id)
    with transaction():
        movements.adjust(at, -1, Why(reason="lost", note="behind the shelf"))
    with pytest.raises(Conflict) as stale, transaction():
        movements.count(at, 4, 10, COUNTED)
    assert (stale.value.code, stale.value.facts["present"]) == ("stock_moved_on", 9)

    with transaction():
        assert movements.count(at, 9, 9, COUNTED) == []
        movements.count(at, 0, 9, COUNTED)
    assert numbers(cup.id) == (0, 0, 0, 0)
    assert wrong() == []


def test_an_adjustment_needs_a_reason_and_stays_above_zero(shop, cup) -> None:
    at, before = StockAt(shop.id, cup.id), rows()
    with pytest.raises(RuleViolation, match="reason_missing"), transaction():
        movements.adjust(at, -1, Why())
    with pytest.raises(RuleViolation) as refused, transaction():
        movements.adjust(at, -11, COUNTED)

    assert (refused.value.code, refused.value.facts) == (
        "stock_below_zero",
        {"sku": "CUP", "present": 10, "wanted": 11},
    )
    assert (numbers(cup.id), rows()) == ((10, 0, 0, 10), before)


def test_only_a_count_may_leave_less_than_is_reserved(shop, cup) -> None:
    at = StockAt(shop.id, cup.id)
    with transaction():
        holds.place(shop.id, {cup.id: 8}, "order:1", None)
    for deed in (lambda: movements.damage(at, 3),):
        with pytest.raises(RuleViolation) as refused, transaction():
            deed()
        assert refused.value.facts == {"sku": "CUP", "wanted": 3, "available": 2}
    with transaction():
        movements.adjust(at, -5, COUNTED)

    assert numbers(cup.id) == (5, 8, 0, -3)
    assert wrong() == []


def test_damaged_units_are_repaired_or_written_off(shop, cup) -> None:
    at = StockAt(shop.id, cup.id)
    with transaction():
        movements.damage(at, 4)
        movements.repair(at, 1)
        movements.write_off(at, 2)
    assert numbers(cup.id) == (8, 0, 1, 7)
    for deed in (movements.repair, movements.write_off):
        with pytest.raises(RuleViolation, match="stock_below_zero"), transaction():
            deed(at, 2)

    assert numbers(cup.id) == (8, 0, 1, 7)
    assert wrong() == []


def test_what_comes_back_can_be_sold_or_is_broken(shop, cup) -> None:
    at = StockAt(shop.id, cup.id)
    with transaction():
        movements.take_back(at, 2, Why(order_id=5))
        row = movements.take_back(at, 1, Why(order_id=5, key="refund-1"), damaged=True)[0]

    assert (row.kind.value, row.on_hand_delta, row.unavailable_delta, row.order_id) == ("returned", 1, 1, 5)
    assert numbers(cup.id) == (13, 0, 1, 12)
    assert wrong() == []


def test_a_transfer_takes_what_is_available_and_no_more(shop, cup, warehouse) -> None:
    east = warehouse("EAST")
    with transaction():
        holds.place(shop.id, {cup.id: 7}, "order:1", None)
        movements.transfer(StockAt(shop.id, cup.id), east.id, 3, Why(key="t1"))
        movements.transfer(StockAt(shop.id, cup.id), east.id, 3, Why(key="t1"))
    assert numbers(cup.id, east.id) == (3, 0, 0, 3)
    with pytest.raises(RuleViolation) as refused, transaction():
        movements.transfer(StockAt(shop.id, cup.id), east.id, 1)
    assert refused.value.facts["available"] == 0
    with pytest.raises(RuleViolation, match="same_warehouse"), transaction():
        movements.transfer(StockAt(shop.id, cup.id, east.id), east.id, 1)

    assert numbers(cup.id) == (10, 7, 0, 3)
    assert wrong() == []


@pytest.mark.parametrize("verb", ["receive", "damage", "take_back", "expect"])
def test_the_same_key_happens_once(shop, cup, verb: str) -> None:
    for _ in range(2):
        with transaction():
            getattr(movements, verb)(StockAt(shop.id, cup.id), 2, Why(key="k"))

    assert rows() == 2
    assert wrong() == []


def test_the_ledger_says_who_and_by_which_request(shop, cup) -> None:
    with context.acting(context.Actor("key", "3"), "request-0002"), transaction():
        row = movements.receive(StockAt(shop.id, cup.id), 1, Why(note="  late delivery "))[0]

    assert (row.actor, row.request_id, row.note) == ("key:3", "request-0002", "late delivery")


def test_what_a_session_holds_is_read_anew(shop, cup) -> None:
    assert cup.stock_on_hand == 10
    with transaction():
        movements.receive(StockAt(shop.id, cup.id), 5)
        cup.low_stock_limit = 3  # a stale version would be refused

    assert (cup.stock_on_hand, cup.low_stock_limit) == (15, 3)


def test_a_sku_that_is_deleted_takes_levels_and_holds_along_and_leaves_its_ledger(shop, cup) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 1}, "order:1", None)
    with transaction() as session:
        gone: Any = session.get(type(cup), cup.id)
        session.delete(gone)

    assert (levels.available(shop.id, [cup.id]), rows()) == ({cup.id: 0}, 1)
