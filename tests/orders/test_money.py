"""The money of an order: sums close, discounts are spread to the fen, orders by hand hold their stock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.kit import context, journal
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.orders import billing, creating, drafts, handling, paying, reopening
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import Basket, WantedDiscount, WantedLine
from app.orders.models import (
    CloseCause,
    DiscountPayer,
    Order,
    OrderDiscount,
    OrderLine,
    OrderStatus,
    PaymentMethod,
    PaymentState,
)
from app.stock.models import StockLevel
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    one = make.shop()
    with context.shops([one.id]):
        yield one


@pytest.fixture
def a6(shop) -> Basket:
    """Lines A 3 × 33.33, B 50.00, C 0.01; coupon 10.00; shipping 8.00."""
    a, b, c = (make.sku(shop, code=code, price_minor=price) for code, price in (("A", 3333), ("B", 5000), ("C", 1)))
    return Basket(
        (WantedLine(a.id, 3), WantedLine(b.id, 1), WantedLine(c.id, 1)),
        (WantedDiscount(1000, DiscountPayer.PLATFORM, "Coupon"),),
        800,
    )


def create(shop, basket: Basket, buyer: Buyer | None = None) -> Order:
    with transaction():
        return creating.create(shop, basket, buyer or Buyer(), Delivery("Li", "13800000000", "Street 1", "gift"))


def lines_of(order: Order) -> list[OrderLine]:
    query = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    return list(db.session.scalars(query))


def reserved(shop) -> dict[int, int]:
    return {row.sku_id: row.reserved for row in db.session.scalars(select(StockLevel)) if row.reserved}


def test_a_coupon_is_spread_over_the_lines_to_the_fen(shop, a6) -> None:
    order = create(shop, a6)

    lines = lines_of(order)
    assert order.total_minor == 14800
    assert [(line.code, line.amount_minor, line.discount_minor) for line in lines] == [
        ("A", 9999, 667),
        ("B", 5000, 333),
        ("C", 1, 0),
        ("SHIPPING", 800, 0),
        ("DISCOUNT", -1000, 0),
    ]
    assert (order.items_minor, order.shipping_minor, order.discount_minor, order.charges_minor) == (
        15000,
        800,
        1000,
        -200,
    )
    assert sum(line.amount_minor for line in lines) == order.total_minor
    (discount,) = db.session.scalars(select(OrderDiscount)).all()
    assert (discount.payer, discount.amount_minor) == (DiscountPayer.PLATFORM, 1000)


@given(
    lines=st.lists(st.tuples(st.integers(1, 50), st.integers(0, 500_000)), min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 100_000), max_size=4),
    shipping=st.integers(0, 5_000),
    currency=st.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_line_net_and_shipping_make_the_total_and_shares_make_the_discounts(lines, cuts, shipping, currency) -> None:
    scale = drafts.micros_per_minor(currency)
    priced = [(quantity, price * scale) for quantity, price in lines]
    if sum(cuts) > sum(quantity * price for quantity, price in lines):
        with pytest.raises(RuleViolation):
            billing.make(priced, cuts, shipping, currency)
        return

    bill = billing.make(priced, cuts, shipping, currency)

    assert sum(amount - share for amount, share in zip(bill.lines, bill.shares, strict=True)) + shipping == bill.total
    assert sum(bill.shares) == sum(cuts) == bill.discount
    assert all(0 <= share <= amount for amount, share in zip(bill.lines, bill.shares, strict=True))


def test_an_order_waits_for_payment_and_holds_its_stock(shop, a6) -> None:
    order = create(shop, a6, Buyer(name="王芳", phone="13900000000"))

    assert order.status is OrderStatus.PENDING_PAYMENT
    assert list(reserved(shop).values()) == [3, 1, 1]
    assert (order.receiver, order.phone, order.staff_note) == ("Li", "13800000000", "gift")
    assert order.customer_id is not None
    (entry,) = journal.timeline("order", order.id)
    assert (entry.event, entry.facts["total_minor"], entry.facts["source"]) == ("OrderCreated", 14800, "console")


def test_more_than_there_is_makes_no_order(shop) -> None:
    sku = make.sku(shop, code="LAST", stock_on_hand=2)

    with pytest.raises(RuleViolation) as refused:
        create(shop, Basket((WantedLine(sku.id, 3),)))

    assert (refused.value.code, refused.value.facts["available"]) == ("insufficient_stock", 2)
    assert db.session.scalars(select(Order)).all() == []
    assert reserved(shop) == {}


def test_another_price_needs_a_reason_and_keeps_the_old_one(shop) -> None:
    sku = make.sku(shop, code="CUP", price_minor=1000)

    with pytest.raises(RuleViolation) as refused:
        create(shop, Basket((WantedLine(sku.id, 2, 900),)))
    order = create(shop, Basket((WantedLine(sku.id, 2, 900, "scratched"),)))

    assert refused.value.code == "price_reason_missing"
    (line,) = lines_of(order)
    assert (line.unit_price_micros, line.list_price_micros, line.price_reason, order.total_minor) == (
        9_000_000,
        10_000_000,
        "scratched",
        1800,
    )


def test_money_comes_in_by_parts_and_never_more_than_is_owed(shop, a6) -> None:
    order = create(shop, a6)

    with transaction():
        paying.record(order.id, paying.Received(10000, PaymentMethod.CASH))
    assert (order.status, order.payment_state, order.paid_minor) == (
        OrderStatus.PENDING_PAYMENT,
        PaymentState.PARTLY_PAID,
        10000,
    )
    with pytest.raises(RuleViolation) as refused, transaction():
        paying.record(order.id, paying.Received(4801, PaymentMethod.CASH))
    with transaction():
        paying.record(order.id, paying.Received(4800, PaymentMethod.TRANSFER, "TX-1"))

    assert (refused.value.code, refused.value.facts["wanted"]) == ("payment_amount", "48.00")
    assert (order.status, order.paid_minor) == (OrderStatus.PENDING_SHIPMENT, 14800)
    assert (order.due_at - order.paid_at).total_seconds() == 48 * 3600


def test_closing_gives_the_stock_back_and_opening_again_takes_it(shop, a6) -> None:
    order = create(shop, a6)

    with transaction():
        handling.close(order.id, CloseCause.BUYER)
    assert reserved(shop) == {}
    with transaction():
        reopening.reopen(order.id, shop)

    assert list(reserved(shop).values()) == [3, 1, 1]
    assert (order.status, order.close_cause) == (OrderStatus.PENDING_PAYMENT, None)


def test_shipping_takes_the_held_units_off_the_shelf(shop, a6) -> None:
    order = create(shop, a6)
    with transaction():
        paying.record(order.id, paying.Received(14800, PaymentMethod.CASH))
        handling.ship(order.id)
    db.session.expire_all()

    levels = {row.sku_id: (row.on_hand, row.reserved) for row in db.session.scalars(select(StockLevel))}
    assert sorted(levels.values()) == [(2, 0), (4, 0), (4, 0)]


def test_what_was_closed_yesterday_or_paid_for_stays_closed(shop, a6) -> None:
    from datetime import timedelta

    from app.kit import clock

    order, paid = create(shop, a6), make.order(shop)
    with transaction():
        handling.close(order.id)
        handling.close(paid.id)

    with clock.frozen(clock.now() + timedelta(days=1)), pytest.raises(RuleViolation) as late, transaction():
        reopening.reopen(order.id, shop)
    with pytest.raises(RuleViolation) as moved, transaction():
        reopening.reopen(paid.id, shop)

    assert (late.value.code, moved.value.code) == ("reopen_refused", "reopen_refused")
    assert (order.status, paid.status) == (OrderStatus.CLOSED, OrderStatus.CLOSED)


def test_a_sku_or_buyer_of_another_shop_does_not_exist(shop) -> None:
    foreign, own = make.sku(make.shop()), make.sku(shop)
    with context.every_shop("test"):
        stranger = make.customer(make.shop())

    with pytest.raises(RuleViolation) as refused:
        create(shop, Basket((WantedLine(foreign.id, 1),)))
    with pytest.raises(Exception, match="not_found"):
        create(shop, Basket((WantedLine(own.id, 1),)), Buyer(stranger.id))

    assert refused.value.code == "order_sku_unknown"
    assert db.session.scalars(select(Order)).all() == []
