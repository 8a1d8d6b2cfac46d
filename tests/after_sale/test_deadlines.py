"""What happens when the time of a case is over, as its shop has set it; and the deadline board."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.after_sale import access, cases, deadlines, opening, sending, settings
from app.after_sale.access import By
from app.after_sale.lifecycle import Act
from app.after_sale.models import CaseKind, CaseState, Party
from app.after_sale.opening import Wanted, Wish
from app.after_sale.settings import Late, Limit, Rules
from app.kit import clock, context, journal
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.kit.journal import JournalEntry
from app.orders import handling, reading
from app.orders.models import Order, OrderStatus
from tests import factories as make

pytestmark = pytest.mark.usefixtures("app")
SHOP, BUYER = By(Party.SELLER, may_approve=True), By(Party.BUYER)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def sent(shop) -> Order:
    return make.order(shop, ("CUP", 3, 1000), status=OrderStatus.SHIPPED)


def start(order, kind=CaseKind.RETURN_REFUND):
    with transaction():
        wanted = (Wanted(reading.get(order.id).lines[0].id, 1),)
        return opening.open_case(order.id, Wish(kind, "quality", wanted), BUYER)


def tick(at: datetime) -> int:
    """As the ticker does."""
    with clock.frozen(at), context.acting(context.Actor("system", "act_on_late_cases")), transaction():
        return deadlines.act_on_overdue()


def now(row):
    db.session.expire_all()
    return db.session.get_one(type(row), row.id)


def test_a_request_that_nobody_answered_is_agreed_to_one_second_after_its_time_not_before(sent) -> None:
    with clock.frozen(NOON):
        case = start(sent)
    assert case.due_at == NOON + timedelta(hours=48)

    assert tick(NOON + timedelta(hours=48, seconds=-1)) == 0
    assert tick(NOON + timedelta(hours=48)) == 1

    assert now(case).state is CaseState.WAITS_FOR_RETURN
    assert now(case).due_at == NOON + timedelta(hours=48 + 7 * 24)
    last = journal.timeline("order", sent.id)[0]
    assert (last.event, last.actor, last.facts["party"], last.facts["cause"]) == (
        "CaseMoved",
        "system:act_on_late_cases",
        "system",
        "time_over",
    )
    tick(NOON + timedelta(days=9))
    assert (now(case).state, now(case).amount_minor) == (CaseState.CLOSED, 0)


def test_what_is_only_reminded_of_is_noted_once(shop, sent) -> None:
    rules = settings.of(shop.id)
    with transaction():
        settings.save(shop.id, Rules({**rules.limits, CaseState.RETURN_ASKED: Limit(1, Late.REMIND)}, 100))
    with clock.frozen(NOON):
        case = start(sent)

    assert [tick(NOON + timedelta(hours=hour)) for hour in (1, 2, 3)] == [1, 0, 0]

    assert (now(case).state, now(case).reminded_at) == (CaseState.RETURN_ASKED, NOON + timedelta(hours=1))
    told = db.session.scalars(select(JournalEntry.event).where(JournalEntry.event == "CaseOverdue")).all()
    assert told == ["CaseOverdue"]


def test_a_parcel_that_the_buyer_does_not_confirm_counts_as_received(sent) -> None:
    with clock.frozen(NOON):
        case = start(sent, CaseKind.RESEND)
        with transaction():
            cases.agree(case.id, SHOP)
            sending.send(case.id, SHOP, "sf", "SF9876543210987")

    tick(NOON + timedelta(days=10))

    assert now(case).state is CaseState.DONE


def test_a_refund_that_a_rule_refuses_is_left_to_people_and_the_others_go_on(shop, sent) -> None:
    other = make.order(shop, ("CUP", 1, 2000))
    with clock.frozen(NOON):
        stuck, fine = start(sent, CaseKind.REFUND_ONLY), start(other, CaseKind.REFUND_ONLY)
        with transaction():
            from app.payments import refunds

            refunds.ask(sent.id, 3000, subject="elsewhere", key="x")

    assert tick(NOON + timedelta(hours=48)) == 2

    assert (now(stuck).state, now(fine).state) == (CaseState.REFUND_ASKED, CaseState.REFUNDING)
    assert now(stuck).reminded_at is not None
    entry = db.session.scalars(select(JournalEntry).where(JournalEntry.event == "CaseOverdue")).one()
    assert entry.facts["code"] == "refund_too_much"


@pytest.mark.parametrize(
    ("left", "tone"),
    [(-1, "overdue"), (0, "soon"), (1, "soon"), (2 * 3600 - 1, "soon"), (2 * 3600, "later")],
)
def test_the_board_tells_by_the_second(sent, left, tone) -> None:
    with clock.frozen(NOON):
        case = start(sent)
    with clock.frozen(case.due_at - timedelta(seconds=left)):
        (row,) = deadlines.rows(sent.shop_id)
        counts = deadlines.counts(sent.shop_id)

    assert (row.tone, row.left_seconds) == (tone, left)
    assert (counts.overdue, counts.soon, counts.all) == (int(tone == "overdue"), int(tone == "soon"), 1)


def test_the_board_shows_what_the_shop_must_do_the_most_urgent_first(shop, sent) -> None:
    other = make.order(shop, status=OrderStatus.SHIPPED)
    theirs = make.order(make.shop(), status=OrderStatus.SHIPPED)
    with clock.frozen(NOON):
        late = start(other)
        start(theirs)
    with clock.frozen(NOON - timedelta(hours=1)):
        first = start(sent)

    assert [row.case.id for row in deadlines.rows(shop.id)] == [first.id, late.id]
    with transaction():
        cases.agree(first.id, SHOP)
    assert [row.case.id for row in deadlines.rows(shop.id)] == [late.id]


def test_times_are_checked(shop) -> None:
    rules = settings.of(shop.id)
    for hours, late in ((0, Late.AGREE), (2161, Late.AGREE), (48, Late.CLOSE)):
        with pytest.raises(RuleViolation, match="limit_bad"):
            settings.save(shop.id, Rules({**rules.limits, CaseState.REFUND_ASKED: Limit(hours, late)}))
    assert settings.of(shop.id) == Rules()


def test_an_open_case_takes_the_order_off_the_board_only_where_the_shop_says_so(shop) -> None:
    from app.orders import board
    from app.orders import settings as order_settings

    order = make.order(shop, paid_at=NOON, promise_hours=48, due_at=NOON + timedelta(hours=48))
    with clock.frozen(NOON):
        case = start(order, CaseKind.REFUND_ONLY)
        assert [row.order.id for row in board.rows(shop.id)] == [order.id]
        with transaction():
            order_settings.save(shop.id, order_settings.Rules(48, True))
        assert board.rows(shop.id) == []
        with transaction():
            cases.step(case.id, Act.CLOSE, BUYER)
        assert [row.order.id for row in board.rows(shop.id)] == [order.id]
    assert access.get(case.id).state is CaseState.CLOSED
    assert handling.locked(order.id).status is OrderStatus.PENDING_SHIPMENT
