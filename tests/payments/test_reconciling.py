"""The day's bill against the ledger: every difference found once, owned, resolved; made again it says the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.console.roles import Role
from app.kit import clock
from app.kit.db import db, transaction
from app.kit.errors import RuleViolation
from app.kit.money import Money
from app.payments import differences, reconciling, refunds, simulate
from app.payments.channels.simulator import Simulator
from app.payments.matter_models import BillDifference, BillLine, DifferenceKind, ReconcileState, Reconciliation
from app.payments.providers import Bill, BillKind, BillRow, BillStatus, Exchange, Settlement
from tests import factories as make
from tests.payments.conftest import Browser, apart, fresh

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
D, R = DifferenceKind, ReconcileState


@pytest.fixture
def noon():
    """It is noon of the day in Beijing while the test pays."""
    with clock.frozen(NOON):
        yield NOON


@pytest.fixture
def bill(monkeypatch):
    """`bill(rows)` or `bill.status = …`: what the channel answers instead of its own books."""

    class Answer:
        def __call__(self, rows) -> None:
            answer = Bill(BillStatus.READY, Exchange("bill"), tuple(rows))
            monkeypatch.setattr(Simulator, "bill", lambda self, day: answer)

        def not_ready(self) -> None:
            answer = Bill(BillStatus.NOT_READY, Exchange("bill"))
            monkeypatch.setattr(Simulator, "bill", lambda self, day: answer)

    return Answer()


def rows_of(account, day: date = DAY) -> list[BillRow]:
    """What the simulator itself has booked."""
    from app.payments import accounts

    return list(accounts.provider_of(account).bill(day).rows)


def run(account, day: date = DAY) -> Reconciliation:
    return fresh(db.session.get_one(Reconciliation, reconciling.reconcile(account.id, day, transaction)))


def found(of: Reconciliation) -> list[tuple[DifferenceKind, int | None, int | None]]:
    """The open differences: kind, ours, theirs."""
    rows = differences.get(of.id).differences
    return [(one.kind, one.ours_minor, one.theirs_minor) for one in rows if not one.gone_at and not one.resolved_at]


@pytest.fixture
def two_paid(noon, unpaid, account, run_jobs):
    """Two payments of the day, and a refund of the first."""
    first, second = unpaid(10_000), unpaid(5_000)
    one, two = simulate.pay(first.id), simulate.pay(second.id)
    with transaction():
        (refund,) = refunds.ask(first.id, 2_500, subject="test:1", key="k")
    run_jobs()
    return one, two, refund


def test_a_day_that_matches(two_paid, account) -> None:
    day = run(account)

    assert (day.state, day.rows, day.matched, day.different) == (R.MATCHED, 3, 3, 0)
    assert day.sums == {
        "CNY": {
            "paid_theirs": 15_000,
            "refunded_theirs": 2_500,
            "fee_theirs": 0,
            "paid_ours": 15_000,
            "refunded_ours": 2_500,
        }
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: rows[1:], (D.MISSING_THERE, 10_000, None)),
        (lambda rows: [*rows, replace(rows[0], number="PSTRANGER", channel_no="X")], (D.MISSING_HERE, None, 10_000)),
        (lambda rows: [replace(rows[0], amount=Money(9_999, "CNY")), *rows[1:]], (D.AMOUNT, 10_000, 9_999)),
        (lambda rows: [replace(rows[0], amount=Money(10_000, "USD")), *rows[1:]], (D.AMOUNT, 10_000, 10_000)),
        (lambda rows: [*rows, rows[0]], (D.DOUBLED, 10_000, 10_000)),
        (lambda rows: [replace(rows[0], succeeded=False), *rows[1:]], (D.STATUS, 10_000, 10_000)),
        (lambda rows: rows[:2], (D.MISSING_THERE, 2_500, None)),
    ],
    ids=["missing there", "missing here", "amount", "currency", "doubled", "status", "refund missing there"],
)
def test_each_difference_is_classified(two_paid, account, bill, change, expected) -> None:
    bill(change(rows_of(account)))

    day = run(account)

    assert (day.state, found(day)) == (R.DIFFERENT, [expected])


def test_a_row_that_tells_only_the_channels_number_is_found(two_paid, account, bill) -> None:
    bill([replace(row, number="") for row in rows_of(account)])

    assert run(account).state is R.MATCHED


def test_paid_there_and_open_here_is_another_state(noon, unpaid, account) -> None:
    from tests.payments.conftest import gateway, started

    payment = started(unpaid(10_000), account)
    gateway(account).pay(payment.number)

    assert found(run(account)) == [(D.STATUS, None, 10_000)]


def test_made_again_it_says_the_same_and_keeps_what_people_did(two_paid, account, bill) -> None:
    rows = rows_of(account)
    bill([replace(rows[0], amount=Money(1, "CNY")), *rows[1:], replace(rows[0], number="PX", channel_no="X")])
    first = run(account)
    owner = make.staff(Role.MANAGER)
    one, two = differences.of_run(first.id)
    with transaction():
        differences.assign(one.id, owner.id)
        differences.resolve(two.id, "Refunded by the channel")
    for _ in range(2):
        again = run(account)
    assert again.id == first.id
    assert [row.id for row in differences.of_run(first.id)] == [one.id, two.id]
    assert (fresh(one).owner_id, fresh(two).reason, again.different) == (owner.id, "Refunded by the channel", 1)
    assert db.session.query(BillLine).count() == 4

    bill(rows)
    healed = run(account)
    assert (healed.state, fresh(one).gone_at is not None) == (R.SETTLED, True)


def test_what_is_booked_after_midnight_is_carried_and_found_the_next_day(unpaid, account, bill) -> None:
    late = datetime(2026, 11, 20, 15, 59, 58, tzinfo=UTC)
    with clock.frozen(late):
        payment = simulate.pay(unpaid(10_000).id)
    (row,) = rows_of(account)
    bill([])
    day = run(account)
    assert found(day) == [(D.CARRIED, 10_000, None)]

    bill([replace(row, at=late + timedelta(seconds=5))])
    following = run(account, DAY + timedelta(days=1))

    assert (following.state, following.matched, found(following)) == (R.MATCHED, 1, [])
    assert (fresh(day).state, fresh(day).different) == (R.MATCHED, 0)
    bill([])
    again = run(account)
    assert (again.state, found(again)) == (R.MATCHED, []), "proved by the other bill, however often it is compared"
    assert payment.id == db.session.query(BillLine).one().payment_id


def test_no_bill_yet_is_no_difference_and_loses_nothing(two_paid, account, bill) -> None:
    bill.not_ready()
    assert run(account).state is R.WAITING

    bill([])
    assert len(found(run(account))) == 3
    bill.not_ready()
    assert (run(account).state, len(found(run(account)))) == (R.DIFFERENT, 3)


def test_fee_and_settlement_of_the_bill_reach_the_payment_and_later_ones_are_compared(two_paid, account, bill) -> None:
    payment = two_paid[0]
    rows = rows_of(account)
    settled = Settlement(Money(1_350, "USD"), Money(40, "USD"), "0.139", "channel", NOON)
    told = replace(rows[0], fee=Money(40, "USD"), settlement=settled)
    bill([told, *rows[1:]])
    assert run(account).state is R.MATCHED

    payment = fresh(payment)
    assert (payment.fee_minor, payment.settled_minor, payment.settled_currency) == (40, 1_350, "USD")
    assert (payment.rate, payment.rate_source, payment.rate_at) == ("0.139", "channel", NOON)
    bill([replace(told, fee=Money(41, "USD")), *rows[1:]])
    assert found(run(account)) == [(D.FEE, 40, 41)]
    assert fresh(payment).fee_minor == 40


def test_currencies_are_never_added_up(noon, shop, account, run_jobs) -> None:
    from app.orders.models import OrderStatus

    for minor, currency in ((1_000, "JPY"), (12_345, "KWD"), (500, "CNY")):
        order = make.order(shop, ("S1", 1, minor), status=OrderStatus.PENDING_PAYMENT, currency=currency)
        assert simulate.pay(order.id).currency == currency

    assert {currency: sums["paid_ours"] for currency, sums in run(account).sums.items()} == {
        "JPY": 1_000,
        "KWD": 12_345,
        "CNY": 500,
    }


def test_the_ticker_wants_each_day_once(account, run_jobs) -> None:
    with clock.frozen(clock.now() + timedelta(days=2)):
        with transaction():
            assert reconciling.want_due() == 2
        assert run_jobs() == ["done", "done"]
        with transaction():
            assert reconciling.want_due() == 0
    assert {one.state for one in db.session.query(Reconciliation)} == {R.MATCHED}


def test_a_person_resolves_with_a_reason_and_takes_the_list_away(two_paid, account, shop, bill, sign_in) -> None:
    bill(rows_of(account)[1:])
    day = run(account)
    (one,) = differences.of_run(day.id)
    manager = Browser(apart(sign_in, make.staff(Role.MANAGER, shop)))
    agent = Browser(apart(sign_in, make.staff(Role.AGENT, shop)))
    page = manager.get(f"/payments/reconciliation/{day.id}").text
    assert ("Missing in the bill" in page, "¥100.00" in page) == (True, True)

    refused = agent.post(f"/payments/reconciliation/differences/{one.id}/resolve", data={"reason": "x"})
    empty = manager.post(f"/payments/reconciliation/differences/{one.id}/resolve", data={"reason": " "})
    assert (refused.status_code, empty.status_code, fresh(one).resolved_at) == (403, 422, None)
    manager.post(f"/payments/reconciliation/differences/{one.id}/owner", data={"owner": "me"})
    manager.post(f"/payments/reconciliation/differences/{one.id}/resolve", data={"reason": "Comes tomorrow"})

    assert (fresh(one).reason, fresh(one).owner_id is not None, fresh(day).state) == ("Comes tomorrow", True, R.SETTLED)
    with pytest.raises(RuleViolation, match="matter_resolved"), transaction():
        differences.resolve(one.id, "again")
    workbook = manager.get(f"/payments/reconciliation/differences/export?f_run={day.id}")
    assert workbook.headers["Content-Type"].startswith("application/vnd.openxmlformats")
    stranger = Browser(apart(sign_in, make.staff(Role.MANAGER, make.shop())))
    assert stranger.get(f"/payments/reconciliation/{day.id}").status_code == 404
    assert (
        stranger.post(f"/payments/reconciliation/differences/{one.id}/owner", data={"owner": "me"}).status_code == 404
    )
    assert db.session.query(BillDifference).count() == 1
    assert BillKind.PAYMENT is one.bill_kind
