"""The course of cases: every kind from wish to end, what is not allowed, what the buyer and the platform do."""

import itertools

import pytest
from sqlalchemy import select

from app.after_sale import access, cases, lifecycle, negotiation, opening, returns, sending
from app.after_sale.access import SYSTEM, By
from app.after_sale.lifecycle import CODES, STEPS, Act
from app.after_sale.models import FINAL, AfterSaleCase, CaseKind, CaseState, OfferState, Party
from app.after_sale.negotiation import Terms
from app.after_sale.opening import Wanted, Wish
from app.after_sale.returns import Came
from app.kit import journal
from app.kit.db import db, transaction
from app.kit.errors import Conflict, RuleViolation
from app.orders import handling, reading
from app.orders.models import AfterSaleState, Order
from app.stock.models import StockLevel, StockMovement
from tests.after_sale.conftest import a6_order, through_simulator

pytestmark = pytest.mark.usefixtures("app")
SHOP, BUYER, PLATFORM = By(Party.SELLER, may_approve=True), By(Party.BUYER), By(Party.PLATFORM, may_approve=True)


@pytest.fixture
def sent(shop) -> Order:
    """The order of A6, paid through the simulator, on its way to the buyer."""
    order = a6_order(shop, pay=False)
    through_simulator(order)
    with transaction():
        handling.ship(order.id)
    return order


@pytest.fixture
def start(sent, lines):
    """`start(kind, units)`: a case about so many of A."""

    def begin(kind: CaseKind, units: int = 1, by: By = BUYER) -> AfterSaleCase:
        with transaction():
            wanted = (Wanted(lines(sent)["A"], units),)
            return opening.open_case(sent.id, Wish(kind, "quality", wanted, "It broke"), by)

    return begin


def do(deed, *values):
    with transaction():
        return deed(*values)


def now(row):
    db.session.expire_all()
    return db.session.get_one(type(row), row.id)


def stock_of_a(order) -> tuple[int, int, int]:
    """On hand, unavailable, reserved."""
    sku_id = reading.get(order.id).lines[0].sku_id
    level = db.session.scalars(select(StockLevel).where(StockLevel.sku_id == sku_id)).one()
    db.session.refresh(level)
    return level.on_hand, level.unavailable, level.reserved


def test_the_numbers_are_kuaishous() -> None:
    assert [CODES[state] for state in CaseState] == [10, 11, 12, 20, 21, 22, 30, 40, 45, 50, 60, 70]
    assert [lifecycle.KIND_CODES[kind] for kind in CaseKind] == [10, 1, 3, 4, 5]


def test_ends_are_never_left_and_receipt_is_legal_from_22_30_and_40_alone() -> None:
    assert not any(set(FINAL) & step.sources for step in STEPS)
    sources = {CODES[one] for step in STEPS if step.act is Act.RECEIVE for one in step.sources}
    assert sources == {22, 30, 40}
    into_60 = {(step.act, CODES[one]) for step in STEPS if step.target is CaseState.DONE for one in step.sources}
    assert into_60 == {(Act.CONFIRM, 45), (Act.SUCCEED, 50)}
    assert {step.parties for step in STEPS if step.act is Act.SUCCEED} == {frozenset({Party.SYSTEM})}


def test_no_two_rows_of_the_table_say_different_things() -> None:
    keys = [key for step in STEPS for key in itertools.product([step.act], step.sources, step.kinds, step.parties)]
    assert len(keys) == len(set(keys))


def test_an_exchange_takes_the_old_unit_back_and_sends_a_new_one(sent, start) -> None:
    case = start(CaseKind.EXCHANGE)
    assert (case.state, case.amount_minor, stock_of_a(sent)) == (CaseState.RETURN_ASKED, 0, (97, 0, 0))
    do(cases.agree, case.id, SHOP)
    do(sending.send_back, case.id, BUYER, "sf", "SF1234567890123")
    with pytest.raises(RuleViolation, match="parcel_missing"):
        do(sending.send, case.id, SHOP, "sf", "")
    (line,) = access.lines_of(case.id)
    do(returns.receive, case.id, {line.id: Came(written_off=1)}, SHOP)
    assert (now(case).state, stock_of_a(sent)) == (CaseState.WAITS_FOR_CHECK, (97, 0, 0))
    kinds = db.session.scalars(select(StockMovement.kind).where(StockMovement.reason == case.number)).all()
    assert [kind.value for kind in kinds] == ["returned", "written_off"]
    do(sending.send, case.id, SHOP, "sf", "SF9876543210987")

    assert (now(case).state, now(case).sent_tracking, stock_of_a(sent)) == (
        CaseState.WAITS_FOR_BUYER,
        "SF9876543210987",
        (96, 0, 0),
    )
    do(cases.step, case.id, Act.CONFIRM, BUYER)
    assert (now(case).state, now(sent).after_sale_state, now(sent).refunded_minor) == (
        CaseState.DONE,
        AfterSaleState.CLOSED,
        0,
    )


