"""Unpaid orders close by themselves, free their stock, and lose or win the race against a payment, never both."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.catalog.models import Sku
from app.kit import clock, context, journal
from app.kit.db import db, transaction
from app.kit.errors import DomainError
from app.orders import creating, handling, paying, reopening, settings, unpaid
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import Basket, WantedLine
from app.orders.models import CloseCause, Order, OrderState, OrderStatus, PaymentMethod, PaymentState
from app.orders.paying import Received
from app.orders.settings import Rules
from tests import factories as make
from tests.stock.conftest import numbers, wrong

pytestmark = pytest.mark.usefixtures("app")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def shop():
    with context.every_shop("test"):
        yield make.shop()


def placed(shop, sku, *, source: str = "api", units: int = 1) -> Order:
    with clock.frozen(NOW), transaction():
        return creating.create(shop, Basket((WantedLine(sku.id, units),)), Buyer(), Delivery(), source)


def swept(after: timedelta) -> int:
    with clock.frozen(NOW + after), transaction():
        return unpaid.close_due()


def test_after_two_hours_it_is_closed_for_its_cause_and_its_stock_can_be_sold(shop) -> None:
    sku = make.sku(shop, stock_on_hand=5)
    order = placed(shop, sku, units=3)
    assert order.pay_by == NOW + timedelta(hours=2)
    assert (swept(timedelta(minutes=119, seconds=59)), numbers(sku.id)) == (0, (5, 3, 0, 2))

    with context.acting(context.Actor("system", "close_unpaid")):
        assert swept(timedelta(hours=2)) == 1

    order = db.session.get(Order, order.id)
    assert (order.status, order.close_cause) == (OrderStatus.CLOSED, CloseCause.UNPAID)
    assert numbers(sku.id) == (5, 0, 0, 5)
    moved = journal.timeline("order", order.id)[0]
    assert (moved.actor, moved.facts["cause"]) == ("system:close_unpaid", "unpaid")
    assert swept(timedelta(hours=3)) == 0


def test_a_partly_paid_order_and_one_by_hand_are_left_to_people(shop) -> None:
    sku = make.sku(shop, stock_on_hand=5)
    part, by_hand = placed(shop, sku), placed(shop, sku, source=creating.BY_HAND)
    with transaction():
        paying.record(part.id, Received(1, PaymentMethod.CASH))

    assert by_hand.pay_by is None
    assert swept(timedelta(days=40)) == 0
    assert {db.session.get(Order, one.id).order_state for one in (part, by_hand)} == {OrderState.OPEN}


def test_a_shop_sets_its_own_terms_and_orders_keep_those_they_were_made_under(shop) -> None:
    sku = make.sku(shop, stock_on_hand=5)
    before = placed(shop, sku)
    with transaction():
        settings.save(shop.id, Rules(unpaid_minutes=0, unpaid_by_hand_minutes=30))
    never, by_hand = placed(shop, sku), placed(shop, sku, source=creating.BY_HAND)

    terms = [one.pay_by for one in (before, never, by_hand)]
    assert terms == [NOW + timedelta(hours=2), None, NOW + timedelta(minutes=30)]


def test_an_order_opened_again_gets_the_term_of_those_by_hand(shop) -> None:
    order = placed(shop, make.sku(shop))
    swept(timedelta(hours=2))

    with clock.frozen(NOW + timedelta(hours=2)), transaction():
        reopening.reopen(order.id, shop)

    assert (order.order_state, order.pay_by) == (OrderState.OPEN, None)
    assert swept(timedelta(hours=9)) == 0


@pytest.mark.commits
@pytest.mark.slow
def test_a_payment_and_the_sweep_race_and_exactly_one_wins_each_time(app) -> None:
    """Twenty orders, each paid by one thread while another sweeps: paid and held, or closed and free."""
    with app.app_context(), context.every_shop("test"):
        shop = make.shop()
        sku_id = make.sku(shop, stock_on_hand=20).id
        sku = db.session.get(Sku, sku_id)
        order_ids = [placed(shop, sku, source=creating.BY_HAND).id for _ in range(20)]
    barrier, refused = threading.Barrier(2), []

    def pay() -> None:
        with app.app_context(), context.every_shop("test"):
            for order_id in order_ids:
                barrier.wait()
                try:
                    with transaction():
                        handling.pay(order_id)
                except DomainError as error:
                    refused.append((order_id, error.code))

    def sweep() -> None:
        with app.app_context(), context.every_shop("test"):
            for order_id in order_ids:
                with transaction() as session:
                    session.execute(text("update orders set pay_by = now() where id = :id"), {"id": order_id})
                barrier.wait()
                with transaction():
                    unpaid.close_due()

    threads = [threading.Thread(target=pay), threading.Thread(target=sweep)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    with app.app_context(), context.every_shop("test"):
        orders = [db.session.get(Order, order_id) for order_id in order_ids]
        paid = {one.id for one in orders if one.payment_state is PaymentState.PAID}
        closed = {one.id for one in orders if one.close_cause is CloseCause.UNPAID}
        assert (paid | closed, paid & closed) == (set(order_ids), set())
        assert refused == [(order_id, "order_move") for order_id in order_ids if order_id in closed]
        assert numbers(sku_id) == (20, len(paid), 0, 20 - len(paid))
        assert wrong() == []
