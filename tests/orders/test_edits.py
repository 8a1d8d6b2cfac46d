"""Editing an order: two people at once, notes on many, and what the history says."""

import pytest
from sqlalchemy import select

from app.kit import context, history
from app.kit.db import db, transaction
from app.kit.errors import NotFound, RuleViolation
from app.kit.merge import Clash, StaleEdit
from app.orders import edits
from app.orders.models import Order
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    one = make.shop()
    with context.shops([one.id]):
        yield one


def acting_as(user, request="r-1"):
    return context.acting(context.Actor("staff", str(user.id)), request)


def save(order, base, mine, user=None, request="r-1"):
    who = user or make.staff()
    with acting_as(who, request), transaction():
        edits.save(order.id, base, mine)
    db.session.refresh(order)


def test_two_editors_of_different_fields_both_keep_theirs(shop) -> None:
    order = make.order(shop, receiver="Li", staff_note="")
    base = {"receiver": "Li", "staff_note": ""}

    save(order, base, {"receiver": "Wang", "staff_note": ""})
    save(order, base, {"receiver": "Li", "staff_note": "gift"})

    assert (order.receiver, order.staff_note, order.version) == ("Wang", "gift", 3)


def test_the_second_editor_of_one_field_is_refused_with_who_and_both_values(shop) -> None:
    order = make.order(shop, address="Old Street 1")
    base = {"address": "Old Street 1"}
    first = make.staff(name="ann")
    save(order, base, {"address": "New Street 2"}, first)

    with pytest.raises(StaleEdit) as refused:
        save(order, base, {"address": "Far Street 3"})

    assert refused.value.who == "Ann Test"
    assert refused.value.clashes == (Clash("address", "Old Street 1", "Far Street 3", "New Street 2"),)
    assert "Street" not in str(refused.value)
    db.session.refresh(order)
    assert (order.address, order.version) == ("New Street 2", 2)


def test_saving_without_a_change_writes_nothing(shop) -> None:
    order = make.order(shop, receiver="Li")

    save(order, {"receiver": "Li"}, {"receiver": "Li"})

    assert order.version == 1
    assert history.of("order", "orders", order.id) == []


def test_the_history_says_that_personal_fields_changed_but_not_how(shop) -> None:
    order = make.order(shop, receiver="Li")
    save(order, {"receiver": "Li"}, {"receiver": "Wang"}, make.staff(), request="req-12345")

    (entry,) = history.of("order", "orders", order.id)

    assert entry.event == "OrderEdited"
    assert entry.facts["fields"] == ["receiver"]
    assert entry.changes == {"receiver": ["•••", "•••"]}


def test_too_long_a_text_is_refused(shop) -> None:
    order = make.order(shop)

    with pytest.raises(RuleViolation) as refused:
        save(order, {"receiver": ""}, {"receiver": "x" * 121})

    assert (refused.value.code, refused.value.facts["limit"]) == ("too_long", 120)


def test_a_foreign_order_cannot_be_saved(shop) -> None:
    foreign = make.order(make.shop(), receiver="Li")

    with pytest.raises(NotFound), transaction():
        edits.save(foreign.id, {"receiver": "Li"}, {"receiver": "Wang"})

    with context.every_shop("test"):
        assert db.session.scalar(select(Order.receiver).where(Order.id == foreign.id)) == "Li"
