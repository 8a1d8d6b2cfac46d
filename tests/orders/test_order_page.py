"""The order page: the buyer in figures counted from what happened, the next step, words for every fact."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import events  # noqa: F401 - declares every fact
from app.console.roles import Role
from app.kit import context
from app.kit.db import transaction
from app.kit.journal import Event
from app.orders import creating, paying, story
from app.orders.console import buyer
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import Basket, WantedLine
from app.orders.models import AfterSaleState, CloseCause, OrderStatus, PaymentState
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    with context.every_shop("test"):
        yield make.shop()


@pytest.fixture
def agent(shop, sign_in):
    return sign_in(make.staff(Role.AGENT, shop, name="agnes"))


def test_what_the_buyer_did_is_counted_and_said_and_nothing_else(shop, agent) -> None:
    wang, li = make.customer(shop, name="Wang").id, make.customer(shop, name="Li").id
    order = make.order(shop, customer_id=wang)
    for _ in range(2):
        values = {"payment_state": PaymentState.PARTLY_REFUNDED, "refunded_minor": 300}
        make.order(shop, customer_id=wang, status=OrderStatus.DELIVERED, **values)
    for _ in range(3):
        make.order(shop, customer_id=wang, status=OrderStatus.CLOSED, close_cause=CloseCause.UNPAID)
    quiet = make.order(shop, customer_id=li)

    with context.every_shop("test"):
        known = buyer.of(wang)
    assert (known.orders, known.paid, known.refunded, known.refunded_minor, known.unpaid) == (6, 3, 2, 600, 3)
    assert (known.returned, known.disputes) == (0, 0)
    page = agent.get(f"/orders/{order.id}").text
    assert "Money back on 2 of 3 paid orders: CN¥6.00" in page
    assert "3 orders were closed unpaid" in page
    assert "came back undelivered" not in page
    other = agent.get(f"/orders/{quiet.id}").text
    assert ("Money back on" in other, "closed unpaid" in other, "VIP" in other) == (False, False, False)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": OrderStatus.PENDING_PAYMENT}, "Next: the buyer pays, or you record the money."),
        ({}, "Next: pack and ship it."),
        ({"after_sale_state": AfterSaleState.OPEN}, "Next: answer what the buyer wants put right."),
        ({"status": OrderStatus.DELIVERED}, "Next: it completes, unless the buyer wants something put right."),
    ],
)
def test_the_page_says_what_comes_next(shop, agent, values, words) -> None:
    order = make.order(shop, **values)

    assert words in agent.get(f"/orders/{order.id}").text


def _facts(kind: type[Event]) -> Iterator[type[Event]]:
    for one in kind.__subclasses__():
        yield one
        yield from _facts(one)


def test_every_fact_about_an_order_has_words(shop) -> None:
    told = story.words(make.order(shop), "UTC", {}).events

    assert {one.__name__ for one in _facts(Event) if getattr(one, "subject_type", "") == "order"} - set(told) == set()


def test_a_paid_order_on_stock_takes_at_most_twenty_one_statements(shop, agent, count_sql) -> None:
    with context.every_shop("test"), transaction():
        sku = make.sku(shop, stock_on_hand=5)
        order = creating.create(
            shop,
            Basket((WantedLine(sku.id, 2),)),
            Buyer(make.customer(shop).id),
            Delivery("Li", "13900000000", "Street 1"),
        )
        paying.record_rest(order.id)
    agent.get(f"/orders/{order.id}")

    with count_sql() as statements:
        assert agent.get(f"/orders/{order.id}").status_code == 200
    assert len(statements) <= 21, "\n".join(statements)
