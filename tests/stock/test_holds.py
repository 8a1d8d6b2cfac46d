"""Holds: all lines or none, once a key, given back when nobody confirms them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.kit import clock
from app.kit.db import db, transaction
from app.kit.errors import Conflict, DomainError, NotFound, RuleViolation
from app.kit.journal import JournalEntry
from app.stock import holds, movements
from app.stock.ledger import Why
from app.stock.models import HoldState, StockHold
from app.stock.movements import StockAt
from tests import factories as make
from tests.stock.conftest import numbers, wrong

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def states() -> list[tuple[str, int]]:
    rows = db.session.scalars(select(StockHold).order_by(StockHold.id))
    return [(row.state.value, row.quantity) for row in rows]


def test_a_hold_lowers_what_is_available_and_nothing_else(shop, cup) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 7}, "order:1", 900)

    assert numbers(cup.id) == (10, 7, 0, 3)
    assert wrong() == []


def test_more_than_is_available_is_refused_with_sku_and_figure(shop, cup) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 7}, "order:1", 900)
    with pytest.raises(RuleViolation) as refused, transaction():
        holds.place(shop.id, {cup.id: 4}, "order:2", 900)

    assert refused.value.code == "insufficient_stock"
    assert refused.value.facts == {"sku": "CUP", "wanted": 4, "available": 3}
    assert numbers(cup.id) == (10, 7, 0, 3)


def test_a_cart_is_held_whole_or_not_at_all(shop, cup) -> None:
    lamp = make.sku(shop, code="LAMP", stock_on_hand=1)
    with pytest.raises(RuleViolation) as refused, transaction():
        holds.place(shop.id, {cup.id: 2, lamp.id: 2}, "order:1", 900)

    assert refused.value.facts["sku"] == "LAMP"
    assert numbers(cup.id) == (10, 0, 0, 10)
    assert states() == []


def test_a_refusal_that_is_caught_leaves_nothing_to_commit(shop, cup) -> None:
    lamp = make.sku(shop, code="LAMP", stock_on_hand=1)
    with transaction():
        for lines in ({cup.id: 11}, {cup.id: 2, lamp.id: 2}):
            with pytest.raises(RuleViolation):
                holds.place(shop.id, lines, "order:1", 900)

    assert (states(), wrong()) == ([], [])


def test_the_same_key_holds_once(shop, cup) -> None:
    lamp = make.sku(shop, code="LAMP", stock_on_hand=1)
    for lines, key in (({cup.id: 6}, "k1"), ({cup.id: 2, lamp.id: 1}, "k2")):
        with transaction():
            first = holds.place(shop.id, lines, "order:1", 900, key)
        with transaction():
            second = holds.place(shop.id, lines, "order:1", 900, key)
        assert second == first

    assert (numbers(cup.id), numbers(lamp.id)) == ((10, 8, 0, 2), (1, 1, 0, 0))
    assert wrong() == []


def test_a_key_of_other_goods_or_another_holder_is_refused(shop, cup) -> None:
    lamp = make.sku(shop, code="LAMP", stock_on_hand=1)
    with transaction():
        holds.place(shop.id, {cup.id: 1}, "order:1", 900, "k1")
    for lines, holder in (({lamp.id: 1}, "order:1"), ({cup.id: 1}, "order:2"), ({cup.id: 1, lamp.id: 1}, "order:1")):
        with pytest.raises(Conflict, match="idempotency_key_reused"), transaction():
            holds.place(shop.id, lines, holder, 900, "k1")

    assert (numbers(cup.id), numbers(lamp.id)) == ((10, 1, 0, 9), (1, 0, 0, 1))


def test_the_default_warehouse_gives_first_then_one_that_has_it_all(shop, cup, warehouse) -> None:
    east = warehouse("EAST")
    with transaction():
        movements.transfer(StockAt(shop.id, cup.id), east.id, 6)
        first = holds.place(shop.id, {cup.id: 3}, "order:1", None)
        second = holds.place(shop.id, {cup.id: 5}, "order:2", None)
    assert [first[0].warehouse_id == east.id, second[0].warehouse_id == east.id] == [False, True]

    with pytest.raises(RuleViolation) as refused, transaction():
        holds.place(shop.id, {cup.id: 2}, "order:3", None)
    assert refused.value.facts["available"] == 1
    assert wrong() == []


def test_a_cart_comes_from_one_warehouse_where_one_has_it_all(shop, cup, warehouse) -> None:
    lamp, east = make.sku(shop, code="LAMP", stock_on_hand=2), warehouse("EAST")
    with transaction():
        movements.transfer(StockAt(shop.id, lamp.id), east.id, 2)
        movements.transfer(StockAt(shop.id, cup.id), east.id, 4)
        together = holds.place(shop.id, {cup.id: 2, lamp.id: 1}, "order:1", None)
        apart = holds.place(shop.id, {cup.id: 5, lamp.id: 1}, "order:2", None)

    assert [one.warehouse_id == east.id for one in together] == [True, True]
    assert [one.warehouse_id == east.id for one in apart] == [False, True]


def test_a_confirmed_hold_does_not_expire_and_a_live_one_does(shop, cup) -> None:
    with clock.frozen(NOON), transaction():
        holds.place(shop.id, {cup.id: 2}, "order:1", 900)
        holds.place(shop.id, {cup.id: 3}, "order:2", 900)
        assert (holds.confirm(shop.id, "order:1"), holds.confirm(shop.id, "order:1")) == (1, 1)
    with clock.frozen(NOON + timedelta(seconds=899)), transaction():
        assert holds.expire_due() == 0
    with clock.frozen(NOON + timedelta(seconds=900)), transaction():
        assert (holds.expire_due(), holds.expire_due()) == (1, 0)

    assert states() == [("confirmed", 2), ("expired", 3)]
    assert numbers(cup.id) == (10, 2, 0, 8)
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.event == "StockHoldExpired")).one()
    assert (entry.facts["holder"], entry.facts["quantity"]) == ("order:2", 3)
    with pytest.raises(Conflict, match="holds_gone"), transaction():
        holds.confirm(shop.id, "order:2")


def test_a_confirmation_reads_the_holds_of_its_holder_alone(shop, cup) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 1}, "order:1", 900)
    connection, values = db.session.connection(), {"shop_id": shop.id, "holder": "order:1"}
    connection.exec_driver_sql("set local enable_seqscan = off")
    plan = "\n".join(connection.exec_driver_sql(f"explain {holds._CONFIRM}", values).scalars())

    assert "ix_stock_hold_holder" in plan
    assert "ix_stock_hold_expiry" not in plan and "ix_stock_hold_live" not in plan


def test_release_gives_back_all_or_part_and_only_once(shop, cup) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 7}, "order:1", None)
        assert holds.release(shop.id, "order:1", {cup.id: 2}) == 2
    assert numbers(cup.id) == (10, 5, 0, 5)
    with transaction():
        assert (holds.release(shop.id, "order:1"), holds.release(shop.id, "order:1")) == (5, 0)

    assert numbers(cup.id) == (10, 0, 0, 10)
    assert sorted(states()) == [("released", 2), ("released", 5)]
    with pytest.raises(DomainError, match="holds_gone"), transaction():
        holds.release(shop.id, "order:1", {cup.id: 1})


def test_shipping_takes_on_hand_and_reserved_down_together(shop, cup) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 7}, "order:9", None)
        holds.confirm(shop.id, "order:9")
    with transaction():
        first = movements.ship(shop.id, "order:9", {cup.id: 4}, "parcel-1", 9)
    with transaction():
        again = movements.ship(shop.id, "order:9", {cup.id: 4}, "parcel-1", 9)

    assert [row.id for row in again] == [row.id for row in first]
    assert numbers(cup.id) == (6, 3, 0, 3)
    assert [(row.kind.value, row.on_hand_delta, row.order_id) for row in first] == [("shipped", -4, 9)]
    assert sorted(states()) == [("confirmed", 3), ("consumed", 4)]
    assert wrong() == []


def test_more_than_is_held_is_not_shipped(shop, cup) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 2}, "order:9", None)
    with pytest.raises(Conflict, match="holds_gone"), transaction():
        movements.ship(shop.id, "order:9", {cup.id: 3})

    assert numbers(cup.id) == (10, 2, 0, 8)
    assert states() == [("live", 2)]


def test_what_a_count_did_not_find_cannot_be_shipped(shop, cup) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 7}, "order:9", None)
        movements.count(StockAt(shop.id, cup.id), 5, 10, Why(reason="count"))
    assert numbers(cup.id) == (5, 7, 0, -2)
    with pytest.raises(RuleViolation) as refused, transaction():
        movements.ship(shop.id, "order:9", {cup.id: 7})

    assert (refused.value.code, refused.value.facts["present"]) == ("stock_below_zero", 5)
    assert numbers(cup.id) == (5, 7, 0, -2)


def test_a_sku_of_another_shop_is_not_held(shop, cup) -> None:
    other = make.shop("other")
    with pytest.raises(DomainError), transaction():
        holds.place(other.id, {cup.id: 1}, "order:1", 900)
    with pytest.raises(NotFound), transaction():
        movements.receive(StockAt(other.id, cup.id), 1)

    assert numbers(cup.id) == (10, 0, 0, 10)


@pytest.mark.parametrize("quantity", [0, -1, 10**9 + 1, True])
def test_a_quantity_that_is_none_is_refused(shop, cup, quantity) -> None:
    with pytest.raises(RuleViolation, match="stock_quantity"), transaction():
        holds.place(shop.id, {cup.id: quantity}, "order:1", 900)


def test_nothing_is_not_held(shop) -> None:
    with pytest.raises(RuleViolation, match="no_lines"), transaction():
        holds.place(shop.id, {}, "order:1", 900)


def test_every_state_of_a_hold_is_known() -> None:
    assert {state.value for state in HoldState} == {"live", "confirmed", "consumed", "released", "expired"}
