"""What a bulk bar leads to has an address of its own: Back, reload and a colleague's click show the same orders."""

from __future__ import annotations

import pytest

from app.console import selection
from app.console.roles import Role
from app.kit import context
from app.orders.models import OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    with context.every_shop("test"):
        yield make.shop("tea")


@pytest.fixture
def manager(shop, sign_in):
    return sign_in(make.staff(Role.MANAGER, shop))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/orders/note", "2 orders are chosen."),
        ("/orders/cancel", "2 orders are chosen."),
        ("/orders/unmerge", "2 orders are chosen."),
        ("/picking/chosen", "2 orders"),
        ("/picking/slips", "2 orders"),
    ],
)
def test_ticked_orders_stand_in_the_address(shop, manager, path, said) -> None:
    first, second = make.order(shop, number="SO-1"), make.order(shop, number="SO-2")
    make.order(shop, number="SO-3")

    answer = manager.post(path, data={"ids": [first.id, second.id], "selection": "ids", "query": "tab=shipped"})

    assert answer.status_code == 303
    assert answer.location == f"{path}?shop=tea&ids={first.id}.{second.id}&query=tab%3Dshipped"
    assert said in manager.get(answer.location).text


def test_all_that_match_stand_in_the_address_as_their_query(shop, manager) -> None:
    make.order(shop, number="SO-1")
    make.order(shop, number="SO-2", status=OrderStatus.SHIPPED)

    answer = manager.post("/orders/tag", data={"selection": "matching", "query": "?tab=shipped", "ids": "1"})

    assert answer.location == "/orders/tag?shop=tea&matching=tab%3Dshipped"
    asked = manager.get(answer.location).text
    assert "1 order is chosen." in asked
    assert 'name="selection" value="matching"' in asked
    assert 'name="query" value="tab=shipped"' in asked


def test_cases_ticked_to_be_agreed_to_stand_in_the_address(shop, manager) -> None:
    answer = manager.post("/after-sale/approve", data={"selection": "matching", "query": "tab=open"})

    assert answer.location == "/after-sale/approve?shop=tea&matching=tab%3Dopen"
    assert "0 cases are chosen." in manager.get(answer.location).text


def test_what_is_too_long_for_an_address_is_answered_at_once(shop, manager, monkeypatch) -> None:
    monkeypatch.setattr(selection, "ADDRESS_LENGTH", 20)
    order = make.order(shop)

    answer = manager.post("/orders/note", data={"ids": [order.id]})

    assert (answer.status_code, "1 order is chosen." in answer.text) == (200, True)


def test_an_address_names_no_order_of_another_shop(shop, manager) -> None:
    mine, theirs = make.order(shop), make.order(make.shop("beta"))

    for path in ("/orders/note", "/picking/chosen", "/picking/slips"):
        assert manager.get(f"{path}?ids={mine.id}.{theirs.id}").status_code == 403, path
        assert manager.get(f"{path}?shop=beta&ids={theirs.id}").status_code == 404, path


def test_asking_by_address_does_nothing_to_an_order(shop, manager) -> None:
    order = make.order(shop)

    answer = manager.get(f"/orders/note?ids={order.id}&note=hello&key=k")

    assert (answer.status_code, order.staff_note) == (200, "")
