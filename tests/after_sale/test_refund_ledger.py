"""The counters of what goes back: taken by one statement, given back, never beyond; and what went back before."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.after_sale import refund_ledger
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.orders.models import LineKind, Order, OrderKind, OrderLine, OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")


def test_the_ledger_of_an_order_adds_up_to_what_was_paid(a6, lines) -> None:
    ids = lines(a6)

    left = {one.standing.part.order_line_id: one for one in refund_ledger.of(a6)}

    assert {name: left[ids[name]].next_minor for name in "ABC"} == {
        "A": [3110, 3111, 3111],
        "B": [4667],
        "C": [1],
    }
    assert left[ids["shipping"]].standing.minor_left == 800
    assert sum(one.standing.part.payable_minor for one in left.values()) == a6.paid_minor == 14800


def test_what_is_taken_is_counted_once_and_never_beyond(a6, lines) -> None:
    ids = lines(a6)
    with transaction():
        parts = refund_ledger.open_for(a6)
        amounts = [refund_ledger.take_units(parts[ids["A"]], 1).amount_minor for _ in range(3)]
        with pytest.raises(RuleViolation, match="refund_units"):
            refund_ledger.take_units(parts[ids["A"]], 1)
        refund_ledger.take_amount(parts[ids["shipping"]], 800)
        with pytest.raises(RuleViolation, match="refund_beyond"):
            refund_ledger.take_amount(parts[ids["shipping"]], 1)

    assert amounts == [3110, 3111, 3111]
    row = db.session.execute(
        text("select taken_units, taken_minor from refund_part where order_line_id = :id"), {"id": ids["A"]}
    ).one()
    assert tuple(row) == (3, 9332)


def test_the_database_itself_refuses_a_fen_too_much(a6, lines) -> None:
    with transaction():
        part = refund_ledger.open_for(a6)[lines(a6)["C"]]
    with pytest.raises(IntegrityError, match="ck_refund_part_minor"), db.session.begin_nested():
        db.session.execute(text("update refund_part set taken_minor = 2 where id = :id"), {"id": part.id})


def old_sale(shop, **values) -> Order:
    """Two cups at 10.00 and a plate at 30.00, from before there were cases."""
    return make.order(shop, ("CUP", 2, 1000), ("PLATE", 1, 3000), status=OrderStatus.COMPLETED, **values)


def note(shop, sale: Order, *entries: tuple[str, int, int, LineKind]) -> Order:
    """A credit note as an import writes it."""
    row = make.order(
        shop,
        *[(code, quantity, price) for code, quantity, price, _ in entries],
        kind=OrderKind.CREDIT_NOTE,
        status=OrderStatus.COMPLETED,
        reverses_id=sale.id,
    )
    found = db.session.query(OrderLine).filter_by(order_id=row.id).order_by(OrderLine.position)
    for line, (*_, kind) in zip(found, entries, strict=True):
        line.kind = kind
    db.session.flush()
    return row


@pytest.mark.parametrize("counted", [0, 1000])
def test_a_unit_that_an_old_credit_note_gave_back_cannot_be_refunded_again(shop, counted) -> None:
    """Whether or not the import has written the refund on the order, too."""
    sale = old_sale(shop, refunded_minor=counted)
    note(shop, sale, ("CUP", -1, 1000, LineKind.PRODUCT))

    cup, plate = refund_ledger.of(sale)

    assert (cup.standing.units_left, cup.next_minor, plate.next_minor) == (1, [1000], [3000])
    with transaction():
        part = refund_ledger.open_for(sale)[cup.line.id]
        with pytest.raises(RuleViolation, match="refund_units"):
            refund_ledger.take_units(part, 2)
        assert refund_ledger.take_units(part, 1).amount_minor == 1000


def test_money_that_went_back_for_nothing_we_know_cannot_go_back_again(shop) -> None:
    sale = old_sale(shop, refunded_minor=4500)

    cup, plate = refund_ledger.of(sale)

    assert (cup.standing.minor_left, plate.standing.minor_left) == (500, 0)
    assert cup.next_minor == [500, 0]


def test_old_notes_beyond_what_was_paid_leave_nothing(shop) -> None:
    sale = old_sale(shop, refunded_minor=5000)
    note(shop, sale, ("CUP", -2, 1000, LineKind.PRODUCT), ("PLATE", -1, 4000, LineKind.PRODUCT))

    assert [one.standing.minor_left for one in refund_ledger.of(sale)] == [0, 0]
