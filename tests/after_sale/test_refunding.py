"""Money that goes back: asked once, done on the channel's word alone, to the fen; and what follows from it."""

import pytest
from sqlalchemy import func, select

from app.after_sale import cases, opening, refund_ledger
from app.after_sale.access import By
from app.after_sale.models import AfterSaleCase, CaseKind, CaseState, Party
from app.after_sale.opening import Wanted, Wish
from app.console.roles import Role
from app.fulfilment import parcels
from app.fulfilment.wanted import Sending, Unit
from app.kit import context
from app.kit.db import db, transaction
from app.kit.errors import Conflict, RuleViolation
from app.orders import board, reading
from app.orders.models import AfterSaleState, CloseCause, FulfilmentState, Order, OrderKind, OrderStatus, PaymentState
from app.payments.models import Refund, RefundState
from app.stock.models import StockLevel
from tests import factories as make
from tests.after_sale.conftest import a6_order, through_simulator

pytestmark = pytest.mark.usefixtures("app")
SHOP, BUYER = By(Party.SELLER, may_approve=True), By(Party.BUYER)


@pytest.fixture
def paid(shop) -> Order:
    """The order of A6, paid through the simulator."""
    order = a6_order(shop, pay=False)
    through_simulator(order)
    return order


def refund(order: Order, *wanted: Wanted, by: By = BUYER, key: str | None = None) -> AfterSaleCase:
    """A case of refund only."""
    with transaction():
        return opening.open_case(order.id, Wish(CaseKind.REFUND_ONLY, "quality", wanted), by, key=key)


def agreed(order: Order, *wanted: Wanted) -> AfterSaleCase:
    case = refund(order, *wanted)
    with transaction():
        return cases.agree(case.id, SHOP)


def now(row):
    db.session.expire_all()
    return db.session.get_one(type(row), row.id)


def test_the_order_of_a6_goes_back_to_the_fen(paid, lines, run_jobs) -> None:
    ids = lines(paid)
    wanted = [Wanted(ids["A"], 1)] * 3 + [Wanted(ids["B"], 1), Wanted(ids["C"], 1), Wanted(ids["shipping"], 0, 800)]

    amounts = []
    for one in wanted:
        case = agreed(paid, one)
        run_jobs()
        assert now(case).state is CaseState.DONE
        amounts.append(now(case).refunded_minor)

    assert amounts == [3110, 3111, 3111, 4667, 1, 800]
    assert sum(amounts) == now(paid).refunded_minor == now(paid).paid_minor == 14800
    with pytest.raises(RuleViolation, match="case_order_closed"):
        refund(paid, Wanted(ids["A"], 0, 1))
    assert (now(paid).payment_state, now(paid).close_cause) == (PaymentState.REFUNDED, CloseCause.REFUNDED)


def test_a_fen_more_than_is_left_is_refused_and_writes_nothing(paid, lines, run_jobs) -> None:
    ids = lines(paid)
    agreed(paid, Wanted(ids["A"], 3), Wanted(ids["B"], 1), Wanted(ids["C"], 1), Wanted(ids["shipping"], 0, 799))
    run_jobs()

    with pytest.raises(RuleViolation, match="refund_beyond"):
        refund(paid, Wanted(ids["shipping"], 0, 2))
    with pytest.raises(RuleViolation, match="refund_units"):
        refund(paid, Wanted(ids["A"], 1))

    assert db.session.scalar(select(func.count(AfterSaleCase.id))) == 1
    assert sum(one.standing.minor_left for one in refund_ledger.of(now(paid))) == 1


def test_one_key_makes_one_case_and_one_refund(paid, lines, run_jobs) -> None:
    ids = lines(paid)
    first, second = (refund(paid, Wanted(ids["A"], 1), key="form:1") for _ in range(2))
    version = first.version
    for _ in range(2):
        try:
            with transaction():
                cases.agree(first.id, SHOP, version)
        except Conflict as stale:
            assert stale.code == "case_stale"
    run_jobs()

    assert first.id == second.id
    (row,) = db.session.scalars(select(Refund)).all()
    assert (row.amount_minor, row.state, now(paid).refunded_minor) == (3110, RefundState.SUCCEEDED, 3110)