def test_a_resend_sends_again_and_a_repair_gives_the_same_unit_back(sent, start) -> None:
    resend = start(CaseKind.RESEND)
    do(cases.agree, resend.id, SHOP)
    do(sending.send, resend.id, SHOP, "sf", "SF9876543210987")
    assert (now(resend).state, stock_of_a(sent)[0]) == (CaseState.WAITS_FOR_BUYER, 96)

    repair = start(CaseKind.REPAIR)
    do(cases.agree, repair.id, SHOP)
    (line,) = access.lines_of(repair.id)
    do(returns.receive, repair.id, {line.id: Came(restocked=1)}, SHOP)
    do(sending.send, repair.id, SHOP, "sf", "SF9876543210988")
    do(cases.step, repair.id, Act.CONFIRM, SYSTEM)
    assert (now(repair).state, stock_of_a(sent)[0]) == (CaseState.DONE, 96)


def test_a_unit_that_waits_for_an_exchange_cannot_be_refunded_meanwhile(sent, start) -> None:
    start(CaseKind.EXCHANGE, 2)
    with pytest.raises(RuleViolation, match="refund_units"):
        start(CaseKind.RETURN_REFUND, 2)
    with pytest.raises(RuleViolation, match="refund_units"):
        start(CaseKind.REPAIR, 2)
    assert start(CaseKind.RETURN_REFUND, 1).amount_minor == 3110


def test_nothing_in_the_parcel_closes_the_case_and_frees_the_money(sent, start, lines) -> None:
    case = start(CaseKind.RETURN_REFUND, 2)
    do(cases.agree, case.id, SHOP)
    (line,) = access.lines_of(case.id)
    with pytest.raises(RuleViolation, match="receipt_sum"):
        do(returns.receive, case.id, {line.id: Came(missing=1)}, SHOP)
    do(returns.receive, case.id, {line.id: Came(missing=2)}, SHOP)

    assert (now(case).state, now(case).amount_minor, stock_of_a(sent)[0]) == (CaseState.CLOSED, 0, 97)
    assert start(CaseKind.RETURN_REFUND, 3).amount_minor == 9332


def test_the_system_may_refund_before_anybody_looked_and_the_units_are_booked_later(sent, start, run_jobs) -> None:
    case = start(CaseKind.RETURN_REFUND)
    do(cases.agree, case.id, SHOP)
    do(sending.send_back, case.id, BUYER, "sf", "SF1234567890123")
    with transaction():
        from app.after_sale import moving

        moving.go(*access.locked(case.id), Act.RECEIVE, SYSTEM, "time_over")
    run_jobs()
    assert (now(case).state, stock_of_a(sent)[0]) == (CaseState.DONE, 97)
    (line,) = access.lines_of(case.id)
    do(returns.receive, case.id, {line.id: Came(restocked=1)}, SHOP)
    with pytest.raises(RuleViolation, match="receipt_done"):
        do(returns.receive, case.id, {line.id: Came(restocked=1)}, SHOP)
    assert (now(case).state, stock_of_a(sent)[0], now(case).refunded_minor) == (CaseState.DONE, 98, 3110)


def test_a_dispute_is_decided_by_the_platform(sent, start, run_jobs) -> None:
    case = start(CaseKind.RETURN_REFUND)
    do(cases.refuse, case.id, SHOP, "no_fault", "It is as described.")
    assert (now(case).state, negotiation.status_code(now(case))) == (CaseState.REFUSED, 3)
    do(cases.step, case.id, Act.ESCALATE, BUYER)
    do(cases.step, case.id, Act.ASK_PROOF, PLATFORM)
    with pytest.raises(RuleViolation, match="case_move"):
        do(cases.step, case.id, Act.CONFIRM_RETURN, SHOP)
    do(cases.step, case.id, Act.CONFIRM_RETURN, PLATFORM)
    (line,) = access.lines_of(case.id)
    do(returns.receive, case.id, {line.id: Came(restocked=1)}, SHOP)
    run_jobs()
    assert now(case).state is CaseState.DONE


