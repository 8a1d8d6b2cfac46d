"""The course of an order: legal moves, refused moves, and what is written down."""

import pytest
from flask_babel import force_locale

from app.kit import context, journal
from app.kit.db import db, transaction
from app.kit.errors import NotFound, RuleViolation
from app.orders import handling
from app.orders.lifecycle import MOVES
from app.orders.models import OrderKind, OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    one = make.shop()
    with context.shops([one.id]):
        yield one


def test_an_order_goes_from_payment_to_completion_and_each_step_is_journalled(shop) -> None:
    order = make.order(shop, status=OrderStatus.PENDING_PAYMENT)

    for step in ("pay", "ship", "deliver", "complete"):
        with transaction():
            handling.STEPS[step](order.id)

    assert order.status is OrderStatus.COMPLETED
    moves = [(e.event, e.facts["from_status"], e.facts["to_status"]) for e in journal.timeline("order", order.id)]
    assert moves == [
        ("OrderMoved", "delivered", "completed"),
        ("OrderMoved", "shipped", "delivered"),
        ("OrderMoved", "pending_shipment", "shipped"),
        ("OrderMoved", "pending_payment", "pending_shipment"),
    ]


ILLEGAL = [
    (step, present)
    for step, target in handling.TARGETS.items()
    for present in OrderStatus
    if target not in MOVES[present] and target is not present
]


@pytest.mark.parametrize(("step", "present"), ILLEGAL)
def test_every_move_outside_the_table_is_refused_and_writes_nothing(shop, step, present) -> None:
    order = make.order(shop, status=present)

    with pytest.raises(handling.IllegalMove) as refused, transaction():
        handling.STEPS[step](order.id)

    assert refused.value.facts == {
        "number": order.number,
        "from_state": present.value,
        "to_state": handling.TARGETS[step].value,
        "headline": present.value,
        "reason": "",
        "axis": "",
    }
    db.session.refresh(order)
    assert order.status is present
    assert journal.timeline("order", order.id) == []


def test_seventeen_moves_are_illegal() -> None:
    assert len(ILLEGAL) == 30 - 8 - 5  # all pairs, without the legal ones and those that stay where they are


def test_the_refusal_names_the_state_and_the_reason_in_the_language_of_the_reader(shop) -> None:
    order = make.order(shop, status=OrderStatus.PENDING_PAYMENT, number="SO-1")

    with pytest.raises(handling.IllegalMove) as refused, transaction():
        handling.ship(order.id)

    with force_locale("en"):
        assert refused.value.message() == (
            "Order SO-1 is “To be paid” and cannot become “Shipped”: it has not been paid for yet."
        )
    with force_locale("zh"):
        assert refused.value.message() == "订单 SO-1 当前为“待付款”，不能变为“已发货”：买家尚未付款。"


def test_the_same_step_twice_is_once(shop) -> None:
    order = make.order(shop)

    for _ in range(2):
        with transaction():
            handling.ship(order.id)

    assert order.status is OrderStatus.SHIPPED
    assert len(journal.timeline("order", order.id)) == 1


def test_a_credit_note_does_not_move(shop) -> None:
    note = make.order(shop, kind=OrderKind.CREDIT_NOTE, status=OrderStatus.COMPLETED)

    with pytest.raises(RuleViolation) as refused, transaction():
        handling.close(note.id)

    assert refused.value.code == "not_a_sale"
    assert handling.steps_from(note) == []


def test_an_order_of_another_shop_does_not_exist(shop) -> None:
    foreign = make.order(make.shop())

    with pytest.raises(NotFound), transaction():
        handling.ship(foreign.id)

    with context.every_shop("test"):
        db.session.refresh(foreign)
    assert foreign.status is OrderStatus.PENDING_SHIPMENT


def test_the_next_step_comes_first(shop) -> None:
    assert handling.steps_from(make.order(shop)) == ["ship", "close"]
    assert handling.steps_from(make.order(shop, status=OrderStatus.COMPLETED)) == []
