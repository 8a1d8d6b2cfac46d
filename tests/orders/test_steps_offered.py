"""The page of an order offers no step that a rule would turn down at once, and leads to the case that waits."""

from __future__ import annotations

import pytest

from app.after_sale import cases, opening
from app.after_sale.access import By
from app.after_sale.models import CaseKind, Party
from app.after_sale.opening import Wanted, Wish
from app.console.roles import Role
from app.kit import context
from app.kit.db import transaction
from app.orders import reading
from app.orders.models import AfterSaleState, OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    with context.every_shop("test"):
        yield make.shop()


@pytest.fixture
def page(shop, sign_in):
    agent = sign_in(make.staff(Role.AGENT, shop))
    return lambda order: agent.get(f"/orders/{order.id}").text


def offered(html: str) -> tuple[bool, bool, bool]:
    return "Cancel the order" in html, 'value="complete"' in html, "Cancel and refund" in html


def test_what_the_shop_holds_money_for_is_not_closed_by_hand(shop, page) -> None:
    assert offered(page(make.order(shop, status=OrderStatus.PENDING_PAYMENT))) == (True, False, False)
    assert offered(page(make.order(shop))) == (False, False, True)
    assert offered(page(make.order(shop, status=OrderStatus.DELIVERED))) == (False, True, False)


def test_what_somebody_wants_put_right_is_not_completed(shop, page) -> None:
    order = make.order(shop, status=OrderStatus.DELIVERED, after_sale_state=AfterSaleState.OPEN)

    assert offered(page(order)) == (False, False, False)


def test_nothing_is_to_be_sent_of_an_order_whose_units_all_wait_for_their_refund(shop, sign_in) -> None:
    order = make.order(shop, ("CUP", 2, 1000))
    line = reading.get(order.id).lines[0]
    wish = Wish(CaseKind.REFUND_ONLY, "changed_mind", (Wanted(line.id, 2),))
    with transaction():
        case = opening.open_case(order.id, wish, By(Party.BUYER, False))
        cases.agree(case.id, By(Party.SELLER, True))
    agent = sign_in(make.staff(Role.AGENT, shop))

    page = agent.get(f"/orders/{order.id}").text
    form = agent.get(f"/orders/{order.id}/ship", follow_redirects=True).text

    assert f'href="/orders/{order.id}/ship"' not in page
    assert "Nothing of this order can be sent now." in form


def test_money_that_no_channel_can_give_back_is_asked_of_a_person(shop, sign_in) -> None:
    order = make.order(shop, ("CUP", 2, 1000))
    wish = Wish(CaseKind.REFUND_ONLY, "changed_mind", (Wanted(reading.get(order.id).lines[0].id, 2),))
    with transaction():
        case = opening.open_case(order.id, wish, By(Party.BUYER, False))
        cases.agree(case.id, By(Party.SELLER, True))

    told = {}
    for role in (Role.AGENT, Role.MANAGER):
        told[role] = sign_in(make.staff(role, shop)).get(f"/after-sale/{case.id}").text

    by_hand = "No channel can give the money of this order back: pay the buyer back by hand."
    assert [by_hand in page for page in told.values()] == [True, True]
    assert "Somebody who may approve refunds records it then." in told[Role.AGENT]
    assert "Then record it under “Money back”." in told[Role.MANAGER]
    assert "To be paid back by hand" in told[Role.AGENT]
    assert "The channel has been asked" not in told[Role.AGENT]
