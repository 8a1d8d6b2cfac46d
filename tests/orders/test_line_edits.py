"""Lines changed before shipping: the effect first, stock held anew, two people merged, and what is refused."""

import pytest
from sqlalchemy import select

from app.kit import context, journal
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.kit.merge import StaleEdit
from app.orders import creating, handling, line_edits, paying
from app.orders.creating import Buyer, Delivery
from app.orders.drafts import Basket, WantedDiscount, WantedLine
from app.orders.line_edits import Effect
from app.orders.models import Order, OrderLine, OrderStatus, PaymentMethod, PaymentState
from app.stock.models import StockLevel
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop():
    one = make.shop()
    with context.shops([one.id]):
        yield one


@pytest.fixture
def cup(shop):
    return make.sku(shop, code="CUP", price_minor=1000, stock_on_hand=9)


@pytest.fixture
def lid(shop):
    return make.sku(shop, code="LID", price_minor=500, stock_on_hand=9)


@pytest.fixture
def order(shop, cup, lid) -> Order:
    """Two cups and a lid, 8.00 shipping, 3.00 off: 30.00."""
    basket = Basket((WantedLine(cup.id, 2), WantedLine(lid.id, 1)), (WantedDiscount(300),), 800)
    with transaction():
        return creating.create(shop, basket, Buyer(), Delivery())


def pay(order: Order) -> None:
    with transaction():
        paying.record(order.id, paying.Received(order.total_minor, PaymentMethod.CASH))


def change(shop, order, *lines: WantedLine, base=None, shipping: int = 800, cut: int = 300) -> Effect:
    base = line_edits.state_of(order.id) if base is None else base
    discounts = (WantedDiscount(cut),) if cut else ()
    with transaction():
        return line_edits.change(shop, order.id, base, Basket(lines, discounts, shipping))


def state(order: Order) -> tuple:
    db.session.expire_all()
    query = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    lines = [(line.code, line.quantity, line.amount_minor) for line in db.session.scalars(query)]
    levels = db.session.scalars(select(StockLevel).order_by(StockLevel.sku_id))
    return lines, order.total_minor, [level.reserved for level in levels]


def test_the_effect_is_told_first_and_nothing_is_written(shop, order, cup, lid) -> None:
    pay(order)
    before = state(order)
    base = line_edits.state_of(order.id)
    wanted = Basket((WantedLine(cup.id, 2), WantedLine(lid.id, 2)), (WantedDiscount(300),), 800)

    with transaction():
        effect = line_edits.rehearse(shop, order.id, base, wanted)

    assert effect == Effect(3000, 3500, 500)
    assert state(order) == before
    assert order.payment_state is PaymentState.PAID


def test_more_units_are_held_and_the_buyer_owes_more(shop, order, cup, lid) -> None:
    pay(order)

    effect = change(shop, order, WantedLine(cup.id, 2), WantedLine(lid.id, 2))

    assert effect.owed == 500
    assert state(order) == (
        [("CUP", 2, 2000), ("LID", 2, 1000), ("SHIPPING", 1, 800), ("DISCOUNT", -1, -300)],
        3500,
        [2, 2],
    )
    assert (order.status, order.payment_state) == (OrderStatus.PENDING_PAYMENT, PaymentState.PARTLY_PAID)
    with transaction():
        paying.record(order.id, paying.Received(500, PaymentMethod.CASH))
    assert order.status is OrderStatus.PENDING_SHIPMENT


def test_a_line_taken_out_gives_its_stock_back_and_money_is_to_be_refunded(shop, order, cup) -> None:
    pay(order)

    effect = change(shop, order, WantedLine(cup.id, 2))

    assert effect == Effect(3000, 2500, -500)
    assert state(order)[2] == [2, 0]
    assert (order.status, paying.outstanding(order)) == (OrderStatus.PENDING_SHIPMENT, -500)
    entry = next(e for e in journal.timeline("order", order.id) if e.event == "OrderLinesChanged")
    assert (entry.facts["from_total_minor"], entry.facts["to_total_minor"]) == (3000, 2500)
    assert entry.facts["lines"] == [["quantity:LID", "1", ""]]


def test_a_price_agreed_before_stays_when_the_catalogue_moves(shop, order, cup, lid) -> None:
    with transaction():
        cup.price_minor = 9900
    db.session.flush()

    change(shop, order, WantedLine(cup.id, 3), WantedLine(lid.id, 1))

    assert state(order)[0][0] == ("CUP", 3, 3000)


def test_another_price_needs_a_reason(shop, order, cup, lid) -> None:
    with pytest.raises(RuleViolation) as refused:
        change(shop, order, WantedLine(cup.id, 2, 900), WantedLine(lid.id, 1))
    change(shop, order, WantedLine(cup.id, 2, 900, "scratched"), WantedLine(lid.id, 1))

    assert refused.value.code == "price_reason_missing"
    assert state(order)[:2] == (
        [("CUP", 2, 1800), ("LID", 1, 500), ("SHIPPING", 1, 800), ("DISCOUNT", -1, -300)],
        2800,
    )


def test_two_people_who_change_different_lines_are_merged(shop, order, cup, lid) -> None:
    base = line_edits.state_of(order.id)
    change(shop, order, WantedLine(cup.id, 4), WantedLine(lid.id, 1), base=base)

    change(shop, order, WantedLine(cup.id, 2), WantedLine(lid.id, 3), base=base)

    assert state(order)[0][:2] == [("CUP", 4, 4000), ("LID", 3, 1500)]


def test_two_people_who_change_one_line_are_told_and_nothing_is_written(shop, order, cup, lid) -> None:
    base = line_edits.state_of(order.id)
    change(shop, order, WantedLine(cup.id, 4), WantedLine(lid.id, 1), base=base)
    before = state(order)

    with pytest.raises(StaleEdit) as stale:
        change(shop, order, WantedLine(cup.id, 5), WantedLine(lid.id, 1), base=base)

    assert [(clash.field, clash.mine, clash.theirs) for clash in stale.value.clashes] == [(f"quantity:{cup.id}", 5, 4)]
    assert state(order) == before


def test_more_than_there_is_changes_nothing(shop, order, cup, lid) -> None:
    before = state(order)

    with pytest.raises(RuleViolation) as refused:
        change(shop, order, WantedLine(cup.id, 10), WantedLine(lid.id, 1))

    assert refused.value.code == "insufficient_stock"
    assert state(order) == before


def test_the_same_lines_again_write_nothing(shop, order, cup, lid) -> None:
    entries = len(journal.timeline("order", order.id))

    assert change(shop, order, WantedLine(cup.id, 2), WantedLine(lid.id, 1)) == Effect(3000, 3000, 0)
    assert len(journal.timeline("order", order.id)) == entries


def test_a_shipped_order_keeps_its_lines(shop, order, cup) -> None:
    pay(order)
    with transaction():
        handling.ship(order.id)
    before = state(order)

    with pytest.raises(RuleViolation) as refused:
        change(shop, order, WantedLine(cup.id, 1))

    assert refused.value.code == "not_editable"
    assert state(order) == before
