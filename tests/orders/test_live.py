"""What open pages ask: 304 while nothing happens, only what changed when it does, and never a foreign row."""

from __future__ import annotations

import pytest

from app.console.roles import Role
from app.kit import context
from app.kit.db import transaction
from app.orders import comments, handling
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    return make.shop()


@pytest.fixture
def agent(shop, sign_in):
    return sign_in(make.staff(Role.AGENT, shop, name="agnes"))


def again(client, address, answer):
    return client.get(address, headers={"If-None-Match": answer.headers["ETag"]})


def test_rows_are_answered_by_304_until_one_of_them_is_written(shop, agent, count_sql) -> None:
    first, second = make.order(shop, number="SO-1"), make.order(shop, number="SO-2")
    address = f"/orders/live?ids={first.id},{second.id}"
    answer = agent.get(address)

    with count_sql() as statements:
        quiet = again(agent, address, answer)
    assert (quiet.status_code, quiet.data) == (304, b"")
    assert len(statements) <= 3, "\n".join(statements)

    with context.every_shop("test"), transaction():
        handling.ship(second.id)
    news = again(agent, address, answer)
    assert news.status_code == 200
    assert {number: "Shipped" in row for number, row in news.json["rows"].items()} == {
        str(first.id): False,
        str(second.id): True,
    }


@pytest.mark.parametrize(("role", "cells"), [(Role.AGENT, 2), (Role.MERCHANT, 2), (Role.AUDITOR, 2)])
def test_rows_come_as_the_list_draws_them_with_the_columns_on_screen(shop, sign_in, role, cells) -> None:
    order, person = make.order(shop, number="SO-1"), sign_in(make.staff(role, shop))

    row = person.get(f"/orders/live?ids={order.id}&cols=number,total").json["rows"][str(order.id)]

    assert row in person.get("/orders/?cols=number,total").text
    assert (row.count("<td"), "¥10.00" in row) == (cells, True)


def test_an_order_answers_304_until_something_happens_to_it_a_comment_among_it(shop, agent) -> None:
    order = make.order(shop)
    page = agent.get(f"/orders/{order.id}").text
    address = f"/orders/{order.id}/live"
    answer = agent.get(address)

    assert f'data-mark="{answer.headers["ETag"].strip(chr(34))}"' in page
    assert again(agent, address, answer).status_code == 304
    with context.every_shop("test"), transaction():
        comments.add(order.id, "call the buyer")
    news = again(agent, address, answer)
    assert (news.status_code, news.json) == (200, {"facts": 1})


def test_rows_and_orders_of_another_shop_are_not_told(shop, agent) -> None:
    own = make.order(shop, number="SO-1")
    with context.every_shop("test"):
        foreign = make.order(make.shop(), number="XX-9")

    rows = agent.get(f"/orders/live?ids={own.id},{foreign.id}").json["rows"]

    assert list(rows) == [str(own.id)]
    assert agent.get(f"/orders/{foreign.id}/live").status_code == 404
