"""One order in two and back: every sum closes to the fen, stock goes along, and nothing is lost on the way."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.console.roles import Role
from app.kit import context
from app.kit.db import db, rehearsal, transaction
from app.kit.errors import RuleViolation
from app.orders import creating, handling, joining, paying, splitting
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import Basket, WantedDiscount, WantedLine
from app.orders.lifecycle import Axis
from app.orders.models import (
    AfterSaleState,
    CloseCause,
    DiscountPayer,
    Order,
    OrderDiscount,
    OrderLine,
    OrderStatus,
    PaymentState,
)
from app.stock.models import StockHold
from tests import factories as make
from tests.lengths import often
from tests.stock.conftest import wrong

pytestmark = pytest.mark.usefixtures("app")
MERCHANT, PLATFORM = DiscountPayer.MERCHANT, DiscountPayer.PLATFORM


@pytest.fixture
def shop():
    with context.every_shop("test"):
        yield make.shop()


def paid(shop, lines, discounts=(), shipping=0) -> Order:
    """A paid order of (price in fen, quantity) lines, made by our own rules."""
    wanted = tuple(
        WantedLine(make.sku(shop, price_minor=price, stock_on_hand=count + 2).id, count) for price, count in lines
    )
    given_ = tuple(WantedDiscount(minor, payer, label) for minor, payer, label in discounts)
    with transaction():
        order = creating.create(
            shop, Basket(wanted, given_, shipping), Buyer(), Delivery("Li", "13900000000", "Old Street 1")
        )
        paying.record_rest(order.id)
    return order


def lines_of(order) -> list[OrderLine]:
    return splitting.product_lines(order.id)


def sums(order_id: int) -> dict[str, int]:
    """The order's own sums, after proving that lines, shares, discounts by payer and charges make them (I1)."""
    db.session.expire_all()
    order = db.session.get(Order, order_id)
    every = list(db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)))
    goods = [one for one in every if one.kind == "product"]
    discounts = list(db.session.scalars(select(OrderDiscount).where(OrderDiscount.order_id == order_id)))
    assert sum(one.amount_minor for one in every) == order.total_minor
    assert sum(one.amount_minor for one in goods) == order.items_minor
    assert sum(one.discount_minor for one in goods) == order.discount_minor == sum(d.amount_minor for d in discounts)
    assert order.items_minor + order.shipping_minor - order.discount_minor == order.total_minor
    assert all(0 <= one.discount_minor <= one.amount_minor for one in goods)
    assert order.units == sum(one.quantity for one in goods)
    held = select(func.coalesce(func.sum(StockHold.quantity), 0)).where(
        StockHold.holder == f"order:{order_id}", StockHold.state == "confirmed"
    )
    assert db.session.scalar(held) == order.units
    names = ("items_minor", "discount_minor", "total_minor", "paid_minor", "units")
    return {name: getattr(order, name) for name in names}


def test_the_a6_basket_splits_to_the_fen(shop) -> None:
    """3 × 33.33, 50.00, 0.01, coupon 10.00, shipping 8.00: paid 148.00."""
    order = paid(shop, [(3333, 3), (5000, 1), (1, 1)], [(1000, MERCHANT, "coupon")], 800)
    a, b, _ = lines_of(order)

    with transaction():
        second = splitting.split(order.id, {a.id: 1, b.id: 1})

    first, other = sums(order.id), sums(second.id)
    assert other == {"items_minor": 8333, "discount_minor": 555, "total_minor": 7778, "paid_minor": 7778, "units": 2}
    assert first == {"items_minor": 6667, "discount_minor": 445, "total_minor": 7022, "paid_minor": 7022, "units": 3}
    assert (second.number, second.status, second.split_from_id) == (
        f"{order.number}-2",
        OrderStatus.PENDING_SHIPMENT,
        order.id,
    )
    assert (second.due_at, second.address, second.shipping_minor) == (order.due_at, "Old Street 1", 0)
    assert wrong() == []