def test_accepted_is_not_done(paid, lines, run_jobs) -> None:
    case = agreed(paid, Wanted(lines(paid)["A"], 1))

    assert (case.state, case.refunded_minor, now(paid).refunded_minor) == (CaseState.REFUNDING, 0, 0)
    assert now(paid).after_sale_state is AfterSaleState.OPEN
    assert db.session.scalar(select(func.count(Order.id)).where(Order.kind == OrderKind.CREDIT_NOTE)) == 0
    run_jobs()
    assert now(case).state is CaseState.DONE
    assert now(paid).after_sale_state is AfterSaleState.CLOSED


def test_money_that_staff_took_by_hand_waits_for_a_person_to_pay_it_back(a6, lines, run_jobs) -> None:
    from app.payments import refund_course

    case = agreed(a6, Wanted(lines(a6)["A"], 2))
    run_jobs()
    (row,) = db.session.scalars(select(Refund)).all()
    assert (row.channel, now(case).state) == ("manual", CaseState.REFUNDING)

    with transaction():
        refund_course.paid_back_by_hand(row.id, "T-1")

    assert (now(case).state, now(case).refunded_minor) == (CaseState.DONE, 6221)


def test_a_refund_that_failed_stays_where_it_is_and_is_tried_again_with_a_new_number(a6, lines, run_jobs) -> None:
    from app.payments import refund_course

    case = agreed(a6, Wanted(lines(a6)["B"], 1))
    with transaction(), pytest.raises(RuleViolation, match="refund_runs"):
        cases.retry_refund(case.id, SHOP)
    (row,) = db.session.scalars(select(Refund)).all()
    with transaction():
        refund_course.give_up(row.id, "ACCOUNT_GONE")

    assert (now(case).state, now(case).refund_error) == (CaseState.REFUNDING, "ACCOUNT_GONE")
    with transaction():
        cases.retry_refund(case.id, SHOP)
    with transaction(), pytest.raises(RuleViolation, match="refund_runs"):
        cases.retry_refund(case.id, SHOP)
    first, second = db.session.scalars(select(Refund).order_by(Refund.id)).all()
    assert (first.state, second.state, second.amount_minor) == (RefundState.FAILED, RefundState.PROCESSING, 4667)
    with transaction():
        refund_course.paid_back_by_hand(second.id, "T-2")
    assert (now(case).state, now(case).refund_error, now(a6).refunded_minor) == (CaseState.DONE, "", 4667)


def test_a_paid_order_that_is_cancelled_gets_its_money_back_then_closes_and_lets_its_stock_go(paid, run_jobs) -> None:
    line = reading.get(paid.id).lines[0]

    def held() -> int:
        level = db.session.scalars(select(StockLevel).where(StockLevel.sku_id == line.sku_id)).one()
        db.session.refresh(level)
        return level.reserved

    with transaction():
        case = opening.cancel_paid(paid.id, "out_of_stock", SHOP, key="form:c")
    assert (case.state, case.amount_minor, now(paid).status, held()) == (
        CaseState.REFUNDING,
        14800,
        OrderStatus.PENDING_SHIPMENT,
        3,
    )
    with pytest.raises(RuleViolation, match="case_refunding"), transaction():
        parcels.send(paid.id, Sending("own"))
    run_jobs()

    assert now(case).state is CaseState.DONE
    assert (now(paid).status, now(paid).close_cause, held()) == (OrderStatus.CLOSED, CloseCause.REFUNDED, 0)


def test_a_unit_that_was_refunded_before_it_left_is_not_held_any_more(paid, lines, run_jobs) -> None:
    agreed(paid, Wanted(lines(paid)["A"], 1))
    run_jobs()

    level = db.session.scalars(
        select(StockLevel).where(StockLevel.sku_id == reading.get(paid.id).lines[0].sku_id)
    ).one()
    assert (level.on_hand, level.reserved, level.available) == (100, 2, 98)


