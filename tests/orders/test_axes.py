"""The four axes of an order: the headline they make, legal moves, one journal row a move, terminal states."""

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.kit import context, journal
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.orders import handling, lifecycle
from app.orders.lifecycle import AXIS_MOVES, MOVES, Axis, Standing, headline, refusal
from app.orders.models import (
    HEADLINE_SQL,
    AfterSaleState,
    CloseCause,
    FulfilmentState,
    OrderState,
    OrderStatus,
    PaymentState,
)
from tests import factories as make
from tests.lengths import often

pytestmark = pytest.mark.usefixtures("app")
STANDINGS = [Standing(*one) for one in product(OrderState, PaymentState, FulfilmentState, AfterSaleState)]
MOVE = st.sampled_from([(axis, state) for axis, states in AXIS_MOVES.items() for state in states])


@pytest.fixture
def shop():
    one = make.shop()
    with context.shops([one.id]):
        yield one


def test_the_database_derives_the_same_headline_as_the_code_for_all_180_standings() -> None:
    assert len(STANDINGS) == 180
    rows = " union all ".join(
        f"select {n} as n, '{s.order_state}' as order_state, '{s.payment_state}' as payment_state, "
        f"'{s.fulfilment_state}' as fulfilment_state"
        for n, s in enumerate(STANDINGS)
    )
    told = db.session.scalars(select(text(HEADLINE_SQL)).select_from(text(f"({rows}) s")).order_by(text("n"))).all()

    assert told == [headline(s).value for s in STANDINGS]


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(), OrderStatus.PENDING_PAYMENT),
        (Standing(payment_state=PaymentState.PARTLY_PAID), OrderStatus.PENDING_PAYMENT),
        (Standing(payment_state=PaymentState.PAID), OrderStatus.PENDING_SHIPMENT),
        (
            Standing(payment_state=PaymentState.PAID, fulfilment_state=FulfilmentState.PARTLY_FULFILLED),
            OrderStatus.PENDING_SHIPMENT,
        ),
        (
            Standing(payment_state=PaymentState.PARTLY_REFUNDED, fulfilment_state=FulfilmentState.FULFILLED),
            OrderStatus.SHIPPED,
        ),
        (Standing(OrderState.CLOSED, PaymentState.REFUNDED, FulfilmentState.DELIVERED), OrderStatus.CLOSED),
    ],
)
def test_the_headline_follows_from_the_axes(standing, expected) -> None:
    assert headline(standing) is expected


def test_the_steps_of_the_console_are_legal_on_their_axis() -> None:
    for present, targets in MOVES.items():
        then = lifecycle.at(present)
        standing = Standing(*(then[axis.value] for axis in Axis))
        for target in targets:
            if target is OrderStatus.CLOSED:
                assert refusal(standing, Axis.ORDER, OrderState.CLOSED) == ""
            else:
                now = lifecycle.at(target)
                (axis,) = [axis for axis in Axis if then[axis.value] is not now[axis.value]]
                assert refusal(standing, axis, now[axis.value]) == ""


@pytest.mark.parametrize(
    ("standing", "axis", "target", "reason"),
    [
        (Standing(), Axis.FULFILMENT, FulfilmentState.FULFILLED, "not_paid"),
        (Standing(), Axis.PAYMENT, PaymentState.REFUNDED, "no_such_move"),
        (Standing(OrderState.CLOSED), Axis.PAYMENT, PaymentState.PAID, "not_open"),
        (Standing(OrderState.CLOSED, PaymentState.PAID), Axis.ORDER, OrderState.OPEN, "money_has_moved"),
        (Standing(payment_state=PaymentState.PAID), Axis.ORDER, OrderState.COMPLETED, "not_delivered"),
        (
            Standing(OrderState.OPEN, PaymentState.PAID, FulfilmentState.DELIVERED, AfterSaleState.OPEN),
            Axis.ORDER,
            OrderState.COMPLETED,
            "after_sale_open",
        ),
        (Standing(), Axis.AFTER_SALE, AfterSaleState.OPEN, "not_paid"),
        (Standing(payment_state=PaymentState.REFUNDED), Axis.FULFILMENT, FulfilmentState.FULFILLED, "money_has_moved"),
    ],
)
def test_a_move_that_another_axis_forbids_is_refused_with_the_reason(standing, axis, target, reason) -> None:
    assert refusal(standing, axis, target) == reason


def test_the_database_refuses_a_headline_that_does_not_follow_from_the_axes(shop) -> None:
    order = make.order(shop)

    with pytest.raises(Exception, match="ck_order_headline"), db.session.begin_nested():
        db.session.execute(text("update orders set status = 'shipped' where id = :id"), {"id": order.id})


@pytest.mark.soak
@settings(max_examples=often(60, 15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVE, max_size=25))
def test_any_walk_writes_one_row_a_move_and_never_leaves_a_terminal_state(shop, moves) -> None:
    order = make.order(shop, status=OrderStatus.PENDING_PAYMENT)
    expected: list[tuple[str, str, str]] = []
    for axis, target in moves:
        present, terminal = getattr(order, axis.value), not AXIS_MOVES[axis][getattr(order, axis.value)]
        legal = refusal(lifecycle.standing_of(order), axis, target) == ""
        was_open = order.order_state is OrderState.OPEN
        with transaction():
            if axis is Axis.ORDER and legal:
                order.close_cause = CloseCause.STAFF if target is OrderState.CLOSED else None
            if legal:
                handling.move(order, axis, target, "test")
            else:
                with pytest.raises(RuleViolation):
                    handling.move(order, axis, target, "test")
        if legal and target is not present:
            assert not terminal
            expected.append((axis.value, present.value, target.value))
            if target is PaymentState.REFUNDED and was_open:  # all the money is back: the trade is off
                expected.append((Axis.ORDER.value, OrderState.OPEN.value, OrderState.CLOSED.value))
        assert order.status is headline(lifecycle.standing_of(order))

    rows = [e for e in reversed(journal.timeline("order", order.id)) if e.event == "OrderMoved"]
    assert [(e.facts["axis"], e.facts["from_state"], e.facts["to_state"]) for e in rows] == expected
    assert {e.facts["cause"] for e in rows} <= {"test", "refunded"}
    assert all(e.actor == str(context.actor()) for e in rows)


def test_closing_keeps_the_cause_and_the_time(shop) -> None:
    order = make.order(shop)

    with transaction():
        handling.close(order.id, CloseCause.OUT_OF_STOCK)

    assert (order.order_state, order.close_cause, order.closed_at is not None) == (
        OrderState.CLOSED,
        CloseCause.OUT_OF_STOCK,
        True,
    )
    (entry,) = journal.timeline("order", order.id)
    assert entry.facts | {"shop_id": 0, "order_id": 0} == {
        "shop_id": 0,
        "order_id": 0,
        "from_status": "pending_shipment",
        "to_status": "closed",
        "axis": "order_state",
        "from_state": "open",
        "to_state": "closed",
        "cause": "out_of_stock",
    }
