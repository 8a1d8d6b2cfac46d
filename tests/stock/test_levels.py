"""Two doors, one truth: the total of the SKU and the levels of its warehouses follow each other."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.catalog import change_rules, change_sets
from app.catalog.change_models import ChangeSource
from app.catalog.change_rules import StockReason, Together
from app.catalog.formulas import Formula, SetTo
from app.catalog.models import Product, Sku
from app.kit import context
from app.kit.db import db, transaction
from app.stock import levels, movements
from app.stock.ledger import Why
from app.stock.models import StockMovement, Warehouse
from app.stock.movements import StockAt
from tests import factories as make
from tests.stock.conftest import numbers, wrong


def ledger_of(sku_id: int) -> list[tuple[str, int, str]]:
    rows = db.session.scalars(select(StockMovement).where(StockMovement.sku_id == sku_id).order_by(StockMovement.id))
    return [(row.kind.value, row.on_hand_delta, row.reason) for row in rows]


def test_a_new_shop_has_a_default_warehouse_named_in_its_language(shop) -> None:
    german = make.shop("laden", locale="en")
    names = dict(db.session.execute(select(Warehouse.shop_id, Warehouse.name).where(Warehouse.is_default)).all())

    assert (names[shop.id], names[german.id]) == ("默认仓", "Main warehouse")


def test_a_new_sku_opens_its_level_and_its_ledger(cup) -> None:
    assert numbers(cup.id) == (10, 0, 0, 10)
    assert ledger_of(cup.id) == [("opening", 10, "")]


def test_a_direct_change_of_the_total_is_a_row_of_the_ledger_under_its_actor(shop, cup) -> None:
    with context.acting(context.Actor("staff", "7"), "request-0001"), transaction():
        db.session.execute(text("update sku set stock_on_hand = 4 where id = :id"), {"id": cup.id})

    row = db.session.scalars(select(StockMovement).order_by(StockMovement.id.desc())).first()
    assert (row.kind.value, row.on_hand_delta, row.actor, row.request_id) == ("adjusted", -6, "staff:7", "request-0001")
    assert numbers(cup.id) == (4, 0, 0, 4)
    assert wrong() == []


def test_many_totals_change_at_once_after_one_on_the_same_connection(shop, cup, warehouse) -> None:
    there = warehouse("EAST")
    skus = [make.sku(shop, stock_on_hand=units).id for units in (3, 5, 5, 9)]
    movements.transfer(StockAt(shop.id, skus[3]), there.id, 4)
    with transaction():
        db.session.execute(text("update sku set stock_on_hand = 4 where id = :id"), {"id": cup.id})
    with transaction():
        db.session.execute(text("update sku set stock_on_hand = 3 where id = any (:ids)"), {"ids": skus})

    told = [[one[:2] for one in ledger_of(sku_id) if one[0] == "adjusted"] for sku_id in skus]
    assert told == [[], [("adjusted", -2)], [("adjusted", -2)], [("adjusted", -5), ("adjusted", -1)]]
    assert [numbers(sku_id)[0] for sku_id in skus] == [3, 3, 3, 3]
    assert wrong() == []


def test_a_change_of_something_else_leaves_no_row(cup) -> None:
    with transaction():
        db.session.execute(text("update sku set price_minor = 1, stock_on_hand = stock_on_hand"))

    assert ledger_of(cup.id) == [("opening", 10, "")]


def test_what_the_default_warehouse_lacks_comes_off_the_others(shop, cup, warehouse) -> None:
    east, west = warehouse("EAST"), warehouse("WEST")
    with transaction():
        movements.transfer(StockAt(shop.id, cup.id), east.id, 3)
        movements.transfer(StockAt(shop.id, cup.id), west.id, 4)
        db.session.execute(text("update sku set stock_on_hand = 2 where id = :id"), {"id": cup.id})

    assert [row.on_hand for row in levels.of_sku(cup.id)] == [0, 0, 2]
    assert [delta for _, delta, _ in ledger_of(cup.id)][-3:] == [-3, -3, -2]
    assert wrong() == []


def test_a_new_default_warehouse_takes_the_next_direct_change(shop, cup, warehouse) -> None:
    east = warehouse("EAST")
    with transaction():
        db.session.execute(text("update warehouse set is_default = false where shop_id = :s"), {"s": shop.id})
        db.session.execute(text("update warehouse set is_default = true where id = :id"), {"id": east.id})
        db.session.execute(text("update sku set stock_on_hand = 12 where id = :id"), {"id": cup.id})
    assert numbers(cup.id, east.id)[0] == 2

    with transaction():
        db.session.execute(text("update sku set stock_on_hand = 7 where id = :id"), {"id": cup.id})
    assert numbers(cup.id, east.id)[0] == 0
    assert wrong() == []


def test_a_change_set_names_itself_and_its_reason_in_the_ledger(shop, cup) -> None:
    rule = Together((Formula("stock_on_hand", (SetTo(3),)),), reason=StockReason.LOST)
    products = select(Product.id).where(Product.shop_id == shop.id)
    with transaction():
        change = change_sets.propose(
            shop.id, ChangeSource.FORMULA, rule.to_json(), {}, lambda _: change_rules.stage(shop.id, rule, products)
        )
        change_sets.confirm(change)
        change_sets.carry_out(change)

    row = db.session.scalars(select(StockMovement).order_by(StockMovement.id.desc())).first()
    assert (row.on_hand_delta, row.reason, row.change_set_id) == (-7, "lost", change.id)
    assert wrong() == []


def test_a_movement_moves_the_total_and_counts_a_version(shop, cup) -> None:
    version = cup.version
    with transaction():
        movements.receive(StockAt(shop.id, cup.id), 5)

    sku = db.session.scalars(select(Sku).where(Sku.id == cup.id)).one()
    assert (sku.stock_on_hand, sku.version) == (15, version + 1)


def test_a_transfer_leaves_the_total_alone(shop, cup, warehouse) -> None:
    version, east = cup.version, warehouse("EAST")
    with transaction():
        movements.transfer(StockAt(shop.id, cup.id), east.id, 4, Why(note="for the fair"))

    sku = db.session.scalars(select(Sku).where(Sku.id == cup.id)).one()
    assert (sku.stock_on_hand, sku.version) == (10, version)
    assert [row.on_hand for row in levels.of_sku(cup.id)] == [6, 4]
    assert wrong() == []


def test_after_a_transfer_the_two_doors_follow_again(shop, cup, warehouse) -> None:
    with transaction():
        movements.transfer(StockAt(shop.id, cup.id), warehouse("EAST").id, 4)
        movements.receive(StockAt(shop.id, cup.id), 1)
        db.session.execute(text("update sku set stock_on_hand = 20 where id = :id"), {"id": cup.id})

    assert numbers(cup.id) == (20, 0, 0, 20)
    assert wrong() == []


def test_the_ledger_takes_no_change_and_no_deletion(cup) -> None:
    for statement in ("update stock_movement set on_hand_delta = 1", "delete from stock_movement"):
        with pytest.raises(DBAPIError, match="append-only"), db.session.begin_nested():
            db.session.execute(text(statement))

    assert ledger_of(cup.id) == [("opening", 10, "")]
