"""Orders count as received by themselves on their own day, to the second, unless the buyer wants something."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.fulfilment import confirming, parcels, reading
from app.fulfilment.models import ParcelState
from app.fulfilment.wanted import Sending, Unit
from app.kit import clock, context
from app.kit.db import db, transaction
from app.kit.journal import JournalEntry
from app.orders import handling, lifecycle, settings
from app.orders.lifecycle import Axis
from app.orders.models import AfterSaleState, FulfilmentState, OrderStatus
from app.orders.settings import Rules
from tests.fulfilment.conftest import lines_of

pytestmark = pytest.mark.usefixtures("app")


def _tick(at) -> int:
    with clock.frozen(at), context.every_shop("ticker"), transaction():
        return confirming.confirm_due()


@pytest.fixture
def sent(ready):
    """`sent()`: an order that has just left, with its parcel."""

    def make(number="753123456789011"):
        order = ready(address=f"Road {number}")
        with transaction():
            return order, parcels.send(order.id, Sending("zto", number))

    return make


def test_it_is_received_at_its_second_and_not_one_before(sent) -> None:
    order, parcel = sent()
    due = reading.confirm_due(order.id).due_at
    assert due - parcel.sent_at < timedelta(days=10, seconds=1)

    assert _tick(due - timedelta(seconds=1)) == 0
    assert order.status is OrderStatus.SHIPPED
    assert _tick(due) == 1

    assert (order.status, parcel.state) == (OrderStatus.COMPLETED, ParcelState.SIGNED)
    moved = select(JournalEntry).where(JournalEntry.event == "OrderMoved", JournalEntry.subject_id == order.id)
    causes = [row.facts["cause"] for row in db.session.scalars(moved.order_by(JournalEntry.id))]
    assert causes == ["parcel", "auto_confirm", "auto_confirm"]
    assert _tick(due + timedelta(days=1)) == 0


def test_the_day_counts_from_the_last_parcel(ready) -> None:
    order = ready(("CUP", 2))
    (line,) = lines_of(order)
    with transaction():
        parcels.send(order.id, Sending("zto", "753123456789011", (Unit(line.id, 1),)))
    assert reading.confirm_due(order.id) is None
    later = clock.now() + timedelta(days=3)
    with clock.frozen(later), transaction():
        parcels.send(order.id, Sending("zto", "753123456789022"))

    assert reading.confirm_due(order.id).due_at == later + timedelta(days=10)


def test_the_setting_of_the_shop_holds_for_orders_sent_from_then_on(shop, sent) -> None:
    with transaction():
        settings.save(shop.id, Rules(auto_confirm_days=3))
    order, _ = sent()
    with transaction():
        settings.save(shop.id, Rules(auto_confirm_days=0))
    other, _ = sent("753123456789022")

    assert reading.confirm_due(order.id).due_at - clock.now() <= timedelta(days=3)
    assert reading.confirm_due(other.id) is None


def test_an_open_after_sale_request_puts_it_off(sent) -> None:
    order, _ = sent()
    due = reading.confirm_due(order.id).due_at
    with transaction():
        lifecycle.move(order, Axis.AFTER_SALE, AfterSaleState.OPEN)

    assert _tick(due) == 0
    assert order.status is OrderStatus.SHIPPED
    with transaction():
        lifecycle.move(order, Axis.AFTER_SALE, AfterSaleState.CLOSED)
    assert _tick(due + timedelta(minutes=59)) == 0
    assert _tick(due + timedelta(minutes=60)) == 1
    assert order.status is OrderStatus.COMPLETED


def test_one_that_was_signed_for_before_is_completed_on_its_day(sent) -> None:
    order, parcel = sent()
    with transaction():
        parcels.signed(parcel.id)
    due = reading.confirm_due(order.id).due_at

    assert order.status is OrderStatus.DELIVERED
    assert _tick(due) == 1
    assert order.status is OrderStatus.COMPLETED


def test_one_that_staff_have_completed_is_forgotten(sent) -> None:
    order, parcel = sent()
    due = reading.confirm_due(order.id).due_at
    with transaction():
        handling.deliver(order.id)
        handling.complete(order.id)

    assert parcel.state is ParcelState.SIGNED
    assert _tick(due) == 0
    assert reading.confirm_due(order.id) is None


def test_a_tick_takes_no_more_than_it_may(sent, monkeypatch) -> None:
    monkeypatch.setattr(confirming, "MOST", 2)
    due = [reading.confirm_due(sent(f"75312345678901{n}")[0].id).due_at for n in range(3)]

    assert [_tick(max(due)), _tick(max(due)), _tick(max(due))] == [2, 1, 0]


def test_an_order_whose_rest_was_called_off_has_its_day_too(ready) -> None:
    order = ready(("CUP", 2))
    (line,) = lines_of(order)
    with transaction():
        parcels.send(order.id, Sending("zto", "753123456789011", (Unit(line.id, 1),)))
        handling.move(order, Axis.FULFILMENT, FulfilmentState.FULFILLED, "rest_refunded")

    assert reading.confirm_due(order.id) is not None
