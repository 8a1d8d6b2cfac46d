"""Parcels leave: units, holds, axes, journal; once, and never more than was ordered."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.fulfilment import parcels, sending
from app.fulfilment.models import Parcel, ParcelLine, ParcelState
from app.fulfilment.wanted import Refused, Sending, Unit, Wanted
from app.kit import clock
from app.kit.db import db, transaction
from app.kit.errors import Conflict
from app.kit.journal import JournalEntry
from app.orders.models import FulfilmentState, OrderStatus
from app.stock.models import HoldState, StockHold, StockLevel, StockMovement
from tests.fulfilment.conftest import lines_of

pytestmark = pytest.mark.usefixtures("app")


def _level(sku):
    return db.session.scalars(
        select(StockLevel).where(StockLevel.sku_id == sku.id).execution_options(populate_existing=True)
    ).one()


def _refused(act) -> Refused:
    with pytest.raises(Refused) as refused, transaction():
        act()
    return refused.value


def test_all_of_an_order_leaves_in_one_parcel(ready) -> None:
    order = ready(("CUP", 2), ("POT", 1))

    with transaction():
        parcel = parcels.send(order.id, Sending("zto", " 75 3123 4567 8901 "))

    assert (parcel.state, parcel.tracking_no, parcel.units) == (ParcelState.SENT, "75312345678901", 3)
    assert (order.status, order.fulfilment_state) == (OrderStatus.SHIPPED, FulfilmentState.FULFILLED)
    for code, left in (("CUP", 998), ("POT", 999)):
        level = _level(ready.skus[code])
        assert (level.on_hand, level.reserved) == (left, 0)
    ledger = db.session.execute(select(StockMovement.kind, StockMovement.on_hand_delta, StockMovement.order_id))
    assert [tuple(row) for row in ledger if row.kind == "shipped"] == [
        ("shipped", -2, order.id),
        ("shipped", -1, order.id),
    ]
    entries = [row.event for row in db.session.scalars(select(JournalEntry).order_by(JournalEntry.id))]
    assert entries.count("ParcelSent") == 1
    assert entries.count("OrderMoved") == 1


def test_an_order_is_shipped_only_when_its_last_unit_has_left(ready) -> None:
    order = ready(("CUP", 3))
    (line,) = lines_of(order)

    with transaction():
        parcels.send(order.id, Sending("zto", "753123456789011", (Unit(line.id, 2),)))
    assert (order.status, order.fulfilment_state) == (OrderStatus.PENDING_SHIPMENT, FulfilmentState.PARTLY_FULFILLED)
    held = db.session.scalars(select(StockHold.quantity).where(StockHold.state == HoldState.CONFIRMED)).all()
    assert held == [1]

    with transaction():
        parcels.send(order.id, Sending("sf", "SF1234567890123"))
    assert order.status is OrderStatus.SHIPPED
    level = _level(ready.skus["CUP"])
    assert (level.on_hand, level.reserved) == (997, 0)


def test_the_same_parcel_twice_is_one_parcel(ready) -> None:
    order = ready(("CUP", 2))

    with transaction():
        first = parcels.send(order.id, Sending("zto", "753123456789011"))
    with transaction():
        second = parcels.send(order.id, Sending("zto", "753123456789011"))

    assert first.id == second.id
    assert db.session.scalar(select(func.sum(ParcelLine.quantity))) == 2
    assert _level(ready.skus["CUP"]).on_hand == 998


def test_the_same_key_gives_the_same_parcel_and_another_order_is_refused(ready) -> None:
    order, other = ready(("CUP", 2)), ready(("CUP", 1))
    (line,) = lines_of(order)
    wanted = Sending("own", "", (Unit(line.id, 1),))

    with transaction():
        first = parcels.send(order.id, wanted, key="k1")
    with transaction():
        assert parcels.send(order.id, wanted, key="k1").id == first.id
    with pytest.raises(Conflict) as conflict, transaction():
        parcels.send(other.id, Sending("own"), key="k1")

    assert conflict.value.code == "idempotency_key_reused"
    assert db.session.scalar(select(func.sum(ParcelLine.quantity))) == 1


def test_two_orders_to_one_address_share_a_parcel(ready) -> None:
    one, two = ready(("CUP", 1)), ready(("POT", 2))

    with transaction():
        first = parcels.send(one.id, Sending("zto", "753123456789011"))
        second = parcels.send(two.id, Sending("zto", "753123456789011"))

    assert first.id == second.id
    assert (second.units, one.status, two.status) == (3, OrderStatus.SHIPPED, OrderStatus.SHIPPED)


def test_goods_that_were_never_held_leave_without_touching_the_stock(ready) -> None:
    order = ready(("CUP", 2), hold=False)

    with transaction():
        parcels.send(order.id, Sending("pickup"))

    assert (order.status, _level(ready.skus["CUP"]).on_hand) == (OrderStatus.SHIPPED, 1_000)


def test_a_file_of_parcels_gets_a_result_for_each(ready) -> None:
    good, closed, over = ready(("CUP", 1)), ready(status=OrderStatus.CLOSED), ready(("CUP", 1))
    (line,) = lines_of(over)
    wanted = [
        Wanted(good.id, Sending("zto", "753123456789011")),
        Wanted(closed.id, Sending("zto", "753123456789022")),
        Wanted(over.id, Sending("zto", "753123456789033", (Unit(line.id, 2),))),
        Wanted(good.id, Sending("zto", "753123456789011")),
        Wanted(good.id, Sending("zto", "753123456789044")),
    ]

    with transaction():
        found = sending.send_many(good.shop_id, wanted)

    assert [(one.outcome, one.code) for one in found] == [
        ("done", ""),
        ("refused", "order_closed"),
        ("refused", "over_quantity"),
        ("unchanged", ""),
        ("refused", "shipped_with_other_number"),
    ]
    assert db.session.scalar(select(func.count()).select_from(Parcel)) == 1


def test_a_hundred_parcels_cost_as_many_statements_as_ten(ready, count_sql) -> None:
    def cost(orders) -> int:
        wanted = [Wanted(one.id, Sending("zto", f"7531234{one.id:08d}")) for one in orders]
        with count_sql() as statements, transaction():
            assert {one.outcome for one in sending.send_many(orders[0].shop_id, wanted)} == {"done"}
        return len(statements)

    few, many = cost([ready() for _ in range(10)]), cost([ready() for _ in range(100)])

    assert many <= few + 4


def test_a_count_that_found_less_than_is_held_refuses_the_parcel_and_writes_nothing(ready) -> None:
    order = ready(("CUP", 3))
    level = _level(ready.skus["CUP"])
    with transaction():
        level.on_hand = 2

    refused = pytest.raises(Exception, match="stock_below_zero")
    with refused, transaction():
        parcels.send(order.id, Sending("zto", "753123456789011"))

    assert order.status is OrderStatus.PENDING_SHIPMENT
    assert db.session.scalar(select(func.count()).select_from(ParcelLine)) == 0


def test_all_parcels_signed_for_is_an_order_delivered(ready) -> None:
    order = ready(("CUP", 2))
    (line,) = lines_of(order)
    with transaction():
        one = parcels.send(order.id, Sending("zto", "753123456789011", (Unit(line.id, 1),)))
        two = parcels.send(order.id, Sending("zto", "753123456789022"))

    with transaction():
        parcels.signed(one.id)
    assert order.status is OrderStatus.SHIPPED
    with transaction():
        parcels.signed(two.id)
        parcels.signed(two.id)
    assert order.status is OrderStatus.DELIVERED


def test_a_corrected_number_leaves_the_old_one_in_the_history(ready) -> None:
    order = ready()
    with transaction():
        parcel = parcels.send(order.id, Sending("zto", "753123456789011"))

    with transaction():
        parcels.correct(parcel.id, "sf", "SF1234567890123")

    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.event == "ParcelCorrected")).one()
    assert (entry.facts["from_carrier"], entry.facts["from_tracking_no"]) == ("zto", "753123456789011")
    assert (parcel.carrier_code, parcel.tracking_no) == ("sf", "SF1234567890123")


def test_another_order_is_refused_the_number_from_the_thirtieth_day_on(ready) -> None:
    one, two, three = ready(), ready(), ready()
    with transaction():
        parcels.send(one.id, Sending("zto", "753123456789011"))
    one.paid_at = two.paid_at = three.paid_at = clock.now() - timedelta(days=1)
    sent_at = db.session.scalars(select(Parcel.sent_at)).one()

    with clock.frozen(sent_at + timedelta(days=30)), transaction():
        parcels.send(two.id, Sending("zto", "753123456789011"))
    with clock.frozen(sent_at + timedelta(days=30, seconds=1)):
        refused = _refused(lambda: parcels.send(three.id, Sending("zto", "753123456789011")))

    assert (refused.code, three.status) == ("tracking_over_30_days", OrderStatus.PENDING_SHIPMENT)