def test_a_seller_does_not_close_what_the_buyer_opened(start) -> None:
    theirs, ours = start(CaseKind.RETURN_REFUND), start(CaseKind.REFUND_ONLY, by=SHOP)
    with pytest.raises(RuleViolation, match="case_move"):
        do(cases.step, theirs.id, Act.CLOSE, SHOP)
    do(cases.step, ours.id, Act.CLOSE, SHOP)
    do(cases.step, theirs.id, Act.CLOSE, BUYER)
    assert (now(theirs).state, now(ours).state) == (CaseState.CLOSED, CaseState.CLOSED)
    with pytest.raises(RuleViolation, match="case_move"):
        do(cases.agree, theirs.id, SHOP)


def test_a_refused_buyer_applies_again(start) -> None:
    case = start(CaseKind.REFUND_ONLY)
    with pytest.raises(RuleViolation, match="refusal_text"):
        do(cases.refuse, case.id, SHOP, "no_fault")
    with pytest.raises(RuleViolation, match="reason_unknown"):
        do(cases.refuse, case.id, SHOP, "came_worn", "x")
    do(cases.refuse, case.id, SHOP, "too_late")
    do(cases.step, case.id, Act.APPLY_AGAIN, BUYER, "Please look again")
    assert (now(case).state, negotiation.thread(case.id)[-1].body) == (CaseState.REFUND_ASKED, "Please look again")


def test_a_counter_offer_overtakes_and_only_the_other_side_accepts(start, run_jobs) -> None:
    case = start(CaseKind.RETURN_REFUND, 2)
    first = do(negotiation.offer, case.id, SHOP, Terms(CaseKind.REFUND_ONLY, 1000), "10 and you keep them?")
    with pytest.raises(RuleViolation, match="offer_own"):
        do(negotiation.accept, first.id, SHOP)
    second = do(negotiation.offer, case.id, BUYER, Terms(CaseKind.REFUND_ONLY, 2500), "25.")
    assert (now(first).offer, now(second).offer) == (OfferState.OVERTAKEN, OfferState.STANDS)
    with pytest.raises(RuleViolation, match="offer_gone"):
        do(negotiation.accept, first.id, BUYER)
    with pytest.raises(RuleViolation, match="refund_beyond"):
        do(negotiation.offer, case.id, BUYER, Terms(CaseKind.REFUND_ONLY, 6222))
    do(negotiation.accept, second.id, SHOP)
    run_jobs()

    case = now(case)
    assert (case.kind, case.state, case.amount_minor, case.refunded_minor) == (
        CaseKind.REFUND_ONLY,
        CaseState.DONE,
        2500,
        2500,
    )
    assert start(CaseKind.RETURN_REFUND, 3).amount_minor == 9332 - 2500


def test_terms_may_go_from_an_exchange_to_money_and_back(start) -> None:
    case = start(CaseKind.EXCHANGE, 2)
    offer = do(negotiation.offer, case.id, SHOP, Terms(CaseKind.RETURN_REFUND))
    do(negotiation.accept, offer.id, BUYER)
    assert (now(case).kind, now(case).state, now(case).amount_minor) == (
        CaseKind.RETURN_REFUND,
        CaseState.WAITS_FOR_RETURN,
        6221,
    )
    other = start(CaseKind.RETURN_REFUND)
    offer = do(negotiation.offer, other.id, BUYER, Terms(CaseKind.EXCHANGE))
    do(negotiation.decline, offer.id, SHOP, "None left")
    assert (now(other).kind, now(offer).offer) == (CaseKind.RETURN_REFUND, OfferState.DECLINED)


def test_an_act_on_another_version_writes_nothing(start) -> None:
    case = start(CaseKind.REFUND_ONLY)
    version = case.version
    do(cases.refuse, case.id, SHOP, "too_late")
    with pytest.raises(Conflict, match="case_stale"):
        do(cases.agree, case.id, SHOP, version)
    assert now(case).state is CaseState.REFUSED


def test_every_move_is_written_down_with_actor_from_to_and_cause(sent, start) -> None:
    case = start(CaseKind.REFUND_ONLY)
    do(cases.refuse, case.id, SHOP, "too_late")

    found = [one for one in journal.timeline("order", sent.id) if one.facts.get("case_id") == case.id]
    moved, opened = found[0], found[1]
    assert (opened.event, opened.facts["kind"], opened.facts["amount_minor"]) == ("CaseOpened", "refund_only", 3110)
    assert [moved.facts[key] for key in ("act", "from_state", "to_state", "party", "cause")] == [
        "refuse",
        "refund_asked",
        "refused",
        "seller",
        "too_late",
    ]