def test_only_what_was_not_refunded_is_sent_and_then_all_has_left(paid, lines, run_jobs) -> None:
    ids = lines(paid)
    with transaction():
        parcels.send(paid.id, Sending("sf", "SF1234567890123", (Unit(ids["A"], 2), Unit(ids["B"], 1))))
    agreed(paid, Wanted(ids["A"], 1), Wanted(ids["C"], 1))
    assert now(paid).fulfilment_state is FulfilmentState.PARTLY_FULFILLED
    with pytest.raises(RuleViolation), transaction():
        parcels.send(paid.id, Sending("sf", "SF1234567890124", (Unit(ids["A"], 1),)))
    run_jobs()

    assert (now(paid).fulfilment_state, now(paid).status) == (FulfilmentState.FULFILLED, OrderStatus.SHIPPED)


def test_an_order_whose_goods_were_all_refunded_before_they_left_is_late_for_nothing_and_says_what_is_left_to_do(
    paid, lines, run_jobs, shop, sign_in
) -> None:
    ids = lines(paid)
    agreed(paid, Wanted(ids["A"], 3), Wanted(ids["B"], 1))
    run_jobs()
    assert now(paid).due_at is not None

    agreed(paid, Wanted(ids["C"], 1))
    run_jobs()
    assert (now(paid).status, now(paid).due_at, board.counts(shop.id).all) == (OrderStatus.PENDING_SHIPMENT, None, 0)
    order_id, manager = paid.id, sign_in(make.staff(Role.MANAGER, shop))
    page = manager.get(f"/orders/{order_id}").text
    cancelled = manager.post(f"/after-sale/new/{order_id}/cancel", data={"reason": "changed_mind", "key": "k"})

    assert "Nothing is left to send: its goods were refunded. Next: cancel it, and CN¥8.00 goes back." in page
    assert cancelled.status_code == 302
    with context.every_shop("test"):
        run_jobs()
        order = db.session.get_one(Order, order_id, populate_existing=True)
        assert (order.status, order.refunded_minor) == (OrderStatus.CLOSED, 14800)


def test_the_credit_note_of_a_refund_shows_units_goodwill_and_shipping(paid, lines, run_jobs) -> None:
    ids = lines(paid)
    agreed(paid, Wanted(ids["A"], 2), Wanted(ids["B"], 0, 500), Wanted(ids["shipping"], 0, 800))
    run_jobs()

    (note,) = reading.credit_notes(paid.id)
    told = [(one.kind.value, one.code, one.quantity, one.amount_minor) for one in reading.get(note.id).lines]

    a_code = reading.get(paid.id).lines[0].code
    assert told == [
        ("product", a_code, -2, -6221),
        ("charge", "GOODWILL", -1, -500),
        ("charge", "SHIPPING", -1, -800),
    ]
    assert (note.units, note.items_minor, note.charges_minor, note.total_minor) == (-2, -6221, -1300, -7521)
    assert now(paid).refunded_minor == 7521


def test_an_agent_lets_go_of_no_more_than_the_limit(shop, run_jobs) -> None:
    order = make.order(shop, ("BIG", 1, 20_001))

    case = refund(order, Wanted(reading.get(order.id).lines[0].id, 1))
    with pytest.raises(RuleViolation, match="case_over_limit"), transaction():
        cases.agree(case.id, By(Party.SELLER))
    assert now(case).state is CaseState.REFUND_ASKED
    with transaction():
        assert cases.agree(case.id, SHOP).state is CaseState.REFUNDING


def test_unpaid_closed_and_foreign_things_open_no_case(shop, paid) -> None:
    unpaid = make.order(shop, status=OrderStatus.PENDING_PAYMENT)
    closed = make.order(shop, status=OrderStatus.CLOSED, paid_minor=1000, payment_state=PaymentState.PAID)
    note = make.order(shop, kind=OrderKind.CREDIT_NOTE)
    for order, code in ((unpaid, "case_not_paid"), (closed, "case_order_closed"), (note, "not_a_sale")):
        with pytest.raises(RuleViolation, match=code), transaction():
            wish = Wish(CaseKind.REFUND_ONLY, "quality", (Wanted(1, 1),))
            opening.open_case(order.id, wish, BUYER)
    with pytest.raises(RuleViolation, match="case_line_unknown"):
        refund(paid, Wanted(reading.get(unpaid.id).lines[0].id, 1))
    assert db.session.scalar(select(func.count(AfterSaleCase.id))) == 0
