"""The invented shop as it stands after the load: complete, consistent, and nobody's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select

from app.after_sale.models import AfterSaleCase, CaseState
from app.catalog.models import Product, ProductStatus, Sku
from app.customers.models import Customer
from app.demo import kuaile_cases, kuaile_goods, kuaile_orders
from app.kit import clock, context
from app.kit.db import db
from app.kit.journal import JournalEntry
from app.orders import lifecycle
from app.orders.models import Order, OrderKind, OrderLine, OrderStatus
from app.shops import shops
from tests.retail import in_retail


@pytest.fixture(autouse=True)
def loaded(app: Flask, retail_database: Engine) -> Iterator[None]:
    with in_retail(app, retail_database), context.every_shop("test"):
        yield


def counted(of: Any, *where: Any) -> int:
    return db.session.scalar(select(func.count(of.id)).where(*where)) or 0


def test_the_invented_shop_says_so_and_has_every_status() -> None:
    shop = shops.by_code("kuaile")
    assert (shop.currency, shop.time_zone, shop.locale, shop.invented) == ("CNY", "Asia/Shanghai", "zh", True)
    present = set(db.session.scalars(select(Order.status).where(Order.shop_id == shop.id)))
    assert present == set(OrderStatus)
    oldest, newest = db.session.execute(
        select(func.min(Order.placed_at), func.max(Order.placed_at)).where(Order.shop_id == shop.id)
    ).one()
    assert newest <= shop.created_at
    assert 80 <= (shop.created_at - oldest).days <= 90
    assert counted(Order, Order.shop_id == shop.id, Order.kind == OrderKind.SALE) == 420


def test_the_invented_shop_has_low_and_missing_stock_and_all_product_statuses() -> None:
    shop = shops.by_code("kuaile")
    assert counted(Product, Product.shop_id == shop.id) == len(kuaile_goods.every()) == 72
    assert set(db.session.scalars(select(Product.status).where(Product.shop_id == shop.id))) == set(ProductStatus)
    assert counted(Sku, Sku.shop_id == shop.id, Sku.stock_on_hand == 0) > 0
    assert counted(Sku, Sku.shop_id == shop.id, Sku.stock_on_hand.between(1, Sku.low_stock_limit)) > 0
    in_stock = select(Sku.product_id).where(Sku.stock_on_hand > 0)
    assert counted(Product, Product.shop_id == shop.id, Product.id.not_in(in_stock)) == 3
    assert counted(Sku, Sku.shop_id == shop.id, Sku.cost_minor >= Sku.price_minor) == 0


def test_totals_of_invented_orders_are_the_sums_of_their_lines() -> None:
    shop = shops.by_code("kuaile")
    sums = (
        select(OrderLine.order_id, func.sum(OrderLine.amount_minor).label("amount"))
        .where(OrderLine.shop_id == shop.id)
        .group_by(OrderLine.order_id)
        .subquery()
    )
    wrong = select(Order.number).join(sums, sums.c.order_id == Order.id).where(Order.total_minor != sums.c.amount)
    assert db.session.scalars(wrong).all() == []


def test_histories_end_at_the_status_that_the_order_has() -> None:
    shop = shops.by_code("kuaile")
    last: dict[int, str] = {}
    entries = select(JournalEntry).where(JournalEntry.shop_id == shop.id, JournalEntry.event == "OrderMoved")
    for entry in db.session.scalars(entries.order_by(JournalEntry.id)):
        last[entry.subject_id] = entry.facts["to_status"]
        assert entry.at <= clock.now()
    sales = select(Order).where(Order.shop_id == shop.id, Order.kind == OrderKind.SALE)
    for order in db.session.scalars(sales):
        assert last.get(order.id, "pending_payment") == order.status.value


def test_no_invented_customer_can_be_reached() -> None:
    shop = shops.by_code("kuaile")
    for customer in db.session.scalars(select(Customer).where(Customer.shop_id == shop.id)):
        assert customer.phone.startswith("100")
        assert len(customer.phone) == 11
        assert customer.email == "" or customer.email.endswith("@example.com")


def test_notes_reverse_a_part_of_a_sale_of_the_same_buyer() -> None:
    shop = shops.by_code("kuaile")
    notes = db.session.scalars(select(Order).where(Order.shop_id == shop.id, Order.kind == OrderKind.CREDIT_NOTE)).all()

    assert len(notes) > 5
    for note in notes:
        sale = db.session.get(Order, note.reverses_id)
        assert (sale.kind, sale.customer_id) == (OrderKind.SALE, note.customer_id)
        assert -sale.items_minor <= note.total_minor < 0


@pytest.mark.parametrize("hour", range(24))
def test_whatever_the_hour_each_case_finds_an_order_that_came_so_far_before_it(hour: int) -> None:
    now = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)
    standings = kuaile_orders.standings(now, kuaile_orders.ORDERS, random.Random(hour))
    newest_first = [Order(placed_at=at, **lifecycle.at(status)) for at, status in reversed(standings)]
    orders = {status: [order for order in newest_first if order.status is status] for status in OrderStatus}

    found = [
        kuaile_cases.taken(orders[status], now - timedelta(hours=hours)) for status, hours, _ in kuaile_cases.STORIES
    ]

    assert None not in found


def test_the_invented_shop_has_cases_of_every_sort_one_of_them_overdue() -> None:
    shop = shops.by_code("kuaile")
    found = db.session.scalars(select(AfterSaleCase).where(AfterSaleCase.shop_id == shop.id)).all()

    assert len(found) == 14
    assert {case.state for case in found} >= {
        CaseState.REFUND_ASKED,
        CaseState.RETURN_ASKED,
        CaseState.REFUSED,
        CaseState.DISPUTED,
        CaseState.WAITS_FOR_RETURN,
        CaseState.WAITS_FOR_CHECK,
        CaseState.WAITS_FOR_BUYER,
        CaseState.REFUNDING,
        CaseState.DONE,
        CaseState.CLOSED,
    }
    placed = dict(db.session.execute(select(Order.id, Order.placed_at)).all())
    assert [case.number for case in found if case.opened_at <= placed[case.order_id]] == []
    assert [case.refund_error for case in found if case.refund_error] == ["ACCOUNT_CLOSED"]
    assert len([case for case in found if case.reminded_at is not None]) == 1
