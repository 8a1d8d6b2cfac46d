"""I3 and I4 under random steps: whatever is done to stock, by either door, counters are what their rows add up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import text

from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.stock import holds, movements, proof
from app.stock.ledger import Why
from app.stock.models import StockLevel, Warehouse
from app.stock.movements import StockAt
from tests import factories as make
from tests.lengths import often
from tests.lives import OwnLife, live
from tests.stock.conftest import wrong

START = datetime(2026, 11, 23, tzinfo=UTC)
UNITS = st.integers(1, 12)
SKU = st.integers(0, 2)
PLACE = st.integers(0, 1)
HOLDER = st.integers(1, 6).map(lambda number: f"order:{number}")
STEPS = {"taken": 0, "accepted": 0}


class Stock(OwnLife):
    """Three SKUs in two warehouses, six orders, and everything that can be done to them."""

    @initialize()
    def open(self) -> None:
        self.begin_life()
        self.moment = START
        shop = make.shop()
        self.shop_id = shop.id
        self.skus = [make.sku(shop, stock_on_hand=8).id for _ in range(3)]
        east = Warehouse(shop_id=shop.id, code="EAST", name="East")
        with transaction():
            db.session.add(east)
        main = db.session.query(Warehouse).filter_by(shop_id=shop.id, is_default=True).one()
        self.places = [main.id, east.id]

    def tried(self, deed) -> bool:
        """Do it, or be refused and leave no trace."""
        STEPS["taken"] += 1
        with clock.frozen(self.moment):
            try:
                with transaction(), db.session.begin_nested():
                    deed()
            except DomainError:
                return False
        STEPS["accepted"] += 1
        return True

    def at(self, sku: int, place: int) -> StockAt:
        return StockAt(self.shop_id, self.skus[sku], self.places[place])

    @rule(lines=st.dictionaries(SKU, UNITS, min_size=1, max_size=3), who=HOLDER, key=st.none() | st.integers(1, 9))
    def place(self, lines, who, key) -> None:
        wanted = {self.skus[sku]: units for sku, units in lines.items()}
        self.tried(lambda: holds.place(self.shop_id, wanted, who, 60, key and f"k{key}"))

    @rule(who=HOLDER)
    def confirm(self, who) -> None:
        self.tried(lambda: holds.confirm(self.shop_id, who))

    @rule(who=HOLDER, part=st.none() | st.tuples(SKU, UNITS))
    def release(self, who, part) -> None:
        lines = part and {self.skus[part[0]]: part[1]}
        self.tried(lambda: holds.release(self.shop_id, who, lines))

    @rule(seconds=st.integers(1, 45))
    def expire(self, seconds) -> None:
        self.moment += timedelta(seconds=seconds)
        self.tried(holds.expire_due)

    @rule(who=HOLDER, sku=SKU, units=UNITS, key=st.none() | st.integers(1, 9))
    def ship(self, who, sku, units, key) -> None:
        lines = {self.skus[sku]: units}
        self.tried(lambda: movements.ship(self.shop_id, who, lines, key and f"parcel-{key}"))

    @rule(
        sku=SKU, place=PLACE, units=UNITS, verb=st.sampled_from(["receive", "damage", "repair", "write_off", "expect"])
    )
    def move(self, sku, place, units, verb) -> None:
        self.tried(lambda: getattr(movements, verb)(self.at(sku, place), units))

    @rule(sku=SKU, place=PLACE, change=st.integers(-12, 12), found=st.none() | st.integers(0, 12))
    def adjust(self, sku, place, change, found) -> None:
        why = Why(reason="count")
        if found is None:
            self.tried(lambda: movements.adjust(self.at(sku, place), change, why))
        else:
            self.tried(lambda: movements.count(self.at(sku, place), found, abs(change), why))

    @rule(sku=SKU, place=PLACE, units=UNITS)
    def transfer(self, sku, place, units) -> None:
        self.tried(lambda: movements.transfer(self.at(sku, place), self.places[1 - place], units))

    @rule(sku=SKU, total=st.integers(0, 20))
    def edit(self, sku, total) -> None:
        values = {"id": self.skus[sku], "total": total}
        self.tried(lambda: db.session.execute(text("update sku set stock_on_hand = :total where id = :id"), values))

    @rule(place=PLACE)
    def default(self, place) -> None:
        def deed() -> None:
            for value, where in (("false", "shop_id = :s and id <> :id"), ("true", "id = :id")):
                statement = text(f"update warehouse set is_default = {value} where {where}")  # noqa: S608 - ours
                db.session.execute(statement, {"s": self.shop_id, "id": self.places[place]})

        self.tried(deed)

    @invariant()
    def everything_adds_up(self) -> None:
        if hasattr(self, "shop_id"):
            db.session.expire_all()
            assert wrong() == []

    @invariant()
    def the_proof_agrees(self) -> None:
        if hasattr(self, "shop_id"):
            assert proof.prove(self.shop_id) == 0

    @invariant()
    def nothing_is_shipped_that_was_not_held(self) -> None:
        if hasattr(self, "shop_id"):
            assert db.session.execute(text(_SHIPPED), {"s": self.shop_id}).all() == []


_SHIPPED = """
select m.sku_id from (select sku_id, -sum(on_hand_delta) as units from stock_movement
    where shop_id = :s and kind = 'shipped' group by sku_id) m
where m.units <> (select coalesce(sum(quantity), 0) from stock_hold h
    where h.sku_id = m.sku_id and h.state = 'consumed')"""


NEEDED = often(2_000, 200)
"""Steps of each machine."""


class Sold(Stock):
    """The same without counts and edits: then available never falls below zero."""

    adjust = edit = None  # type: ignore[assignment]

    @invariant()
    def nothing_is_oversold(self) -> None:
        if hasattr(self, "shop_id"):
            assert [
                row for row in db.session.query(StockLevel).filter_by(shop_id=self.shop_id) if row.available < 0
            ] == []


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("machine", [Stock, Sold])
def test_counters_hold_over_random_steps(app, machine) -> None:
    before = STEPS["taken"]
    with context.every_shop("test"):
        live(machine, 40, lambda: STEPS["taken"] - before >= NEEDED, lives=often(12, 6))

    assert STEPS["taken"] - before >= NEEDED
    assert STEPS["accepted"] >= STEPS["taken"] // 4  # the rest was refused, and left no trace