@pytest.mark.soak
@settings(max_examples=often(25, 6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_split_off_both_close_and_together_again_they_are_what_was(shop, data) -> None:
    lines = data.draw(st.lists(st.tuples(st.integers(1, 99_999), st.integers(1, 7)), min_size=1, max_size=4))
    goods = sum(price * count for price, count in lines)
    labels = data.draw(st.lists(st.sampled_from(["", "coupon"]), max_size=2, unique=True))
    discounts = [
        (data.draw(st.integers(1, max(goods // 3, 1))), data.draw(st.sampled_from(list(DiscountPayer))), label)
        for label in labels
    ]
    if sum(one[0] for one in discounts) > goods or sum(count for _, count in lines) < 2:
        return
    with transaction(), rehearsal():
        order = paid(shop, lines, discounts, data.draw(st.integers(0, 999)))
        before = sums(order.id)
        order_ids = [order.id]
        for _ in range(data.draw(st.integers(1, 3))):
            source = data.draw(st.sampled_from(order_ids))
            wanted = {
                one.id: data.draw(st.integers(0, one.quantity)) for one in lines_of(db.session.get(Order, source))
            }
            try:
                order_ids.append(splitting.split(source, wanted).id)
            except RuleViolation as refused:
                assert refused.code in ("split_nothing", "split_everything", "split_below_zero")
        parts = [sums(one) for one in order_ids]
        assert {name: sum(part[name] for part in parts) for name in before} == before
        assert all(part["total_minor"] >= 0 and part["paid_minor"] == part["total_minor"] for part in parts)
        for one in reversed(order_ids[1:]):
            joining.put_together(one)
        assert sums(order.id) == before
        assert [sums(one)["total_minor"] for one in order_ids[1:]] == [0] * (len(order_ids) - 1)
        closed = [db.session.get(Order, one).close_cause for one in order_ids[1:]]
        assert closed == [CloseCause.PUT_TOGETHER] * len(closed)
        assert wrong() == []


def test_put_together_again_the_lines_are_those_of_before(shop) -> None:
    order = paid(shop, [(3333, 3), (5000, 1)], [(1000, PLATFORM, "coupon")], 800)

    def told() -> list[tuple[int, ...]]:
        db.session.expire_all()
        found = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id))
        return [(one.id, one.position, one.quantity, one.amount_minor, one.discount_minor) for one in found]

    before = told()
    a, b = lines_of(order)
    with transaction():
        second = splitting.split(order.id, {a.id: 2, b.id: 1})
    with transaction():
        joining.put_together(second.id)

    assert told() == before
    assert (order.paid_minor, second.paid_minor, second.total_minor, second.units) == (14799, 0, 0, 0)
    assert second.status is OrderStatus.CLOSED


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda order: handling.ship(order.id), "goods have left the house for it."),
        (lambda order: handling.close(order.id), "the order is not open any more."),
        (
            lambda order: handling.move(order, Axis.AFTER_SALE, AfterSaleState.OPEN),
            "the buyer has wanted something put right.",
        ),
        (lambda order: handling.move(order, Axis.PAYMENT, PaymentState.PARTLY_REFUNDED), "money has gone back for it."),
    ],
)
def test_what_has_moved_on_is_neither_split_nor_put_together(shop, sign_in, spoil, reason) -> None:
    order = paid(shop, [(1000, 3)])
    (line,) = lines_of(order)
    with transaction():
        second = splitting.split(order.id, {line.id: 1})
    with transaction():
        spoil(handling.locked(order.id))

    agent = sign_in(make.staff(Role.AGENT, shop))
    for answer in (
        agent.post(f"/orders/{order.id}/split", data={f"units-{line.id}": "1"}),
        agent.post(f"/orders/{second.id}/put-together"),
    ):
        assert answer.status_code == 422
        assert reason in answer.text
    with context.every_shop("test"):
        assert sums(second.id)["total_minor"] == 1000


def test_lines_changed_since_keep_the_two_apart(shop) -> None:
    order = paid(shop, [(1000, 3)])
    (line,) = lines_of(order)
    with transaction():
        second = splitting.split(order.id, {line.id: 1})
        lines_of(order)[0].quantity = 3

    with pytest.raises(RuleViolation) as refused, transaction():
        joining.put_together(second.id)
    assert refused.value.code == "split_changed"


def test_an_agent_sees_both_orders_before_splitting_and_nothing_is_written_by_looking(shop, sign_in) -> None:
    order = paid(shop, [(3333, 3), (5000, 1)], [(1000, MERCHANT, "coupon")], 800)
    agent = sign_in(make.staff(Role.AGENT, shop))
    with context.every_shop("test"):
        a, _ = lines_of(order)
        before = sums(order.id)

    form = agent.get(f"/orders/{order.id}/split").text
    shown = agent.post(f"/orders/{order.id}/split/quote", data={f"units-{a.id}": "1"}).text
    refused = agent.post(f"/orders/{order.id}/split/quote", data={f"units-{a.id}": "9"}).text
    with context.every_shop("test"):
        assert sums(order.id) == before
        assert db.session.scalar(select(func.count(Order.id))) == 1
    made = agent.post(f"/orders/{order.id}/split", data={f"units-{a.id}": "1"}, follow_redirects=True).text

    assert "Into the second order" in form
    assert [text in shown for text in ("First order", "Second order", "¥31.11", "¥116.88")] == [True] * 4
    assert "Say how many units go into the second order" in refused
    assert re.search(rf"Split from.*{re.escape(order.number)}", made, re.S)
    assert "Put together again" in made


def test_the_order_of_another_shop_can_neither_be_split_nor_put_together(shop, sign_in) -> None:
    order = paid(shop, [(1000, 3)])
    (line,) = lines_of(order)
    stranger = sign_in(make.staff(Role.MANAGER, make.shop()))

    for address in ("split", "split/quote", "put-together", "apart"):
        assert stranger.post(f"/orders/{order.id}/{address}", data={f"units-{line.id}": "1"}).status_code == 404
    assert stranger.get(f"/orders/{order.id}/split").status_code == 404
    with context.every_shop("test"):
        assert sums(order.id)["units"] == 3
