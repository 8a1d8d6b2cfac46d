"""The proof recounts every counter, names what differs, and one click sets it right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from app.kit import clock
from app.kit.db import db, transaction
from app.kit.jobs import Job
from app.kit.journal import JournalEntry
from app.stock import holds, movements, proof
from app.stock.models import StockMovement
from app.stock.movements import StockAt
from tests import factories as make
from tests.stock.conftest import numbers, wrong

FAULTS = {
    "on_hand": "update stock_level set on_hand = 13 where sku_id = :id",
    "reserved": "update stock_level set reserved = 2 where sku_id = :id",
    "unavailable": "update stock_level set unavailable = 5 where sku_id = :id",
    "incoming": "update stock_level set incoming = 1 where sku_id = :id",
    "total": "update sku set stock_on_hand = 9 where id = :id",
}


def corrupt(statement: str, sku_id: int) -> None:
    """Change one counter behind everybody's back."""
    with transaction():
        db.session.execute(text("select set_config('app.stock_follow', 'off', true)"))
        db.session.execute(text(statement), {"id": sku_id})
        db.session.execute(text("select set_config('app.stock_follow', '', true)"))
    db.session.expire_all()


def found(shop_id: int) -> list[tuple[str, str, int, int]]:
    with transaction():
        proof.prove(shop_id)
    return [(code, row.counter.value, row.found, row.expected) for row, code in proof.open_findings(shop_id)]


@pytest.fixture
def busy(shop, cup, warehouse):
    """A SKU with a bit of everything: 10 on hand in two warehouses, 4 reserved, 1 damaged, 3 on their way."""
    with transaction():
        movements.transfer(StockAt(shop.id, cup.id), warehouse("EAST").id, 2)
        holds.place(shop.id, {cup.id: 4}, "order:1", None)
        movements.damage(StockAt(shop.id, cup.id), 1)
        movements.expect(StockAt(shop.id, cup.id), 3)
    return cup


def test_sound_stock_is_proved_without_a_word(shop, busy) -> None:
    assert found(shop.id) == []


@pytest.mark.parametrize("counter", list(FAULTS))
def test_a_corrupted_counter_is_named_and_set_right(shop, cup, counter: str) -> None:
    with transaction():
        holds.place(shop.id, {cup.id: 4}, "order:1", None)
    corrupt(FAULTS[counter], cup.id)
    truth = {"on_hand": 10, "reserved": 4, "unavailable": 0, "incoming": 0, "total": 10}[counter]
    says = {"on_hand": 13, "reserved": 2, "unavailable": 5, "incoming": 1, "total": 9}[counter]
    differences = [("CUP", counter, says, truth)]
    if counter == "on_hand":  # its warehouses no longer make the total
        differences.append(("CUP", "total", 10, 13))
    assert found(shop.id) == differences

    with transaction():
        assert proof.fix_all(shop.id) == len(differences)

    assert (wrong(), found(shop.id)) == ([], [])
    assert (numbers(cup.id), cup.stock_on_hand) == ((10, 4, 0, 6), 10)
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.event == "StockCounterFixed")).first()
    assert (entry.facts["counter"], entry.facts["found"], entry.facts["expected"]) == (counter, says, truth)


def test_a_fix_writes_a_row_of_the_ledger_that_moves_nothing(shop, cup) -> None:
    corrupt(FAULTS["on_hand"], cup.id)
    found(shop.id)
    with transaction():
        proof.fix_all(shop.id)

    row = db.session.scalars(select(StockMovement).order_by(StockMovement.id.desc())).first()
    assert (row.kind.value, row.on_hand_delta, row.reason, row.note) == ("proved", 0, "proof", "on_hand: 13 → 10")


def test_a_fix_counts_what_has_moved_since_the_proof(shop, cup) -> None:
    corrupt(FAULTS["reserved"], cup.id)
    finding, _ = (found(shop.id), proof.open_findings(shop.id)[0])[1]
    with transaction():
        holds.place(shop.id, {cup.id: 3}, "order:2", None)
        proof.fix(finding.id)
        proof.fix(finding.id)

    assert numbers(cup.id) == (10, 3, 0, 7)
    assert wrong() == []


def test_another_shops_stock_is_no_part_of_the_proof(shop, cup) -> None:
    other = make.sku(make.shop("other"), stock_on_hand=4)
    corrupt("update stock_level set on_hand = 0 where sku_id = :id", other.id)

    assert found(shop.id) == []


def test_each_shop_is_proved_once_in_its_night(shop, run_jobs) -> None:
    make.shop("london", time_zone="Europe/London")
    night = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)  # 03:30 in Shanghai
    with clock.frozen(night), transaction():
        assert (proof.want_due(), proof.want_due()) == (1, 0)
    assert run_jobs() == ["done"]

    job = db.session.scalars(select(Job)).one()
    assert (job.kind, job.shop_id, job.result) == ("prove_stock", shop.id, {"found": 0})
