"""The list's filters by axis, marks, time left, groups and stock; saved views keep them; what is short is marked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.console.roles import Role
from app.kit import clock, context
from app.kit.db import db, transaction
from app.orders import creating, handling, paying
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import Basket, WantedLine
from app.orders.lifecycle import Axis
from app.orders.models import AfterSaleState, FulfilmentState, Order, OrderStatus, PaymentState
from app.stock import movements
from app.stock.ledger import Why
from app.stock.movements import StockAt
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def shop():
    with context.every_shop("test"):
        yield make.shop()


@pytest.fixture
def agent(shop, sign_in):
    return sign_in(make.staff(Role.AGENT, shop, name="agnes"))


def listed(client, query: str) -> list[str]:
    page = client.get(f"/orders/?sort=placed&{query}")
    assert page.status_code == 200
    return list(dict.fromkeys(re.findall(r"\bSO-\d+\b", page.text)))


def test_each_filter_gives_exactly_its_orders(shop, agent) -> None:
    group = db.session.scalar(
        text("insert into ship_group (shop_id, created_at, actor) values (:s, now(), 'staff:1') returning id"),
        {"s": shop.id},
    )
    hours = [timedelta(hours=number) for number in (-1, 1, 30)]
    make.order(shop, number="SO-1", due_at=NOW + hours[0], tags=["gift"], flag="red")
    make.order(shop, number="SO-2", due_at=NOW + hours[1], tags=["gift", "VIP"], ship_group_id=group)
    make.order(shop, number="SO-3", due_at=NOW + hours[2], after_sale_state=AfterSaleState.OPEN, flag="blue")
    make.order(shop, number="SO-4", fulfilment_state=FulfilmentState.PARTLY_FULFILLED)
    make.order(shop, number="SO-5", status=OrderStatus.PENDING_PAYMENT, payment_state=PaymentState.PARTLY_PAID)
    make.order(shop, number="SO-6", status=OrderStatus.CLOSED)

    with clock.frozen(NOW):
        found = {
            query: listed(agent, query)
            for query in (
                "f_due=overdue",
                "f_due=soon",
                "f_due=overdue&f_due=later",
                "f_tag=gift",
                "f_tag=VIP",
                "f_flag=red&f_flag=blue",
                "f_after_sale=open",
                "f_fulfilment=partly_fulfilled",
                "f_payment=partly_paid",
                "f_order=closed",
                "f_together=yes",
                "f_tag=gift&f_due=soon",
                "f_stock=oversold",
                "f_due=nonsense",
            )
        }
    assert list(found.values()) == [
        ["SO-1"],
        ["SO-2"],
        ["SO-1", "SO-3"],
        ["SO-1", "SO-2"],
        ["SO-2"],
        ["SO-1", "SO-3"],
        ["SO-3"],
        ["SO-4"],
        ["SO-5"],
        ["SO-6"],
        ["SO-2"],
        ["SO-2"],
        [],
        [],
    ]


def test_a_saved_view_keeps_the_new_filters(shop, agent) -> None:
    make.order(shop, number="SO-1", tags=["gift"], flag="red")
    make.order(shop, number="SO-2")

    made = agent.post("/views/", data={"list": "orders", "name": "Red gifts", "query": "?f_tag=gift&f_flag=red"})

    assert "f_tag=gift&f_flag=red" in made.location
    assert "Red gifts" in agent.get("/orders/").text
    assert listed(agent, made.location.partition("?")[2]) == ["SO-1"]


def oversold(shop) -> Order:
    """A paid order of 3 units after a count has found only 1."""
    with context.every_shop("test"):
        return _oversold(shop)


def _oversold(shop) -> Order:
    sku = make.sku(shop, code="CUP", stock_on_hand=5)
    with transaction():
        order = creating.create(shop, Basket((WantedLine(sku.id, 3),)), Buyer(), Delivery())
        paying.record_rest(order.id)
    with transaction():
        movements.adjust(StockAt(shop.id, sku.id), -4, Why(reason="count"))
    return order


def test_an_order_for_oversold_goods_is_marked_in_list_board_page_and_on_the_home_page(shop, agent) -> None:
    order = oversold(shop)
    make.order(shop, number="SO-9")

    pages = [agent.get(address).text for address in ("/orders/", "/orders/board/", f"/orders/{order.id}")]
    assert [page.count("</svg>Oversold</span>") for page in pages] == [1, 1, 1]
    assert "-2 available" in pages[2].replace("\u2212", "-")
    assert re.search(r">1</strong><span[^>]*>Orders that wait for oversold goods", agent.get("/").text)
    only = agent.get("/orders/?f_stock=oversold").text
    assert (order.number in only, "SO-9" in only) == (True, False)
    with context.every_shop("test"), transaction():
        handling.move(handling.locked(order.id), Axis.FULFILMENT, FulfilmentState.FULFILLED)
    assert "</svg>Oversold</span>" not in agent.get("/orders/").text


def test_the_list_with_marks_and_filters_takes_at_most_ten_statements(shop, agent, count_sql) -> None:
    oversold(shop)
    for number in range(30):
        make.order(shop, number=f"SO-{number}", tags=["gift"], customer_id=make.customer(shop).id)

    with count_sql() as statements:
        page = agent.get("/orders/?f_tag=gift&f_after_sale=none&f_flag=red")
    assert page.status_code == 200
    assert len(statements) <= 10, "\n".join(statements)
    with count_sql() as statements:
        agent.get("/orders/")
    assert len(statements) <= 10, "\n".join(statements)
